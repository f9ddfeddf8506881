"""Do chunks of work in worker processes: results in order, few chunks under way, and no file that can end the run.

A study whose decoding ends its process (a decoder's fault, or no memory) is found by doing the chunks that were lost
with it again, by themselves and in halves; only the study that ends a process of its own is given up. Where the
processes run is a crew's affair: here on this machine, in `cluster` on a Dask cluster.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

Result = TypeVar("Result")
Work = Callable[[list[str]], Result]

_UNDER_WAY = 2  # chunks a process: one at work, one waiting


class Crew(Protocol):
    """Processes that work; entered before use, left after it."""

    processes: int
    broken: type[BaseException]  # what a future raises whose process has ended

    def __enter__(self) -> "Crew": ...

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Work, chunk: list[str]) -> Future:
        """Give a chunk to whoever is free."""

    def result(self, future: Future) -> Any:
        """Wait for a result."""

    def renew(self) -> None:
        """Make the crew whole again after a process has ended."""

    def alone(self, work: Work, chunk: list[str]) -> Any:
        """Return the result of a chunk while nothing else is under way."""


class Processes:
    """A crew on this machine.

    Parameters
    ----------
    processes
        How many.
    start, arguments
        Called once in each process. It must not fail: a failure there looks like a process that ended.
    """

    broken = BrokenProcessPool

    def __init__(self, processes: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.processes, self._start, self._arguments = processes, start, arguments
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Processes":
        self._pool = self._made(self.processes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, work: Work, chunk: list[str]) -> Future:
        """Give a chunk to whoever is free."""
        return self._pool.submit(work, chunk)

    def result(self, future: Future) -> Any:
        """Wait for a result."""
        return future.result()

    def renew(self) -> None:
        """Make a new pool: one that has lost a process takes no work any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._made(self.processes)

    def alone(self, work: Work, chunk: list[str]) -> Any:
        """Return the result of a chunk, done in a process of its own."""
        with self._made(1) as pool:
            return pool.submit(work, chunk).result()

    def _made(self, processes: int) -> ProcessPoolExecutor:
        # spawn: a forked child would share the parent's threads and locks (pyarrow's pool), and can hang
        return ProcessPoolExecutor(processes, get_context("spawn"), initializer=self._start, initargs=self._arguments)


class Workers(Generic[Result]):
    """A crew that does `work(chunk)`.

    Parameters
    ----------
    crew
        The processes.
    work
        Importable function of a chunk, or a partial of one.
    lost
        The result for the one key that ends every process that works on it.
    merged
        One result of two, in order.
    """

    def __init__(
        self,
        crew: Crew,
        work: Callable[[list[str]], Result],
        lost: Callable[[str], Result],
        merged: Callable[[Result, Result], Result],
    ) -> None:
        self._crew, self._work, self._lost, self._merged = crew, work, lost, merged

    def in_order(self, chunks: Sequence[list[str]]) -> Iterator[Result]:
        """Yield the result of each chunk, in order."""
        waiting = deque(chunks)
        under_way: deque[tuple[list[str], Future[Result]]] = deque()
        with self._crew as crew:
            while waiting or under_way:
                try:
                    while waiting and len(under_way) < _UNDER_WAY * crew.processes:
                        under_way.append((waiting[0], crew.submit(self._work, waiting[0])))
                        waiting.popleft()
                    result = crew.result(under_way[0][1])
                except crew.broken:
                    yield from self._mended(list(under_way))
                    under_way.clear()
                else:
                    under_way.popleft()
                    yield result

    def _mended(self, under_way: list[tuple[list[str], Future[Result]]]) -> Iterator[Result]:
        """Yield the results of all chunks that were under way when a process ended; do again what it took along."""
        done = {}
        for place, (_, future) in enumerate(under_way):
            try:
                done[place] = self._crew.result(future)
            except self._crew.broken:
                continue
        self._crew.renew()
        for place, (chunk, _) in enumerate(under_way):
            yield done[place] if place in done else self._alone(chunk)

    def _alone(self, chunk: list[str]) -> Result:
        """Do a chunk by itself; halve it while its process ends."""
        try:
            return self._crew.alone(self._work, chunk)
        except self._crew.broken:
            if len(chunk) == 1:
                return self._lost(chunk[0])
        half = len(chunk) // 2
        return self._merged(self._alone(chunk[:half]), self._alone(chunk[half:]))
