"""Read the table of a drop, CSV or JSONL, as text cells; a bad line is told, a bad table refused."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from unirg_core.faults import BadInput


@dataclass(frozen=True)
class Row:
    """A line of the table; `number` counts from 1 below the header. `fault` says why its cells cannot be used."""

    number: int
    cells: dict[str, str]
    fault: str = ""


def read_table(path: Path, encoding: str = "utf-8") -> tuple[list[str], list[Row]]:
    """Return the columns and rows of a table.

    Raises
    ------
    BadInput
        When the file is missing, empty, of another kind, or not of this encoding.
    """
    readers = {".csv": _csv, ".jsonl": _jsonl}
    if path.suffix.lower() not in readers:
        raise BadInput(f"{path} is no table that can be read; name a .csv or .jsonl file as table in the mapping.")
    try:
        text = path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except FileNotFoundError:
        raise BadInput(f"The table {path} does not exist; name it as table in the mapping.") from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not {encoding} at byte {error.start}; set encoding in the mapping (cp1252 for a Windows table)."
        ) from None
    except LookupError:
        raise BadInput(f"The mapping's encoding {encoding!r} is not known; say utf-8 or cp1252.") from None
    columns, rows = readers[path.suffix.lower()](path, text)
    if not rows:
        raise BadInput(f"The table {path} has no rows below its header; one row a picture is needed.")
    return columns, rows


def _csv(path: Path, text: str) -> tuple[list[str], list[Row]]:
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise BadInput(f"{path} is no whole CSV table: {error}.") from None
    if not lines:
        raise BadInput(f"The table {path} is empty; its first line must name the columns.")
    columns = [name.strip() for name in lines[0]]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise BadInput(f"The table {path} has two columns named {twice[0]!r}; rename one.")
    rows = []
    for number, cells in enumerate((line for line in lines[1:] if any(line)), start=1):
        fault = "" if len(cells) == len(columns) else f"the line has {len(cells)} cells, the header {len(columns)}"
        rows.append(Row(number, {} if fault else dict(zip(columns, cells, strict=True)), fault))
    return columns, rows


def _jsonl(path: Path, text: str) -> tuple[list[str], list[Row]]:
    rows, columns = [], {}
    for number, line in enumerate((line for line in text.split("\n") if line.strip()), start=1):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            rows.append(Row(number, {}, "the line is no JSON object"))
            continue
        columns.update(dict.fromkeys(value))
        rows.append(Row(number, {name: _cell(cell) for name, cell in value.items()}))
    return list(columns), rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
