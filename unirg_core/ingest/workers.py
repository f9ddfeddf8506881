"""Do chunks of keys in worker processes: results in order, few chunks under way, and no file that can end the run.

A study whose decoding ends its process (a decoder's fault, or no memory) is found by doing the chunks that were lost
with it again, by themselves and in halves; only the study that ends a process of its own is given up.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

_UNDER_WAY = 2  # chunks a process: one at work, one waiting


class Workers(Generic[Result]):
    """Worker processes that do `work(keys)`.

    Parameters
    ----------
    processes
        How many.
    work
        Importable function of a chunk's keys.
    start, arguments
        Called once in each process. It must not fail: a failure there looks like a process that ended.
    lost
        The result for the one key that ends every process that works on it.
    merged
        One result of two, in order.
    """

    def __init__(
        self,
        processes: int,
        work: Callable[[list[str]], Result],
        start: Callable[..., None],
        arguments: tuple[Any, ...],
        lost: Callable[[str], Result],
        merged: Callable[[Result, Result], Result],
    ) -> None:
        self._processes, self._work, self._lost, self._merged = processes, work, lost, merged
        self._start, self._arguments = start, arguments

    def in_order(self, chunks: Sequence[list[str]]) -> Iterator[Result]:
        """Yield the result of each chunk, in order."""
        waiting = deque(chunks)
        under_way: deque[tuple[list[str], Future[Result]]] = deque()
        pool = self._pool(self._processes)
        try:
            while waiting or under_way:
                try:
                    while waiting and len(under_way) < _UNDER_WAY * self._processes:
                        under_way.append((waiting[0], pool.submit(self._work, waiting[0])))
                        waiting.popleft()
                    result = under_way[0][1].result()
                except BrokenProcessPool:
                    pool.shutdown(wait=False, cancel_futures=True)
                    for chunk, _ in under_way:
                        yield self._alone(chunk)
                    under_way.clear()
                    pool = self._pool(self._processes)
                else:
                    under_way.popleft()
                    yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _alone(self, chunk: list[str]) -> Result:
        """Do a chunk in a process of its own; halve it while that process ends."""
        with self._pool(1) as pool:
            try:
                return pool.submit(self._work, chunk).result()
            except BrokenProcessPool:
                if len(chunk) == 1:
                    return self._lost(chunk[0])
        half = len(chunk) // 2
        return self._merged(self._alone(chunk[:half]), self._alone(chunk[half:]))

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        # spawn: a forked child would share the parent's threads and locks (pyarrow's pool), and can hang
        return ProcessPoolExecutor(processes, get_context("spawn"), initializer=self._start, initargs=self._arguments)
