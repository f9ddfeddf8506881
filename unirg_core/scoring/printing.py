"""What the two verbs print: tables for a person, JSON for a program."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_WIDEST = 10_000  # a table is as wide as it needs to be: a pipe or a log has no columns to fit into


def as_json(found: Mapping[str, Any]) -> str:
    """Return a summary as indented JSON; a NaN in it is a bug and raises ValueError."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def labels_table(found: Mapping[str, Any], output: Path) -> str:
    """Return the counts of each class as a table, with what was read and how fast."""
    table = Table(title="CheXpert-style rules: reports of each class", title_justify="left")
    table.add_column("class")
    for word in ("present", "uncertain", "absent", "not mentioned"):
        table.add_column(word, justify="right")
    for name, counts in found["classes"].items():
        table.add_row(name, *(f"{count:,}" for count in counts.values()))
    empty = f" ({found['empty']:,} without any text)" if found["empty"] else ""
    return (
        f"{drawn(table)}{found['reports']:,} reports{empty} in {found['seconds']:.1f} s, "
        f"{found['reports_per_second']:,} reports/s, written to {output}"
    )


def drawn(table: Table) -> str:
    """Return a table as text, without colour, as wide as its cells ask for."""
    console = Console(file=io.StringIO(), width=_WIDEST, color_system=None)
    console = Console(file=console.file, width=console.measure(table).maximum, color_system=None)
    console.print(table)
    return console.file.getvalue()
