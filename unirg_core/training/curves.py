"""Figures of a training, drawn from the run's `metrics.jsonl` into its folder: rewards, lengths, shares."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from unirg_core.families import bounds, called
from unirg_core.files import read_lines
from unirg_core.home import run_folder
from unirg_core.progress import METRICS
from unirg_core.training import ranks

Curve = tuple[list[int], list[float]]

_DOTS = 110
_SHORT = 10
"""Steps of a phase below which each has a marker: a line through one step is not to be seen at all."""
_PANELS = {
    "sft": (
        ("loss", ("loss",)),
        ("token accuracy", ("mean_token_accuracy",)),
        ("entropy a token", ("entropy",)),
        ("tokens a second", ("tokens_per_second",)),
    ),
    "rl": (
        ("reward, weighted", ("reward",)),
        ("length in tokens", ("completions/mean_length", "completions/max_length")),
        ("KL against the step's start", ("kl",)),
        ("entropy a token", ("entropy",)),
        ("groups without spread", ("frac_reward_zero_std", "resampling/without_spread")),
        (
            "shares of the completions",
            ("reports/distinct_share", "reports/template_share", "completions/clipped_ratio"),
        ),
    ),
}
_NAMES = {
    "completions/mean_length": "mean",
    "completions/max_length": "longest",
    "frac_reward_zero_std": "learnt from",
    "resampling/without_spread": "as first drawn",
    "reports/distinct_share": "distinct reports",
    "reports/template_share": "commonest report",
    "completions/clipped_ratio": "cut at the limit",
}
_SHARES = ("groups without spread", "shares of the completions", "token accuracy")


@contextmanager
def drawn(stage: str, kind: str, borders: Sequence[int] = ()) -> Iterator[None]:
    """Draw the curves of a stage on data of a kind when it ends, also where it ends badly."""
    try:
        yield
    finally:
        if ranks.first():
            draw(run_folder(), stage, kind, borders)


def draw(folder: Path, stage: str, kind: str, borders: Sequence[int] = ()) -> list[Path]:
    """Draw the curves of a stage from a run's folder, and return the files; without figures there are none.

    Parameters
    ----------
    kind
        The kind of data (`ingest.kind`): it stands behind each title, so that what is drawn is called synthetic.
    borders
        The last step of each phase that another follows: what is rewarded changes there.
    """
    found = curves(read_lines(folder / METRICS), stage)
    if "loss" not in found:
        return []
    figures = {"training": _training(found, stage, borders)}
    if any(name.startswith("rewards/") for name in found):
        figures["rewards"] = _rewards(found, borders)
    if any(name.startswith("validation/") for name in found):
        figures["validation"] = _validation(found, stage, borders)
    paths = [folder / "figures" / f"{stage}_{name}.png" for name in figures]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, figure in zip(paths, figures.values(), strict=True):
        _titled(figure, called(kind))
        figure.savefig(path, dpi=_DOTS)
    return paths


def curves(lines: Sequence[Mapping[str, Any]], stage: str) -> dict[str, Curve]:
    """Return steps and values of each figure; a step that was done again counts as it was done last."""
    values: dict[str, dict[int, float]] = {}
    newest = 0
    for line in (line for line in lines if line["stage"] == stage):
        if line["step"] < newest:  # a killed process went on from its checkpoint, or the folder has seen another run
            for points in values.values():
                for step in [step for step in points if step > line["step"]]:
                    del points[step]
        newest = line["step"]
        for name, value in line["figures"].items():
            values.setdefault(name, {})[newest] = value
    return {name: (list(points), list(points.values())) for name, points in values.items() if points}


def _panels(count: int, columns: int) -> tuple[Any, Sequence[Any]]:
    from matplotlib.figure import Figure

    lines = -(-count // columns)
    figure = Figure(figsize=(4.2 * columns, 2.6 * lines + 0.5), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True).ravel()
    for axes in panels[count:]:
        axes.axis("off")
    return figure, panels


def _titled(figure: Any, data: str) -> None:
    """Say behind the title which data this is, in lines that the figure has room for."""
    letters = int(10 * figure.get_figwidth())
    figure.suptitle("\n".join(textwrap.wrap(f"{figure.get_suptitle()} ({data})", letters, break_on_hyphens=False)))


def _training(found: Mapping[str, Curve], stage: str, borders: Sequence[int]) -> Any:
    wanted = [(title, [n for n in names if n in found]) for title, names in _PANELS[stage]]
    wanted = [(title, names) for title, names in wanted if names]
    figure, panels = _panels(len(wanted), min(3, len(wanted)))
    for axes, (title, names) in zip(panels, wanted, strict=False):
        for name in names:
            _line(axes, found[name], borders, _NAMES.get(name))
        _finish(axes, title, borders, share=title in _SHARES, named=len(names) > 1)
    figure.suptitle(f"{stage}: training")
    return figure


def _rewards(found: Mapping[str, Curve], borders: Sequence[int]) -> Any:
    names = sorted(name.split("/")[1] for name in found if name.startswith("rewards/") and name.endswith("/mean"))
    figure, panels = _panels(len(names), min(3, len(names)))
    for axes, name in zip(panels, names, strict=False):
        steps, means = found[f"rewards/{name}/mean"]
        spread = dict(zip(*found[f"rewards/{name}/std"], strict=True))
        least, most = bounds(name)
        low = [max(least, mean - spread[step]) for step, mean in zip(steps, means, strict=True)]
        high = [min(most, mean + spread[step]) for step, mean in zip(steps, means, strict=True)]
        for run in _runs(steps):
            band = [[part[i] for i in run] for part in (steps, low, high)]
            if len(run) > 1:
                axes.fill_between(*band, color="tab:blue", alpha=0.2, linewidth=0)
            else:  # an area over one step has no width
                axes.vlines(*band, color="tab:blue", alpha=0.2, linewidth=5)
        _line(axes, (steps, means), borders)
        _finish(axes, name, borders)
    figure.suptitle("rl: reward by component, mean and standard deviation of a step's completions")
    return figure


def _validation(found: Mapping[str, Curve], stage: str, borders: Sequence[int]) -> Any:
    names = sorted(name for name in found if name.startswith("validation/"))
    figure, panels = _panels(len(names), min(3, len(names)))
    for axes, name in zip(panels, names, strict=False):
        axes.plot(*found[name], marker="o", markersize=3)
        _finish(axes, name.removeprefix("validation/"), borders)
    figure.suptitle(f"{stage}: reports of the validation sample, written as evaluation writes them")
    return figure


def _line(axes: Any, curve: Curve, borders: Sequence[int], label: str | None = None) -> None:
    """Draw the steps thinly and, phase by phase, their running mean over them."""
    steps, values = curve
    (thin,) = axes.plot(steps, values, linewidth=0.7, alpha=0.35)
    for phase in range(len(borders) + 1):
        inside = [i for i, step in enumerate(steps) if sum(step > border for border in borders) == phase]
        smooth = _smooth([values[i] for i in inside])
        form = {"linewidth": 1.6, "marker": "o" if len(inside) < _SHORT else "", "markersize": 4}
        axes.plot([steps[i] for i in inside], smooth, color=thin.get_color(), **form)
    axes.plot([], [], color=thin.get_color(), label=label)


def _smooth(values: Sequence[float], window: int = 5) -> list[float]:
    parts = [values[max(0, i - window + 1) : i + 1] for i in range(len(values))]
    return [sum(part) / len(part) for part in parts]


def _runs(steps: Sequence[int]) -> list[range]:
    """Return runs of neighbouring places without a gap in the steps: a component may be rewarded in one step alone."""
    ends = [i for i in range(1, len(steps)) if steps[i] != steps[i - 1] + 1]
    return [range(*pair) for pair in zip([0, *ends], [*ends, len(steps)], strict=True)]


def _finish(axes: Any, title: str, borders: Sequence[int], *, share: bool = False, named: bool = False) -> None:
    for border in borders:
        axes.axvline(border + 0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=8, labelbottom=True)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.grid(alpha=0.3)
    if share:
        axes.set_ylim(-0.03, 1.03)
    if named:
        axes.legend(fontsize=8, frameon=False)
