"""A drop: pictures or DICOM files in a folder, and a table whose columns a mapping names.

Rows of one patient that agree in the study columns are one study; rows without any are a study each. Days come from
the offset column for patients whose every study has one, else from the date column: the two are never mixed. A drop
whose sub-folders each hold a table has an institution in each (`open_drop`).
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import groupby
from pathlib import Path

import pyarrow.compute as pc

from unirg_core.faults import BadInput
from unirg_core.files import digest_of
from unirg_core.ingest.cells import Counting, Unread, shape
from unirg_core.ingest.entries import Entries, Finder, Spot
from unirg_core.ingest.mapping import Mapping, age_of, check_columns, mapping_of, read_mapping
from unirg_core.ingest.place import Local, Place, picture
from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal
from unirg_core.ingest.table import Row, listed, open_table

MAPPING = "mapping.yaml"
_BLOCK = 4096
_AGAIN = "the same file stands in the study twice; the first row was taken"
_FRONTAL_FIRST = {"PA": 0, "AP": 1, "": 2, "OTHER": 3, "LATERAL": 4}


@dataclass(frozen=True)
class _Entry:
    """A row whose needed cells are there."""

    row: Row
    institution: str
    patient: str
    study: tuple[str, ...]
    file: str
    view: str
    first: str  # the first file of its line

    @property
    def key(self) -> str:
        study = self.study if any(self.study) else ("file", self.first)
        return "\x1f".join((self.institution, self.patient, *study))


class Folder:
    """The studies of a drop.

    Raises
    ------
    BadInput
        When the drop, its mapping, its table or its folder of pictures is missing or cannot be read.

    Parameters
    ----------
    drop
        The folder, or its place.
    mapping_path
        A mapping file elsewhere; else `mapping.yaml` in the drop.
    mapping
        A mapping that is read already, and the name that a person knows it by; goes before a file.
    institution
        Where no column names it; else the mapping's `institution_name`.
    """

    name = "folder"

    def __init__(
        self,
        drop: Path | Place,
        mapping_path: Path | None = None,
        mapping: tuple[Mapping, str] | None = None,
        institution: str = "",
    ) -> None:
        self._place: Place = Local(drop) if isinstance(drop, Path) else drop
        self._mapping, named = mapping or read_mapping_of(self._place, mapping_path)
        self._institution = institution or self._mapping.institution_name
        table = f"{self._place}/{self._mapping.table}"
        self._table = open_table(self._place, self._mapping.table, table, self._mapping.encoding)
        self._cells = _countings(self._mapping)
        entries, faults, dates = self._read_through()
        check_columns(self._mapping, self._table.columns, named, table)
        self._pictures = self._folder(named)
        self._studies, again = entries.grouped()
        faults += [(spot.number, spot.part, _AGAIN) for spot in again]
        self._refusals = [Refusal(f"row {row}", f"Table row {row}: {fault}.") for row, _, fault in sorted(faults)]
        _check_dates(self._mapping, dates, table)

    def _folder(self, named: str) -> Place:
        """Return the place of the pictures."""
        folder = posixpath.normpath(self._mapping.folder)
        if folder == ".":
            return self._place
        above, last = posixpath.split(folder)
        if last not in self._place.folders(above):
            raise BadInput(
                f"{named}: folder = {self._mapping.folder!r}, but {self._place}/{folder} is no folder; "
                "name the folder of the pictures, relative to the drop."
            )
        return self._place.below(folder)

    def listing(self) -> Iterator[list[str | int]]:
        """Yield the digests of table and mapping, and size and tag of each file that the table names."""
        yield ["table", self._place.digest(self._mapping.table)]
        yield ["mapping", digest_of(self._mapping.model_dump(mode="json"))]
        files = self._studies.files
        for at in pc.sort_indices(files).to_numpy():
            name = files[int(at)].as_py()
            yield [name, *self._pictures.fingerprint(name)]

    def studies(self) -> Sequence[Listed]:
        """Return each study of the table once."""
        return self._studies

    def refusals(self) -> Sequence[Refusal]:
        """Return the rows that are no study."""
        return self._refusals

    def unread(self) -> dict[str, Unread]:
        """Return what was counted of the cells of date, offset, sex and age, where the mapping names them."""
        return {field: counting.found for field, counting in self._cells.items()}

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; each file's bytes are fetched when they are asked for."""
        return (self._raw(key) for key in keys)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._studies.keys)

    def _read_through(self) -> tuple[Entries, list[tuple[int, int, str]], list[str]]:
        """Return the entries, what is wrong with others (row, part of it, fault), and a date that cannot be read.

        The last is a list of one text, where a date is wanted and no cell holds one that can be read.
        """
        entries, faults = Entries(), []
        day_of = lru_cache(_BLOCK)(self._mapping.day_of)  # days repeat
        seen, unread = False, ""
        for row in self._table.rows():
            for field, counting in self._cells.items():
                counting.see(_cell(row, getattr(self._mapping, field)))
            written = _cell(row, self._mapping.date)
            days = _whole(_cell(row, self._mapping.offset)), day_of(written) if written else None
            for part, (entry, fault) in enumerate(self._of_line(row)):
                if fault:
                    faults.append((row.number, part, fault))
                    continue
                spot = Spot(row.number, row.at, row.size, part)
                entries.add(Listed(entry.key, entry.institution, entry.patient), entry.file, spot, days)
                seen, unread = seen or days[1] is not None, unread or written
        return entries, faults, [] if seen else [unread]

    def _of_line(self, row: Row) -> Iterator[tuple[_Entry, str]]:
        """Yield the entries of a line, most often one, each with its fault."""
        cell = partial(_cell, row)
        institution = cell(self._mapping.institution) or self._institution
        study = tuple(cell(column) for column in self._mapping.study)
        files, views = (_each(cell(column)) for column in (self._mapping.file, self._mapping.view))
        fault = row.fault
        if len(views) == 1:
            views = views * len(files)
        elif len(views) != len(files):
            fault, views = fault or f"it names {len(files)} files and {len(views)} views", [""] * len(files)
        for file, view in zip(files, views, strict=True):
            entry = _Entry(row, institution, cell(self._mapping.patient), study, file.strip(), view.strip(), files[0])
            yield entry, fault or self._fault(entry)

    def _fault(self, entry: _Entry) -> str:
        if not entry.patient:
            return "it names no patient"
        return "" if entry.file else "it names no file"

    def _raw(self, key: str) -> RawStudy:
        at = self._finder.number(key)
        entries = sorted(self._entries(self._studies.entries(at)), key=self._preference)
        first = entries[0]
        sections, report = self._text(entries)
        return RawStudy(
            key=key,
            institution=first.institution,
            patient=first.patient,
            files=tuple(self._file(entry) for entry in entries),
            report=report,
            sections=sections,
            sex=_sex(_cell(first.row, self._mapping.sex)),
            age=age_of(_cell(first.row, self._mapping.age)),
            day=self._studies.day(at),
            dated=bool(self._mapping.date or self._mapping.offset),
            identifiers=tuple(self._identifiers(entries)),
            where=f"table row {first.row.number}",
        )

    def _entries(self, spots: Sequence[Spot]) -> Iterator[_Entry]:
        """Read the entries of a study again."""
        for (number, at, size), parts in groupby(spots, lambda spot: spot[:3]):
            line = list(self._of_line(self._table.row(number, at, size)))
            yield from (line[spot.part][0] for spot in parts)

    def _identifiers(self, entries: list[_Entry]) -> Iterator[tuple[str, str]]:
        yield "id", entries[0].patient
        for entry in entries:
            for text in filter(None, (_cell(entry.row, column) for column in self._mapping.scrub)):
                yield "id" if any(letter.isdigit() for letter in text) else "name", text

    def _view(self, entry: _Entry) -> str:
        return self._mapping.view_of(entry.view)

    def _preference(self, entry: _Entry) -> tuple[int, int]:
        return _FRONTAL_FIRST[self._view(entry)], entry.row.number

    def _file(self, entry: _Entry) -> RawFile:
        read = partial(picture, self._pictures, entry.file)
        return RawFile(f"{entry.key}\x1f{entry.file}", read, self._view(entry), f"table row {entry.row.number}")

    def _text(self, entries: list[_Entry]) -> tuple[Sections | None, str]:
        """Return the sections, or the raw report, of the preferred row that has one."""
        m = self._mapping
        for entry in entries:
            if m.report and _cell(entry.row, m.report):
                return None, _cell(entry.row, m.report)
            texts = {name: _cell(entry.row, getattr(m, name)) for name in ("findings", "impression")}
            if not m.report and any(texts.values()):
                context = {name: _cell(entry.row, getattr(m, name)) for name in ("indication", "comparison")}
                return Sections(**texts, **context), ""
        return None, ""


