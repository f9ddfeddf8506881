"""Entity F1: what a report states as a table, then values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores.entities import entities, entity_f1, set_f1
from unirg_core.study import LABELS

# text, entities as "class side severity value", where "+" is present, "?" uncertain, "-" denied
STATED = [
    ("", ""),
    ("The weather is fine.", ""),
    ("Small left pleural effusion.", "Pleural Effusion/left/mild/+"),
    ("Possible right pneumothorax.", "Pneumothorax/right//?"),
    ("No large left effusion.", "Pleural Effusion///- | No Finding///+"),
    ("Bilateral effusions.", "Pleural Effusion/left//+ | Pleural Effusion/right//+"),
    ("Left effusion. Right effusion.", "Pleural Effusion/left//+ | Pleural Effusion/right//+"),
    ("Small left effusion. Effusion.", "Pleural Effusion/left/mild/+"),  # the impression says it again, with less
    ("Small left effusion. Left effusion.", "Pleural Effusion/left/mild/+"),
    (
        "Small left effusion. Large right effusion.",
        "Pleural Effusion/left/mild/+ | Pleural Effusion/right/severe/+",
    ),
    ("No right effusion. Left effusion.", "Pleural Effusion/left//+"),  # stated outweighs denied
    ("Heart size is normal.", "Cardiomegaly///- | No Finding///+"),
    ("Normal chest.", "No Finding///+"),
    ("Left nodule. Possible right nodule.", "Lung Lesion/left//+ | Lung Lesion/right//?"),
]
_VALUES = {"+": 1, "?": -1, "-": 0}


@pytest.mark.parametrize(("text", "stated"), STATED)
def test_states(text: str, stated: str) -> None:
    parts = [item.strip().split("/") for item in stated.split("|") if item.strip()]
    assert entities(text) == {(LABELS.index(n), side, severity, _VALUES[v]) for n, side, severity, v in parts}


REFERENCE = "Small left pleural effusion. No pneumothorax. Heart size is normal."

VALUES = [
    (REFERENCE, REFERENCE, 1.0),
    ("", "", 1.0),
    ("", REFERENCE, 0.0),
    (REFERENCE, "", 0.0),
    ("The heart is normal. There is no pneumothorax. Tiny effusion on the left.", REFERENCE, 1.0),
    (REFERENCE.replace("left", "right"), REFERENCE, 4 / 6),
    (REFERENCE.replace("Small", "Large"), REFERENCE, 4 / 6),
    (REFERENCE.replace("Small", "Possible small"), REFERENCE, 4 / 6),  # a hedge costs here
    ("No effusion. No pneumothorax. Heart size is normal.", REFERENCE, 4 / 7),  # and claims No Finding
    ("Small left pleural effusion.", REFERENCE, 2 / 4),  # what is not denied is missing
    ("Normal chest.", "No effusion. Heart size is normal.", 2 / 4),
    ("Left effusion.", "Bilateral effusions.", 2 / 3),
]


@pytest.mark.parametrize(("candidate", "reference", "value"), VALUES)
def test_values(candidate: str, reference: str, value: float) -> None:
    assert entity_f1([candidate], [reference])[0] == pytest.approx(value)


def test_refuses_what_is_no_pair() -> None:
    with pytest.raises(BadInput, match="2 candidates but 1 references"):
        entity_f1(["a", "b"], ["a"])


def test_f1_of_sets() -> None:
    assert set_f1(frozenset(), frozenset()) == 1.0
    assert set_f1(frozenset("ab"), frozenset("bc")) == 0.5
    assert set_f1(frozenset("a"), frozenset()) == 0.0


_TEXT = st.lists(st.sampled_from([text for text, _ in STATED]), max_size=4).map(" ".join)


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=5))
def test_symmetric_bounded_and_free_of_the_batch(pairs: list[tuple[str, str]]) -> None:
    candidates, references = [c for c, _ in pairs], [r for _, r in pairs]
    values = entity_f1(candidates, references)
    assert np.array_equal(values, entity_f1(references, candidates))
    assert np.array_equal(values, np.concatenate([entity_f1([c], [r]) for c, r in pairs]))
    assert ((values >= 0) & (values <= 1)).all()
    assert (entity_f1(candidates, candidates) == 1.0).all()
