"""Read the table of a drop, CSV or JSONL, as text cells; a bad line is told, a bad table refused.

In JSONL a line may be a picture or a whole study: a list in its cell of files (and one as long in its cell of views)
makes as many rows.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unirg_core.faults import BadInput
from unirg_core.ingest.place import OutsideError


@dataclass(frozen=True)
class Row:
    """A line of the table; `number` counts from 1 below the header. `fault` says why its cells cannot be used."""

    number: int
    cells: dict[str, str]
    fault: str = ""


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
    return table_of(path.read_bytes, str(path), encoding)


def table_of(read: Callable[[], bytes], name: str, encoding: str = "utf-8") -> tuple[list[str], list[Row]]:
    """Return the columns and rows of a table that `read` fetches; `name` says in a fault where it stands."""
    readers = {".csv": _csv, ".jsonl": _jsonl}
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in readers:
        raise BadInput(f"{name} is no table that can be read; name a .csv or .jsonl file as table in the mapping.")
    try:
        text = read().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except FileNotFoundError:
        raise BadInput(f"The table {name} does not exist; name it as table in the mapping.") from None
    except OutsideError:
        raise BadInput(f"The table {name} leads out of the drop; name a file inside it as table.") from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{name} is not {encoding} at byte {error.start}; set encoding in the mapping (cp1252 for a Windows table)."
        ) from None
    except LookupError:
        raise BadInput(f"The mapping's encoding {encoding!r} is not known; say utf-8 or cp1252.") from None
    columns, rows = readers[suffix](name, text)
    if not rows:
        raise BadInput(f"The table {name} has no rows below its header; one row a picture is needed.")
    return columns, rows


def _csv(path: str, text: str) -> tuple[list[str], list[Row]]:
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


def _jsonl(_: str, text: str) -> tuple[list[str], list[Row]]:
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
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()  # JSON may escape half a surrogate, which no file could hold