def _countings(mapping: Mapping) -> dict[str, Counting]:
    """Return a count for each field whose cells may fail to be read."""
    reads = {
        "date": lambda text: mapping.day_of(text) is not None,
        "offset": lambda text: _whole(text) is not None,
        "sex": lambda text: bool(_sex(text)),
        "age": lambda text: age_of(text) is not None,
    }
    return {field: Counting(can) for field, can in reads.items() if getattr(mapping, field)}


def _each(cell: str) -> list[str]:
    """Return the texts of a cell: several where it holds a list, else the one; an empty list is an empty text."""
    several = listed(cell)
    return [cell] if several is None else several or [""]


def _cell(row: Row, column: str | None) -> str:
    return row.cells.get(column, "").strip() if column else ""


def read_mapping_of(place: Place, mapping_path: Path | None) -> tuple[Mapping, str]:
    """Return the mapping of a drop and the name that a person knows it by."""
    if mapping_path is not None:
        return read_mapping(mapping_path), str(mapping_path)
    named = f"{place}/{MAPPING}"
    try:
        return mapping_of(place.read(MAPPING), named), named
    except FileNotFoundError:
        raise BadInput(
            f"The mapping {named} does not exist; write one (docs/own-data.md shows how) or give --mapping."
        ) from None


def _sex(text: str) -> str:
    letter = text[:1].upper()
    return {"F": "F", "W": "F", "M": "M"}.get(letter, "")


def _check_dates(mapping: Mapping, unread: Sequence[str], table: str) -> None:
    """Refuse a column of dates none of which can be read."""
    if mapping.date and not mapping.offset and unread:
        raise BadInput(
            f"No cell of the column {mapping.date!r} of {table} is a date as date_formats has them "
            f"({', '.join(mapping.date_formats)}); the first looks like {shape(unread[0])!r}: "
            "set date_formats in the mapping."
        )


def _whole(text: str) -> int | None:
    match = re.fullmatch(r"(-?\d{1,6})(?:\.0*)?", text)
    return int(match[1]) if match else None
