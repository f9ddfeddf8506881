"""What arrives: each study finds the place it had, or is written to a new shard; duplicates are told apart."""

import shutil
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from unirg_core.ingest.assignment import Assignment, row_key
from unirg_core.ingest.build import Reject
from unirg_core.ingest.people import People
from unirg_core.ingest.shards import ShardWriter
from unirg_core.study import LATERAL, shard_schema

_GROUP = 64  # rows written at a time, a row group of the shard
_AGAIN = "The same picture and report stand in another study of the patient, which was taken."


class Duplicates:
    """Finds studies of a patient that repeat another's picture and report; the one that was taken first stays."""

    def __init__(self, before: Assignment, people: People, listed: Collection[str]) -> None:
        self._owner = {key: study for key, study in before.duplicates_of(people).items() if study in listed}

    def sift(self, rows: pa.Table) -> tuple[pa.Table, list[Reject]]:
        """Return the rows that repeat no other, and a reject for each that does."""
        columns = zip(*(rows[name].to_pylist() for name in ("study_id", "patient_id", "content")), strict=True)
        first = [self._owner.setdefault((patient, content), study) == study for study, patient, content in columns]
        if all(first):
            return rows, []
        again = [study for study, kept in zip(rows["study_id"].to_pylist(), first, strict=True) if not kept]
        return rows.filter(pa.array(first)), [Reject(study, _AGAIN) for study in again]


class Arrivals:
    """Gives rows their places: those of the version before where the content is the same, new ones else.

    New rows are written in groups of 64, whatever the size of the batches that bring them.
    """

    def __init__(self, before: Assignment, writer: ShardWriter) -> None:
        self._known, self._writer = before.places, writer
        self._places: list[tuple[str, int] | None] = []
        self._new: list[int] = []  # numbers of the rows that were or will be written
        self._waiting: list[pa.Table] = []
        self._count = 0

    def add(self, rows: pa.Table) -> None:
        """Take rows of KEPT_SCHEMA, in order."""
        keys = zip(rows["study_id"].to_pylist(), rows["digest"].to_pylist(), strict=True)
        found = [self._known.get(row_key(*pair)) for pair in keys]
        self._new += [len(self._places) + at for at, place in enumerate(found) if place is None]
        self._places += found
        written = shard_schema(LATERAL.name in rows.column_names).names
        arrived = rows.select(written).filter(pa.array([place is None for place in found], pa.bool_()))
        if arrived.num_rows:
            self._waiting.append(arrived)
            self._count += arrived.num_rows
        while self._count >= _GROUP:
            self._write(_GROUP)

    def finish(self) -> tuple[list[tuple[str, int]], list[bool]]:
        """Write what still waits; return each row's place, and whether it was written now."""
        if self._count:
            self._write(self._count)
        new = set(self._new)
        return self._places, [number in new for number in range(len(self._places))]

    def _write(self, count: int) -> None:
        waiting = pa.concat_tables(self._waiting).combine_chunks()
        written = len(self._new) - self._count
        names, rows = self._writer.add(waiting.slice(0, count))
        for number, name, row in zip(self._new[written : written + count], names, rows, strict=True):
            self._places[number] = (name, row)
        self._count -= count
        self._waiting = [waiting.slice(count)] if self._count else []


def carry_over(before: Assignment, places: list[tuple[str, int]], folder: Path) -> Counter[str]:
    """Copy the shards of the version before that still hold a study; return the rows in use of each shard."""
    used = Counter(name for name, _ in places)
    for name, path in sorted(before.shards.items()):
        if used[name]:
            shutil.copyfile(path, folder / name)
    return used
