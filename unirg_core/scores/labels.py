"""CheXpert-style rules: which of the 14 classes a report states, with side and severity.

Rule-based and self-contained: no weights, a pure function of the text. It is named "CheXpert-style rules" and never
CheXbert; what it gets wrong is listed in docs/scores.md. The lexicon is `phrases`, the cues are `cues`, `scan` finds
both, and `scope` holds the rules.

Values follow CheXpert (Irvin et al. 2019, arXiv 1901.07031): over all mentions of a class, present outweighs uncertain
outweighs absent; No Finding holds when no class but Support Devices is present or uncertain and nothing else abnormal
is mentioned. Departures: a text that states nothing is labelled nothing at all (CheXpert says No Finding, also of an
empty report), and "history of pneumonia" is no mention of pneumonia.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from unirg_core.scores import scope
from unirg_core.scores.phrases import ANATOMY, FINDING, NORMALITY, OTHER
from unirg_core.scores.scan import Event, clauses, sentences
from unirg_core.study import ABSENT, LABELS, PRESENT, UNCERTAIN

_NO_FINDING = LABELS.index("No Finding")
_DEVICES = LABELS.index("Support Devices")
_UNSIDED = frozenset(LABELS.index(name) for name in ("Enlarged Cardiomediastinum", "Cardiomegaly", "No Finding"))
_STATED = (PRESENT, UNCERTAIN)
_RANK = {PRESENT: 3, UNCERTAIN: 2, ABSENT: 1, None: 0}


@dataclass(frozen=True, slots=True)
class Mention:
    """One class stated by one sentence; side and severity as worded, also of what is denied ("no large effusion")."""

    label: int
    value: int
    side: str
    severity: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence states: mentions of classes; whether something else abnormal; whether that all is normal."""

    mentions: tuple[Mention, ...]
    other: bool
    normal: bool


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels of one report.

    Attributes
    ----------
    values : tuple of 14
        1 present, 0 absent, -1 uncertain, None not mentioned, in the order of `unirg_core.study.LABELS`.
    sides : tuple of 14
        left, right, bilateral or empty; only where the class is present or uncertain.
    severities : tuple of 14
        mild, moderate, severe or empty; likewise. The most severe of several mentions.
    """

    values: tuple[int | None, ...]
    sides: tuple[str, ...]
    severities: tuple[str, ...]


def label(texts: Sequence[str]) -> list[Labelled]:
    """Label reports with the 14 CheXpert-style classes.

    Parameters
    ----------
    texts
        Reports, whole ("Findings: ... Impression: ...") or a section.

    Returns
    -------
    list of Labelled
        One for each text, in order. Equal texts and equal sentences are read once (bounded caches).
    """
    return [label_one(text) for text in texts]


@lru_cache(maxsize=1 << 15)
def label_one(text: str) -> Labelled:
    """Label one report."""
    return _combine([read(sentence) for sentence in sentences(text)])


@lru_cache(maxsize=1 << 16)
def read(sentence: str) -> Reading:
    """Read one sentence, as `unirg_core.scores.scan.sentences` gives it."""
    mentions: list[Mention] = []
    other = normal = False
    for clause in clauses(sentence):
        sides = scope.sides(clause)
        for at, event in enumerate(clause):
            if event.kind == NORMALITY:
                normal = True
            elif event.kind == OTHER:
                other = other or (event.concept.abnormal and scope.value(clause, at) in _STATED)
            elif event.kind in (FINDING, ANATOMY) and (value := scope.value(clause, at)) is not None:
                mentions += _mentions(event, value, sides.get(at, ""), scope.severity(clause, at))
    return Reading(tuple(mentions), other, normal)


def _mentions(event: Event, value: int, side: str, severity: str) -> list[Mention]:
    concept = event.concept
    if value == ABSENT:
        return [Mention(c, ABSENT, side, severity) for c in concept.normal_classes or concept.classes]
    if concept.uncertain:
        value = UNCERTAIN
    return [Mention(c, value, "" if c in _UNSIDED else side, severity) for c in concept.classes]


def _combine(readings: list[Reading]) -> Labelled:
    values: list[int | None] = [None] * len(LABELS)
    sides: list[set[str]] = [set() for _ in LABELS]
    severities: list[set[str]] = [set() for _ in LABELS]
    mentions = [mention for reading in readings for mention in reading.mentions]
    for mention in mentions:
        if _RANK[mention.value] > _RANK[values[mention.label]]:
            values[mention.label] = mention.value
    for mention in mentions:
        if mention.value == values[mention.label] != ABSENT:
            sides[mention.label].add(mention.side)
            severities[mention.label].add(mention.severity)
    spoken = bool(mentions) or any(reading.normal for reading in readings)
    stated = any(value in _STATED for c, value in enumerate(values) if c != _DEVICES)
    if spoken and not stated and not any(reading.other for reading in readings):
        values[_NO_FINDING] = PRESENT
    return Labelled(
        tuple(values),
        tuple(scope.joined(found - {""}) for found in sides),
        tuple(max(found, key=("", *scope.SEVERITIES).index, default="") for found in severities),
    )
