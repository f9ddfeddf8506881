"""What `unirg ablate` prints and draws: changes of the recipe, what collapsed, on how many pairs an interval rests."""

from pathlib import Path

import pytest

from unirg_core import params
from unirg_core.ablation import arms, printing, run, table

DEFAULT = params.load(Path(__file__).resolve().parents[1] / "params.yaml")


def _found(varied: float | None) -> dict[str, object]:
    """Return the figures of three arms, of which the last varies the recipe."""

    def row(arm: str, against: str, value: float | None) -> dict[str, object]:
        values = [None if value is None else {"value": value + shift} for shift in (-0.01, 0.0, 0.01)]
        return {"arm": arm, "against": against, "subset": "held_out", "score": "truth_micro_f1",
                **table.over(values, 0.95)}  # fmt: skip

    names = ["sft", "sft_rl", "group_4"]
    return {
        "level": 0.95,
        "pairs": [{"world": world, "seed": world} for world in range(3)],
        "arms": [
            {"arm": name, "title": arms.ARMS[name].title, "group": arms.ARMS[name].group, "collapsed": 0,
             "seconds": [1.0]} for name in names
        ],
        "scores": [],
        "differences": [row("sft_rl", "sft", 0.05), row("group_4", "sft", 0.08), row("group_4", "sft_rl", varied)],
    }  # fmt: skip


def test_what_varies_the_recipe_is_held_against_the_recipe_too(tmp_path: Path) -> None:
    said = printing.as_text(_found(0.03))
    first, second = said.split("The recipe with one change, less sft_rl")
    assert "+0.080 [+0.055, +0.105]" in first and "+0.020 +0.030 +0.040" in second and "SFT + RL" not in second
    assert max(len(line) for line in said.splitlines()) <= 120
    printing.draw(_found(0.03), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert "4 rollouts a prompt" in printing.as_text(_found(None)).split("one change")[1]  # collapsed on every pair


@pytest.mark.parametrize(
    ("pairs", "lost", "said"),
    [
        (3, 0, "over 3 pairs]"),
        (3, 1, "over 3 pairs, fewer where an arm collapsed]"),
        (1, 1, "interval over the patients]"),
    ],
)
def test_the_title_says_on_how_many_pairs_an_interval_rests(pairs: int, lost: int, said: str) -> None:
    found = _found(0.03)
    found["pairs"], found["arms"][1]["collapsed"] = found["pairs"][:pairs], lost
    titles = " ".join(line.strip() for line in printing.as_text(found).splitlines())
    assert said in titles


def test_a_collapse_is_told(tmp_path: Path) -> None:
    pairs = [run.Pair(1, 0)]
    measured = [run.Measured(arms.ARMS["sft"], pairs[0], tmp_path, {"collapsed": "All the same.", "seconds": 3.0})]
    found = table.table(DEFAULT, measured)
    assert found["scores"] == [] and found["differences"] == []
    assert "SFT: collapsed on 1 of 1" in printing.as_text(found)
