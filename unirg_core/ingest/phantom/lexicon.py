"""What each institution says for the same facts: words, boilerplate, headings, habits. Ordinary radiology throughout.

A noun phrase is built as `[hedge] [severity] [side] noun [place]`; each style has its own words and its own order.
Placeholders: {of} severity, {side}, {zone}, {on} (side after the noun), {new} and {hedge} before everything.
"""

from dataclasses import dataclass

SIZES = {"mild": "small", "moderate": "moderate", "severe": "large"}
GRADES = {"mild": "mild", "moderate": "moderate", "severe": "severe"}
_SIZED = ("Pleural Effusion", "Pneumothorax", "Lung Lesion")


def _words(sizes: dict[str, str], grades: dict[str, str], own: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    labels = (*_SIZED, "Cardiomegaly", "Consolidation", "Edema", "Atelectasis")
    return {label: own.get(label, sizes if label in _SIZED else grades) for label in labels}


@dataclass(frozen=True)
class Style:
    """The reporting habits of one institution."""

    severities: dict[str, dict[str, str]]
    nouns: dict[str, str]  # phrase by label, or by kind of device
    both: dict[str, str]  # the same for both sides, where it differs
    hedge: str
    sentences: tuple[str, ...]  # around a phrase, in the findings
    changes: dict[str, str]  # after the phrase, in findings and impression; "new" too
    resolved: str
    removed: str
    normal: dict[str, str]  # by organ, when nothing of it is abnormal
    negatives: dict[str, str]  # by label, beside other findings of the same organ
    closing: tuple[str, ...]  # boilerplate at the end, whatever is found
    unremarkable: tuple[str, ...]  # impression of a normal study
    headings: dict[str, str]
    order: tuple[str, ...]
    numbered: bool
    only_findings: float  # share of reports without an impression
    only_impression: float  # share of reports without findings
    technique: str
    comparison: str
    no_comparison: str
    indications: tuple[str, ...]
    date: str


ORGANS = {
    "heart": ("Cardiomegaly",),
    "lungs": ("Consolidation", "Edema", "Lung Lesion", "Atelectasis"),
    "pleura": ("Pleural Effusion", "Pneumothorax"),
    "devices": ("Support Devices",),
}

ZONES = {"upper": "upper", "middle": "mid", "lower": "lower"}

_PROSE = Style(
    severities=_words(SIZES, GRADES, {}),
    nouns={
        "Cardiomegaly": "{of} cardiomegaly",
        "Pleural Effusion": "{of} {side} pleural effusion",
        "Pneumothorax": "{of} {side} pneumothorax",
        "Consolidation": "{of} consolidation in the {side} {zone} lung",
        "Lung Lesion": "{of} pulmonary nodule in the {side} {zone} lung",
        "Edema": "{of} pulmonary edema",
        "Atelectasis": "{of} {side} basilar atelectasis",
        "pacemaker": "{side} chest wall pacemaker",
        "central line": "{side} central venous catheter",
        "endotracheal tube": "endotracheal tube",
    },
    both={
        "Pleural Effusion": "{of} bilateral pleural effusions",
        "Consolidation": "{of} bilateral consolidation in the {zone} lungs",
    },
    hedge="possible",
    sentences=("There is {a} {phrase}{change}.", "{A} {phrase} is present{change}."),
    changes={
        "new": ", new from prior",
        "same": ", unchanged from prior",
        "more": ", increased from prior",
        "less": ", decreased from prior",
    },
    resolved="The previously seen {thing} has resolved.",
    removed="The {thing} has been removed.",
    normal={
        "heart": "The cardiac silhouette is within normal limits in size.",
        "lungs": "The lungs are well expanded and clear, without focal consolidation or pulmonary edema.",
        "pleura": "There is no pleural effusion or pneumothorax.",
    },
    negatives={
        "Consolidation": "There is no focal consolidation.",
        "Pleural Effusion": "There is no pleural effusion.",
        "Pneumothorax": "There is no pneumothorax.",
    },
    closing=("The mediastinal contours are unremarkable.", "The visualized osseous structures are intact."),
    unremarkable=("No acute cardiopulmonary process.",),
    headings={
        "technique": "TECHNIQUE:",
        "indication": "INDICATION:",
        "comparison": "COMPARISON:",
        "findings": "FINDINGS:",
        "impression": "IMPRESSION:",
    },
    order=("indication", "technique", "comparison", "findings", "impression"),
    numbered=False,
    only_findings=0.18,
    only_impression=0.0,
    technique="{view} view of the chest was obtained.",
    comparison="Chest radiograph{of_date}.",
    no_comparison="None available.",
    indications=(
        "{age} year old {person} with {symptom}.",
        "{age} year old {person} with {symptom}, evaluate for acute process.",
    ),
    date="%m/%d/%Y",
)

_TERSE = Style(
    severities=_words(
        {"mild": "small", "moderate": "moderate-sized", "severe": "large"},
        {"mild": "mild", "moderate": "moderate", "severe": "marked"},
        {"Lung Lesion": {"mild": "tiny", "moderate": "moderate-sized", "severe": "large"}},
    ),
    nouns={
        "Cardiomegaly": "{of} cardiac enlargement",
        "Pleural Effusion": "{of} {side} effusion",
        "Pneumothorax": "{of} {side} pneumothorax",
        "Consolidation": "{of} {side} {zone} zone consolidation",
        "Lung Lesion": "{of} {side} {zone} zone nodule",
        "Edema": "{of} interstitial edema",
        "Atelectasis": "{of} {side} base atelectasis",
        "pacemaker": "{side} pacemaker",
        "central line": "{side} central line",
        "endotracheal tube": "endotracheal tube",
    },
    both={
        "Pleural Effusion": "{of} bilateral effusions",
        "Atelectasis": "{of} bibasilar atelectasis",
    },
    hedge="questionable",
    sentences=("{Phrase}{change}.",),
    changes={"new": ", new", "same": ", stable", "more": ", worse", "less": ", improved"},
    resolved="Prior {thing} has resolved.",
    removed="{Thing} has been removed.",
    normal={"heart": "Heart size normal.", "lungs": "Lungs clear.", "pleura": ""},
    negatives={
        "Pleural Effusion": "effusion",
        "Pneumothorax": "pneumothorax",
        "Consolidation": "consolidation",
        "Edema": "edema",
        "Lung Lesion": "nodule",
    },
    closing=("Bones unremarkable.",),
    unremarkable=("Normal chest.", "No acute disease."),
    headings={
        "indication": "Indication:",
        "comparison": "Comparison:",
        "findings": "Findings:",
        "impression": "Impression:",
    },
    order=("indication", "comparison", "findings", "impression"),
    numbered=False,
    only_findings=0.10,
    only_impression=0.15,
    technique="Chest {view}.",
    comparison="Prior radiograph{of_date}.",
    no_comparison="None.",
    indications=("{Symptom}.", "{age} {letter}, {symptom}."),
    date="%Y-%m-%d",
)

_FORMAL = Style(
    severities=_words(
        {"mild": "minimal", "moderate": "moderate", "severe": "extensive"},
        {"mild": "slight", "moderate": "moderate", "severe": "pronounced"},
        {"Lung Lesion": {"mild": "small", "moderate": "moderate", "severe": "large"}},
    ),
    nouns={
        "Cardiomegaly": "{of} enlargement of the cardiac silhouette",
        "Pleural Effusion": "{of} pleural fluid {on}",
        "Pneumothorax": "{of} pneumothorax {on}",
        "Consolidation": "{of} airspace consolidation {on}, {zone} field",
        "Lung Lesion": "{of} nodular density {on}, {zone} field",
        "Edema": "{of} edema of the lungs",
        "Atelectasis": "{of} basal atelectatic change {on}",
        "pacemaker": "pacing device {on}",
        "central line": "central venous line {on}",
        "endotracheal tube": "tracheal tube in situ",
    },
    both={},
    hedge="suspected",
    sentences=("{Phrase} is seen{change}.", "Note is made of {phrase}{change}."),
    changes={
        "new": ", not present previously",
        "same": ", without change",
        "more": ", progressive",
        "less": ", regressing",
    },
    resolved="The earlier {thing} is no longer seen.",
    removed="The {thing} is no longer present.",
    normal={
        "heart": "Cardiac size is normal.",
        "lungs": "Both lungs are free of consolidation and edema.",
        "pleura": "No pleural fluid or pneumothorax on either side.",
    },
    negatives={
        "Consolidation": "No consolidation is identified.",
        "Pleural Effusion": "The costophrenic angles are free of pleural fluid.",
        "Pneumothorax": "No pneumothorax is identified.",
    },
    closing=("The hilar structures are regular.",),
    unremarkable=("No evidence of active cardiopulmonary disease.",),
    headings={
        "indication": "CLINICAL HISTORY:",
        "comparison": "COMPARISON:",
        "technique": "PROCEDURE:",
        "findings": "FINDINGS:",
        "impression": "CONCLUSION:",
    },
    order=("technique", "indication", "impression", "comparison", "findings"),
    numbered=True,
    only_findings=0.0,
    only_impression=0.22,
    technique="Radiograph of the thorax, {view} projection.",
    comparison="Earlier examination{of_date}.",
    no_comparison="No earlier examinations.",
    indications=("Clinical question: {symptom}.", "{Symptom} in a {age} year old {person}."),
    date="%d %B %Y",
)

STYLES = {"phantom-a": _PROSE, "phantom-b": _TERSE, "phantom-c": _FORMAL}

SYMPTOMS = (
    "cough",
    "fever",
    "chest pain",
    "shortness of breath",
    "weakness",
    "dizziness",
    "palpitations",
    "hemoptysis",
    "hypoxia",
    "weight loss",
)
