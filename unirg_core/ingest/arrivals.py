"""What arrives: each study finds the place it had, or is written to a new shard; duplicates are told apart."""

import shutil
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
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

    def __init__(self, before: Assignment, people: People, listed: Sequence[str]) -> None:
        there = set(listed) if before.rows.num_rows else set()
        self._owner = {key: study for key, study in before.duplicates_of(people).items() if study in there}
        self._seen: set[bytes] = set()  # patients and contents that are nobody's before; half the size of a dictionary

    def sift(self, rows: pa.Table) -> tuple[pa.Table, list[Reject]]:
        """Return the rows that repeat no other, and a reject for each that does."""
        columns = zip(*(rows[name].to_pylist() for name in ("study_id", "patient_id", "content")), strict=True)
        first = [self._is_first(study, patient, content) for study, patient, content in columns]
        if all(first):
            return rows, []
        again = [study for study, kept in zip(rows["study_id"].to_pylist(), first, strict=True) if not kept]
        return rows.filter(pa.array(first)), [Reject(study, _AGAIN) for study in again]

    def _is_first(self, study: str, patient: str, content: str) -> bool:
        owner = self._owner.get((patient, content))
        if owner is not None:
            return owner == study
        known = len(self._seen)
        self._seen.add(f"{patient}{content}".encode())
        return len(self._seen) > known


@dataclass(frozen=True)
class Places:
    """Where each row lies, and whether it was written there now."""

    names: Sequence[str]  # of shards
    shard: np.ndarray  # of each row, its shard's place among the names
    row: np.ndarray
    new: np.ndarray

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns shard, row and new."""
        shards = pa.DictionaryArray.from_arrays(pa.array(self.shard, pa.int32()), pa.array(self.names, pa.string()))
        return {"shard": shards, "row": pa.array(self.row, pa.int32()), "new": pa.array(self.new)}


class Arrivals:
    """Gives rows their places: those of the version before where the content is the same, new ones else.

    New rows are written in groups of 64, whatever the size of the batches that bring them.
    """

    def __init__(self, before: Assignment, writer: ShardWriter) -> None:
        self._known, self._writer = before.places, writer
        self._names: dict[str, int] = {}
        self._shard, self._row = array("i"), array("i")
        self._new = array("q")  # numbers of the rows that were or will be written
        self._waiting: list[pa.Table] = []
        self._count = 0

    def add(self, rows: pa.Table) -> None:
        """Take rows of KEPT_SCHEMA, in order."""
        keys = zip(rows["study_id"].to_pylist(), rows["digest"].to_pylist(), strict=True)
        found = [self._known.get(row_key(*pair)) for pair in keys]
        self._new.extend(len(self._row) + at for at, place in enumerate(found) if place is None)
        for name, row in (place or ("", 0) for place in found):
            self._shard.append(self._number(name))
            self._row.append(row)
        written = shard_schema(LATERAL.name in rows.column_names).names
        arrived = rows.select(written).filter(pa.array([place is None for place in found], pa.bool_()))
        if arrived.num_rows:
            self._waiting.append(arrived)
            self._count += arrived.num_rows
        while self._count >= _GROUP:
            self._write(_GROUP)

    def finish(self) -> Places:
        """Write what still waits; return all places."""
        if self._count:
            self._write(self._count)
        shard, row = (np.frombuffer(numbers, np.int32) for numbers in (self._shard, self._row))
        new = np.zeros(len(row), bool)
        new[np.frombuffer(self._new, np.int64)] = True
        return Places(list(self._names), shard, row, new)

    def _number(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def _write(self, count: int) -> None:
        waiting = pa.concat_tables(self._waiting).combine_chunks()
        written = len(self._new) - self._count
        names, rows = self._writer.add(waiting.slice(0, count))
        for number, name, row in zip(self._new[written : written + count], names, rows, strict=True):
            self._shard[number], self._row[number] = self._number(name), row
        self._count -= count
        self._waiting = [waiting.slice(count)] if self._count else []


def carry_over(before: Assignment, places: Places, folder: Path) -> Counter[str]:
    """Copy the shards of the version before that still hold a study; return the rows in use of each shard."""
    counts = np.bincount(places.shard, minlength=len(places.names)).tolist()
    used = Counter({name: count for name, count in zip(places.names, counts, strict=True) if count})
    for name, path in sorted(before.shards.items()):
        if used[name]:
            shutil.copyfile(path, folder / name)
    return used
