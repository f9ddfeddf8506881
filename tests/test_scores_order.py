"""What each score makes of a changed meaning: pairs in the order that a radiologist would give, and who gets it wrong.

Each line holds a reference and two candidates, the first nearer in meaning. A score is said to order a pair when it
puts the first strictly above the second, to be blind when both are equal, to be fooled when it prefers the second. What
is expected of `labels_f1` and `bleu2` besides is written down too: their limits are stated, not hidden.
"""

from collections import Counter

import pytest

from unirg_core.scores import SCORES

ORDERS, BLIND, FOOLED = ">", "=", "<"

# kind, reference, nearer, farther, then what finding_credit, labels_f1 and bleu2 are expected to make of it
PAIRS = [
    # Negation flipped, against the same facts in other words.
    ("negation", "No pleural effusion.", "Negative for effusion.", "Pleural effusion.", "> > <"),
    ("negation", "Pleural effusion.", "There is an effusion.", "No pleural effusion.", "> > <"),
    ("negation", "No pneumothorax is seen.", "Without pneumothorax.", "Pneumothorax is seen.", "> > <"),
    ("negation", "The lungs are without consolidation.", "No consolidation.", "The lungs have consolidation.", "> > <"),
    ("negation", "The heart is not enlarged.", "Normal heart size.", "The heart is enlarged.", "> > <"),
    ("negation", "The pneumothorax has resolved.", "No pneumothorax.", "The pneumothorax has increased.", "> > <"),
    ("negation", "No change in the effusion.", "Stable effusion.", "No effusion.", "> > <"),
    # Side flipped.
    ("side", "Left pleural effusion.", "Effusion on the left.", "Right pleural effusion.", "> = <"),
    (
        "side",
        "Right lower lobe consolidation.",
        "Consolidation at the right base.",
        "Left lower lobe consolidation.",
        "> = <",
    ),
    ("side", "Bilateral effusions.", "Effusions on both sides.", "Left effusion.", "> = <"),
    ("side", "Left pneumothorax.", "A left-sided pneumothorax.", "Right pneumothorax.", "> = <"),
    # Severity flipped.
    ("severity", "Small left effusion.", "Tiny effusion on the left.", "Large left effusion.", "> = <"),
    ("severity", "Severe cardiomegaly.", "The heart is markedly enlarged.", "Mild cardiomegaly.", "> = <"),
    ("severity", "Mild pulmonary edema.", "Slight edema.", "Severe pulmonary edema.", "> = <"),
    # A finding invented.
    ("invented", "Heart size is normal.", "The heart is normal.", "Heart size is normal. Edema.", "> > <"),
    ("invented", "Left effusion.", "Effusion on the left.", "Left effusion. Pneumothorax.", "> > <"),
    ("invented", "No acute disease.", "Normal chest.", "No acute disease. Rib fracture.", "> > <"),
    # A finding left out.
    ("omitted", "Left effusion. Edema.", "Edema. Left effusion.", "Left effusion.", "> > >"),
    ("omitted", "Right pneumothorax. Cardiomegaly.", "Enlarged heart. Right pneumothorax.", "Cardiomegaly.", "> > >"),
    ("omitted", "Small left effusion.", "Trace left effusion.", "Heart size is normal.", "> > >"),
    ("omitted", "Pneumothorax. Atelectasis.", "Pneumothorax.", "Atelectasis.", "> = ="),  # what must not be missed
    # Paraphrase against another finding.
    ("paraphrase", "Cardiomegaly.", "The cardiac silhouette is enlarged.", "Pneumonia.", "> > <"),
    ("paraphrase", "Mediastinal widening.", "The mediastinum is widened.", "Mediastinal contours are normal.", "> > <"),
    ("paraphrase", "Bibasilar atelectasis.", "Atelectasis at both bases.", "Bibasilar consolidation.", "> > <"),
    ("paraphrase", "Nodule in the left lung.", "Left pulmonary nodule.", "Consolidation in the left lung.", "> > <"),
    # Hedge and history.
    ("hedge", "Possible left pneumonia.", "Left pneumonia cannot be excluded.", "No left pneumonia.", "> > <"),
    ("history", "Prior pneumonia. No acute disease.", "No acute disease.", "Pneumonia.", "> > >"),
    # Stuffing.
    ("stuffing", "Left effusion.", "Left effusion.", "Left effusion. Edema. Pneumonia. Fracture.", "> > >"),
    ("stuffing", "No acute disease.", "No acute disease.", "Left effusion. Edema. Pneumonia. Fracture.", "> > >"),
    ("silence", "No effusion. Heart size is normal.", "Normal chest.", "", "> = >"),
]


def _verdict(score: str, reference: str, nearer: str, farther: str) -> str:
    first, second = SCORES[score]([nearer, farther], [reference] * 2)
    return ORDERS if first > second + 1e-9 else FOOLED if second > first + 1e-9 else BLIND


@pytest.mark.parametrize(("kind", "reference", "nearer", "farther", "expected"), PAIRS)
def test_orders_by_meaning(kind: str, reference: str, nearer: str, farther: str, expected: str) -> None:
    got = [_verdict(s, reference, nearer, farther) for s in ("finding_credit", "labels_f1", "bleu2")]
    assert got == expected.split(), kind


def test_the_reward_orders_every_pair_and_words_do_not() -> None:
    """The table of docs/scores.md: how many of the pairs each score orders, is blind to, and gets the wrong way."""
    table = {
        name: Counter(_verdict(name, *pair[1:4]) for pair in PAIRS) for name in ("finding_credit", "labels_f1", "bleu2")
    }
    assert table["finding_credit"] == {ORDERS: len(PAIRS)}
    assert table["labels_f1"][FOOLED] == 0 and table["labels_f1"][BLIND] >= 5
    assert table["bleu2"][FOOLED] > len(PAIRS) / 2
