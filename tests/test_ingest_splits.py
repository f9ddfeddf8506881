"""Splits: whole patients, held-out institutions, shares, small drops, and steadiness as the data grows."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.splits import assign
from unirg_core.keys import open_vault
from unirg_core.params import Split

_FRACTION = open_vault("phantom", Path("/nowhere")).fraction
_PLAIN = Split(held_out=(), validation=0.05, test=0.15)


def _people(count: int, institution: str = "a") -> dict[str, str]:
    return {f"{institution}{number}": institution for number in range(count)}


@pytest.mark.parametrize(
    ("patients", "split", "said"),
    [
        (_people(1), _PLAIN, "patients in the drop: 1. None is left to test on"),
        (_people(9), Split(held_out=("a",), validation=0, test=0.1), "None is left to train on"),
        (_people(9), Split(held_out=(), validation=0, test=0), "None is left to test on"),
        (_people(9), Split(held_out=("a", "typo"), validation=0, test=0.1), "names typo, of which .* drop are: a"),
    ],
)
def test_what_cannot_be_split_is_refused(patients, split, said):
    with pytest.raises(BadInput, match=said):
        assign(patients, split, _FRACTION)


def test_a_held_out_institution_is_only_tested_and_the_shares_hold_in_the_others():
    patients = {**_people(2000), **_people(500, "c")}
    chosen = assign(patients, Split(held_out=("c",), validation=0.05, test=0.15), _FRACTION)
    assert {chosen[patient] for patient, at in patients.items() if at == "c"} == {"test"}
    counts = Counter(chosen[patient] for patient, at in patients.items() if at == "a")
    assert abs(counts["test"] / 2000 - 0.15) < 0.025
    assert abs(counts["validation"] / 2000 - 0.05) < 0.02


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=12, unique=True))
def test_a_drop_of_three_patients_or_more_fills_every_split(fractions):
    drawn = {f"p{number}": fraction for number, fraction in enumerate(fractions)}
    chosen = assign(dict.fromkeys(drawn, "a"), _PLAIN, drawn.__getitem__)
    assert set(chosen.values()) == {"train", "validation", "test"}
    assert chosen.keys() == drawn.keys()


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_two_patients_are_one_to_train_on_and_one_to_test_on(one, other):
    drawn = {"p": one, "q": other}
    assert sorted(assign(dict.fromkeys(drawn, "a"), _PLAIN, drawn.__getitem__).values()) == ["test", "train"]


def test_the_last_patient_beside_a_held_out_institution_is_trained_on():
    chosen = assign({"p": "a", "c0": "c"}, Split(held_out=("c",), validation=0.05, test=0.15), lambda _: 0.01)
    assert chosen == {"p": "train", "c0": "test"}


def test_a_patient_keeps_his_split_as_the_drop_grows():
    small = assign(_people(200), _PLAIN, _FRACTION)
    large = assign({**_people(1000), **_people(100, "b")}, _PLAIN, _FRACTION)
    assert small.items() <= large.items()


def test_nobody_is_borrowed_where_no_share_is_wanted():
    chosen = assign(_people(9), Split(held_out=(), validation=0, test=0.5), _FRACTION)
    assert "validation" not in chosen.values()
