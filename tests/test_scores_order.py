"""What each score makes of a changed meaning: pairs in the order that a radiologist would give, and who gets it wrong.

Each line holds a reference and two candidates, the first nearer in meaning. A score is said to order a pair when it
puts the first strictly above the second, to be blind when both are equal, to be fooled when it prefers the second. What
five scores are expected to make of each is written down too, and docs/scores.md prints the sums of all of them as this
test finds them: their limits are stated, not hidden.

    pytest tests/test_scores_order.py -rP

`UNIRG_SENTENCE_MODEL`, a sentence-transformers folder, adds the row of the semantic score.
"""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from unirg_core.scores import SCORES
from unirg_core.scores.cider import Cider, document_frequencies
from unirg_core.scores.semantic import Semantic

PAGE = Path(__file__).parents[1] / "docs/scores.md"
ORDERS, BLIND, FOOLED = ">", "=", "<"
JUDGED = ("finding_credit", "labels_f1", "bleu2", "entity_f1", "temporal_f1")

# kind, reference, nearer, farther, then what the scores in JUDGED are expected to make of it
PAIRS = [
    # Negation flipped, against the same facts in other words.
    ("negation", "No pleural effusion.", "Negative for effusion.", "Pleural effusion.", "> > < > ="),
    ("negation", "Pleural effusion.", "There is an effusion.", "No pleural effusion.", "> > < > ="),
    ("negation", "No pneumothorax is seen.", "Without pneumothorax.", "Pneumothorax is seen.", "> > < > ="),
    (
        "negation",
        "The lungs are without consolidation.",
        "No consolidation.",
        "The lungs have consolidation.",
        "> > < > =",
    ),
    ("negation", "The heart is not enlarged.", "Normal heart size.", "The heart is enlarged.", "> > < > ="),
    ("negation", "The pneumothorax has resolved.", "No pneumothorax.", "The pneumothorax has increased.", "> > < > ="),
    ("negation", "No change in the effusion.", "Stable effusion.", "No effusion.", "> > < > >"),
    # Side flipped.
    ("side", "Left pleural effusion.", "Effusion on the left.", "Right pleural effusion.", "> = < > ="),
    (
        "side",
        "Right lower lobe consolidation.",
        "Consolidation at the right base.",
        "Left lower lobe consolidation.",
        "> = < > =",
    ),
    ("side", "Bilateral effusions.", "Effusions on both sides.", "Left effusion.", "> = < > ="),
    ("side", "Left pneumothorax.", "A left-sided pneumothorax.", "Right pneumothorax.", "> = < > ="),
    # Severity flipped.
    ("severity", "Small left effusion.", "Tiny effusion on the left.", "Large left effusion.", "> = < > ="),
    ("severity", "Severe cardiomegaly.", "The heart is markedly enlarged.", "Mild cardiomegaly.", "> = < > ="),
    ("severity", "Mild pulmonary edema.", "Slight edema.", "Severe pulmonary edema.", "> = < > ="),
    # A finding invented.
    ("invented", "Heart size is normal.", "The heart is normal.", "Heart size is normal. Edema.", "> > < > ="),
    ("invented", "Left effusion.", "Effusion on the left.", "Left effusion. Pneumothorax.", "> > < > ="),
    ("invented", "No acute disease.", "Normal chest.", "No acute disease. Rib fracture.", "> > < > ="),
    # A finding left out.
    ("omitted", "Left effusion. Edema.", "Edema. Left effusion.", "Left effusion.", "> > > > ="),
    (
        "omitted",
        "Right pneumothorax. Cardiomegaly.",
        "Enlarged heart. Right pneumothorax.",
        "Cardiomegaly.",
        "> > > > =",
    ),
    ("omitted", "Small left effusion.", "Trace left effusion.", "Heart size is normal.", "> > > > ="),
    ("omitted", "Pneumothorax. Atelectasis.", "Pneumothorax.", "Atelectasis.", "> = = = ="),  # what must not be missed
    # Paraphrase against another finding.
    ("paraphrase", "Cardiomegaly.", "The cardiac silhouette is enlarged.", "Pneumonia.", "> > < > ="),
    (
        "paraphrase",
        "Mediastinal widening.",
        "The mediastinum is widened.",
        "Mediastinal contours are normal.",
        "> > < > =",
    ),
    ("paraphrase", "Bibasilar atelectasis.", "Atelectasis at both bases.", "Bibasilar consolidation.", "> > < > ="),
    (
        "paraphrase",
        "Nodule in the left lung.",
        "Left pulmonary nodule.",
        "Consolidation in the left lung.",
        "> > < > =",
    ),
    # Hedge and history.
    ("hedge", "Possible left pneumonia.", "Left pneumonia cannot be excluded.", "No left pneumonia.", "> > < > ="),
    ("history", "Prior pneumonia. No acute disease.", "No acute disease.", "Pneumonia.", "> > > > ="),
    # Stuffing.
    ("stuffing", "Left effusion.", "Left effusion.", "Left effusion. Edema. Pneumonia. Fracture.", "> > > > ="),
    ("stuffing", "No acute disease.", "No acute disease.", "Left effusion. Edema. Pneumonia. Fracture.", "> > > > ="),
    ("silence", "No effusion. Heart size is normal.", "Normal chest.", "", "> = > > ="),
    # The change flipped, against the same change in other words; what is there stays the same.
    ("change", "New left effusion.", "Left effusion, not seen before.", "Unchanged left effusion.", "= = < = >"),
    ("change", "The effusion has increased.", "Effusion, now larger.", "The effusion has decreased.", "= = < = >"),
    ("change", "Stable cardiomegaly.", "No change in cardiomegaly.", "New cardiomegaly.", "= = < = >"),
    ("change", "Edema has improved.", "Decreased edema.", "Edema has worsened.", "= = < = >"),
    (
        "change",
        "Unchanged effusion. New edema.",
        "Stable effusion and new edema.",
        "New effusion. Unchanged edema.",
        "= = < = >",
    ),
    ("change", "Increased right effusion.", "Right effusion has worsened.", "Right effusion.", "= = < = >"),
    ("change", "Partly cleared edema.", "Edema is resolving.", "Edema has resolved.", "> > = > >"),
    # A hedge put on or taken off.
    ("hedge", "Left pneumonia.", "Pneumonia on the left.", "Possible left pneumonia.", "= = < > ="),
    ("hedge", "Possible effusion.", "Questionable effusion.", "Effusion.", "= = < > ="),
    # What the rules do not read: place within a side, number, measure, position of a tube, and the next sentence.
    ("place", "Left upper lobe nodule.", "Nodule in the left upper lobe.", "Left lower lobe nodule.", "= = < = ="),
    ("number", "Two nodules in the left lung.", "A pair of left nodules.", "One nodule in the left lung.", "= = < = ="),
    ("measure", "Left nodule of 2 cm.", "A 20 mm nodule on the left.", "Left nodule of 8 cm.", "= = < = ="),
    (
        "position",
        "Tube tip above the carina.",
        "The tube ends over the carina.",
        "Tube tip in the bronchus.",
        "= = > = =",
    ),
    (
        "pronoun",
        "An effusion was seen. It has resolved.",
        "The effusion has resolved.",
        "An effusion was seen.",
        "< < < < <",
    ),
    ("other", "Hiatal hernia.", "There is a hernia of the hiatus.", "Scoliosis.", "= = < = ="),
]


