"""The batches of chunks of studies, in order, whoever makes them; what a killed run has made is not made again.

A chunk is a list of the keyed names of studies. Whoever makes it opens source and vault himself, once a process, and
writes the batch to the spool.
"""

import os
import platform
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.allocator import PICTURES, keep_freed
from unirg_core.faults import BadInput
from unirg_core.home import die_with, home
from unirg_core.ingest.build import Batch, Builder, Reject
from unirg_core.ingest.opening import open_source
from unirg_core.ingest.people import read_merges
from unirg_core.ingest.source import Listed
from unirg_core.ingest.spool import Spool, makers, shared
from unirg_core.ingest.workers import Crew, Processes, Workers
from unirg_core.keys import Vault, open_vault
from unirg_core.params import Ingest

_LOST = "Reading the study ended its process: its file is damaged, or memory ran out."


def batches(params: Ingest, root: Path, spool: Spool, chunks: Sequence[list[str]]) -> Iterator[Batch]:
    """Yield the batch of each chunk, in order."""
    missing = [chunk for chunk in chunks if not spool.has(chunk)]
    done = _done(params, root.absolute(), spool, missing)
    for chunk in chunks:
        if not spool.has(chunk):
            next(done)
        yield spool.take(chunk)
    next(done, None)  # lets the crew end


def _done(params: Ingest, root: Path, spool: Spool, chunks: Sequence[list[str]]) -> Iterator[list[str]]:
    """Yield each chunk when it is in the spool, in order."""
    if params.executor == "processes" and (params.processes == 1 or len(chunks) < 2):
        work = _Work(params, root, home(), spool)
        yield from map(work.do, chunks)
        return
    errand = _Errand(params, root, home(), spool.folder.name, spool.token, tuple(sorted(makers().items())))
    yield from Workers(_crew(params, len(chunks)), partial(_do, errand), partial(_lose, spool), spool.join).in_order(
        chunks
    )


def _crew(params: Ingest, chunks: int) -> Crew:
    processes = max(1, min(params.processes, chunks))
    if params.executor == "dask":
        from unirg_core.ingest.cluster import Cluster

        return Cluster(params.dask.address, processes)
    return Processes(processes, _start, (home(), os.getpid()))


def _lose(spool: Spool, name: str) -> list[str]:
    spool.put([name], Batch(rejects=[Reject(name, _LOST)]))
    return [name]


class _Work:
    """A process's own source, vault and spool."""

    def __init__(self, params: Ingest, root: Path, state: Path, spool: Spool) -> None:
        self._source, self._spool = open_source(params, root), spool
        vault = open_vault(params.source, state)
        self._builder = Builder(self._source.name, vault, params, read_merges(params, root, vault))
        self._keys = _Keys(vault, self._source.studies())

    def do(self, names: list[str]) -> list[str]:
        """Read and build some studies."""
        self._spool.put(names, self._builder.batch(self._source.read(self._keys.of(names))))
        return names


class _Keys:
    """Finds the keys of studies by their keyed names: 16 bytes a study, for there may be millions."""

    def __init__(self, vault: Vault, studies: Sequence[Listed]) -> None:
        numbers = (int(vault.pseudonym("study", study.key), 16) for study in studies)
        numbers = np.fromiter(numbers, np.uint64, len(studies))
        self._studies, self._order = studies, np.argsort(numbers)
        self._numbers = numbers[self._order]

    def of(self, names: Sequence[str]) -> list[str]:
        """Return the keys.

        Raises
        ------
        BadInput
            When a name is nobody's: this process sees another source than the one that the chunks are of.
        """
        wanted = np.array([int(name, 16) for name in names], np.uint64)
        places = np.searchsorted(self._numbers, wanted)
        if not len(self._numbers) or np.any(self._numbers[np.minimum(places, len(self._numbers) - 1)] != wanted):
            raise BadInput(
                "The source does not hold the studies that it held when the run was pinned: it has changed since, or "
                "this worker sees another folder at that path."
            )
        return [self._studies[number].key for number in self._order[places]]


@dataclass(frozen=True)
class _Errand:
    """What a worker needs to know; it holds no key and no identifier."""

    params: Ingest
    root: Path
    home: Path
    folder: str
    token: str
    makers: tuple[tuple[str, str], ...]

    def work(self) -> _Work:
        """Open everything on the worker's side."""
        state = Path(os.environ.get("UNIRG_HOME") or self.home)
        here = replace(self, root=state / self.root.relative_to(self.home)) if self._inside else self
        spool = shared(state / "work" / self.folder, self.token, dict(self.makers))
        return _Work(self.params, here.root, state, spool)

    @property
    def _inside(self) -> bool:
        return self.root.is_relative_to(self.home)


_worker: dict[str, Any] = {}  # of a worker process: the errand that it runs, and what it has opened for it
_one_at_a_time = threading.Lock()  # a Dask worker may have several threads; source and vault are for one


def _start(state: Path, parent: int) -> None:
    die_with(parent)
    keep_freed(PICTURES)
    os.environ["UNIRG_HOME"] = str(state)


def _do(errand: _Errand, names: list[str]) -> list[str]:
    with _one_at_a_time:
        if _worker.get("errand") != errand:
            _worker.update(errand=None, work=_opened(errand))
            _worker["errand"] = errand
        return _worker["work"].do(names)


def _opened(errand: _Errand) -> _Work:
    try:
        return errand.work()
    except BadInput as fault:
        if errand.params.executor == "processes":
            raise
        raise BadInput(f"On the Dask worker {platform.node()}: {fault}") from None
