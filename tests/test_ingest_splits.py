"""Splits: whole patients, held-out institutions, shares, small drops, and steadiness as the data grows."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.splits import Known, Place
from unirg_core.ingest.splits import assign as place
from unirg_core.keys import open_vault
from unirg_core.params import Split

_FRACTION = open_vault("phantom", Path("/nowhere")).fraction
_PLAIN = Split(held_out=(), validation=0.05, test=0.15)


def assign(patients: dict, split: Split, fraction, known: Known | None = None) -> dict[str, str]:
    """Return the splits alone."""
    return {patient: its.split for patient, its in place(patients, split, fraction, known).items()}


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


_FIRST = Known(
    published={"a0": "train", "a1": "test", "a2": "validation", "c0": "train"},
    frozen={"a0": "board", "a3": "board"},
)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # a0 frozen and published, a1 and a2 published, a3 frozen, c0 published and held out, c1 held out
        (("frozen", "publisher", "held_out", "hash"), "test test validation test train test"),
        (("publisher", "frozen", "held_out", "hash"), "train test validation test train test"),
        (("held_out", "frozen", "publisher", "hash"), "test test validation test test test"),
        (("frozen", "held_out", "hash"), "test hash hash test test test"),
        (("publisher", "hash"), "train test validation hash train hash"),
    ],
)
def test_the_first_rule_that_applies_decides(policy, expected):
    patients = {**_people(40), **_people(2, "c")}
    split = Split(held_out=("c",), validation=0.05, test=0.15, policy=policy)
    chosen = place(patients, split, _FRACTION, _FIRST)
    hashed = assign(patients, Split(held_out=(), validation=0.05, test=0.15), _FRACTION)
    for patient, wanted in zip(("a0", "a1", "a2", "a3", "c0", "c1"), expected.split(), strict=True):
        assert chosen[patient].split == (hashed[patient] if wanted == "hash" else wanted), patient
        assert (chosen[patient].rule == "hash") == (wanted == "hash")


@pytest.mark.parametrize("policy", [("hash", "frozen"), ("frozen",), ("hash", "hash"), ()])
def test_a_policy_ends_with_the_hash_and_names_no_rule_twice(policy):
    with pytest.raises(ValueError, match="policy must name each rule once and end with hash"):
        Split(policy=policy)


def test_a_publisher_without_a_validation_split_lends_some_of_its_training_patients():
    split = Split(held_out=(), validation=0.2, test=0.3)
    patients = _people(200)
    published = {who: "test" if number % 10 == 0 else "train" for number, who in enumerate(patients)}
    chosen = assign(patients, split, _FRACTION, Known(published=published))
    for who, name in published.items():
        lent = name == "train" and _FRACTION(who) < split.validation
        assert chosen[who] == ("validation" if lent else name)
    assert "validation" in chosen.values()


def test_a_test_set_is_named_by_the_rule_and_kept_from_version_to_version():
    patients = {**_people(40), **_people(1, "c")}
    known = Known(frozen={"a3": "board"}, published={"a1": "test"})
    split = Split(held_out=("c",), validation=0.05, test=0.15, test_set="second")
    chosen = place(patients, split, _FRACTION, known)
    assert [chosen[who].test_set for who in ("a3", "a1", "c0")] == ["board", "publisher", "held-out-c"]
    own = {who for who, its in chosen.items() if its.split == "test" and its.rule == "hash"}
    assert {chosen[who].test_set for who in own} == {"second"}
    assert all((its.test_set == "") == (its.split != "test") for its in chosen.values())
    later = place(patients, split, _FRACTION, Known(earlier={"a5": frozenset({"test"})}, test_sets={"a5": "own"}))
    assert later["a5"] == Place("test", "earlier version", "own")


_EARLIER = [
    # what he was before -> what the rules want -> what becomes of him
    ({"test"}, None, "test"),
    ({"test"}, "train", "test"),  # the publisher would train on him
    ({"train"}, None, "train"),
    ({"validation"}, None, "validation"),
    ({"validation"}, "train", "validation"),
    ({"train"}, "validation", "train"),
    ({"train", "validation"}, None, "train"),  # two ids of one patient
    ({"train"}, "test", ""),
    ({"validation"}, "test", ""),
    ({"train", "test"}, None, ""),  # two ids of one patient, trained on under one and tested under the other
]


@pytest.mark.parametrize(("before", "published", "becomes"), _EARLIER)
def test_nobody_who_was_tested_is_trained_on_and_nobody_who_was_trained_on_is_tested(before, published, becomes):
    known = Known(earlier={"a7": frozenset(before)}, published={"a7": published} if published else {})
    split = Split(held_out=(), validation=0.05, test=0.15, clash="leave_out")
    assert assign(_people(60), split, _FRACTION, known)["a7"] == becomes
    if not becomes:
        with pytest.raises(BadInput, match="would be tested on although earlier versions trained on them: 1 "):
            assign(_people(60), split.model_copy(update={"clash": "refuse"}), _FRACTION, known)


def test_other_shares_move_nobody_who_was_there():
    patients = _people(300)
    before = assign(patients, _PLAIN, _FRACTION)
    known = Known(earlier={patient: frozenset({split}) for patient, split in before.items()})
    more = assign({**patients, **_people(300, "b")}, Split(held_out=(), validation=0.2, test=0.4), _FRACTION, known)
    assert before.items() <= more.items()
    new = Counter(split for patient, split in more.items() if patient.startswith("b"))
    assert new["test"] > 90


def test_an_institution_newly_held_out_is_refused_where_it_was_trained_on_or_left_out_but_for_its_tested_ones():
    patients = {**_people(60), **_people(60, "b")}
    before = assign(patients, _PLAIN, _FRACTION)
    known = Known(earlier={patient: frozenset({split}) for patient, split in before.items()})
    split = Split(held_out=("b",), validation=0.05, test=0.15)
    with pytest.raises(BadInput, match="by the rule held_out"):
        assign(patients, split, _FRACTION, known)
    after = assign(patients, split.model_copy(update={"clash": "leave_out"}), _FRACTION, known)
    assert {before[who]: after[who] for who in patients if who.startswith("b")} == {
        "test": "test",
        "train": "",
        "validation": "",
    }


def test_a_retired_set_is_neither_tested_on_nor_trained_on_and_needs_a_new_one():
    patients = _people(60)
    before = place(patients, _PLAIN, _FRACTION)
    known = Known(
        earlier={who: frozenset({its.split}) for who, its in before.items()},
        test_sets={who: its.test_set for who, its in before.items() if its.test_set},
    )
    with pytest.raises(ValueError, match="test_set own is retired; name a new set"):
        Split(retired=("own",))
    split = Split(held_out=(), validation=0.05, test=0.3, test_set="second", retired=("own",))
    after = place({**patients, **_people(60, "b")}, split, _FRACTION, known)
    for who, its in before.items():
        assert after[who] == Place("", "retired", "own") if its.split == "test" else after[who].split == its.split
    assert {its.test_set for its in after.values() if its.split == "test"} == {"second"}


@given(
    st.dictionaries(
        st.integers(0, 30).map("p{}".format), st.sampled_from(["train", "test", "validation"]), max_size=31
    ),
    st.dictionaries(
        st.integers(0, 30).map("p{}".format), st.sampled_from(["train", "test", "validation"]), max_size=31
    ),
)
def test_whatever_was_before_no_patient_is_both(earlier, published):
    known = Known(earlier={who: frozenset({its}) for who, its in earlier.items()}, published=published)
    patients = {f"p{number}": "a" for number in range(40)}
    chosen = assign(patients, Split(held_out=(), clash="leave_out"), _FRACTION, known)
    for who, before in earlier.items():
        assert {before, chosen[who]} not in ({"test", "train"}, {"test", "validation"})
