"""Figures of a dataset, for the run's folder: labels by institution, report lengths, grey values, drift."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unirg_core.study import LABELS

_MOST = 8
"""Institutions shown by name; the smaller ones are one line."""

_OTHERS = "all others"
_DOTS = 110
_Z = 1.96  # 95 %


def draw(studies: pd.DataFrame, shown: np.ndarray, folder: Path, note: str = "") -> list[Path]:
    """Draw what the selected studies are like and return the files.

    Parameters
    ----------
    studies
        Columns institution, report_words, image_mean, image_std.
    shown
        (studies, 14) bool: the labels that are present.
    folder
        Where `validate_*.png` go.
    note
        Stands behind each title, as ` (synthetic phantom)`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = _groups(studies["institution"])
    figures = {
        "prevalence": _prevalence(groups, shown),
        "reports": _lengths(groups, studies["report_words"].to_numpy()),
        "pictures": _greys(groups, studies),
    }
    paths = []
    for name, figure in figures.items():
        figure.suptitle(f"{figure.get_suptitle()}{note}")
        paths.append(folder / f"validate_{name}.png")
        figure.savefig(paths[-1], dpi=_DOTS)
    return paths


def _groups(institutions: pd.Series) -> dict[str, np.ndarray]:
    """Return which studies each institution has, the largest first."""
    counts = institutions.value_counts()
    largest = sorted(counts.index, key=lambda name: (-counts[name], name))[:_MOST]
    groups = {name: (institutions == name).to_numpy() for name in largest}
    rest = (~institutions.isin(largest)).to_numpy()
    return {**groups, _OTHERS: rest} if rest.any() else groups


def wilson(count: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a share by Wilson's score, which stays within 0 and 1 also for rare labels."""
    share = count / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def _prevalence(groups: Mapping[str, np.ndarray], shown: np.ndarray) -> Figure:
    figure = Figure(figsize=(8, 0.8 + len(LABELS) * (0.2 + 0.1 * len(groups))), layout="constrained")
    axes = figure.subplots()
    for number, (name, part) in enumerate(groups.items()):
        counts = shown[part].sum(axis=0)
        low, high = wilson(counts, int(part.sum()))
        share = counts / part.sum()
        places = np.arange(len(LABELS)) + (number - (len(groups) - 1) / 2) * 0.75 / len(groups)
        colour = f"C{number}"
        axes.errorbar(
            100 * share, places, xerr=100 * np.array([share - low, high - share]),
            fmt="o", markersize=4, linewidth=1.2, color=colour, label=f"{name} ({part.sum():,} studies)",
        )  # fmt: skip
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set_ylim(len(LABELS) - 0.5, -0.5)
    for edge in range(len(LABELS) - 1):
        axes.axhline(edge + 0.5, color="0.9", linewidth=0.8)
    axes.set_xlim(left=-0.01 * axes.get_xlim()[1])
    axes.set_xlabel("studies that show it, % (95 % interval, studies taken as independent)")
    figure.suptitle("Labels by institution")
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def _lengths(groups: Mapping[str, np.ndarray], words: np.ndarray) -> Figure:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    _lines(axes, groups, words, shown=0.995)
    axes.set_xlabel("words of findings and impression (each institution's longest 0.5 % may lie beyond the edge)")
    _finish(figure, axes, "Length of reports")
    return figure


def _greys(groups: Mapping[str, np.ndarray], studies: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, column, says in zip(panels, ("image_mean", "image_std"), ("mean", "standard deviation"), strict=True):
        _lines(axes, groups, studies[column].to_numpy())
        axes.set_xlabel(f"{says} of a picture's grey values, 0-255")
    _finish(figure, panels[0], "Pictures")
    return figure


def _lines(axes: Axes, groups: Mapping[str, np.ndarray], values: np.ndarray, shown: float = 1.0) -> None:
    """Draw one outline of a histogram an institution, over the same bins, in percent of its studies.

    The bins reach up to the largest of the institutions' `shown` quantiles.
    """
    low = min((values[part].min() for part in groups.values()), default=0)
    high = max((np.quantile(values[part], shown) for part in groups.values()), default=1)
    edges = np.linspace(low, max(high, low + 1), 41)
    for number, (name, part) in enumerate(groups.items()):
        counts = np.histogram(values[part], edges)[0]
        label = f"{name} ({part.sum():,} studies)"
        axes.stairs(100 * counts / part.sum(), edges, color=f"C{number}", linewidth=1.3, label=label)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0)


def _finish(figure: Figure, axes: Axes, title: str) -> None:
    axes.set_ylabel("% of its studies")
    figure.suptitle(title)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False)


def draw_drift(value: Mapping[str, Any], path: Path) -> None:
    """Draw for each feature, over all studies and within each institution, how far it lies over its bound.

    The bound is the larger of the threshold and of what chance gives; of several tests the worst counts.
    """
    rows = value["features"]
    features = list(dict.fromkeys(row["feature"] for row in rows))
    places = list(dict.fromkeys(row["institution"] for row in rows))[: _MOST + 1]
    ratios = np.full((len(features), len(places)), np.nan)
    for row in rows:
        if row["institution"] in places:
            at = features.index(row["feature"]), places.index(row["institution"])
            ratios[at] = np.fmax(ratios[at], row["value"] / max(row["threshold"], row["chance"]))
    against = value["compared_with"]
    figure = Figure(figsize=(2.6 + 0.95 * len(places), 1.6 + 0.27 * len(features)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(
        np.where(ratios > 1, np.clip(ratios, 1, 4) / 4, 0.1 * ratios), cmap="Reds", vmin=0, vmax=1.2, aspect="auto"
    )
    _write(axes, ratios)
    axes.set_yticks(range(len(features)), features, fontsize=8)
    axes.set_xticks(
        range(len(places)), [place or "all studies" for place in places], fontsize=8, rotation=30, ha="left"
    )
    axes.xaxis.tick_top()
    figure.suptitle(f"Drift from dataset {against['digest'][:12]} of {against['source']}", fontsize=10)
    axes.set_xlabel("distance / bound; over 1 (bold, red) is drift", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DOTS)


def _write(axes: Axes, ratios: Sequence[Sequence[float]]) -> None:
    for (row, column), ratio in np.ndenumerate(ratios):
        over = ratio > 1
        said = "-" if np.isnan(ratio) else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
        axes.text(
            column, row, said, ha="center", va="center", fontsize=8, fontweight="bold" if over else "normal",
            color="white" if ratio > 3 else "black",
        )  # fmt: skip
