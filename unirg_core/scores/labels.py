"""CheXpert-style rules: which of the 14 classes a report states, with side and severity.

Rule-based and self-contained: no weights, a pure function of the text. It is named "CheXpert-style rules" and never
CheXbert; what it gets wrong is listed in docs/scores.md. The lexicon is `phrases`, the cues are `cues`; here are the
rules of scope.

Values follow CheXpert (Irvin et al. 2019, arXiv 1901.07031): over all mentions of a class, present outweighs uncertain
outweighs absent; No Finding holds when no class but Support Devices is present or uncertain and nothing else abnormal
is mentioned. Departures: a text without a single mention is labelled nothing at all (CheXpert says No Finding, also of
an empty report), and "history of pneumonia" is no mention of pneumonia.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from unirg_core.scores.phrases import ANATOMY, FINDING, NORMALITY, OTHER
from unirg_core.scores.scan import Event, clauses, sentences
from unirg_core.study import ABSENT, LABELS, PRESENT, UNCERTAIN

_CLASSES = len(LABELS)
_NO_FINDING = LABELS.index("No Finding")
_DEVICES = LABELS.index("Support Devices")
UNSIDED = frozenset(LABELS.index(name) for name in ("Enlarged Cardiomediastinum", "Cardiomegaly", "No Finding"))
"""Classes that have no side: a side word near them belongs to something else."""

SEVERITIES = ("mild", "moderate", "severe")
PREPOSITIONS = frozenset(("on", "in", "at", "within", "to", "along", "involving", "overlying", "over", "of"))
_SIDES = ("left", "right", "bilateral")
_MENTIONS = (FINDING, ANATOMY, OTHER)
_STATES = ("normal", "abnormal", "doubtful")
_RANK = {PRESENT: 3, UNCERTAIN: 2, ABSENT: 1}
_ADJACENT = 14  # characters between a state word and its anatomy: room for "cardiac" or "in the", not for a clause
_STATE_VALUE = {"normal": ABSENT, "abnormal": PRESENT, "doubtful": UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Mention:
    """One class stated by one sentence."""

    label: int
    value: int
    side: str
    severity: str


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
        mild, moderate, severe or empty; likewise.
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


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence states: mentions of classes, whether anything else abnormal, whether that all is normal."""

    mentions: tuple[Mention, ...]
    other: bool
    normal: bool


@lru_cache(maxsize=1 << 16)
def read(sentence: str) -> Reading:
    """Read one sentence, as `unirg_core.scores.scan.sentences` gives it."""
    mentions: list[Mention] = []
    other = normal = False
    for clause in clauses(sentence):
        sides = _sides(clause)
        for at, event in enumerate(clause):
            if event.kind == NORMALITY:
                normal = True
            elif event.kind == OTHER:
                other |= event.concept.abnormal and _value(clause, at) in (PRESENT, UNCERTAIN)
            elif event.kind in _MENTIONS and (value := _value(clause, at)) is not None:
                mentions += _mentions(event, value, sides.get(at, ""), _severity(clause, at))
    return Reading(tuple(mentions), other, normal)


def _mentions(event: Event, value: int, side: str, severity: str) -> list[Mention]:
    concept = event.concept
    if value == ABSENT:
        return [Mention(c, ABSENT, side, severity) for c in concept.normal_classes or concept.classes]
    if concept.uncertain:
        value = UNCERTAIN
    return [Mention(c, value, "" if c in UNSIDED else side, severity) for c in concept.classes]


def _value(clause: list[Event], at: int) -> int | None:
    """Return present, absent, uncertain, or None where the mention states nothing."""
    if clause[at].kind == ANATOMY:
        return _anatomy(clause, at)
    behind = _behind(clause, at)
    if behind in (ABSENT, "past"):
        return ABSENT if behind == ABSENT else None
    ahead = _ahead(clause, at)
    if ahead is not None:
        return ahead
    return UNCERTAIN if behind == UNCERTAIN else PRESENT


def _behind(clause: list[Event], at: int) -> int | str | None:
    """Read the cues before a mention, nearest first."""
    hinted, passed = False, False
    for where in range(at - 1, -1, -1):
        kind = clause[where].kind
        if kind in (FINDING, ANATOMY):
            passed = True
        elif kind == "soft" and any(event.kind in _MENTIONS for event in clause[:where]):
            break
        elif kind == "neg":
            return ABSENT
        elif kind == "past" and not passed:
            return "past"
        elif kind == "unc" or (kind == "unc_post" and not passed):
            return UNCERTAIN
        elif kind == "hint":
            hinted = True
        elif kind == "plain" or kind in ("neg_post", "unc_post"):
            break
    return UNCERTAIN if hinted else None


