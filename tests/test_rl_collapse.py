"""The alarm after RL: which figures mean that the policy has collapsed."""

from pathlib import Path

import pytest

from unirg_core.faults import HonestNegative
from unirg_core.files import read_json
from unirg_core.training.collapse import check, figures

VARIED = ["Findings: clear.", "Findings: edema.", "Findings: left effusion.", "Findings: clear."]
SAME = ["Findings: clear."] * 4


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (SAME, "all 4 reports are equal, where SFT wrote 75% different ones"),
        (["", " ", "", "Findings: clear."], "75% of the reports are empty"),
        ([""] * 4, "100% of the reports are empty"),
    ],
)
def test_a_collapsed_policy_is_an_honest_negative_with_its_figures(run: Path, after: list[str], said: str) -> None:
    with pytest.raises(HonestNegative, match=f"collapsed: after RL {said}"):
        check(figures(VARIED), figures(after))
    evidence = read_json(run / "collapse.json")
    assert evidence["before"]["distinct_share"] == 0.75
    assert evidence["after"]["studies"] == 4


@pytest.mark.parametrize("count", range(2, 65))
def test_equal_reports_ring_whatever_the_size_of_the_sample(run: Path, count: int) -> None:
    """In floats one 49th, times 49, is less than one."""
    varied = ["Findings: edema.", *SAME[:1] * (count - 1)]
    with pytest.raises(HonestNegative, match=f"all {count} reports are equal"):
        check(figures(varied), figures(SAME[:1] * count))
    check(figures(SAME[:1] * count), figures(SAME[:1] * count))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (VARIED, VARIED),
        (VARIED, ["", *VARIED[1:]]),  # a single empty one is a bad report, no collapse
        (SAME, SAME),  # SFT told nothing apart either: not RL's doing, and the gate judges it
        (["a"], ["b"]),
    ],
)
def test_what_is_no_collapse_passes(run: Path, before: list[str], after: list[str]) -> None:
    check(figures(before), figures(after))
    assert not run.exists()


def test_figures_are_shares_of_the_sample() -> None:
    found = figures(["a b c", "a b c", "", "d"])
    assert (found.studies, found.distinct_share, found.empty_share, found.mean_words) == (4, 0.75, 0.25, 1.75)
