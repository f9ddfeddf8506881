"""Means, intervals and tests: by hand, against brute force, and with systems that are known to be equal."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.evaluate.statistics import Quantity, mean_of
from unirg_core.scores.summary import label_counts
from unirg_core.scores.truth import micro_f1
from unirg_core.scoring.comparison import Settings, compared, holm, quantities, swap_test
from unirg_core.scoring.corpus import CORPUS, STATED

QUICK = Settings(resamples=200, swaps=999)


@pytest.mark.parametrize(
    ("given_", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 x .01; 2 x .03; .04 may not be below what came before
        ([0.5, 0.5], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
        ([None, 0.02, None], [None, 0.06, None]),  # what has no p-value was asked for all the same
        ([0.02, *[None] * 12], [0.26, *[None] * 12]),
        ([0.01, None, 0.03], [0.03, None, 0.06]),
        ([None], [None]),
        ([0.9, 0.001], [0.9, 0.002]),
    ],
)
def test_holm_by_hand(given_: list, corrected: list) -> None:
    assert holm(given_) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_lowers(values: list[float]) -> None:
    corrected = holm(values)
    assert all(new >= old - 1e-6 and new <= 1 for new, old in zip(corrected, values, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


def brute_force(patients: list[str], a: np.ndarray, b: np.ndarray, value) -> float:
    """Return the two-sided p-value over every way to swap patients; `a` and `b` are terms of studies."""
    names = sorted(set(patients))
    as_far = []
    for flips in product([False, True], repeat=len(names)):
        swapped = np.array([flips[names.index(patient)] for patient in patients])[:, None]
        one, two = np.where(swapped, b, a).sum(axis=0), np.where(swapped, a, b).sum(axis=0)
        as_far.append(value(one) - value(two))
    as_far, observed = np.array(as_far), value(a.sum(axis=0)) - value(b.sum(axis=0))
    return min(1.0, 2 * min((as_far >= observed - 1e-12).mean(), (as_far <= observed + 1e-12).mean()))


@pytest.mark.parametrize("seed", range(4))
def test_a_small_test_is_exact_for_means_and_for_corpus_scores(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patients = [f"p{n}" for n in (0, 0, 1, 2, 2, 2, 3, 4, 5, 6)]
    counts = rng.integers(0, 2, (2, 10, 6)) * [[[1, 0, 1, 1, 1, 0]], [[1, 1, 1, 0, 1, 1]]]
    for make in (
        lambda which: mean_of(np.linspace(0, 1, 10) ** (1 + which) + 0.01 * counts[which, :, 0]),
        lambda which: Quantity(
            counts[which].astype(float), lambda sums: micro_f1(sums.reshape(*sums.shape[:-1], 2, 3))
        ),
    ):
        a, b = make(0), make(1)
        found = swap_test(patients, {"x": a}, {"x": b}, QUICK)["x"]
        assert found == pytest.approx(brute_force(patients, a.terms, b.terms, a.value))


def test_equal_systems_do_not_differ() -> None:
    values = np.random.default_rng(0).random(30)
    assert swap_test(list(map(str, range(30))), {"x": mean_of(values)}, {"x": mean_of(values)}, QUICK) == {"x": 1.0}


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng, alarms = np.random.default_rng(1), 0
    for _ in range(200):
        a, b = rng.normal(size=(2, 40))
        alarms += swap_test(list(map(str, range(40))), {"x": mean_of(a)}, {"x": mean_of(b)}, QUICK)["x"] < 0.05
    assert alarms <= 20, "5 % of 200 are 10; 20 come up once in 500 times"


def test_studies_of_one_patient_are_no_independent_evidence() -> None:
    a, b = np.full(12, 0.9), np.full(12, 0.1)
    alone = swap_test([f"p{n}" for n in range(12)], {"x": mean_of(a)}, {"x": mean_of(b)}, QUICK)["x"]
    four = swap_test([f"p{n // 3}" for n in range(12)], {"x": mean_of(a)}, {"x": mean_of(b)}, QUICK)["x"]
    assert alone < 0.01 and four == pytest.approx(2 / 2**4)


def test_one_patient_gives_values_but_neither_interval_nor_test() -> None:
    held = {name: {"x": mean_of(np.array([value]))} for name, value in (("a", 0.5), ("b", 0.2))}
    scores, comparisons = compared(["p"], held, [("a", "b")], QUICK)
    assert scores[0] == {"score": "x", "kind": "study", "system": "a", "value": 0.5, "low": None, "high": None}
    assert comparisons[0]["difference"] == 0.3 and comparisons[0]["low"] is None
    assert comparisons[0]["p"] is None and comparisons[0]["p_holm"] is None


def test_rows_stand_by_score_and_the_same_seed_gives_the_same() -> None:
    rng = np.random.default_rng(0)
    held = {s: {n: mean_of(rng.random(20)) for n in ("x", "y")} for s in ("a", "b", "c")}
    patients, pairs = list(map(str, range(20))), [("a", "b"), ("a", "c")]
    scores, comparisons = compared(patients, held, pairs, QUICK)
    assert [(r["score"], r["system"]) for r in scores] == list(product("xy", "abc"))
    assert [(r["score"], r["against"]) for r in comparisons] == list(product("xy", "bc"))
    values = {(r["score"], r["system"]): r["value"] for r in scores}
    for row in comparisons:
        expected = values[row["score"], row["system"]] - values[row["score"], row["against"]]
        assert row["difference"] == pytest.approx(expected, abs=2e-6)
        assert row["low"] <= row["difference"] <= row["high"]
    assert (scores, comparisons) == compared(patients, held, pairs, QUICK)


def test_corpus_f1_is_of_summed_counts_and_not_a_mean() -> None:
    candidates = ["Left pleural effusion.", "The lungs are clear.", "Cardiomegaly. Pneumothorax."]
    references = ["Left pleural effusion. Cardiomegaly.", "The lungs are clear.", "Cardiomegaly."]
    counts = label_counts(candidates, references, STATED)
    assert counts.shape == (3, 13, 3) and counts[1].sum() == 0
    assert counts.sum(axis=0)[STATED.index("Cardiomegaly")].tolist() == [1, 0, 1]
    quantity = CORPUS["labels_micro_f1"](candidates, references)
    assert quantity.value(quantity.terms.sum(axis=0)) == pytest.approx(float(micro_f1(counts.sum(axis=0))))
    assert quantity.value(quantity.terms.sum(axis=0)) == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_a_systems_quantities_hold_the_corpus_scores_last() -> None:
    found = quantities({"bleu2": np.array([0.5])}, ["Clear."], ["Clear."])
    assert list(found) == ["bleu2", *CORPUS]
