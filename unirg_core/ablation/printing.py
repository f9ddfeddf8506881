"""What `unirg ablate` prints and draws: a table of the arms, and a figure of their differences from SFT."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from unirg_core.scoring.printing import drawn

HEADLINES = {"truth_micro_f1": "micro F1", "truth_macro_f1": "macro F1"}
_BESIDE = {"rouge_l": "ROUGE-L", "mean_words": "words", "duplicate_share": "repeated"}
_HELD_OUT = "held_out"
_DOTS = 110


def as_text(found: Mapping[str, Any]) -> str:
    """Return the arms on the institution that is held out: one line each, with the pairs' own values below."""
    seeds = ", ".join(f"world {pair['world']} seed {pair['seed']}" for pair in found["pairs"])
    table = Table(
        title=f"Never-trained institution, against the truth file; mean [{_kind(found)}]: {seeds}",
        title_justify="left",
    )
    table.add_column("arm")
    for title in HEADLINES.values():
        table.add_column(title, justify="right")
        table.add_column(f"less {found['against']}", justify="right")
        table.add_column("each pair", justify="right")
    for title in (*_BESIDE.values(), "s of training"):
        table.add_column(title, justify="right")
    group = ""
    for arm in found["arms"]:
        if arm["group"] != group and group:
            table.add_section()
        group = arm["group"]
        table.add_row(*_cells(found, arm))
    return drawn(table) + "\n".join(_collapsed(found))


def _cells(found: Mapping[str, Any], arm: Mapping[str, Any]) -> list[str]:
    cells = [arm["title"]]
    for score in HEADLINES:
        own, less = _row(found["scores"], arm["arm"], score), _row(found["differences"], arm["arm"], score)
        cells += [
            _value(own, "{:.3f}"),
            _interval(less),
            " ".join("-" if one is None else f"{one['value']:+.3f}" for one in less["pairs"]) if less else "",
        ]
    cells += [_value(_row(found["scores"], arm["arm"], score), _form(score)) for score in _BESIDE]
    return [*cells, f"{sum(arm['seconds']) / len(arm['seconds']):.0f}"]


def _form(score: str) -> str:
    return {"mean_words": "{:.1f}", "duplicate_share": "{:.0%}"}.get(score, "{:.3f}")


def _row(rows: Sequence[Mapping[str, Any]], arm: str, score: str) -> Mapping[str, Any] | None:
    wanted = (arm, _HELD_OUT, score)
    return next((row for row in rows if (row["arm"], row["subset"], row["score"]) == wanted), None)


def _value(row: Mapping[str, Any] | None, form: str) -> str:
    return form.format(row["value"]) if row and row["value"] is not None else "-"


def _interval(row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return ""
    bounds = _bounds(row)
    return f"{row['value']:+.3f}" + (f" [{bounds[0]:+.3f}, {bounds[1]:+.3f}]" if bounds else "")


def _bounds(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of the t interval over pairs; of a single pair, those of its own interval over patients."""
    own = row["pairs"][0] if len(row["pairs"]) == 1 and row["pairs"][0] else row
    return None if own["low"] is None else (own["low"], own["high"])


def _kind(found: Mapping[str, Any]) -> str:
    count = len(found["pairs"])
    return f"{found['level']:.0%} " + (f"t interval over {count} pairs" if count > 1 else "interval over the patients")


def _collapsed(found: Mapping[str, Any]) -> list[str]:
    count = len(found["pairs"])
    return [f"{arm['title']}: collapsed on {arm['collapsed']} of {count}" for arm in found["arms"] if arm["collapsed"]]


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Draw each arm's difference from the one that all are held against, with its interval and the pairs' values."""
    rows = {
        score: [(arm, row) for arm in found["arms"] if (row := _row(found["differences"], arm["arm"], score))]
        for score in HEADLINES
    }
    tall = 1.6 + 0.27 * max(len(found["arms"]), 4)
    figure = Figure(figsize=(11, tall), layout="constrained")
    panels = figure.subplots(1, len(HEADLINES), sharey=True)
    for axes, (score, title) in zip(panels, HEADLINES.items(), strict=True):
        _points(axes, rows[score])
        axes.set_title(f"{title} against the truth file", fontsize=10)
        axes.set_xlabel(f"less {found['against']}, {_kind(found)}")
        axes.locator_params(axis="x", nbins=6)
    figure.suptitle("Arms on the never-trained institution (synthetic phantom)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DOTS)


def _points(axes: Axes, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    axes.axvline(0, color="black", linewidth=0.8)
    for place, (_, row) in enumerate(rows):
        values = [one["value"] for one in row["pairs"] if one and one["value"] is not None]
        axes.plot(values, [place] * len(values), "o", color="0.65", markersize=4)
        if row["value"] is None:
            continue
        axes.plot(row["value"], place, "D", color="tab:red", markersize=6)
        if bounds := _bounds(row):
            axes.plot(bounds, [place, place], color="tab:red", linewidth=2)
    axes.set_yticks(range(len(rows)), [arm["title"] for arm, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
