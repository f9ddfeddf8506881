"""Temporal F1: which change a report states of which class: new, worse, better, stable or resolved.

Published temporal scores (TEM of BioViL-T, arXiv 2301.04558; RadEval's) compare the change words alone, so that "new
effusion, stable edema" equals "stable effusion, new edema". Here a change belongs to the classes of the mention that
it is said of. It reads the clauses of `unirg_core.scores.scan`, and asks `scope` whether a finding is there at all: "no
new effusion" is no change. A report without change words against another without them scores 1.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from unirg_core.scores import scope
from unirg_core.scores.entities import set_f1
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.phrases import ANATOMY, any_of
from unirg_core.scores.scan import Event, clauses, sentences
from unirg_core.study import ABSENT

_LISTED = 28  # characters between two mentions of one list: "left effusion and bibasilar atelectasis"
_LONGEST = 600  # characters that are read of one sentence: what is longer is a loop, and would take time squared
_REACH = 60  # characters between a change and its mention

_NO = r"(?:no|not|without)(?: (?:an?|any|significant(?:ly)?|interval|appreciabl[ey]|substantial(?:ly)?|definite|much))*"
_MORE = r"increas(?:ed?|es|ing)|worse(?:n(?:ed|ing|s)?)?|progress(?:ed|ion|ive|ing)?|enlarg(?:ing|ed in the interval)"
_LESS = r"decreas(?:ed?|es|ing)|improv(?:ed?|es|ing|ement)|diminish(?:ed|ing)?|reduc(?:ed|tion|ing)|regress(?:ed|ion)"

# The first that matches at a place wins, so what contains another stands before it.
CHANGES = (
    (
        "stable",
        any_of(
            rf"{_NO} (?:chang(?:es?|ed)|{_MORE}|{_LESS}|different|difference)(?: (?:in|of|from))?",
            r"(?:un(?:changed|altered)|stable|similar|constant|persist(?:s|ent|ing|ence)?|redemonstrated)",
            r"again (?:seen|noted|demonstrated)",
        ),
    ),
    (
        "better",
        any_of(
            r"(?:part(?:ial)?(?:ly)?|near(?:ly)?|almost|incomplete(?:ly)?)[ -](?:complete(?:ly)? )?"
            r"(?:resol(?:ved|ution)|clear(?:ed|ing))(?: of)?",
            rf"{_LESS}|resolving|smaller|less (?:prominent|conspicuous|extensive|severe|dense|pronounced)|better",
            r"clearing(?! of)",
        ),
    ),
    (
        "resolved",
        any_of(
            r"resol(?:ved|ution)(?: of)?|clear(?:ance|ing) of|(?:has|have) (?:\w+ )?(?:cleared|disappeared)",
            r"(?:is |are )?no longer (?:seen|present|visible|visuali[sz]ed|evident|identified|demonstrated)",
            r"remov(?:ed|al)(?: of)?|disappearance of",
        ),
    ),
    (
        "new",
        any_of(
            r"new(?:ly)?|not (?:present|seen|visible|there) (?:previously|before|on (?:the )?prior)",
            r"interval (?:development|appearance|placement|insertion) of|(?:has|have) (?:now )?(?:developed|appeared)",
        ),
    ),
    ("worse", any_of(_MORE, r"larger|greater|bigger|more (?:prominent|conspicuous|extensive|severe|dense|pronounced)")),
)
"""Kind of change -> the words that state it."""

_SAID_OF = re.compile(r"\b(?:is|are|was|were|has|have|been|remains?|appears?|now|slightly|mildly|markedly)\s*$")
_COMPARES_SIDES = re.compile(r"(?:right|left)(?:[- ]sided)? $")


@dataclass(frozen=True, slots=True)
class _Change:
    kind: str
    start: int
    end: int


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(f'(?P<{kind}>{words})' for kind, words in CHANGES)})(?!\w)")


@lru_cache(maxsize=1 << 15)
def changes(text: str) -> frozenset[tuple[int, str]]:
    """Return the changes that a report states: (index of the class, kind of change)."""
    return frozenset(found for sentence in sentences(text) for found in _of_sentence(sentence[:_LONGEST]))


def temporal_f1(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return each study's F1 over its set of changes, in [0, 1]; no change on either side gives 1."""
    return each_pair(
        lambda candidate, reference: set_f1(changes(candidate), changes(reference)), candidates, references
    )


@lru_cache(maxsize=1 << 16)
def _of_sentence(sentence: str) -> frozenset[tuple[int, str]]:
    said = [_Change(m.lastgroup, m.start(), m.end()) for m in _pattern().finditer(sentence) if _is_change(sentence, m)]
    if not said:
        return frozenset()
    parts = clauses(sentence)
    starts = [part[0].start for part in parts]
    found = set()
    for change in said:
        place = max((i for i, start in enumerate(starts) if start <= change.start), default=0)
        for part in parts[place:] or parts:
            if mentions := _said_of(sentence, part, change, said):
                found |= {(c, change.kind) for at in mentions for c in part[at].concept.classes}
                break
    return frozenset(found)


def _is_change(sentence: str, match: re.Match[str]) -> bool:
    """Tell "larger than before" from "right greater than left", which compares sides."""
    ahead = sentence[match.end() : match.end() + 16].strip()
    return not (ahead.startswith("than ") and _COMPARES_SIDES.search(sentence[: match.start()]))


def _said_of(sentence: str, clause: list[Event], change: _Change, said: list[_Change]) -> list[int]:
    """Return the places of the mentions that a change is said of, if it can be said of them."""
    mentions = [at for at, event in enumerate(clause) if event.bears]
    before = [at for at in mentions if clause[at].end <= change.start]
    after = [at for at in mentions if clause[at].start >= change.end]
    if not after or (before and _SAID_OF.search(sentence[: change.start])):
        chosen = _listed(clause, before[::-1])
    else:
        chosen = _listed(clause, after) or _listed(clause, before[::-1])
    others = [other for other in said if other is not change]
    return [at for at in chosen if not _between(clause[at], change, others) and _holds(clause, at, change, sentence)]


def _listed(clause: list[Event], mentions: list[int]) -> Iterator[int] | list[int]:
    """Return the nearest mention and those that stand in one list with it."""
    chosen = mentions[:1]
    for near, far in pairwise(mentions):
        first, second = sorted((clause[near], clause[far]), key=lambda event: event.start)
        if second.start - first.end > _LISTED:
            break
        chosen.append(far)
    return chosen


def _between(event: Event, change: _Change, others: list[_Change]) -> bool:
    """Tell whether another change stands between a mention and this one, or the mention is too far away."""
    low, high = sorted((event.start, change.start))
    far = max(event.start - change.end, change.start - event.end) > _REACH
    return far or any(low < other.start < high for other in others)


def _holds(clause: list[Event], at: int, change: _Change, sentence: str) -> bool:
    """Tell whether the change can be said of the mention: what is denied can only have resolved.

    "Increased heart size" is a state, not a change; "the heart has increased" is one.
    """
    event = clause[at]
    value = scope.value(clause, at)
    if event.kind == ANATOMY:
        adjective = change.end <= event.start and event.start - change.end <= _LISTED
        return change.kind == "stable" or (change.kind in ("better", "worse") and not adjective)
    return (value == ABSENT) == (change.kind == "resolved")
