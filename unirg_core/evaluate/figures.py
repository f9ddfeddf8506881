"""Figures of an evaluation, for the run's folder: scores with intervals, differences from RL, F1 of each finding."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unirg_core.families import called, directed

COLOURS = {
    "template": "tab:gray",
    "base": "tab:brown",
    "sft": "tab:blue",
    "rl": "tab:red",
    "champion": "tab:green",
}
SHOWN = {"sft": "SFT", "rl": "RL"}
TITLES = {"in_domain": "trained institutions", "held_out": "never-trained institution", "all": "all test studies"}

_SPREAD = 0.7
_DOTS = 110


def draw(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what an evaluation holds and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"scores": _scores(found), "differences": _differences(found)}
    if found["findings"]:
        figures["findings"] = _findings(found)
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"evaluate_{name}.png")
        figure.savefig(paths[-1], dpi=_DOTS)
    return paths


def _note(found: Mapping[str, Any]) -> str:
    return f" ({called(found['source'])})"


def _subsets(found: Mapping[str, Any]) -> list[str]:
    return [name for name in ("in_domain", "held_out") if found["subsets"][name]["studies"]]


def _title(found: Mapping[str, Any], subset: str) -> str:
    people = found["subsets"][subset]
    return f"{subset}: {TITLES[subset]}\n{people['studies']} studies, {people['patients']} patients"


def _scores(found: Mapping[str, Any]) -> Figure:
    names = list(dict.fromkeys(row["score"] for row in found["scores"]))
    figure, panels = _panels(found, len(names), 0.55)
    for axes, subset in zip(panels, _subsets(found), strict=True):
        rows = [row for row in found["scores"] if row["subset"] == subset]
        _points(axes, rows, "score", names, "system", found["systems"])
        axes.set_title(_title(found, subset), fontsize=10)
        axes.set_xlabel(f"score, {found['level']:.0%} interval over patients")
        axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    figure.suptitle(f"Scores of each system{_note(found)}")
    _legend(figure, panels[0])
    return figure


def _differences(found: Mapping[str, Any]) -> Figure:
    names = list(dict.fromkeys(row["score"] for row in found["differences"]))
    others = list(dict.fromkeys(row["against"] for row in found["differences"]))
    figure, panels = _panels(found, len(names), 0.5)
    for axes, subset in zip(panels, _subsets(found), strict=True):
        rows = [row for row in found["differences"] if row["subset"] == subset]
        _points(axes, rows, "score", names, "against", others)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_title(_title(found, subset), fontsize=10)
        axes.set_xlabel(f"RL less the other, {found['level']:.0%} paired interval")
    figure.suptitle(f"What RL gains over other systems{_note(found)}")
    _legend(figure, panels[0])
    return figure


def _findings(found: Mapping[str, Any]) -> Figure:
    """Draw each finding's F1 of SFT and RL, on the held-out institution where there is one."""
    subset = _subsets(found)[-1]
    rows = [row for row in found["findings"] if row["subset"] == subset and row["system"] in ("sft", "rl")]
    names = list(dict.fromkeys(row["finding"] for row in rows if row["value"] is not None))
    figure = Figure(figsize=(7, 0.5 * len(names) + 1.8), layout="constrained")
    axes = figure.subplots()
    _points(axes, rows, "finding", names, "system", ["sft", "rl"])
    truths = {row["finding"]: row["tp"] + row["fn"] for row in rows}
    axes.set_yticks(range(len(names)), [f"{name} (n={truths[name]})" for name in names])
    axes.set_xlabel(f"F1 against the truth file, {found['level']:.0%} interval over patients")
    axes.set_xlim(-0.02, 1.02)
    axes.set_title(_title(found, subset), fontsize=10)
    figure.suptitle(f"Findings: SFT v. RL{_note(found)}")
    _legend(figure, axes)
    return figure


def _panels(found: Mapping[str, Any], lines: int, height: float) -> tuple[Figure, Sequence[Axes]]:
    count = len(_subsets(found))
    figure = Figure(figsize=(5.5 * count + 1.5, height * lines + 2.2), layout="constrained")
    return figure, np.atleast_1d(figure.subplots(1, count, sharey=True))


def _points(
    axes: Axes, rows: Sequence[Mapping[str, Any]], line: str, lines: Sequence[str], group: str, groups: Sequence[str]
) -> None:
    """Draw one point with its interval a row: `line` names its place on the y axis, `group` its colour."""
    for number, name in enumerate(groups):
        held = [row for row in rows if row[group] == name and row[line] in lines and row["value"] is not None]
        shift = _SPREAD * ((number + 0.5) / len(groups) - 0.5)
        values = np.array([row["value"] for row in held])
        ends = [
            [abs(v - (v if row[e] is None else row[e])) for row, v in zip(held, values, strict=True)]
            for e in ("low", "high")
        ]
        places = [lines.index(row[line]) + shift for row in held]
        axes.errorbar(
            values,
            places,
            xerr=ends,
            fmt="o",
            markersize=4,
            color=COLOURS[name],
            label=SHOWN.get(name, name),
            capsize=2,
        )
    axes.set_yticks(range(len(lines)), [directed(name) for name in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.3)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
