"""Read the table of a drop, CSV or JSONL, as text cells, line by line; a bad line is told, a bad table refused.

In JSONL a line may be a picture or a whole study: a list in its cell of files (and one as long in its cell of views)
makes as many rows. A row knows where it stands in the file, so that it can be read again instead of being kept.
"""

import codecs
import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from unirg_core.faults import BadInput
from unirg_core.ingest.place import Local, OutsideError, Place

_BY_LINES = ("ascii", "cp125", "iso8859", "utf-8")  # encodings that have a line's end in one byte and nowhere else


@dataclass(frozen=True)
class Row:
    """A line of the table; `number` counts from 1 below the header. `fault` says why its cells cannot be used."""

    number: int
    cells: dict[str, str]
    fault: str = ""
    at: int = 0  # where it stands in the file, in bytes
    size: int = 0


def listed(cell: str) -> list[str] | None:
    """Return the texts of a cell that held a JSON list of texts; None where it did not."""
    if not cell.startswith("["):
        return None
    try:
        values = json.loads(cell)
    except ValueError:
        return None
    return values if isinstance(values, list) and all(isinstance(value, str) for value in values) else None


def read_table(path: Path, encoding: str = "utf-8") -> tuple[list[str], list[Row]]:
    """Return the columns and rows of a table.

    Raises
    ------
    BadInput
        When the file is missing, empty, of another kind, or not of this encoding.
    """
    table = open_table(Local(path.parent) if path.parent.is_dir() else None, path.name, str(path), encoding)
    rows = list(table.rows())
    return table.columns, rows


def open_table(place: Place | None, name: str, named: str, encoding: str = "utf-8") -> "Table":
    """Open a table of a place, of which `named` says in a fault where it stands.

    A local file is read as it stands; one of a bucket, or of an encoding whose lines cannot be told apart byte by byte,
    is held in memory.

    Raises
    ------
    BadInput
        When it is missing, of another kind, or leads out of the place.
    """
    readers = {".csv": _Csv, ".jsonl": _Jsonl}
    suffix = PurePosixPath(named).suffix.lower()
    if suffix not in readers:
        raise BadInput(f"{named} is no table that can be read; name a .csv or .jsonl file as table in the mapping.")
    try:
        known = codecs.lookup(encoding).name
        if place is None:
            raise FileNotFoundError(named)
        if not known.startswith(_BY_LINES):
            stream, encoding = io.BytesIO(place.read(name).decode(encoding).encode()), "utf-8"
        else:
            stream = place.stream(name) if isinstance(place, Local) else io.BytesIO(place.read(name))
    except FileNotFoundError:
        raise BadInput(f"The table {named} does not exist; name it as table in the mapping.") from None
    except OutsideError:
        raise BadInput(f"The table {named} leads out of the drop; name a file inside it as table.") from None
    except UnicodeDecodeError as error:
        raise _other_encoding(named, encoding, error.start) from None
    except LookupError:
        raise BadInput(f"The mapping's encoding {encoding!r} is not known; say utf-8 or cp1252.") from None
    return readers[suffix](stream, named, encoding)


class Table:
    """A table that is read through by `rows`; then its columns are known, and any row can be read again."""

    def __init__(self, stream: BinaryIO, name: str, encoding: str) -> None:
        self.columns: list[str] = []
        self._stream, self._name, self._encoding = stream, name, encoding
        self._state = self._stamp()
        self._at = 0  # end of the last line that was read

    def rows(self) -> Iterator[Row]:
        """Yield the rows, once.

        Raises
        ------
        BadInput
            When there is none, or the file is no table of its kind and encoding.
        """
        none = True
        for row in self._rows():
            none = False
            yield row
        if none:
            raise BadInput(f"The table {self._name} has no rows below its header; one row a picture is needed.")

    def row(self, number: int, at: int, size: int) -> Row:
        """Read the row of these bytes again.

        Raises
        ------
        BadInput
            When the file was written to since it was opened.
        """
        self._stream.seek(at)
        content = self._stream.read(size)
        if self._stamp() != self._state:
            raise BadInput(f"The table {self._name} was changed while it was read; start again.")
        return self._parsed(number, content.decode(self._encoding))

    def _lines(self) -> Iterator[str]:
        """Yield the lines with their ends; a mark of UTF-8 at the start is left out."""
        utf8 = codecs.lookup(self._encoding).name.startswith("utf-8")
        for line in self._stream:
            start, self._at = self._at, self._at + len(line)
            if utf8 and not start and line.startswith(codecs.BOM_UTF8):
                line = line[len(codecs.BOM_UTF8) :]
            try:
                yield line.decode("utf-8" if utf8 else self._encoding)
            except UnicodeDecodeError as error:
                raise _other_encoding(self._name, self._encoding, start + error.start) from None

    def _stamp(self) -> tuple[int, int]:
        try:
            found = os.fstat(self._stream.fileno())
        except io.UnsupportedOperation:  # it is held in memory
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def _rows(self) -> Iterator[Row]:
        raise NotImplementedError

    def _parsed(self, number: int, text: str) -> Row:
        raise NotImplementedError


class _Csv(Table):
    def _rows(self) -> Iterator[Row]:
        reader = csv.reader(self._lines(), strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise BadInput(f"The table {self._name} is empty; its first line must name the columns.")
            self.columns = [name.strip() for name in header]
            twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
            if twice:
                raise BadInput(f"The table {self._name} has two columns named {twice[0]!r}; rename one.")
            number, start = 0, self._at
            for cells in reader:
                if any(cells):
                    number += 1
                    yield self._row(number, cells, start, self._at - start)
                start = self._at
        except csv.Error as error:
            raise BadInput(f"{self._name} is no whole CSV table: {error}.") from None

    def _parsed(self, number: int, text: str) -> Row:
        return self._row(number, next(csv.reader(io.StringIO(text), strict=True)), 0, 0)

    def _row(self, number: int, cells: list[str], at: int, size: int) -> Row:
        fault = ""
        if len(cells) != len(self.columns):
            fault = f"the line has {len(cells)} cells, the header {len(self.columns)}"
        return Row(number, {} if fault else dict(zip(self.columns, cells, strict=True)), fault, at, size)


class _Jsonl(Table):
    def _rows(self) -> Iterator[Row]:
        columns: dict[str, None] = {}
        number, start = 0, 0
        for line in self._lines():
            if line.strip():
                number += 1
                row = self._parsed(number, line)
                columns.update(dict.fromkeys(row.cells))
                yield Row(number, row.cells, row.fault, start, self._at - start)
            start = self._at
        self.columns = list(columns)

    def _parsed(self, number: int, text: str) -> Row:
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            return Row(number, {}, "the line is no JSON object")
        return Row(number, {name: _cell(cell) for name, cell in value.items()})


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()  # JSON may escape half a surrogate, which no file could hold


def _other_encoding(name: str, encoding: str, at: int) -> BadInput:
    return BadInput(f"{name} is not {encoding} at byte {at}; set encoding in the mapping (cp1252 for a Windows table).")