def _ahead(clause: list[Event], at: int) -> int | None:
    """Read the predicate after a mention: the first one decides."""
    for event in clause[at + 1 :]:
        if event.kind == "neg_post":
            return ABSENT
        if event.kind == "normal" and event.text.startswith(("within", "at ")):
            return ABSENT
        if event.kind == "unc_post":
            return UNCERTAIN
        if event.kind == "unc" and event.text in ("versus", "vs", "vs.", "?", "suspected"):
            return UNCERTAIN
        if event.kind in ("shown", "neg", "soft", "unc", "hint", "likely"):
            return None
    return None


def _anatomy(clause: list[Event], at: int) -> int | None:
    """Judge anatomy by its state word: beside it before, else the first after it, else the nearest before it."""
    where = _state_at(clause, at)
    if where is None:
        return None
    event = clause[where]
    value = _STATE_VALUE.get(event.kind, PRESENT)
    before = [e.kind for e in clause[max(0, where - 3) : where] if e.kind not in ("mild", "moderate", "severe")]
    if before and before[-1] == "neg":
        return PRESENT if value == ABSENT else ABSENT
    if value == PRESENT and "unc" in [e.kind for e in clause[:where]]:
        return UNCERTAIN
    return value


def _state_at(clause: list[Event], at: int) -> int | None:
    event = clause[at]
    if at and _is_state(clause[at - 1]) and event.start - clause[at - 1].end <= _ADJACENT:
        return at - 1
    neutral = False
    for where in range(at + 1, len(clause)):
        if _is_state(clause[where]):
            return where
        if clause[where].kind == "steady":
            neutral = True
        elif clause[where].kind == FINDING or (clause[where].kind in _MENTIONS and neutral):
            break
    if neutral:
        return None
    for where in range(at - 1, -1, -1):
        if _is_state(clause[where]):
            return where
        if clause[where].kind == FINDING:
            break
    return None


def _is_state(event: Event) -> bool:
    return event.kind in _STATES or (event.kind == "severe" and event.text in ("large", "huge", "massive"))


def _sides(clause: list[Event]) -> dict[int, str]:
    """Give every mention of a clause its side words; a mention without any takes those of the one before it."""
    owned: dict[int, set[str]] = {}
    mentions = [i for i, event in enumerate(clause) if event.kind in (FINDING, ANATOMY)]
    for at, event in enumerate(clause):
        if event.kind in _SIDES:
            owner = _owner(clause, at, mentions)
            if owner is not None:
                owned.setdefault(owner, set()).add(event.kind)
    sides = {at: _joined(words) for at, words in owned.items()}
    for before, at in zip(mentions, mentions[1:], strict=False):
        if at not in sides and before in sides and clause[at].start - clause[before].end <= _ADJACENT * 2:
            sides[at] = sides[before]
    return sides


def _owner(clause: list[Event], at: int, mentions: list[int]) -> int | None:
    """Find whose side it is: an adjective belongs to what follows, "in the left base" to what went before."""
    before = [m for m in mentions if m < at]
    after = [m for m in mentions if m > at]
    if not after:
        return before[-1] if before else None
    if before and clause[at].text.split()[0] in PREPOSITIONS:
        return before[-1]
    return after[0]


def _joined(words: set[str]) -> str:
    return "bilateral" if len(words) > 1 else next(iter(words), "")


def _severity(clause: list[Event], at: int) -> str:
    """Find the severity word between the mention before and this one, else after it and before the next."""
    for event in reversed(clause[:at]):
        if event.kind in _MENTIONS:
            break
        if event.kind in SEVERITIES:
            return event.kind
    for event in clause[at + 1 :]:
        if event.kind == FINDING:
            break
        if event.kind in SEVERITIES:
            return event.kind
    return ""


def _combine(readings: list[Reading]) -> Labelled:
    values: list[int | None] = [None] * _CLASSES
    sides: list[set[str]] = [set() for _ in LABELS]
    severities: list[set[str]] = [set() for _ in LABELS]
    mentions = [mention for reading in readings for mention in reading.mentions]
    for mention in mentions:
        known = values[mention.label]
        if known is None or _RANK[mention.value] > _RANK[known]:
            values[mention.label] = mention.value
    for mention in mentions:
        if mention.value == values[mention.label] != ABSENT:
            sides[mention.label].add(mention.side)
            severities[mention.label].add(mention.severity)
    spoken = bool(mentions) or any(reading.normal for reading in readings)
    stated = any(v in (PRESENT, UNCERTAIN) for c, v in enumerate(values) if c != _DEVICES)
    if spoken and not stated and not any(reading.other for reading in readings):
        values[_NO_FINDING] = PRESENT
    return Labelled(
        tuple(values),
        tuple(_joined(found - {""}) for found in sides),
        tuple(max(found, key=("", *SEVERITIES).index, default="") for found in severities),
    )
