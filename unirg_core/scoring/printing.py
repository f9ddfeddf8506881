"""What the two verbs print: tables for a person, JSON for a program."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from unirg_core.families import directed

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
        f"{drawn(table)}{counted(found['reports'], 'report')}{empty} in {found['seconds']:.2g} s, "
        f"{found['reports_per_second']:,} reports/s (start-up, {found['start_seconds']:.2g} s, apart), "
        f"written to {output}"
    )


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 report, 2 reports."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def drawn(table: Table) -> str:
    """Return a table as text, without colour, as wide as its cells ask for."""
    console = Console(file=io.StringIO(), width=_WIDEST, color_system=None)
    console = Console(file=console.file, width=console.measure(table).maximum, color_system=None)
    console.print(table)
    return console.file.getvalue()


def scores_text(found: Mapping[str, Any]) -> str:
    """Return a scoring as two tables - scores, comparisons - and what must be said of them."""
    return _scores_table(found) + _comparisons_table(found) + "\n".join(_notes(found))


def _scores_table(found: Mapping[str, Any]) -> str:
    systems = [*found["systems"], *found["baselines"]]
    known = found["patients"] is not None
    people = counted(found["patients"], "patient") if known else "no patient ids: each study by itself"
    studies = counted(found["studies"], "study", "studies")
    table = Table(
        title=f"{found['setting']}: {studies}, {people}; mean [{found['level']:.0%} interval]", title_justify="left"
    )
    table.add_column("score")
    for name in systems:
        table.add_column(name if name in found["systems"] else f"({name})", justify="right")
    cells = {(row["score"], row["system"]): _cell(row["value"], row, "") for row in found["scores"]}
    kinds = {row["score"]: row["kind"] for row in found["scores"]}
    last = "study"
    for name, kind in kinds.items():
        if kind != last:
            table.add_section()
            last = kind
        shown = f"{name}, whole set" if kind == "corpus" else directed(name)
        table.add_row(shown, *(cells[name, system] for system in systems))
    return drawn(table)


def _comparisons_table(found: Mapping[str, Any]) -> str:
    rows = found["comparisons"]
    table = Table(title=f"paired differences; p by Holm over {counted(len(rows), 'comparison')}", title_justify="left")
    for name in ("score", "system", "less"):
        table.add_column(name)
    for name in (f"difference [{found['level']:.0%} interval]", "p", "p (Holm)"):
        table.add_column(name, justify="right")
    for row in rows:
        against = f"({row['against']})" if row["against"] in found["baselines"] else row["against"]
        cells = (_cell(row["difference"], row, "+"), _p(row["p"]), _p(row["p_holm"]))
        table.add_row(row["score"], row["system"], against, *cells)
    return drawn(table)


def _cell(value: float | None, row: Mapping[str, Any], sign: str) -> str:
    if value is None:
        return "undefined"
    interval = "no interval" if row["low"] is None else f"[{row['low']:{sign}.3f}, {row['high']:{sign}.3f}]"
    return f"{value:{sign}.3f} {interval}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<.001" if value < 0.001 else f"{value:.3f}"


def _notes(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader of the tables must not miss."""
    for system, names in found["template_not_below"].items():
        if names:
            yield (
                f"The constant normal template, which sees no picture, is not below {system} in {', '.join(names)}: "
                "these do not show that the model reads pictures."
            )
    if "nearest_by_reference" in found["baselines"]:
        yield "(nearest_by_reference) has seen the answer: it is what copying could reach at best, no competitor."
    if found["left_out"]:
        one = found["left_out"] == 1
        said = "has no reference in this setting and is" if one else "have no reference in this setting and are"
        yield f"{counted(found['left_out'], 'study', 'studies')} {said} left out."
    for system, count in found["empty"].items():
        if count:
            yield f"{system} wrote nothing for {counted(count, 'study', 'studies')}; an empty report is scored as one."
    for path in found["written"]:
        yield f"Written: {path}"
