"""A drop with a sub-folder an institution: each has a table, and a mapping of its own or one for all at the top."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.ingest.cells import Unread, together
from unirg_core.ingest.folder import MAPPING, Folder, read_mapping_of
from unirg_core.ingest.place import Place
from unirg_core.ingest.source import Listed, RawStudy, Refusal, Source

_MARK = "\x1e"  # between a sub-folder's name and a study's key


def open_drop(place: Place, mapping_path: Path | None) -> Source:
    """Open a drop as one table, or as an institution in each of its sub-folders.

    It is one table where the table stands at the top, and also where no sub-folder has one: the fault is then told of
    the top.

    Raises
    ------
    BadInput
        When a mapping, a table or a folder of pictures is missing or cannot be read.
    """
    shared = mapping_path is not None or place.exists(MAPPING)
    wanted = read_mapping_of(place, mapping_path)[0].table if shared else MAPPING
    names = [] if place.exists(wanted) else place.folders()
    if not any(place.exists(f"{name}/{wanted}") for name in names):
        return Folder(place, mapping_path)
    for name in names:
        if not place.exists(f"{name}/{wanted}"):
            raise BadInput(
                f"{place}/{name} has no {wanted}, as other sub-folders of the drop have; each sub-folder is an "
                "institution: add the file, or move the folder away."
            )
    return Institutions(place, names, mapping_path, shared=shared)


class Institutions:
    """The studies of all sub-folders; a sub-folder's name is the institution where no column names it."""

    name = "folder"

    def __init__(self, place: Place, names: Sequence[str], mapping_path: Path | None, *, shared: bool) -> None:
        self._parts = {name: _part(place, name, mapping_path, shared) for name in names}

    def listing(self) -> Iterator[list[str | int]]:
        """Yield the listings of all sub-folders, each name with its sub-folder's before it."""
        for name, part in self._parts.items():
            for first, *rest in part.listing():
                yield [f"{name}/{first}", *rest]

    def studies(self) -> Sequence[Listed]:
        """Return all studies; a key holds its sub-folder."""
        return _Studies(self._parts)

    def refusals(self) -> Sequence[Refusal]:
        """Return the rows that are no study, told with their sub-folder."""
        return [
            Refusal(f"{name}{_MARK}{refusal.key}", f"{name}: {refusal.reason}")
            for name, part in self._parts.items()
            for refusal in part.refusals()
        ]

    def unread(self) -> dict[str, Unread]:
        """Return what was counted of the cells of all tables."""
        return together(part.unread() for part in self._parts.values())

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies in the order of their keys."""
        for key in keys:
            name, _, inside = key.partition(_MARK)
            (study,) = self._parts[name].read([inside])
            files = tuple(
                replace(file, key=f"{name}{_MARK}{file.key}", where=f"{name}, {file.where}") for file in study.files
            )
            yield replace(study, key=key, files=files, where=f"{name}, {study.where}")


class _Studies(Sequence[Listed]):
    """The studies of all sub-folders, each made when it is asked for."""

    def __init__(self, parts: Mapping[str, Folder]) -> None:
        self._names, self._studies = list(parts), [part.studies() for part in parts.values()]
        self._ends = list(accumulate(map(len, self._studies)))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, number: int) -> Listed:
        if not 0 <= number < len(self):
            raise IndexError(number)
        part = bisect_right(self._ends, number)
        study = self._studies[part][number - (self._ends[part - 1] if part else 0)]
        return replace(study, key=f"{self._names[part]}{_MARK}{study.key}")


def _part(place: Place, name: str, mapping_path: Path | None, shared: bool) -> Folder:
    mapping = read_mapping_of(place, mapping_path) if shared else None
    return Folder(place.below(name), institution=name, mapping=mapping)
