"""Scores on labels: values worked out by hand, and the order that each must give to good and bad reports."""

import numpy as np
import pytest

from unirg_core.scores import SCORES
from unirg_core.scores.clinical import ERRORS, errors

REFERENCE = "Findings: Small left pleural effusion. Large right pneumothorax. The heart is normal in size."
NORMAL = "Findings: Heart size is normal. No effusion or pneumothorax. Impression: No acute disease."

# candidate, reference, labels_f1, finding_credit, micro_gain, errors (false, omitted, location, severity)
CASES = [
    (REFERENCE, REFERENCE, 1.0, 1.0, 2.0, (0, 0, 0, 0)),
    ("Large right pneumothorax. Small left effusion.", REFERENCE, 1.0, 1.0, 2.0, (0, 0, 0, 0)),  # order is free
    ("Small right effusion. Large right pneumothorax.", REFERENCE, 1.0, (0.5 + 1.5) / 2.5, 1.5, (0, 0, 1, 0)),
    ("Large left effusion. Large right pneumothorax.", REFERENCE, 1.0, (0.9 + 1.5) / 2.5, 1.9, (0, 0, 0, 1)),
    ("Large right effusion. Large right pneumothorax.", REFERENCE, 1.0, (0.45 + 1.5) / 2.5, 1.45, (0, 0, 1, 1)),
    ("Effusion. Large right pneumothorax.", REFERENCE, 1.0, (0.45 + 1.5) / 2.5, 1.45, (0, 0, 1, 1)),  # unsaid: wrong
    ("Small left effusion.", REFERENCE, 2 / 3, (1 - 0.75) / 2.5, 1.0, (0, 1, 0, 0)),
    ("Small left effusion. Large right pneumothorax. Edema.", REFERENCE, 4 / 5, (2.5 - 0.5) / 2.5, 1.3, (1, 0, 0, 0)),
    (NORMAL, REFERENCE, 0.0, -0.5, 0.0, (0, 2, 0, 0)),
    ("", REFERENCE, 0.0, -0.5, 0.0, (0, 2, 0, 0)),
    ("No effusion. No pneumothorax.", REFERENCE, 0.0, -0.5, 0.0, (0, 2, 0, 0)),
    ("Possible small left effusion. Large right pneumothorax.", REFERENCE, 1.0, 1.0, 2.0, (0, 0, 0, 0)),  # a hedge
    (NORMAL, NORMAL, 1.0, 1.0, 0.0, (0, 0, 0, 0)),
    ("The lungs are clear.", NORMAL, 1.0, 1.0, 0.0, (0, 0, 0, 0)),
    ("", NORMAL, 1.0, 0.0, 0.0, (0, 0, 0, 0)),  # silence earns nothing, though F1 calls it perfect
    ("Left pneumothorax.", NORMAL, 0.0, 1 - 0.75, -0.7, (1, 0, 0, 0)),
    ("Pacemaker.", NORMAL, 0.0, 0.5, -0.7, (1, 0, 0, 0)),
    ("", "", 1.0, 1.0, 0.0, (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("candidate", "reference", "f1", "credit", "gain", "wrong"), CASES)
def test_values(candidate: str, reference: str, f1: float, credit: float, gain: float, wrong: tuple[int, ...]) -> None:
    assert SCORES["micro_gain"]([candidate], [reference])[0] == pytest.approx(gain)
    assert SCORES["labels_f1"]([candidate], [reference])[0] == pytest.approx(f1)
    assert SCORES["finding_credit"]([candidate], [reference])[0] == pytest.approx(credit)
    assert errors(candidate, reference) == wrong
    assert len(wrong) == len(ERRORS)
    assert SCORES["error_count"]([candidate], [reference])[0] == pytest.approx(1 / (1 + sum(wrong)))


def test_credit_has_a_floor() -> None:
    everything = (
        "Pneumothorax. Lung mass. Consolidation. Pneumonia. Edema. Atelectasis. Effusion. Rib fracture. Cardiomegaly. "
        "Pleural thickening. Chest tube. Opacity. Widened mediastinum."
    )
    assert SCORES["finding_credit"]([everything], [NORMAL])[0] == -1.0
    assert SCORES["finding_credit"]([everything], ["Small left effusion."])[0] == -1.0


@pytest.mark.parametrize(("right", "more"), [(0.30, False), (0.40, False), (0.42, True), (0.60, True)])
def test_gain_rises_where_micro_f1_does(right: float, more: bool) -> None:
    """State one more finding in each of many studies, right in a share of them, at a micro F1 of .82."""
    counts = np.array([820.0, 180.0, 180.0])  # TP, FP, FN
    stated = counts + 10 * np.array([right, 1 - right, -right])
    (found,) = SCORES["micro_gain"](["Small left effusion."], ["Small left effusion."])
    (false,) = SCORES["micro_gain"](["Small left effusion."], [NORMAL])
    assert (_micro(stated) > _micro(counts)) == (right * found + (1 - right) * false > 0) == more


@pytest.mark.parametrize(("score", "prevalence"), [("micro_gain", 0.7 / 1.7), ("finding_credit", 0.25)])
def test_a_finding_that_is_stated_for_every_patient_pays_from_a_prevalence_on(score: str, prevalence: float) -> None:
    present, absent = "Small left effusion.", NORMAL
    for share, pays in ((prevalence - 0.01, False), (prevalence + 0.01, True)):
        stated, silent = (
            share * SCORES[score]([said], [present])[0] + (1 - share) * SCORES[score]([said], [absent])[0]
            for said in (present, absent)
        )
        assert (stated > silent) == pays


def _micro(counts: np.ndarray) -> float:
    return 2 * counts[0] / (2 * counts[0] + counts[1] + counts[2])


# Each line must score strictly above the next, against REFERENCE.
ORDER = [
    "Small left pleural effusion. Large right pneumothorax.",
    "Moderate left pleural effusion. Large right pneumothorax.",
    "Small right pleural effusion. Large right pneumothorax.",
    "Large right pneumothorax.",
    "Small left pleural effusion.",
    "Heart size is normal.",
    "Edema. Consolidation.",
]


def test_credit_orders_reports_by_meaning() -> None:
    values = SCORES["finding_credit"](ORDER, [REFERENCE] * len(ORDER))
    assert (np.diff(values) < 0).all()


# Trap 4 of the recipe: accuracy over 14 labels is high for a report that says nothing; F1 is not.
def test_accuracy_would_praise_an_empty_report() -> None:
    from unirg_core.scores.clinical import positive
    from unirg_core.scores.labels import label_one

    def accuracy(candidate: str, reference: str) -> float:
        ours, theirs = positive(label_one(candidate)), positive(label_one(reference))
        return sum((c in ours) == (c in theirs) for c in range(14)) / 14

    reference = "Left effusion. Edema. Cardiomegaly."
    assert accuracy("", reference) > 0.78
    assert SCORES["labels_f1"]([""], [reference])[0] == 0.0


# Trap 5: a constant normal template does well on a mostly normal set by words, and by F1 counted as 1 on normals; its
# findings are worth nothing.
def test_the_constant_template_is_seen_through() -> None:
    abnormal = [
        "Findings: Small left effusion. Heart size is normal. No pneumothorax.",
        "Findings: Edema. No effusion.",
    ]
    constant = [NORMAL] * len(abnormal)
    assert SCORES["rouge_l"](constant, abnormal).mean() > 0.3
    assert (SCORES["labels_f1"](constant, abnormal) == 0).all()
    assert (SCORES["finding_credit"](constant, abnormal) < 0).all()


def test_every_score_gives_one_finite_float_a_study() -> None:
    texts = [REFERENCE, NORMAL, "", "Findings:", "\x00 ☃", "no " * 500]
    for name, score in SCORES.items():
        values = score(texts, list(reversed(texts)))
        assert values.shape == (len(texts),) and values.dtype == float, name
        assert np.isfinite(values).all(), name
