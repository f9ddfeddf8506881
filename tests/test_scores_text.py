"""Overlap of words: values worked out by hand or known from the packages that the field uses."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores.text import SMOOTH, bleu, bleu2, bleu4, rouge_l, tokens

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

BLEU4 = [
    ("a b c d e", "a b c d e", 1.0),
    ("", "a b c d", 0.0),
    ("a b c d", "", 0.0),
    ("x", "a b c d", 0.0),
    ("A b. c", "a b. c", 1.0),  # four tokens with the full stop
    ("a b c d", "a b x d", (3 / 4 * 1 / 3 * 0.1 / 2 * 0.1 / 1) ** 0.25),
    ("a b c", "a b c", 0.1**0.25),  # three words have no 4-gram: smoothed, never perfect
    ("a b c d", "a b c d e f g h", math.exp(1 - 8 / 4)),
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


@pytest.mark.parametrize(("candidate", "reference", "value"), BLEU4)
def test_bleu4(candidate: str, reference: str, value: float) -> None:
    assert bleu4([candidate], [reference])[0] == pytest.approx(value)


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


def _slow_bleu(candidate: str, reference: str, order: int) -> float:
    a, b = tokens(candidate), tokens(reference)
    value = 1.0
    for n in range(1, order + 1):
        ours, theirs = (Counter(tuple(w[i : i + n]) for i in range(len(w) - n + 1)) for w in (a, b))
        matched = (ours & theirs).total()
        if n == 1 and not matched:
            return 0.0
        value *= (matched or SMOOTH) / max(1, len(a) - n + 1)
    return value ** (1 / order) * min(1.0, math.exp(1 - len(b) / len(a)))


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6), st.integers(1, 5))
def test_bleu_equals_the_textbook_count(pairs: list[tuple[str, str]], order: int) -> None:
    values = bleu([c for c, _ in pairs], [r for _, r in pairs], order)
    assert values == pytest.approx([_slow_bleu(c, r, order) for c, r in pairs], rel=1e-12)


def test_bleu_holds_over_chunks_and_endless_vocabularies() -> None:
    """More pairs than one chunk holds, and more distinct words than four of which fit into a key."""
    many = [f"w{i} w{i + 1} w{i + 2} w{i % 7} w{i}" for i in range(2500)]
    others = many[3:] + many[:3]
    assert np.array_equal(bleu4(many, others)[1500:1510], bleu4(many[1500:1510], others[1500:1510]))
    huge = " ".join(f"v{i}" for i in range(70_000))
    halved = " ".join(f"v{i}" for i in range(35_000))
    assert bleu4([huge, "a b c d", huge], [huge, "a b c d", halved]) == pytest.approx(
        [1.0, 1.0, math.prod((35_000 - k) / (70_000 - k) for k in range(4)) ** 0.25]
    )


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6))
def test_a_pair_scores_the_same_in_any_batch(pairs: list[tuple[str, str]]) -> None:
    candidates, references = [c for c, _ in pairs], [r for _, r in pairs]
    for score in (bleu2, bleu4, rouge_l):
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
