"""What is kept of a drop's table, in columns: about 90 bytes a study, its texts stay in the file.

An entry is a picture that a row names. Entries of one key are one study.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unirg_core.ingest.source import Listed

_BLOCK = 4096  # texts that are Python objects at a time
_NO_DAY = np.iinfo(np.int64).min


class Spot(NamedTuple):
    """Where an entry stands: the number of its row, the row's bytes in the file, and which of its pictures it is."""

    number: int
    at: int
    size: int
    part: int


class _Texts:
    """A column of texts that is filled one by one."""

    def __init__(self) -> None:
        self._block: list[str] = []
        self._done: list[pa.Array] = []

    def append(self, text: str) -> None:
        self._block.append(text)
        if len(self._block) == _BLOCK:
            self._flush()

    def numbered(self) -> tuple[np.ndarray, pa.Array]:
        """Return each text's number, and the different texts in the order in which they first came."""
        self._flush()
        found = pa.chunked_array(self._done, pa.large_string()).combine_chunks()
        self._done = []
        found = found.chunk(0) if isinstance(found, pa.ChunkedArray) else found
        encoded = found.dictionary_encode()
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32), encoded.dictionary

    def _flush(self) -> None:
        self._done.append(pa.array(self._block, pa.large_string()))
        self._block = []


class Entries:
    """Takes entries one by one, in the order of the table."""

    def __init__(self) -> None:
        self._key, self._institution, self._patient, self._file = (_Texts() for _ in range(4))
        self._spots = tuple(array(kind) for kind in "iqii")
        self._days = array("q"), array("q")  # by offset, by date

    def add(self, study: Listed, file: str, spot: Spot, days: tuple[int | None, int | None]) -> None:
        """Take an entry; `days` are those by offset and by date."""
        self._key.append(study.key)
        self._institution.append(study.institution)
        self._patient.append(study.patient)
        self._file.append(file)
        for column, value in zip(self._spots, spot, strict=True):
            column.append(value)
        for column, day in zip(self._days, days, strict=True):
            column.append(_NO_DAY if day is None else day)

    def grouped(self) -> tuple["Studies", list[Spot]]:
        """Return the studies, and the spots of the entries that repeat a file of their study."""
        study, keys = self._key.numbered()
        file, files = self._file.numbered()
        pairs = study.astype(np.int64) * max(1, len(files)) + file
        kept = np.zeros(len(pairs), bool)
        kept[np.unique(pairs, return_index=True)[1]] = True
        spots = [np.frombuffer(column, column.typecode) for column in self._spots]
        again = [Spot(*(int(column[at]) for column in spots)) for at in np.flatnonzero(~kept)]
        order = np.flatnonzero(kept)
        order = order[np.argsort(study[order], kind="stable")]
        bounds = np.searchsorted(study[order], np.arange(len(keys) + 1)).astype(np.int32)
        first = order[bounds[:-1]]
        institution, institutions = self._institution.numbered()
        patient, patients = self._patient.numbered()
        offset, dated = (_first(np.frombuffer(days, np.int64)[order], bounds) for days in self._days)
        who = institution[first].astype(np.int64) * max(1, len(patients)) + patient[first]
        lacking = np.isin(who, who[offset == _NO_DAY])  # of whom a study has no offset
        return Studies(
            keys=keys,
            files=files,
            institutions=(institution[first], institutions),
            patients=(patient[first], patients),
            days=np.where(lacking, dated, offset),
            bounds=bounds,
            spots=tuple(column[order] for column in spots),
        ), again


def _first(days: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the first day of each group that has one."""
    found = np.full(len(bounds) - 1, _NO_DAY)
    there = np.flatnonzero(days != _NO_DAY)[::-1]
    found[np.searchsorted(bounds, there, side="right") - 1] = days[there]  # the last assignment, the first day, stays
    return found


@dataclass(frozen=True)
class Studies(Sequence[Listed]):
    """The studies of a table; as a sequence, what is listed of each, made when it is asked for."""

    keys: pa.Array
    files: pa.Array  # all different files, in no order
    institutions: tuple[np.ndarray, pa.Array]  # of each study its number, and the texts
    patients: tuple[np.ndarray, pa.Array]
    days: np.ndarray
    bounds: np.ndarray  # a study's entries begin there, and end at the next one's
    spots: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: int) -> Listed:
        if not 0 <= at < len(self):
            raise IndexError(at)
        institution, patient = (
            texts[int(numbers[at])].as_py() for numbers, texts in (self.institutions, self.patients)
        )
        return Listed(self.keys[at].as_py(), institution, patient)

    def entries(self, at: int) -> list[Spot]:
        """Return where the entries of a study stand, in the order of the table."""
        part = slice(self.bounds[at], self.bounds[at + 1])
        return [Spot(*map(int, one)) for one in zip(*(column[part] for column in self.spots), strict=True)]

    def day(self, at: int) -> int | None:
        """Return a study's day."""
        return None if self.days[at] == _NO_DAY else int(self.days[at])


class Finder:
    """Finds the numbers of keys: 8 bytes a key, and nothing copied."""

    def __init__(self, keys: pa.Array) -> None:
        self._keys = keys
        self._order = pc.sort_indices(keys).to_numpy()

    def number(self, key: str) -> int:
        """Return the number of a key; raises KeyError for none."""
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            if self._keys[int(self._order[middle])].as_py() < key:
                low = middle + 1
            else:
                high = middle
        if low == len(self._order) or self._keys[int(self._order[low])].as_py() != key:
            raise KeyError(key)
        return int(self._order[low])
