"""Overlap of words: values worked out by hand or known from the packages that the field uses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores.text import bleu2, rouge_l, tokens

BLEU = [
    ("no effusion.", "no effusion.", 1.0),
    ("", "no effusion.", 0.0),
    ("no effusion.", "", 0.0),
    ("heart", "no effusion.", 0.0),  # nothing in common is 0, not a smoothed trace
    ("No Effusion.", "no effusion.", 1.0),
    ("no effusion", "no effusion here today", math.exp(1 - 4 / 2)),  # brevity
    ("effusion no", "no effusion", math.sqrt(1.0 * 0.1)),  # no common bigram: .1 / 1
    ("a b c d", "a b x d", math.sqrt(3 / 4 * 1 / 3)),
    ("the the the the", "the cat", math.sqrt(1 / 4 * 0.1 / 3)),  # clipped counts
    ("effusion", "effusion", math.sqrt(1.0 * 0.1)),  # one word has no bigram, as in the package
]

ROUGE = [
    ("no effusion.", "no effusion.", 1.0),
    ("", "no effusion.", 0.0),
    ("", "", 0.0),
    ("a b c d", "a c d e", 2 * (3 / 4) * (3 / 4) / (3 / 4 + 3 / 4)),
    ("c b a", "a b c", 1 / 3),
    ("police kill the gunman", "police killed the gunman", 3 / 4),  # Lin 2004
    ("the gunman kill police", "police killed the gunman", 2 / 4),
    ("a a a", "a", 2 * (1 / 3) * 1 / (1 / 3 + 1)),
    ("T12-L1", "t12 l1", 1.0),
]


@pytest.mark.parametrize(("candidate", "reference", "value"), BLEU)
def test_bleu2(candidate: str, reference: str, value: float) -> None:
    assert bleu2([candidate], [reference])[0] == pytest.approx(value)


@pytest.mark.parametrize(("candidate", "reference", "value"), ROUGE)
def test_rouge_l(candidate: str, reference: str, value: float) -> None:
    assert rouge_l([candidate], [reference])[0] == pytest.approx(value)


def test_tokens_are_those_of_radcliq() -> None:
    assert tokens("No Effusion.  Heart normal.") == ["no", "effusion", ".", "heart", "normal", "."]


_TEXT = st.lists(st.sampled_from(["no", "left", "effusion", "heart", "normal."]), max_size=12).map(" ".join)


def _slow_lcs(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        last = row[:]
        for j, y in enumerate(b):
            row[j + 1] = last[j] + 1 if x == y else max(last[j + 1], row[j])
    return row[-1]


@given(_TEXT, _TEXT)
def test_rouge_equals_the_textbook_table(candidate: str, reference: str) -> None:
    a, b = candidate.replace(".", "").split(), reference.replace(".", "").split()
    expected = 2 * _slow_lcs(a, b) / (len(a) + len(b)) if a and b else 0.0
    assert rouge_l([candidate], [reference])[0] == pytest.approx(expected)


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6))
def test_a_pair_scores_the_same_in_any_batch(pairs: list[tuple[str, str]]) -> None:
    candidates, references = [c for c, _ in pairs], [r for _, r in pairs]
    for score in (bleu2, rouge_l):
        together = score(candidates, references)
        alone = np.concatenate([score([c], [r]) for c, r in pairs])
        assert np.array_equal(together, alone)
        assert ((together >= 0) & (together <= 1)).all()


def test_refuses_what_is_no_pair() -> None:
    with pytest.raises(BadInput, match="2 candidates but 1 references"):
        bleu2(["a", "b"], ["a"])
    with pytest.raises(BadInput, match="reference 1 is no text"):
        rouge_l(["a", "b"], ["a", None])
    assert len(bleu2([], [])) == 0
