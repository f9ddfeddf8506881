"""Temporal F1: which change of which class a sentence states, as a table; then values worked out by hand."""

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scores.temporal import CHANGES, changes, temporal_f1
from unirg_core.study import LABELS

SHORT = {
    "effusion": "Pleural Effusion",
    "edema": "Edema",
    "heart": "Cardiomegaly",
    "ptx": "Pneumothorax",
    "consolidation": "Consolidation",
    "atelectasis": "Atelectasis",
    "pneumonia": "Pneumonia",
    "lesion": "Lung Lesion",
    "devices": "Support Devices",
}

STATED = [
    # New.
    ("New left effusion.", "effusion new"),
    ("The effusion is new.", "effusion new"),
    ("Right effusion, not present previously.", "effusion new"),
    ("Nodule not seen on the prior study.", "lesion new"),
    ("Interval development of a right pneumothorax.", "ptx new"),
    ("Interval placement of a pacemaker.", "devices new"),
    # Worse.
    ("Increased left effusion.", "effusion worse"),
    ("The left effusion has increased.", "effusion worse"),
    ("Interval increase in left pleural effusion.", "effusion worse"),
    ("Right effusion is larger than before.", "effusion worse"),
    ("Compared to prior, there is increased edema.", "edema worse"),
    # Better.
    ("Decreased right effusion.", "effusion better"),
    ("Edema has improved.", "edema better"),
    ("Resolving pneumonia.", "pneumonia better"),
    ("Partial resolution of right effusion.", "effusion better"),
    ("Nearly resolved edema.", "edema better"),
    # Stable.
    ("Stable cardiomegaly.", "heart stable"),
    ("The heart is stable.", "heart stable"),
    ("No change in the effusion.", "effusion stable"),
    ("No significant interval change in moderate right effusion.", "effusion stable"),
    ("The right effusion is not significantly changed.", "effusion stable"),
    ("No increase in the left effusion.", "effusion stable"),
    ("Persistent left pneumothorax.", "ptx stable"),
    ("Left pleural effusion, unchanged.", "effusion stable"),
    ("Heart size is normal and unchanged.", "heart stable"),
    # Resolved.
    ("Interval resolution of left pneumothorax.", "ptx resolved"),
    ("The pneumothorax has resolved.", "ptx resolved"),
    ("The edema has cleared.", "edema resolved"),
    ("The earlier consolidation on the left is no longer seen.", "consolidation resolved"),
    ("Interval removal of the right chest tube.", "devices resolved"),
    # Lists, and several changes in one sentence.
    ("Unchanged left effusion and bibasilar atelectasis.", "effusion stable, atelectasis stable"),
    ("Left effusion and atelectasis are unchanged.", "effusion stable, atelectasis stable"),
    ("Left effusion has increased, and the edema has improved.", "effusion worse, edema better"),
    ("The effusion has decreased but the pneumothorax is larger.", "effusion better, ptx worse"),
    ("Increased effusion, stable cardiomegaly.", "effusion worse, heart stable"),
    ("Decreased effusion and new consolidation.", "effusion better, consolidation new"),
    ("Stable left effusion with worsening edema.", "effusion stable, edema worse"),
    ("Left effusion, unchanged. Right effusion, increased.", "effusion stable, effusion worse"),
    # What is no change.
    ("No new effusion.", ""),
    ("No new consolidation or effusion.", ""),
    ("No pneumothorax, as before.", ""),
    ("Increased heart size.", ""),  # a state of the heart
    ("Increased interstitial markings.", ""),
    ("Effusions, right greater than left.", ""),
    ("The lungs are clear.", ""),
    ("Worsening.", ""),
    ("Renewed interest in the newspaper.", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "stated"), STATED, ids=[text[:50] or "empty" for text, _ in STATED])
def test_states(text: str, stated: str) -> None:
    pairs = [item.split() for item in stated.split(",") if item]
    assert changes(text) == {(LABELS.index(SHORT[name]), kind) for name, kind in pairs}


REFERENCE = "New left effusion. Cardiomegaly is unchanged."

VALUES = [
    (REFERENCE, REFERENCE, 1.0),
    ("", "", 1.0),
    ("Left effusion. Cardiomegaly.", "Right pneumothorax.", 1.0),  # no change on either side: nothing to compare
    ("Left effusion. Cardiomegaly.", REFERENCE, 0.0),  # the comparison is omitted
    (REFERENCE, "Left effusion. Cardiomegaly.", 0.0),  # the comparison is invented
    ("Interval development of an effusion. Stable cardiomegaly.", REFERENCE, 1.0),
    ("Stable left effusion. Cardiomegaly is unchanged.", REFERENCE, 1 / 2),
    ("New left effusion.", REFERENCE, 2 / 3),
    # The words are the same, what they are said of is not: a comparison of words alone gives 1.
    ("Left effusion is unchanged. New cardiomegaly.", REFERENCE, 0.0),
]


@pytest.mark.parametrize(("candidate", "reference", "value"), VALUES)
def test_values(candidate: str, reference: str, value: float) -> None:
    assert temporal_f1([candidate], [reference])[0] == pytest.approx(value)


def test_refuses_what_is_no_pair() -> None:
    with pytest.raises(BadInput, match="0 candidates but 1 references"):
        temporal_f1([], ["a"])


@pytest.mark.parametrize(("kind", "words"), CHANGES)
def test_a_kind_is_whole(kind: str, words: str) -> None:
    assert re.compile(words).groups == 0 and not re.fullmatch(words, "")
    assert kind in ("new", "worse", "better", "stable", "resolved")


@pytest.mark.parametrize("words", ["new effusion no longer increased in ", "no significant interval ", "stable heart "])
def test_an_endless_completion_takes_linear_time(words: str) -> None:
    """A policy that loops must not hang the reward: sixteen times the text in well under 256 times the time."""

    def cost(count: int) -> float:
        began = time.process_time()
        changes(words * count)
        return time.process_time() - began

    changes("")
    assert cost(3200) < 50 * min(cost(200 + i) for i in range(3)) + 0.05


_WORDS = st.sampled_from(
    (*("new", "increased", "unchanged", "resolved", "no", "effusion", "edema", "has", "is", "and", "with"), ".", ",")
)
_TEXT = st.lists(_WORDS, max_size=14).map(" ".join)


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=4))
def test_symmetric_bounded_and_free_of_the_batch(pairs: list[tuple[str, str]]) -> None:
    candidates, references = [c for c, _ in pairs], [r for _, r in pairs]
    values = temporal_f1(candidates, references)
    assert np.array_equal(values, temporal_f1(references, candidates))
    assert np.array_equal(values, np.concatenate([temporal_f1([c], [r]) for c, r in pairs]))
    assert ((values >= 0) & (values <= 1)).all()
    assert changes(candidates[0]) == changes(candidates[0].upper())
