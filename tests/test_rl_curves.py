"""Training curves: what is read from `metrics.jsonl`, and that the pictures say what they should."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from unirg_core.files import append_line
from unirg_core.training.curves import curves, draw, drawn

RL = {
    "loss": 0.1,
    "reward": 1.0,
    "kl": 0.0,
    "entropy": 0.2,
    "completions/mean_length": 30.0,
    "frac_reward_zero_std": 0.2,
    "reports/distinct_share": 0.5,
    "rewards/rouge_l/mean": 0.4,
    "rewards/rouge_l/std": 0.1,
}


def line(stage: str, step: int, **figures: float) -> dict[str, Any]:
    return {"stage": stage, "step": step, "time": float(step), "figures": figures}


@pytest.mark.parametrize(
    ("lines", "steps", "values"),
    [
        ([], None, None),
        ([line("sft", 1, loss=9.0)], None, None),  # another stage's
        ([line("rl", 1, loss=3.0), line("rl", 2, loss=2.0)], [1, 2], [3.0, 2.0]),
        # killed after step 3, gone on from step 1: what was done last counts
        ([line("rl", n, loss=n) for n in (1, 2, 3)] + [line("rl", 2, loss=20.0)], [1, 2], [1, 20.0]),
        # a longer run of another day in the same folder leaves nothing behind
        (
            [line("rl", n, loss=n) for n in (1, 2, 3, 4)] + [line("rl", 1, loss=7.0), line("rl", 2, loss=8.0)],
            [1, 2],
            [7.0, 8.0],
        ),
        # a look at the validation set stands beside its step's figures
        ([line("rl", 1, loss=3.0), line("rl", 1, other=1.0), line("rl", 2, loss=2.0)], [1, 2], [3.0, 2.0]),
    ],
)
def test_the_last_word_on_each_step_counts(lines: list, steps: list[int] | None, values: list[float] | None) -> None:
    assert curves(lines, "rl").get("loss") == (None if steps is None else (steps, values))


@pytest.mark.parametrize(
    ("stage", "figures", "names"),
    [
        ("sft", {"loss": 1.0, "entropy": 0.5}, ["sft_training"]),
        ("sft", {"loss": 1.0, "validation/rouge_l": 0.5}, ["sft_training", "sft_validation"]),
        ("rl", RL, ["rl_training", "rl_rewards"]),
        ("rl", {**RL, "validation/reward": 1.0}, ["rl_training", "rl_rewards", "rl_validation"]),
        ("rl", {"studies": 3.0}, []),
    ],
)
def test_there_is_a_picture_of_each_kind_of_figure(tmp_path: Path, stage: str, figures: dict, names: list[str]) -> None:
    from PIL import Image

    for step in range(1, 8):
        append_line(tmp_path / "metrics.jsonl", line(stage, step, **figures))
    paths = draw(tmp_path, stage, "phantom", [4])
    assert paths == [tmp_path / "figures" / f"{name}.png" for name in names]
    for path in paths:
        with Image.open(path) as picture:
            assert picture.width > 400 and len(picture.convert("RGB").getcolors(1 << 24)) > 20


def test_a_component_that_one_step_alone_rewards_is_drawn_there(tmp_path: Path) -> None:
    for step in range(1, 9):
        late = {"rewards/error_count/mean": 0.5, "rewards/error_count/std": 0.1} if step > 5 else {}
        append_line(tmp_path / "metrics.jsonl", line("rl", step, **RL, **late))
    assert len(draw(tmp_path, "rl", "phantom", [5])) == 2


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Give the figures that are saved, by the name of their file."""
    kept: dict[str, Figure] = {}
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: kept.update({path.stem: figure}))
    return kept


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("phantom", "(synthetic phantom)"),
        ("openi-drawn", "(openi-drawn, synthetic pictures)"),
        ("mimic_cxr", "(mimic_cxr)"),
    ],
)
def test_each_title_says_which_data_it_is_within_the_picture(
    tmp_path: Path, figures: dict[str, Figure], kind: str, said: str
) -> None:
    for stage, told in (("sft", {"loss": 1.0}), ("rl", {**RL, "validation/reward": 1.0})):
        append_line(tmp_path / "metrics.jsonl", line(stage, 1, **told))
        draw(tmp_path, stage, kind)
    assert set(figures) == {"sft_training", "rl_training", "rl_rewards", "rl_validation"}
    for figure in figures.values():
        figure.canvas.draw()
        box = figure._suptitle.get_window_extent()
        assert figure.get_suptitle().replace("\n", " ").endswith(said)
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1


@pytest.mark.parametrize(
    ("steps", "border", "marked"),
    [
        (1, 1, [1]),  # a single step at all
        (3, 2, [2, 1]),
        (31, 30, [0, 1]),  # a long phase, and one of a single step
        (40, 20, [0, 0]),
    ],
)
def test_a_short_phase_has_markers_and_steps_are_whole(
    tmp_path: Path, figures: dict[str, Figure], steps: int, border: int, marked: list[int]
) -> None:
    for step in range(1, steps + 1):
        append_line(tmp_path / "metrics.jsonl", line("rl", step, **RL))
    draw(tmp_path, "rl", "phantom", [border] if steps > border else [])
    for figure in figures.values():
        drawn_lines = [one for one in figure.axes[0].lines if one.get_linewidth() == 1.6 and len(one.get_xdata())]
        assert [len(one.get_xdata()) if one.get_marker() == "o" else 0 for one in drawn_lines] == marked
        low, high = figure.axes[0].get_xlim()
        ticks = [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high]
        assert ticks and all(tick == int(tick) for tick in ticks)


def test_curves_are_drawn_of_a_training_that_ends_badly(run: Path) -> None:
    append_line(run / "metrics.jsonl", line("rl", 1, **RL))
    with pytest.raises(RuntimeError), drawn("rl", "phantom"):
        raise RuntimeError
    assert (run / "figures" / "rl_training.png").exists()


@pytest.mark.parametrize(
    ("score", "mean", "std", "band"),
    [
        ("well_formed", 0.98, 0.1, (0.88, 1.0)),
        ("rouge_l", 0.05, 0.1, (0.0, 0.15)),
        ("finding_credit", -0.9, 0.3, (-1.0, -0.6)),
        ("micro_gain", 1.4, 0.9, (0.5, 2.3)),
    ],
)
def test_a_band_stays_within_what_a_score_can_be(
    tmp_path: Path, figures: dict[str, Figure], score: str, mean: float, std: float, band: tuple[float, float]
) -> None:
    told = {**RL, f"rewards/{score}/mean": mean, f"rewards/{score}/std": std}
    for step in (1, 2):
        append_line(tmp_path / "metrics.jsonl", line("rl", step, **told))
    draw(tmp_path, "rl", "phantom")
    axes = next(axes for axes in figures["rl_rewards"].axes if axes.get_title() == score)
    (area,) = axes.collections[0].get_paths()
    assert (area.vertices[:, 1].min(), area.vertices[:, 1].max()) == pytest.approx(band)
