"""A drop: pictures or DICOM files in a folder, and a table whose columns a mapping names.

Rows of one patient that agree in the study columns are one study; rows without any are a study each. Days come from
the offset column for patients whose every study has one, else from the date column: the two are never mixed.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.files import file_digest
from unirg_core.ingest.mapping import Mapping, age_of, check_columns, read_mapping
from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal, Rejected
from unirg_core.ingest.table import Row, read_table

_ENDS = 1 << 16
_FRONTAL_FIRST = {"PA": 0, "AP": 1, "": 2, "OTHER": 3, "LATERAL": 4}


@dataclass(frozen=True)
class _Entry:
    """A row whose needed cells are there."""

    row: Row
    institution: str
    patient: str
    study: tuple[str, ...]
    file: str

    @property
    def key(self) -> str:
        return "\x1f".join((self.institution, self.patient, *(self.study if any(self.study) else ("file", self.file))))


class Folder:
    """The studies of a drop.

    Raises
    ------
    BadInput
        When the drop, its mapping, its table or its folder of pictures is missing or cannot be read.
    """

    name = "folder"

    def __init__(self, drop: Path, mapping_path: Path | None = None) -> None:
        if not drop.is_dir():
            raise BadInput(f"ingest.path {drop} is no folder; give the folder of the drop.")
        self._mapping_path = mapping_path or drop / "mapping.yaml"
        self._mapping = read_mapping(self._mapping_path)
        self._table = drop / self._mapping.table
        self._pictures = drop / self._mapping.folder
        if not self._pictures.is_dir():
            raise BadInput(
                f"{self._mapping_path}: folder = {self._mapping.folder!r}, but {self._pictures} is no folder; "
                "name the folder of the pictures, relative to the drop."
            )
        columns, rows = read_table(self._table, self._mapping.encoding)
        check_columns(self._mapping, columns, self._mapping_path, self._table)
        self._refusals: list[Refusal] = []
        self._studies: dict[str, list[_Entry]] = {}
        for entry in self._entries(rows):
            self._studies.setdefault(entry.key, []).append(entry)
        self._days = _days(self._mapping, self._studies, self._table)

    def listing(self) -> list[list[str | int]]:
        """Return the digests of table and mapping, and size and digest of each file's first and last 64 KiB.

        A file that changed in its middle alone, at the same size, is not noticed: whole digests of a hospital's
        drop would take as long as reading it.
        """
        files = sorted({entry.file for entries in self._studies.values() for entry in entries})
        tables = [["table", file_digest(self._table)], ["mapping", file_digest(self._mapping_path)]]
        return tables + [[name, *_ends(self._pictures / name)] for name in files]

    def studies(self) -> Sequence[Listed]:
        """Return each study of the table once."""
        return [Listed(key, entries[0].institution, entries[0].patient) for key, entries in self._studies.items()]

    def refusals(self) -> Sequence[Refusal]:
        """Return the rows that are no study."""
        return self._refusals

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; each file's bytes are fetched when they are asked for."""
        return (self._raw(key) for key in keys)

    def _entries(self, rows: list[Row]) -> Iterator[_Entry]:
        seen = set()
        for row in rows:
            entry = self._entry(row)
            fault = row.fault or self._fault(entry)
            if not fault and (entry.key, entry.file) in seen:
                fault = "the same file stands in the study twice; the first row was taken"
            if fault:
                self._refusals.append(Refusal(f"row {row.number}", f"Table row {row.number}: {fault}."))
                continue
            seen.add((entry.key, entry.file))
            yield entry

    def _entry(self, row: Row) -> _Entry:
        cell = partial(_cell, row)
        institution = cell(self._mapping.institution) or self._mapping.institution_name
        study = tuple(cell(column) for column in self._mapping.study)
        return _Entry(row, institution, cell(self._mapping.patient), study, cell(self._mapping.file))

    def _fault(self, entry: _Entry) -> str:
        if not entry.patient:
            return "it names no patient"
        return "" if entry.file else "it names no file"

    def _raw(self, key: str) -> RawStudy:
        entries = sorted(self._studies[key], key=self._preference)
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
            day=self._days.get(key),
            dated=bool(self._mapping.date or self._mapping.offset),
            identifiers=tuple(self._identifiers(entries)),
            where=f"table row {first.row.number}",
        )

    def _identifiers(self, entries: list[_Entry]) -> Iterator[tuple[str, str]]:
        yield "id", entries[0].patient
        for entry in entries:
            for text in filter(None, (_cell(entry.row, column) for column in self._mapping.scrub)):
                yield "id" if any(letter.isdigit() for letter in text) else "name", text

    def _view(self, entry: _Entry) -> str:
        return self._mapping.view_of(_cell(entry.row, self._mapping.view))

    def _preference(self, entry: _Entry) -> tuple[int, int]:
        return _FRONTAL_FIRST[self._view(entry)], entry.row.number

    def _file(self, entry: _Entry) -> RawFile:
        read = partial(_read_inside, self._pictures, entry.file)
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


def _cell(row: Row, column: str | None) -> str:
    return row.cells.get(column, "").strip() if column else ""


def _read_inside(folder: Path, name: str) -> bytes:
    """Read a file of the drop; a name that leads out of it is refused."""
    inside = folder.resolve()
    path = (inside / name).resolve()
    if not path.is_relative_to(inside):
        raise Rejected("The file's name leads out of the drop.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Rejected("The picture file is not there.") from None
    except OSError:
        raise Rejected("The picture file cannot be read.") from None


def _ends(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            content = stream.read(_ENDS)
            stream.seek(max(size - _ENDS, len(content)))
            return size, hashlib.sha256(content + stream.read()).hexdigest()
    except OSError:
        return -1, ""


def _sex(text: str) -> str:
    letter = text[:1].upper()
    return {"F": "F", "W": "F", "M": "M"}.get(letter, "")


def _days(mapping: Mapping, studies: dict[str, list[_Entry]], table: Path) -> dict[str, int]:
    """Return the day of each study that has one."""
    offsets = {key: _first(_whole(_cell(e.row, mapping.offset)) for e in entries) for key, entries in studies.items()}
    dates = {key: _first(_day(mapping, e.row) for e in entries) for key, entries in studies.items()}
    if mapping.date and not mapping.offset and not any(day is not None for day in dates.values()):
        example = next((c for es in studies.values() for e in es if (c := _cell(e.row, mapping.date))), "")
        shape = re.sub(r"[A-Za-z]", "a", re.sub(r"\d", "9", example))
        raise BadInput(
            f"No cell of the column {mapping.date!r} of {table} is a date as date_formats has them "
            f"({', '.join(mapping.date_formats)}); the first looks like {shape!r}: set date_formats in the mapping."
        )
    without = {(es[0].institution, es[0].patient) for key, es in studies.items() if offsets[key] is None}
    chosen = {
        key: dates[key] if (entries[0].institution, entries[0].patient) in without else offsets[key]
        for key, entries in studies.items()
    }
    return {key: day for key, day in chosen.items() if day is not None}


def _day(mapping: Mapping, row: Row) -> int | None:
    return mapping.day_of(_cell(row, mapping.date)) if mapping.date else None


def _whole(text: str) -> int | None:
    match = re.fullmatch(r"(-?\d{1,6})(?:\.0*)?", text)
    return int(match[1]) if match else None


def _first(values: Iterator[int | None]) -> int | None:
    return next((value for value in values if value is not None), None)
