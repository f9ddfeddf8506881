"""The protocol of the claim: its endpoints from made-up reports, and how they are printed."""

import json
from pathlib import Path
from types import ModuleType

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
from unirg_core.models import dataset
from unirg_core.scores import SCORES

ROOT = Path(__file__).resolve().parents[1]
PAIRS = [run.Pair(world, seed) for seed, world in enumerate((900, 901, 902))]
NORMAL = "The lungs are clear. The heart is normal in size."
WRONG = {"sft": 6, "sft_more": 5, "sft_bias": 4, "sft_rl": 2, "reward_bleu2": 7}
"""Of ten reports of an arm so many are a normal one in place of the true one."""


@pytest.fixture(scope="module")
def claim() -> ModuleType:
    return script("claim_endpoints")


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
    found = claim.endpoints(claim.Contrasts(wanted, measured, PAIRS), ["reward_bleu2"])
    assert found["best_control"] == "sft_bias"  # four wrong of ten, where sft_more has five
    each = [one["value"] for one in found["primary"]["pairs"]]
    assert found["primary"]["score"] == "truth_micro_f1" and found["primary"]["subset"] == "held_out"
    assert found["primary"]["value"] == pytest.approx(np.mean(each), abs=1e-5) and len(each) == 3 and min(each) > 0
    low, high = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    assert (found["primary"]["low"], found["primary"]["high"]) == pytest.approx((low, high), abs=1e-4)
    assert found["against"]["sft"]["truth_micro_f1"]["value"] > found["primary"]["value"]
    assert found["flat"]["truth_micro_f1"]["against"] == "sft"
    (row,) = found["single"]
    assert row["arm"] == "reward_bleu2" and row["value"] < 0
    assert row["p_holm"] == pytest.approx(min(1.0, 8 * row["p"]), abs=1e-5)  # of eight, seven are not named


@pytest.mark.parametrize("lost", [{}, {"reward_bleu2": 1}, {"sft_bias": 1}, {"reward_bleu2": 3}])
def test_a_look_at_single_rewards_takes_the_first_ones_control(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured], lost: dict[str, int]
) -> None:
    left = _collapsing(measured, lost)
    few = table.table(wanted, [one for one in left if one.arm.name in ("sft", "reward_bleu2")])
    whole = claim.endpoints(claim.Contrasts(wanted, left, PAIRS), ["reward_bleu2"])
    first = {"best_control": "sft_bias", **table.table(wanted, left)}
    claim.check_start(few, first)
    found = claim.single(few, first, ["reward_bleu2"])
    assert found.keys() == {"best_control", "collapsed", "single"} and found["best_control"] == "sft_bias"
    assert found["collapsed"] == {name: count for name, count in lost.items() if name == "reward_bleu2"}
    (row,), (known,) = found["single"], whole["single"]
    for value in ("value", "low", "high", "p", "p_holm"):
        assert row[value] == pytest.approx(known[value], abs=1e-5)
    assert [one and one["value"] for one in row["pairs"]] == pytest.approx(
        [one and one["value"] for one in known["pairs"]], abs=1e-5
    )
    said = "\n".join(claim.told({"confirming": True, **few, **found}))
    assert "single rewards: micro F1 less sft_bias; Holm over all 8 of the protocol" in said
    assert "primary" not in said and "sft_rl" not in said and "secondary" not in said
    assert json.dumps(found)


def test_the_first_looks_control_is_of_the_same_sft_only(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    found = table.table(wanted, [one for one in measured if one.arm.name == "sft"])
    other = json.loads(json.dumps(found))
    claim._each(other, "sft")[1]["value"] += 0.000001
    with pytest.raises(BadInput, match=r"SFT has other micro F1 here .* than in the first look"):
        claim.check_start(found, other)
    with pytest.raises(BadInput, match=r"SFT has other micro F1 here \(- - -\)"):
        claim.check_start({**found, "scores": []}, found)


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
    values = {**table.table(wanted, left), **claim.endpoints(claim.Contrasts(wanted, left, PAIRS), [])}
    assert (values["won"], values["best_control"], values["collapsed"]) == (won, best, lost)
    assert said in "\n".join(claim.told({"confirming": False, **values}))
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
    assert claim.converged(row) is converged


def test_the_secondary_endpoints_are_corrected_together(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    rows = claim.endpoints(claim.Contrasts(wanted, measured, PAIRS), [])["secondary"]
    names = [row["score"] for row in rows]
    assert names[0] == "truth_macro_f1" and names[-4:] == ["rouge_l", "bleu2", "well_formed", "mean_words"]
    assert {"finding: Pneumothorax", "finding: Lung Lesion"} <= set(names)
    known = sorted((row for row in rows if row["p"] is not None), key=lambda row: row["p"])
    assert known[0]["p_holm"] == pytest.approx(min(1.0, len(rows) * known[0]["p"]), abs=1e-5)
    assert all(row["p_holm"] >= row["p"] for row in known)


def test_everything_is_printed_with_each_pair(
    claim: ModuleType, wanted: params.Params, measured: list[run.Measured]
) -> None:
    values = {
        **table.table(wanted, measured),
        **claim.endpoints(claim.Contrasts(wanted, measured, PAIRS), ["reward_bleu2"]),
    }
    said = "\n".join(claim.told({"confirming": False, **values}))
    assert "development worlds, a rehearsal; world/seed 900/0, 901/1, 902/2" in said
    assert "seconds of training, mean: sft_more 1; sft 1 and sft_rl 1, together 2" in said
    assert "sft_more less sft; is SFT converged? no, more SFT may gain 0.01 or more" in said
    assert "less the best control (sft_bias)" in said and "Pneumothorax*" in said and "Holm p" in said
    assert json.dumps(values)
