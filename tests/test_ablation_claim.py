"""The protocol of the claim: its endpoints from made-up reports, and the log of every look at the confirming worlds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures_benchmarks import script
from fixtures_dataset import small_root
from scipy import stats

from unirg_core import params
from unirg_core.ablation import run, table
from unirg_core.ablation.arms import ARMS
from unirg_core.ablation.measure import SCORED
from unirg_core.evaluate import predict, scoring, summary
from unirg_core.faults import BadInput
from unirg_core.files import write_json
from unirg_core.models import dataset
from unirg_core.scores import SCORES

ROOT = Path(__file__).resolve().parents[1]
PAIRS = [run.Pair(world, seed) for seed, world in enumerate((900, 901, 902))]
NORMAL = "The lungs are clear. The heart is normal in size."
WRONG = {"sft": 6, "sft_more": 5, "sft_bias": 4, "sft_rl": 2, "reward_bleu2": 7}
"""Of ten reports of an arm so many are a normal one in place of the true one."""


@pytest.fixture(scope="module")
def claim() -> ModuleType:
    return script("claim")


@pytest.fixture(scope="module")
def wanted() -> params.Params:
    return params.resolve(ROOT, "claim", {"evaluate": {"resamples": 100}})


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, wanted: params.Params) -> list[run.Measured]:
    found = []
    for pair in PAIRS:
        root = small_root(tmp_path_factory.mktemp(f"world-{pair.world}"), 60, seed=pair.seed)
        rows = predict.studies(wanted, root)
        truth, _ = scoring.truth_of(root, rows)
        for name, wrong in WRONG.items():
            texts = [NORMAL if at % 10 < wrong else dataset.reference(row) for at, row in enumerate(rows)]
            known = {score: SCORES[score] for score in wanted.evaluate.scores}
            scored = scoring.score(rows, {"template": [NORMAL] * len(rows), "arm": texts}, known, truth)
            folder = root / name
            folder.mkdir()
            pq.write_table(scored, folder / SCORED)
            figures = dict.fromkeys(table.SUBSETS, summary.text_figures(texts))
            found.append(run.Measured(ARMS[name], pair, folder, {"seconds": 1.0, "texts": figures}))
    return found


def test_the_primary_endpoint_is_the_lead_over_the_best_control(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    found = claim._endpoints(wanted, measured, PAIRS, ["reward_bleu2"])
    assert found["best_control"] == "sft_bias"  # four wrong of ten, where sft_more has five
    each = [one["value"] for one in found["primary"]["pairs"]]
    assert found["primary"]["score"] == "truth_micro_f1" and found["primary"]["subset"] == "held_out"
    assert found["primary"]["value"] == pytest.approx(np.mean(each), abs=1e-5) and len(each) == 3 and min(each) > 0
    low, high = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    assert (found["primary"]["low"], found["primary"]["high"]) == pytest.approx((low, high), abs=1e-4)
    assert found["against"]["sft"]["truth_micro_f1"]["value"] > found["primary"]["value"]
    assert found["flat"]["truth_micro_f1"]["against"] == "sft"
    assert [row["arm"] for row in found["single"]] == ["reward_bleu2"] and found["single"][0]["value"] < 0


def _collapsing(measured: list[run.Measured], lost: dict[str, int]) -> list[run.Measured]:
    """Return the arms with some that collapsed on the first so many pairs."""
    return [
        run.Measured(one.arm, one.pair, one.folder, {"collapsed": "at step 3", "seconds": 1.0})
        if PAIRS.index(one.pair) < lost.get(one.arm.name, 0)
        else one
        for one in measured
    ]


@pytest.mark.parametrize(
    ("lost", "won", "best", "said"),
    [
        ({}, True, "sft_bias", "RL beats the best control"),
        ({"sft_rl": 1}, False, "sft_bias", "RL has not won: it collapsed on 1 of the pairs"),
        ({"sft_rl": 3}, False, "sft_more", "RL has not won: it collapsed on 3 of the pairs"),  # no contrast is left
        ({"sft_bias": 3}, True, "sft_more", "sft_bias: collapsed on 3 of 3"),  # which is then no control
        ({"sft_bias": 1}, True, "sft_bias", "sft_bias: collapsed on 1 of 3"),
    ],
)
def test_a_collapse_is_told_and_rl_does_not_win_by_it(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured],
    lost: dict[str, int], won: bool, best: str, said: str,
) -> None:  # fmt: skip
    left = _collapsing(measured, lost)
    values = {**table.table(wanted, left), **claim._endpoints(wanted, left, PAIRS, [])}
    assert (values["won"], values["best_control"], values["collapsed"]) == (won, best, lost)
    assert said in "\n".join(claim._told({"confirming": False, **values}))
    assert json.dumps(values)


@pytest.mark.parametrize(
    ("gains", "converged"),
    [
        ([0.001, 0.002, 0.0], True),
        ([0.004, -0.014, 0.001], False),  # its upper end is above a point
        ([0.02, 0.021, 0.019], False),
        ([-0.02, -0.021, -0.019], True),
        ([None, None, None], False),
    ],
)
def test_sft_is_converged_where_more_of_it_gains_less_than_a_point(
    claim: ModuleType, gains: list[float | None], converged: bool
) -> None:
    row = table.over([None if gain is None else {"value": gain} for gain in gains], 0.95)
    assert claim._converged(row) is converged


def test_the_secondary_endpoints_are_corrected_together(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    rows = claim._endpoints(wanted, measured, PAIRS, [])["secondary"]
    names = [row["score"] for row in rows]
    assert names[0] == "truth_macro_f1" and names[-4:] == ["rouge_l", "bleu2", "well_formed", "mean_words"]
    assert {"finding: Pneumothorax", "finding: Lung Lesion"} <= set(names)
    known = sorted((row for row in rows if row["p"] is not None), key=lambda row: row["p"])
    assert known[0]["p_holm"] == pytest.approx(min(1.0, len(rows) * known[0]["p"]), abs=1e-5)
    assert all(row["p_holm"] >= row["p"] for row in known)


def test_everything_is_printed_with_each_pair(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    values = {**table.table(wanted, measured), **claim._endpoints(wanted, measured, PAIRS, ["reward_bleu2"])}
    said = "\n".join(claim._told({"confirming": False, **values}))
    assert "development worlds, a rehearsal; world/seed 900/0, 901/1, 902/2" in said
    assert "seconds of training, mean: sft_more 1; sft 1 and sft_rl 1, together 2" in said
    assert "sft_more less sft; is SFT converged? no, more SFT may gain 0.01 or more" in said
    assert "less the best control (sft_bias)" in said and "Pneumothorax*" in said and "Holm p" in said
    assert json.dumps(values)


def _git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, claim: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(claim, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "code.py").write_text("x = 1\n")
    _git(tmp_path, "init", "-q")
    return tmp_path


def test_a_look_wants_the_protocol_and_the_code_committed(claim: ModuleType, checkout: Path) -> None:
    _git(checkout, "add", "code.py")
    _git(checkout, "commit", "-qm", "Code")
    with pytest.raises(BadInput, match=r"not committed: docs/claim\.md"):
        claim._log(range(1000, 1002), ["sft"])
    (checkout / "docs" / "claim.md").write_text("The protocol.\n")
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-qm", "Protocol")
    (checkout / "code.py").write_text("x = 2\n")
    with pytest.raises(BadInput, match=r"not committed: .*code\.py"):
        claim._log(range(1000, 1002), ["sft"])
    assert not (checkout / "docs" / "claim-looks.jsonl").exists()


def test_every_look_is_logged_before_it_is_taken(claim: ModuleType, checkout: Path) -> None:
    (checkout / "docs" / "claim.md").write_text("The protocol.\n")
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-qm", "Protocol")
    look = claim._log(range(1000, 1002), ["sft", "sft_rl"])
    (line,) = _looks(checkout)
    assert (line["worlds"], line["arms"]) == ([1000, 1001], ["sft", "sft_rl"])
    assert len(line["commit"]) == 40 and line["time"] and look.items() <= line.items()


def _looks(checkout: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (checkout / "docs" / "claim-looks.jsonl").read_text().splitlines()]


def test_a_start_that_goes_on_with_a_look_says_so(claim: ModuleType, checkout: Path) -> None:
    (checkout / "docs" / "claim.md").write_text("The protocol.\n")
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-qm", "Protocol")
    worlds, few, more = range(1000, 1002), ["sft"], ["sft", "sft_rl"]
    look = claim._log(worlds, few)  # a first look
    claim._log(worlds, few)  # it was cut off; the log may stand uncommitted
    claim._log(worlds, more)  # other arms are another look
    write_json(checkout / claim.CONFIRMED, {"look": look})
    claim._log(worlds, few)  # the first one has its figures by now, so this is a look again
    claim._log(worlds, more)  # the figures are another look's: it goes on
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-qm", "Figures")
    claim._log(worlds, more)  # another commit
    assert [line.get("goes_on", False) for line in _looks(checkout)] == [False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--confirm", "--arms", "nope"), "--arms takes single rewards, of reward_finding_credit, "),
        (("--rehearse", "--arms", "reward_bleu2,sft_bias"), "; sft_bias is none."),
        (("--rehearse", "--pairs", "0"), "--pairs 0 will not do; the rehearsal has 1 to 100"),
        (("--rehearse", "--pairs", "-1"), "--pairs -1 will not do"),
        (("--rehearse", "--pairs", "101"), "--pairs 101 will not do"),  # its last world would be a confirming one
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_logged(asked: tuple[str, ...], said: str, tmp_path: Path) -> None:
    looks = ROOT / "docs" / "claim-looks.jsonl"
    before, home = looks.read_bytes(), {**os.environ, "UNIRG_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(ROOT / "benchmarks" / "claim.py"), *asked]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout
    assert looks.read_bytes() == before and not (tmp_path / "home").exists()
