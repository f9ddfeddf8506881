"""The labeler's behaviour: a table of sentences, each with what it must state; nothing beyond it may be present."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.scores.labels import label, label_one
from unirg_core.scores.scan import sentences
from unirg_core.study import LABELS

SHORT = {
    "ecm": "Enlarged Cardiomediastinum",
    "heart": "Cardiomegaly",
    "opacity": "Lung Opacity",
    "lesion": "Lung Lesion",
    "edema": "Edema",
    "consolidation": "Consolidation",
    "pneumonia": "Pneumonia",
    "atelectasis": "Atelectasis",
    "pneumothorax": "Pneumothorax",
    "effusion": "Pleural Effusion",
    "pleural": "Pleural Other",
    "fracture": "Fracture",
    "devices": "Support Devices",
    "normal": "No Finding",
}

# "effusion+left/mild": present, left, mild; "-": absent; "?": uncertain; "0": not mentioned.
CASES = [
    # Presence and plain negation.
    ("There is a pleural effusion.", "effusion+"),
    ("There is no pleural effusion.", "effusion- normal+"),
    ("No pneumothorax.", "pneumothorax-"),
    ("Pneumothorax.", "pneumothorax+"),
    ("Negative for pneumothorax.", "pneumothorax-"),
    ("Absence of consolidation.", "consolidation-"),
    ("No evidence of focal consolidation.", "consolidation-"),
    ("The lungs are free of consolidation and edema.", "consolidation- edema-"),
    ("Lungs are clear of infiltrate.", "opacity-"),
    ("The patient is without pleural effusion.", "effusion-"),
    ("Neither effusion nor pneumothorax is seen.", "effusion- pneumothorax-"),
    ("A pneumothorax is not seen.", "pneumothorax-"),
    ("Pleural effusion is not clearly identified.", "effusion-"),
    ("Pneumothorax: none. Effusion: small left.", "pneumothorax- effusion+left/mild"),
    ("Pneumonia is unlikely.", "pneumonia-"),
    # Lists.
    ("No effusion, pneumothorax or consolidation.", "effusion- pneumothorax- consolidation-"),
    (
        "No focal consolidation, large effusion, or pneumothorax is identified.",
        "consolidation- effusion- pneumothorax-",
    ),
    ("Left effusion and atelectasis.", "effusion+left atelectasis+left"),
    ("No pneumothorax, and small left effusion.", "pneumothorax- effusion+left/mild"),
    ("No consolidation but there is an effusion.", "consolidation- effusion+"),
    ("No pneumothorax; moderate right effusion.", "pneumothorax- effusion+right/moderate"),
    ("No consolidation with a small right effusion.", "consolidation- effusion+right/mild"),
    ("The lungs are clear except for left basal atelectasis.", "atelectasis+left"),
    ("Cardiomegaly without edema.", "heart+ edema-"),
    ("Cardiomegaly, edema, and bilateral effusions.", "heart+ edema+ effusion+bilateral"),
    # Sides.
    ("Left pleural effusion.", "effusion+left"),
    ("Right pleural effusion.", "effusion+right"),
    ("Bilateral pleural effusions.", "effusion+bilateral"),
    ("Left and right pleural effusions.", "effusion+bilateral"),
    ("Left effusion. Right effusion.", "effusion+bilateral"),
    ("Pleural effusion on the left.", "effusion+left"),
    ("Consolidation in the right lower lobe.", "consolidation+right"),
    ("In the left base there is atelectasis.", "atelectasis+left"),
    ("Small left effusion and right basilar atelectasis.", "effusion+left/mild atelectasis+right"),
    ("Effusion on the left with atelectasis at the right base.", "effusion+left atelectasis+right"),
    ("Bibasilar atelectasis.", "atelectasis+bilateral"),
    ("Effusions, right greater than left.", "effusion+bilateral"),
    ("Consolidation in the lingula.", "consolidation+left"),
    ("Middle lobe consolidation.", "consolidation+right"),
    ("Pneumothorax on both sides.", "pneumothorax+bilateral"),
    ("No right pneumothorax. Small left pneumothorax.", "pneumothorax+left/mild"),
    ("The left heart border is obscured by consolidation.", "consolidation+"),
    # Severity.
    ("Mild cardiomegaly.", "heart+/mild"),
    ("Moderate cardiomegaly.", "heart+/moderate"),
    ("Severe cardiomegaly.", "heart+/severe"),
    ("The heart is mildly enlarged.", "heart+/mild"),
    ("The heart is markedly enlarged.", "heart+/severe"),
    ("Trace right effusion.", "effusion+right/mild"),
    ("Tiny apical pneumothorax.", "pneumothorax+/mild"),
    ("Massive left effusion.", "effusion+left/severe"),
    ("Pronounced edema of the lungs.", "edema+/severe"),
    ("Mild to moderate pulmonary edema.", "edema+/moderate"),
    ("Moderate to large right effusion.", "effusion+right/severe"),
    ("Effusion and mild left atelectasis.", "effusion+ atelectasis+left/mild"),
    ("The effusion is small.", "effusion+/mild"),
    ("Left mid lung consolidation.", "consolidation+left"),
    # Hedges.
    ("Opacity may represent pneumonia.", "opacity+ pneumonia?"),
    ("Possible left effusion.", "effusion?left"),
    ("Questionable right pneumothorax.", "pneumothorax?right"),
    ("Pneumonia cannot be excluded.", "pneumonia?"),
    ("Cannot exclude a small effusion.", "effusion?/mild"),
    ("Small effusion is suspected.", "effusion?/mild"),
    ("Findings concerning for pneumonia.", "pneumonia?"),
    ("Atelectasis versus pneumonia.", "atelectasis? pneumonia?"),
    ("There may be a small left pneumothorax.", "pneumothorax?left/mild"),
    ("No opacity to suggest pneumonia.", "opacity- pneumonia-"),
    ("No definite pneumothorax.", "pneumothorax-"),
    ("Consolidation consistent with pneumonia.", "consolidation+ pneumonia+"),
    ("Edema is present. Possible edema.", "edema+"),
    # Change, resolution, history.
    ("No change in left effusion.", "effusion+left"),
    ("No significant interval change in moderate right effusion.", "effusion+right/moderate"),
    ("The right effusion is not significantly changed.", "effusion+right"),
    ("Right effusion, not present previously.", "effusion+right"),
    ("Nodule not seen on the prior study.", "lesion+"),
    ("Interval resolution of left pneumothorax.", "pneumothorax-"),
    ("The pneumothorax has resolved.", "pneumothorax-"),
    ("Prior left effusion resolved.", "effusion-"),
    ("The edema has cleared.", "edema-"),
    ("Resolved edema.", "edema-"),
    ("The earlier consolidation on the left is no longer seen.", "consolidation-"),
    ("Decreased left effusion.", "effusion+left"),
    ("Stable cardiomegaly.", "heart+"),
    ("The endotracheal tube has been removed.", "devices-"),
    ("Interval removal of the right chest tube.", "devices-"),
    ("Left pacemaker with leads has been removed.", "devices-"),
    ("History of pneumonia.", "pneumonia0"),
    ("Prior pneumonia.", "pneumonia0"),
    ("Status post treated pneumonia.", "pneumonia0"),
    ("Evaluate for pneumothorax.", "pneumothorax0"),
    # Half resolved is not resolved.
    ("Partial resolution of right effusion.", "effusion+right"),
    ("Nearly resolved edema.", "edema+"),
    ("The edema has partially cleared.", "edema+"),
    ("Complete resolution of pneumonia.", "pneumonia-"),
    ("Interval resolution of previously seen right pneumothorax and edema.", "pneumothorax- edema-"),
    ("Interval resolution of the effusion with new left atelectasis.", "effusion- atelectasis+left"),
    # "No" that denies a change, a recurrence, or an amount.
    ("No change in the appearance of the left effusion or the atelectasis.", "effusion+left atelectasis+left"),
    ("No change in moderate left effusion and no pneumothorax.", "effusion+left/moderate pneumothorax-"),
    ("Without interval change in the cardiomegaly.", "heart+"),
    ("No more than mild cardiomegaly.", "heart+/mild"),
    ("Left effusion is no more than trace.", "effusion+left/mild"),
    ("No longer any effusion.", "effusion-"),
    ("Pneumothorax has not recurred.", "pneumothorax-"),
    ("No residual pneumothorax.", "pneumothorax-"),
    ("Nothing to suggest pneumothorax.", "pneumothorax-"),
    # More hedges.
    ("? pneumonia.", "pneumonia?"),
    ("Effusion? No pneumothorax.", "effusion+ pneumothorax-"),  # as an end of a sentence it is lost
    ("Opacity may represent atelectasis or pneumonia.", "opacity+ atelectasis? pneumonia?"),
    ("Atelectasis, less likely pneumonia.", "atelectasis+ pneumonia?"),
    ("Atelectasis rather than pneumonia.", "atelectasis+ pneumonia-"),
    ("Superimposed pneumonia should be considered.", "pneumonia?"),
    ("There is a question of a left pneumothorax.", "pneumothorax?left"),
    # More history.
    ("History of pneumonia and effusion.", "pneumonia0 effusion0"),
    ("History of pneumonia. Left effusion.", "pneumonia0 effusion+left"),
    ("Status post thoracentesis with decreased left effusion.", "effusion+left"),
    ("Patient with prior effusion, now resolved.", "effusion-"),
    ("Old right rib fracture.", "fracture+right"),
    # More lists.
    ("No effusion, no pneumothorax, no consolidation.", "effusion- pneumothorax- consolidation-"),
    (
        "There are no effusions, infiltrates, nodules or masses.",
        "effusion- opacity- lesion-",
    ),
    ("No pneumothorax or effusion, but there is left atelectasis.", "pneumothorax- effusion- atelectasis+left"),
    ("No pneumothorax. Effusion and edema.", "pneumothorax- effusion+ edema+"),
    ("Effusion is not present but edema is.", "effusion- edema+"),
    # How much it has changed is not how severe it is.
    ("Edema is slightly worse, now moderate.", "edema+/moderate"),
    ("Slightly increased left effusion.", "effusion+left"),
    ("Small, slightly increased left effusion.", "effusion+left/mild"),
    ("Markedly improved edema.", "edema+"),
    ("The heart is slightly increased in size.", "heart+/mild"),  # of anatomy it is
    # Sides of a list, and of the lung that is clear.
    ("Left effusion, right lung clear.", "effusion+left opacity-"),
    ("Small left and moderate right pleural effusions.", "effusion+bilateral/moderate"),
    ("Effusion is present on the left but not on the right.", "effusion+left"),
    # Anatomy and its state.
    ("Heart size is normal.", "heart- normal+"),
    ("Normal heart size and mediastinal contours.", "heart- ecm-"),
    ("Cardiomediastinal silhouette is within normal limits.", "heart- ecm-"),
    ("The heart is not enlarged.", "heart-"),
    ("No enlargement of the cardiac silhouette.", "heart-"),
    ("The heart is stable.", "heart0"),
    ("Heart size is at the upper limits of normal.", "heart-"),
    ("Borderline enlarged heart.", "heart+"),
    ("The cardiac silhouette is prominent.", "heart?"),
    ("Normal heart size with a widened mediastinum.", "heart- ecm+"),
    ("The heart is enlarged and the aorta is normal.", "heart+"),
    ("The mediastinum is widened.", "ecm+"),
    ("The lungs are clear.", "opacity- normal+"),
    ("The lungs are otherwise clear.", "opacity-"),
    ("Blunting of the left costophrenic angle.", "effusion?left"),
    ("The costophrenic angles are sharp.", "effusion-"),
    ("Pulmonary vascular congestion without edema.", "edema?"),
    # Devices, fracture, other classes.
    ("Right internal jugular central venous catheter.", "devices+right"),
    ("Left chest wall pacemaker.", "devices+left"),
    ("Median sternotomy wires are intact.", "devices+"),
    ("Healed right rib fracture.", "fracture+right"),
    ("No acute fracture.", "fracture-"),
    ("Biapical pleural thickening.", "pleural+bilateral"),
    ("Small nodule in the left upper lobe.", "lesion+left/mild"),
    ("Nodular density over the right base.", "lesion?right"),
    ("Known thyroid mass.", "lesion0"),
    # No Finding.
    ("No acute cardiopulmonary abnormality.", "normal+"),
    ("Normal chest.", "normal+"),
    ("Pacemaker in place. No acute disease.", "devices+ normal+"),
    ("Emphysema. No acute disease.", "normal0"),
    ("Scoliosis of the spine. Heart size is normal.", "heart- normal0"),
    ("Small left effusion.", "normal0 effusion+left/mild"),
    ("", "normal0 effusion0"),
    ("The weather is fine today.", "normal0"),
]

_VALUES = {"+": 1, "-": 0, "?": -1, "0": None}


def _expected(text: str) -> dict[str, tuple[int | None, str, str]]:
    found = {}
    for item in text.split():
        place = next(i for i, sign in enumerate(item) if sign in _VALUES)
        side, _, severity = item[place + 1 :].partition("/")
        found[SHORT[item[:place]]] = (_VALUES[item[place]], side, severity)
    return found


@pytest.mark.parametrize(("text", "stated"), CASES, ids=[text[:60] or "empty" for text, _ in CASES])
def test_states_what_the_sentence_says(text: str, stated: str) -> None:
    labelled = label_one(text)
    got = dict(zip(LABELS, zip(labelled.values, labelled.sides, labelled.severities, strict=True), strict=True))
    expected = _expected(stated)
    assert {name: got[name] for name in expected} == expected
    others = {name for name in LABELS if name not in expected and name != "No Finding"}
    assert not {name for name in others if got[name][0] in (1, -1)}


def test_flips_change_exactly_what_was_flipped() -> None:
    """Negation, side and severity flips of one report: the rest of the labels stays as it was."""
    base = "Findings: Small left pleural effusion. The heart is moderately enlarged. No pneumothorax."
    flips = {
        ("Small left pleural", "No pleural"): "values",
        ("Small left", "Small right"): "sides",
        ("Small left", "Large left"): "severities",
    }
    for (old, new), field in flips.items():
        before, after = label([base, base.replace(old, new)])
        changed = {name for name, a, b in zip(LABELS, before.values, after.values, strict=True) if a != b}
        assert changed == ({"Pleural Effusion"} if field == "values" else set())
        assert getattr(before, field) != getattr(after, field)
        assert before.values[1] == after.values[1] == 1


# The reference, the same in other words, and one thing changed: (old, new, class, the field that moves).
FLIPPED = "Small left pleural effusion. Mild cardiomegaly. No pneumothorax. Right lower lobe atelectasis is unchanged."
PARAPHRASE = (
    "Negative for pneumothorax. The heart is mildly enlarged. Trace effusion on the left. "
    "No change in atelectasis at the right base."
)
FLIPS = [
    ("Small left pleural", "No left pleural", "effusion", "values"),
    ("No pneumothorax", "Pneumothorax", "pneumothorax", "values"),
    ("Small left", "Possible small left", "effusion", "values"),
    ("Right lower lobe atelectasis is unchanged", "Interval resolution of right atelectasis", "atelectasis", "values"),
    ("Mild cardiomegaly. ", "", "heart", "values"),  # omission
    ("No pneumothorax", "Consolidation. No pneumothorax", "consolidation", "values"),  # hallucination
    ("Small left", "Small right", "effusion", "sides"),
    ("Small left pleural effusion", "Small bilateral pleural effusions", "effusion", "sides"),
    ("Right lower", "Left lower", "atelectasis", "sides"),
    ("Small left", "Large left", "effusion", "severities"),
    ("Mild cardiomegaly", "Severe cardiomegaly", "heart", "severities"),
]


@pytest.mark.parametrize(("old", "new", "name", "field"), FLIPS)
def test_a_flip_is_seen_where_it_is_made(old: str, new: str, name: str, field: str) -> None:
    assert old in FLIPPED
    before, after = label([FLIPPED, FLIPPED.replace(old, new)])
    place = LABELS.index(SHORT[name])
    changed = {i for i, pair in enumerate(zip(before.values, after.values, strict=True)) if pair[0] != pair[1]}
    assert changed == ({place} if field == "values" else set())
    moved = getattr(before, field), getattr(after, field)
    assert [i for i, pair in enumerate(zip(*moved, strict=True)) if pair[0] != pair[1]] == [place]


def test_a_paraphrase_changes_nothing() -> None:
    assert label_one(PARAPHRASE) == label_one(FLIPPED)


def test_present_outweighs_uncertain_outweighs_absent() -> None:
    effusion = LABELS.index("Pleural Effusion")
    said = {1: "Left effusion.", -1: "Possible effusion.", 0: "No effusion."}
    for texts, value in (((0, -1, 1), 1), ((1, 0), 1), ((0, -1), -1), ((-1, 0), -1), ((0,), 0)):
        assert label_one(" ".join(said[t] for t in texts)).values[effusion] == value


def test_template_stuffing_is_read_as_all_it_says() -> None:
    """A report that names every finding is labelled with every finding: the cost comes from false positives."""
    text = " ".join(f"Small left {name}." for name in ("effusion", "pneumothorax", "consolidation", "atelectasis"))
    assert sum(value == 1 for value in label_one(text).values) == 4
    template = "Normal chest. No effusion, pneumothorax, consolidation or edema. "
    stuffed = label_one(template * 3 + text)
    assert [stuffed.values[LABELS.index(name)] for name in ("Pleural Effusion", "Edema", "No Finding")] == [1, 0, None]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Findings: A. Impression: B.", 2),
        ("Nodule of 2.5 cm in the left lung. No effusion.", 2),
        ("1. Effusion. 2. Edema.", 4),
        ("Wrapped\nline of one sentence.", 1),
        ("First paragraph\n\nsecond paragraph", 2),
    ],
)
def test_splits_sentences(text: str, count: int) -> None:
    assert len(sentences(text)) == count


@given(st.text(max_size=300))
def test_reads_any_text(text: str) -> None:
    labelled = label_one(text)
    assert len(labelled.values) == len(labelled.sides) == len(labelled.severities) == len(LABELS)
    assert set(labelled.values) <= {1, 0, -1, None}


_WORDS = st.sampled_from(
    (
        *("no", "not", "left", "right", "small", "large", "possible", "with", "and", "or", "but", ".", ","),
        *("effusion", "pneumothorax", "heart", "enlarged", "normal", "resolved", "versus", "there is", "lungs"),
    )
)


@given(st.lists(_WORDS, max_size=25))
def test_side_and_severity_only_of_what_is_there(words: list[str]) -> None:
    """Whatever the words: nothing absent has a side, No Finding excludes findings, and case does not matter."""
    text = " ".join(words)
    labelled = label_one(text)
    for value, side, severity in zip(labelled.values, labelled.sides, labelled.severities, strict=True):
        assert value in (1, -1) or not (side or severity)
    if labelled.values[LABELS.index("No Finding")] == 1:
        assert not {1, -1} & set(labelled.values[:12])
    assert label_one(text.upper()) == labelled