def offline() -> dict:
    """Every score without a model of its own; CIDEr-D with frequencies of the table's references."""
    return {**SCORES, "cider": Cider(document_frequencies([pair[1] for pair in PAIRS]))}


def _verdict(score, reference: str, nearer: str, farther: str) -> str:
    first, second = score([nearer, farther], [reference] * 2)
    return ORDERS if first > second + 1e-9 else FOOLED if second > first + 1e-9 else BLIND


@pytest.mark.parametrize(("kind", "reference", "nearer", "farther", "expected"), PAIRS)
def test_orders_by_meaning(kind: str, reference: str, nearer: str, farther: str, expected: str) -> None:
    got = [_verdict(SCORES[name], reference, nearer, farther) for name in JUDGED]
    assert got == expected.split(), kind


def _row(name: str, score) -> str:
    """Return a score's line of the table in docs/scores.md, with the kinds that it gets wrong."""
    verdicts = [(pair[0], _verdict(score, *pair[1:4])) for pair in PAIRS]
    sums = Counter(verdict for _, verdict in verdicts)
    wrong = {side: Counter(kind for kind, verdict in verdicts if verdict == side) for side in (BLIND, FOOLED)}
    told = [", ".join(f"{kind} {count}" for kind, count in wrong[side].items()) or "-" for side in (BLIND, FOOLED)]
    return f"| `{name}` | {sums[ORDERS]} | {sums[BLIND]}: {told[0]} | {sums[FOOLED]}: {told[1]} |"


def _printed(scores: Mapping) -> None:
    rows = [_row(name, score) for name, score in scores.items()]
    print("\n".join(rows))  # noqa: T201 - the table is wanted beside the verdict
    page = PAGE.read_text()
    missing = [row for row in rows if row not in page]
    assert not missing, "docs/scores.md prints something else; put these rows there:\n" + "\n".join(missing)
    assert f"{len(PAIRS)} triples" in page


def test_the_page_prints_what_each_score_gets_wrong() -> None:
    assert len(PAIRS) >= 30
    _printed(offline())


@pytest.mark.slow
def test_the_page_prints_what_the_semantic_score_gets_wrong() -> None:
    folder = os.environ.get("UNIRG_SENTENCE_MODEL", "")
    if not folder:
        pytest.skip("UNIRG_SENTENCE_MODEL names no sentence-transformers folder")
    _printed({"semantic": Semantic(Path(folder))})


# The kinds that a score is made for, which it must order without exception.
MADE_FOR = {
    "finding_credit": ("negation", "side", "severity", "invented", "omitted", "paraphrase", "history", "stuffing"),
    "error_count": ("negation", "side", "severity", "invented", "history", "stuffing", "paraphrase"),
    "micro_gain": ("negation", "side", "severity", "invented", "history", "stuffing", "paraphrase"),
    "entity_f1": ("negation", "side", "severity", "invented", "history", "stuffing", "paraphrase", "hedge", "silence"),
    "labels_f1": ("negation", "invented", "history", "stuffing", "paraphrase"),
    "temporal_f1": ("change",),
}


@pytest.mark.parametrize("name", MADE_FOR)
def test_a_score_orders_what_it_is_made_for(name: str) -> None:
    of_kind = [pair for pair in PAIRS if pair[0] in MADE_FOR[name]]
    assert of_kind
    assert {_verdict(SCORES[name], *pair[1:4]) for pair in of_kind} == {ORDERS}


def test_words_alone_are_fooled() -> None:
    for name in ("bleu2", "bleu4", "rouge_l", "cider"):
        fooled = sum(_verdict(offline()[name], *pair[1:4]) == FOOLED for pair in PAIRS)
        assert fooled > len(PAIRS) / 2, name
