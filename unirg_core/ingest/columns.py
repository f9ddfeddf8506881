"""Read a publisher's table, CSV or CSV.gz, by columns: 400,000 rows in a second and little memory.

A row that has too many or too few cells is told, not lost; a table without a needed column is refused.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from unirg_core.faults import BadInput
from unirg_core.ingest.place import Place
from unirg_core.ingest.source import Refusal


def find_table(place: Place, *names: str) -> str:
    """Return the first of several names that is there.

    Raises
    ------
    BadInput
        Naming the place, the names and the page that says how to get them.
    """
    found = optional_table(place, *names)
    if not found:
        raise BadInput(f"{place} has no {' or '.join(names)}; docs/sources/ says what the folder must hold.")
    return found


def optional_table(place: Place, *names: str) -> str:
    """Return the first of several names that is there, empty for none."""
    return next((name for name in names if place.exists(name)), "")


def read_columns(
    place: Place, name: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> tuple[pa.Table, list[Refusal]]:
    """Return the needed columns, and those of the optional ones that are there, as text; and the rows left out.

    An optional column that is not there is empty in every row.

    Raises
    ------
    BadInput
        When the table is empty, cut short, not UTF-8, or lacks a needed column.
    """
    from pyarrow import csv as reader

    content = _unpacked(place, name)
    there = _header(place, name, content)
    missing = [column for column in needed if column not in there]
    if missing:
        raise BadInput(
            f"{place}/{name} has no column {missing[0]!r}; its columns are: {', '.join(there)}. "
            "docs/sources/ says which release is read."
        )
    wanted = [column for column in (*needed, *optional) if column in there]
    bad: list[Any] = []
    try:
        table = reader.read_csv(
            io.BytesIO(content),
            reader.ReadOptions(use_threads=False),
            reader.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda row: bad.append(row) or "skip"),
            reader.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted),
        )
    except pa.ArrowInvalid as error:
        why = "is not UTF-8" if "UTF8" in str(error) else "is no whole CSV table"
        raise BadInput(f"{place}/{name} {why}; fetch it again.") from None
    for column in optional:
        if column not in there:
            table = table.append_column(column, pa.array([""] * table.num_rows, pa.string()))
    refusals = [
        Refusal(f"{name} row {row.number}", f"{name}: row {row.number} has {row.actual_columns} cells, "
                f"the header {row.expected_columns}.")
        for row in bad
    ]  # fmt: skip
    return table, refusals


def _unpacked(place: Place, name: str) -> bytes:
    content = place.read(name)
    if not name.endswith(".gz"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise BadInput(f"{place}/{name} is cut short or no gzip file; fetch it again.") from None


def _header(place: Place, name: str, content: bytes) -> list[str]:
    first = content[:1_000_000].decode("utf-8-sig", errors="replace")
    columns = next(csv.reader(io.StringIO(first)), [])
    if not columns:
        raise BadInput(f"{place}/{name} is empty; its first line must name the columns.")
    return columns
