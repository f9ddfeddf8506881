"""What `unirg ablate` prints and draws: tables of the arms, and a figure of their differences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from unirg_core.ablation.arms import RECIPE
from unirg_core.ablation.table import SFT
from unirg_core.scoring.printing import drawn

HEADLINES = {"truth_micro_f1": "micro F1", "truth_macro_f1": "macro F1"}
_BESIDE = {"rouge_l": "ROUGE-L", "mean_words": "words", "duplicate_share": "repeated"}
_HELD_OUT = "held_out"
_TITLES = {SFT: "SFT", RECIPE: "the recipe (SFT + RL)"}
_DOTS = 110


def as_text(found: Mapping[str, Any]) -> str:
    """Return the arms on the institution that is held out, and those that vary the recipe once more, against it."""
    seeds = ", ".join(f"world {pair['world']} seed {pair['seed']}" for pair in found["pairs"])
    told = [f"Never-trained institution, against the truth file; mean [{_kind(found)}];\n{seeds}\n"]
    told += [drawn(_grouped(found, name, *_headline(found, score))) for score, name in HEADLINES.items()]
    told.append(drawn(_grouped(found, "Texts and time", [*_BESIDE.values(), "s of training"], _beside(found))))
    if varied := _held_against(found, RECIPE):
        told.append(f"The recipe with one change, less {RECIPE}; mean [{_kind(found)}]\n")
        told += [drawn(_varied(found, varied, score)) for score in HEADLINES]
    return "".join(told) + "\n".join(_collapsed(found))


def _headline(found: Mapping[str, Any], score: str) -> tuple[list[str], list[list[str]]]:
    rows = [
        [_value(_own(found, arm["arm"], score), "{:.3f}"), *_less(found, arm["arm"], score, SFT)]
        for arm in found["arms"]
    ]
    return [HEADLINES[score], f"less {SFT}", "each pair"], rows


def _beside(found: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            *(_value(_own(found, arm["arm"], score), _form(score)) for score in _BESIDE),
            f"{sum(arm['seconds']) / len(arm['seconds']):.0f}",
        ]
        for arm in found["arms"]
    ]


def _grouped(found: Mapping[str, Any], title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table with a row for each arm and a line between groups."""
    table = Table(title=title, title_justify="left")
    table.add_column("arm")
    for column in columns:
        table.add_column(column, justify="right")
    group = ""
    for arm, row in zip(found["arms"], rows, strict=True):
        if arm["group"] != group and group:
            table.add_section()
        group = arm["group"]
        table.add_row(arm["title"], *row)
    return table


def _varied(found: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], score: str) -> Table:
    """Return what one change of the recipe makes of it: the same arms, less the recipe's own."""
    table = Table(title=HEADLINES[score], title_justify="left")
    table.add_column("changed")
    for column in (f"less {RECIPE}", "each pair"):
        table.add_column(column, justify="right")
    for arm in arms:
        table.add_row(arm["title"], *_less(found, arm["arm"], score, RECIPE))
    return table


def _held_against(found: Mapping[str, Any], against: str) -> list[Mapping[str, Any]]:
    """Return the arms of which there is a difference from one."""
    names = {row["arm"] for row in found["differences"] if row["against"] == against}
    return [arm for arm in found["arms"] if arm["arm"] in names]


def _less(found: Mapping[str, Any], arm: str, score: str, against: str) -> list[str]:
    """Return a difference with its interval, and each pair's value."""
    row = _difference(found, arm, score, against)
    each = " ".join("-" if one is None else f"{one['value']:+.3f}" for one in row["pairs"]) if row else ""
    return [_interval(row), each]


def _form(score: str) -> str:
    return {"mean_words": "{:.1f}", "duplicate_share": "{:.0%}"}.get(score, "{:.3f}")


def _own(found: Mapping[str, Any], arm: str, score: str) -> Mapping[str, Any] | None:
    wanted = (arm, _HELD_OUT, score)
    return next((row for row in found["scores"] if (row["arm"], row["subset"], row["score"]) == wanted), None)


def _difference(found: Mapping[str, Any], arm: str, score: str, against: str) -> Mapping[str, Any] | None:
    rows = (row for row in found["differences"] if row["against"] == against and row["subset"] == _HELD_OUT)
    return next((row for row in rows if (row["arm"], row["score"]) == (arm, score)), None)


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
    fewer = ", fewer where an arm collapsed" if any(arm["collapsed"] for arm in found["arms"]) else ""
    over = f"t interval over {count} pairs{fewer}" if count > 1 else "interval over the patients"
    return f"{found['level']:.0%} {over}"


def _collapsed(found: Mapping[str, Any]) -> list[str]:
    count = len(found["pairs"])
    return [f"{arm['title']}: collapsed on {arm['collapsed']} of {count}" for arm in found["arms"] if arm["collapsed"]]


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Draw each arm's difference from SFT with its interval and the pairs' values; below, what changes make of RL."""
    held = [(against, arms) for against in (SFT, RECIPE) if (arms := _held_against(found, against)) or against == SFT]
    tall = [max(len(arms), 4) for _, arms in held]
    figure = Figure(figsize=(11, 1.6 * len(held) + 0.27 * sum(tall)), layout="constrained")
    panels = figure.subplots(len(held), len(HEADLINES), sharey="row", squeeze=False, height_ratios=tall)
    for row, (against, arms) in zip(panels, held, strict=True):
        for axes, (score, title) in zip(row, HEADLINES.items(), strict=True):
            pairs = [(arm, _difference(found, arm["arm"], score, against)) for arm in arms]
            _points(axes, [(arm, less) for arm, less in pairs if less])
            axes.set_title(f"{title} against the truth file, less {_TITLES[against]}", fontsize=10)
            axes.set_xlabel(_kind(found))
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
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
