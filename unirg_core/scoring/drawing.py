"""The figure of a scoring: each system's scores with intervals, and beside them what systems differ by."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unirg_core.files import written_whole
from unirg_core.scoring.printing import counted

_SYSTEMS = ("tab:blue", "tab:red", "tab:green", "tab:purple", "tab:orange", "tab:cyan", "tab:pink", "tab:olive")
_BASELINES = ("black", "dimgray", "darkgray")
_MARKS = ("o", "D", "s", "^", "v", "P", "X", "*")
_SPREAD, _DOTS = 0.72, 120


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Draw what `score_files` returns, as PNG, PDF or SVG by the path's ending."""
    names = list(dict.fromkeys(row["score"] for row in found["scores"]))
    groups = [*found["systems"], *found["baselines"]]
    pairs = list(dict.fromkeys((row["system"], row["against"]) for row in found["comparisons"]))
    lines = max(len(groups), len(pairs), 3)
    figure = Figure(figsize=(13, len(names) * (0.25 + 0.13 * lines) + 2.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colours = dict(zip(found["systems"], _cycled(_SYSTEMS, len(found["systems"])), strict=True))
    colours |= dict(zip(found["baselines"], _BASELINES, strict=False))
    rows = [(row, row["system"], row["value"]) for row in found["scores"]]
    _points(left, rows, names, groups, [(colours[name], "o" if name in found["systems"] else "x") for name in groups])
    rows = [(row, (row["system"], row["against"]), row["difference"]) for row in found["comparisons"]]
    _points(right, rows, names, pairs, [(colours[a], _mark(groups, b)) for a, b in pairs])
    _label(figure, left, right, names, found)
    for axes, side in ((left, "left"), (right, "right")):
        handles, shown = axes.get_legend_handles_labels()
        figure.legend(handles, shown, loc=f"outside lower {side}", ncols=2, frameon=False, fontsize=8)
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=_DOTS, format=path.suffix[1:].lower())


def _cycled(values: Sequence[str], count: int) -> list[str]:
    return [values[place % len(values)] for place in range(count)]


def _mark(groups: Sequence[str], name: str) -> str:
    return _MARKS[groups.index(name) % len(_MARKS)]


def _points(axes: Axes, rows: Sequence[Any], names: Sequence[str], groups: Sequence[Any], looks: Sequence[Any]) -> None:
    """Draw one point with its interval a row: the score names its place on the y axis, the group its look."""
    for number, (group, (colour, mark)) in enumerate(zip(groups, looks, strict=True)):
        shown = group if isinstance(group, str) else " less ".join(group)
        held = [(row, value) for row, key, value in rows if key == group and value is not None]
        shift = _SPREAD * ((number + 0.5) / len(groups) - 0.5)
        values = np.array([value for _, value in held])
        ends = [[abs(v - (v if row[end] is None else row[end])) for row, v in held] for end in ("low", "high")]
        places = [names.index(row["score"]) + shift for row, _ in held]
        axes.errorbar(
            values, places, xerr=ends, fmt=mark, markersize=4.5, color=colour, capsize=2, linewidth=1, label=shown
        )


def _label(figure: Figure, left: Axes, right: Axes, names: Sequence[str], found: Mapping[str, Any]) -> None:
    kinds = {row["score"]: row["kind"] for row in found["scores"]}
    left.set_yticks(range(len(names)), [f"{name}\n(whole set)" if kinds[name] == "corpus" else name for name in names])
    left.set_ylim(len(names) - 0.5, -0.5)
    unit = "studies" if found["patients"] is None else "patients"
    left.set_xlabel(f"score, {found['level']:.0%} interval over {unit}")
    right.set_xlabel(f"difference, {found['level']:.0%} paired interval")
    right.axvline(0, color="black", linewidth=0.8)
    for axes in (left, right):
        axes.grid(axis="x", alpha=0.3)
        for place in range(1, len(names)):
            axes.axhline(place - 0.5, color="lightgray", linewidth=0.6)
    people = "" if found["patients"] is None else f" of {counted(found['patients'], 'patient')}"
    studies = counted(found["studies"], "study", "studies")
    figure.suptitle(f"{found['setting']}: {studies}{people}; x marks baselines that see no picture")
