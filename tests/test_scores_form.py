"""Well-formedness: what a report looks like scores about 1, every known way to hack a reward scores low."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.scores.form import well_formed
from unirg_core.scores.words import known

REFERENCE = (
    "Findings: There is a small left pleural effusion. The heart is mildly enlarged. There is no pneumothorax. "
    "Impression: Small left pleural effusion. Mild cardiomegaly."
)
NORMAL = (
    "Findings: Heart size is normal. The lungs are clear. No pleural effusion or pneumothorax. "
    "Impression: No acute cardiopulmonary abnormality."
)

GOOD = [
    REFERENCE,
    NORMAL,
    "Findings: The cardiac silhouette is within normal limits in size. Severe bilateral lower lung consolidation is "
    "present, unchanged from prior. Impression: Severe bilateral lower lung consolidation, unchanged from prior.",
    "Findings: Left-sided pacemaker with leads in the right atrium and right ventricle. Sternotomy wires are intact. "
    "Impression: 1. No acute disease. 2. Pacemaker in place.",
    "Findings: No right effusion. Small left effusion. Impression: Small left effusion.",
    "Findings: No large effusion. Small left effusion. Impression: Small left effusion.",
]

HACKS = {
    "empty": ("", 0.0),
    "blank": ("  \n ", 0.0),
    "headings only": ("Findings: Impression:", 0.0),
    "letters": ("Findings: qwx zzkr plom. Impression: vrrt blag.", 0.1),
    "invented words": ("Findings: The pleurex cardiomediostat is glorpened. Impression: Pneumoflux nadir.", 0.3),
    "word salad": ("Findings: The of left is no small effusion the the heart of. Impression: Of the with no.", 0.1),
    "terms only": ("effusion effusion cardiomegaly effusion", 0.0),
    "one sentence over and over": (f"Findings: {'Small left pleural effusion. ' * 12}Impression: Effusion.", 0.05),
    "two sentences in turn": (f"Findings: {'Small left effusion. No edema. ' * 8}Impression: Effusion.", 0.05),
    "a loop inside a sentence": ("Findings: " + "small left effusion and " * 20 + ". Impression: Effusion.", 0.1),
    "endless": (f"Findings: {' '.join(f'Nodule {i} in the left lung.' for i in range(90))} Impression: Nodules.", 0.1),
    "no headings": ("Small left pleural effusion. Mild cardiomegaly.", 0.3),
    "one section of two": ("Findings: Small left pleural effusion. Mild cardiomegaly.", 0.55),
    "sections in the wrong order": ("Impression: Mild cardiomegaly. Findings: The heart is enlarged.", 0.55),
    "headings twice": (f"{REFERENCE} {REFERENCE}", 0.55),
    "an empty section": ("Findings: Impression: Mild cardiomegaly.", 0.55),
    "cut off": (
        "Findings: Small left pleural effusion. The heart is mildly enlarged. Impression: Small left pleural",
        0.85,
    ),
    "states and denies": (REFERENCE.replace("no pneumothorax", "a pneumothorax and no effusion"), 0.65),
    "present and absent": ("Findings: Left pneumothorax. No pneumothorax. Impression: Pneumothorax.", 0.65),
    "acute in a normal chest": ("Findings: Left pneumothorax. Impression: No acute disease.", 0.65),
}


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_report_is_well_formed(text: str) -> None:
    assert well_formed([text], [REFERENCE])[0] >= 0.95


@pytest.mark.parametrize(("text", "at_most"), HACKS.values(), ids=HACKS.keys())
def test_a_hack_is_not(text: str, at_most: float) -> None:
    assert well_formed([text], [REFERENCE])[0] <= at_most


def test_the_wrong_report_is_still_well_formed() -> None:
    """The limit of this score: it judges form, never truth."""
    assert well_formed([NORMAL], [REFERENCE])[0] == well_formed([REFERENCE], [NORMAL])[0] == 1.0


def test_sections_follow_the_reference() -> None:
    only = "Impression: Small left pleural effusion."
    assert well_formed([only], [only])[0] == 1.0
    assert well_formed([REFERENCE], [only])[0] <= 0.5


def test_growing_by_repetition_never_pays() -> None:
    scores = well_formed([f"{REFERENCE} {'Small left effusion. ' * n}" for n in range(6)], [REFERENCE] * 6)
    assert all(a >= b for a, b in pairwise(scores[1:]))
    assert scores[0] > scores[2]


@pytest.mark.parametrize("word", ["effusions", "widened", "stopped", "right-sided", "opacities", "mildly", "calcified"])
def test_knows_inflected_words(word: str) -> None:
    assert known(word)


@pytest.mark.parametrize("word", ["qzx", "pleurex", "glorp", "cardiomediostat", "effusionly-zarg"])
def test_does_not_know_gibberish(word: str) -> None:
    assert not known(word)


@given(st.text(max_size=200), st.text(max_size=200))
def test_stays_in_its_range(candidate: str, reference: str) -> None:
    assert 0.0 <= well_formed([candidate], [reference])[0] <= 1.0
