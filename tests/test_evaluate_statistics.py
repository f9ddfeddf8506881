"""Intervals: values by hand, a brute-force bootstrap beside ours, pairing, and why patients are what is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unirg_core.evaluate.statistics import Quantity, estimate, mean_of, per_patient
from unirg_core.scores.truth import macro_f1, micro_f1

SETTINGS = {"level": 0.95, "resamples": 2000, "seed": 0}


def of_counts(counts, f1):
    """Return a quantity of counts, (studies, classes, 3)."""
    flat = counts.reshape(len(counts), -1).astype(float)
    return Quantity(flat, lambda sums: f1(sums.reshape(*sums.shape[:-1], -1, 3)))


def one(patients, quantity, **changed):
    return estimate(patients, {"x": quantity}, [], **{**SETTINGS, **changed})[0]["x"]


def test_lengths_that_differ_are_a_fault():
    with pytest.raises((ValueError, IndexError)):
        one(["a", "b"], mean_of(np.array([1.0, 2.0, 3.0])))


def test_no_quantity_gives_nothing():
    assert estimate(["a"], {}, [], **SETTINGS) == ({}, {})


@pytest.mark.parametrize("patients", [["a"], ["a", "a", "a"]])
def test_one_patient_has_a_value_and_no_interval(patients):
    found = one(patients, mean_of(np.ones(len(patients)) * 0.5))
    assert (found.value, found.low, found.high) == (0.5, None, None)


def test_a_value_that_does_not_exist_is_none_and_not_nan():
    undefined = Quantity(np.zeros((3, 2)), lambda sums: sums[..., 0] / sums[..., 1])
    found = one(["a", "b", "c"], undefined)
    assert (found.value, found.low, found.high) == (None, None, None)


def test_patients_are_summed_in_the_order_of_their_names():
    assert per_patient(["b", "a", "b"], np.array([[1.0], [10.0], [2.0]])).tolist() == [[10.0], [3.0]]


@pytest.mark.parametrize(
    ("patients", "scores", "mean"),
    [
        ("ab", [0.0, 1.0], 0.5),
        ("aab", [0.0, 0.0, 1.0], 1 / 3),  # a study weighs alike whoever's it is
        ("abc", [0.3, 0.3, 0.3], 0.3),
    ],
)
def test_means_are_over_studies(patients, scores, mean):
    assert one(list(patients), mean_of(np.array(scores))).value == pytest.approx(mean)


def test_two_patients_give_the_ends_that_can_be_worked_out():
    found = one(["a", "b"], mean_of(np.array([0.0, 1.0])))  # a quarter of the resamples is all a, one all b
    assert (found.low, found.high) == (0.0, 1.0)


def test_equal_scores_have_an_interval_without_width_and_without_a_warning(recwarn):
    found = one(list("abcdef"), mean_of(np.full(6, 0.25)))
    assert (found.low, found.high) == (0.25, 0.25)
    assert not recwarn.list


COUNTS = np.array([[[1, 0, 0], [0, 1, 0]], [[1, 0, 1], [0, 0, 1]], [[0, 1, 0], [1, 0, 0]]])


def test_f1_comes_from_summed_counts_by_hand():
    # summed: class 1 tp 2 fp 1 fn 1 -> 4/6; class 2 tp 1 fp 1 fn 1 -> 2/4; together tp 3 fp 2 fn 2 -> 6/10
    assert one(list("abc"), of_counts(COUNTS, micro_f1)).value == pytest.approx(0.6)
    assert one(list("abc"), of_counts(COUNTS, macro_f1)).value == pytest.approx((4 / 6 + 2 / 4) / 2)


def brute_force(patients, counts_a, counts_b, f1, resamples=4000):
    """Resample patients in a plain loop, studies and all, and return the percentile ends of both and the difference."""
    rng = np.random.default_rng(1)
    names = np.unique(patients)
    studies = {name: np.flatnonzero(np.asarray(patients) == name) for name in names}
    drawn = []
    for _ in range(resamples):
        rows = np.concatenate([studies[name] for name in rng.choice(names, len(names))])
        a, b = f1(counts_a[rows].sum(axis=0)), f1(counts_b[rows].sum(axis=0))
        drawn.append((a, b, a - b))
    return np.percentile(drawn, [2.5, 97.5], axis=0)


def population(count=60, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    patients = np.repeat([f"p{n}" for n in range(count)], rng.integers(1, 5, count))
    truth = rng.random((len(patients), classes)) < 0.3
    said = [truth ^ (rng.random(truth.shape) < wrong) for wrong in (0.1, 0.25)]
    counts = [np.stack([s & truth, s & ~truth, ~s & truth], axis=-1).astype(int) for s in said]
    return patients.tolist(), *counts


@pytest.mark.parametrize("f1", [micro_f1, macro_f1])
def test_ends_are_those_of_a_brute_force_bootstrap(f1):
    patients, a, b = population()
    own, differences = estimate(
        patients, {"a": of_counts(a, f1), "b": of_counts(b, f1)}, [("a", "b")], **{**SETTINGS, "resamples": 4000}
    )
    found = [own["a"], own["b"], differences["a", "b"]]
    expected = brute_force(patients, a, b, f1)
    assert np.array([[i.low for i in found], [i.high for i in found]]) == pytest.approx(expected, abs=0.015)


def test_ignoring_the_patients_would_give_a_narrower_interval():
    rng = np.random.default_rng(3)
    own = rng.normal(size=50).repeat(6)  # six studies of a patient that are nearly one
    scores = own + rng.normal(scale=0.1, size=300)
    patients = [f"p{n // 6}" for n in range(300)]
    clustered, naive = one(patients, mean_of(scores)), one([f"s{n}" for n in range(300)], mean_of(scores))
    assert (clustered.high - clustered.low) > 2 * (naive.high - naive.low)
    assert clustered.value == pytest.approx(naive.value)


def test_a_paired_difference_is_sharper_than_its_two_sides():
    rng = np.random.default_rng(4)
    first = rng.normal(size=80)
    second = first + 0.1 + rng.normal(scale=0.02, size=80)
    patients = [f"p{n}" for n in range(80)]
    own, differences = estimate(patients, {"a": mean_of(first), "b": mean_of(second)}, [("b", "a")], **SETTINGS)
    width = {name: i.high - i.low for name, i in own.items()}
    difference = differences["b", "a"]
    assert difference.value == pytest.approx(own["b"].value - own["a"].value)
    assert difference.high - difference.low < 0.1 * min(width.values())
    assert difference.low > 0


def test_the_seed_alone_decides_the_ends():
    patients, a, _ = population()
    ends = [one(patients, of_counts(a, micro_f1), seed=seed) for seed in (0, 0, 1)]
    assert ends[0] == ends[1] != ends[2]


def test_a_higher_level_is_wider():
    patients, a, _ = population()
    narrow, wide = (one(patients, of_counts(a, micro_f1), level=level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_batches_do_not_change_the_ends(monkeypatch):
    patients, a, _ = population()
    whole = one(patients, of_counts(a, micro_f1))
    monkeypatch.setattr("unirg_core.evaluate.statistics._BATCH_ENTRIES", 60 * 64)
    assert one(patients, of_counts(a, micro_f1)) == whole


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 1)), min_size=2, max_size=40))
def test_the_value_lies_in_range_and_ends_are_ordered(studies):
    patients, scores = zip(*studies, strict=True)
    found = one(list(patients), mean_of(np.array(scores)), resamples=200)
    assert found.value == pytest.approx(np.mean(scores))
    if len(set(patients)) > 1:
        assert min(scores) - 1e-9 <= found.low <= found.high <= max(scores) + 1e-9
