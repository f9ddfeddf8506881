"""Corpus label F1: bad input first, values worked out by hand, and what accuracy would have said instead."""

import numpy as np
import pytest

from unirg_core.faults import BadInput
from unirg_core.scores.clinical import labels_f1
from unirg_core.scores.summary import BOARD, label_counts, label_summary, summary_of
from unirg_core.study import LABELS

REFERENCES = ["Left effusion. Edema.", "Cardiomegaly.", "No acute disease.", "Possible atelectasis."]
CANDIDATES = ["Left effusion.", "Cardiomegaly. Edema.", "Normal chest.", "Atelectasis."]


@pytest.mark.parametrize(
    ("candidates", "classes", "says"),
    [(["a"], LABELS, "1 candidates but 4 references"), (CANDIDATES, ("Tumor",), "Tumor is no class of the labeler")],
)
def test_refuses(candidates: list[str], classes: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        label_counts(candidates, REFERENCES, classes)


def test_values_over_14_classes() -> None:
    """Effusion, cardiomegaly, atelectasis right (uncertain is positive), edema once missed and once false."""
    seen = label_summary(CANDIDATES, REFERENCES)
    assert seen.studies == 4
    assert seen.micro == pytest.approx(2 * 3 / (2 * 3 + 2))  # without the normal study that both call normal
    assert seen.macro == pytest.approx((1 + 1 + 1 + 0 + 1) / 5)
    assert seen.by_class["Edema"] == 0.0 and seen.by_class["No Finding"] == 1.0
    assert seen.by_class["Fracture"] is None and seen.positives["Fracture"] == 0
    assert seen.positives["Atelectasis"] == 1
    assert tuple(seen.by_class) == LABELS


def test_values_over_the_boards_5_classes() -> None:
    references = [*REFERENCES, "Fracture."]
    seen = label_summary([*CANDIDATES, "Pneumothorax."], references, BOARD)
    assert tuple(seen.by_class) == BOARD
    assert seen.micro == pytest.approx(6 / 8)  # fracture and pneumothorax are none of the five
    assert seen.macro == pytest.approx(3 / 4)


def test_it_is_not_accuracy() -> None:
    """Trap 4: a blank report agrees with most of 14 labels and finds nothing."""
    blank = [""] * len(REFERENCES)
    counts = label_counts(blank, REFERENCES)
    assert 1 - counts[..., 1:].sum() / counts[..., 0].size > 0.9
    assert label_summary(blank, REFERENCES).micro == 0.0
    assert label_summary(blank, REFERENCES).macro == 0.0


def test_one_study_alone_has_its_own_f1() -> None:
    for candidate, reference in zip(CANDIDATES, REFERENCES, strict=True):
        assert label_summary([candidate], [reference]).micro == pytest.approx(labels_f1([candidate], [reference])[0])


def test_resamples_come_from_counts() -> None:
    counts = label_counts(CANDIDATES, REFERENCES)
    assert summary_of(counts[[0, 0, 3]]) == label_summary(
        [CANDIDATES[i] for i in (0, 0, 3)], [REFERENCES[i] for i in (0, 0, 3)]
    )
    assert counts.dtype == np.int64 and counts.shape == (4, 14, 3)


def test_nothing_at_all() -> None:
    seen = label_summary([], [])
    assert (seen.studies, seen.micro, seen.macro) == (0, 1.0, 1.0)
    assert set(seen.by_class.values()) == {None}
