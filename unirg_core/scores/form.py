"""Whether a text is a report at all, in [0, 1]: the term that keeps a reward on labels from being hacked.

Rewarding label F1 alone ends in gibberish, then in repeated sentences and completions that grow to the limit. Each
factor below answers one of these; the score is their product, so that none buys back another. A report that a person
filed scores about 1 (tests hold that for the phantom's styles and for real ones). It judges form and self-consistency
only: a well-formed report may be entirely wrong.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from unirg_core.scores.labels import Mention, read
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.scan import sentences
from unirg_core.scores.words import known
from unirg_core.study import ABSENT, LABELS, PRESENT

_HEADING = re.compile(r"\b(findings|impression)\s*:", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(?:[-'/][a-z]+)*")
_TERMINAL = (".", "!", "?")
_GRAM = 4
# Words that no sentence ends with, and pairs that no sentence has: what a sampler makes when it only chases terms.
_CLOSED = frozenset({"a", "an", "the", "of", "and", "or", "with", "in", "on", "at", "to", "for", "from", "by"})
_CLOSED |= {"is", "are", "was", "were"}
_DANGLING = _CLOSED | {"no", "as", "its", "this", "which", "than"}
_ACUTE = frozenset(LABELS.index(name) for name in ("Pneumothorax", "Consolidation", "Pneumonia", "Edema"))
_LOOSE = frozenset(LABELS.index(name) for name in ("Lung Opacity", "Support Devices", "Fracture", "No Finding"))
"""Classes of which a report rightly states one and denies another ("scarring", "no focal opacity")."""


def well_formed(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return how well formed each candidate is, in [0, 1].

    The product of: sections (those of the reference, in order, none empty), repetition of sentences within a section,
    n-gram loops, shape of sentences (end, grammar of small words, known words), contradiction, and length (against
    the reference's). The empty string scores 0.
    """
    return each_pair(_well_formed, candidates, references)


def _well_formed(candidate: str, reference: str) -> float:
    if not candidate.strip():
        return 0.0
    return (
        _sections(candidate, reference)
        * _own_form(candidate)
        * _vocabulary(candidate, reference)
        * _length(candidate, reference)
    )


@lru_cache(maxsize=1 << 14)
def _own_form(text: str) -> float:
    """Return the factors that do not look at the reference."""
    return _repetition(text) * _loops(text) * _shape(text) * _consistency(text)


@lru_cache(maxsize=1 << 14)
def _parts(text: str) -> tuple[tuple[str, str], ...]:
    """Return (heading, body) of each section in order; what stands before a heading has the heading ''."""
    pieces = _HEADING.split(text)
    parts = [("", pieces[0])] if pieces[0].strip() else []
    parts += [(name.lower(), body) for name, body in zip(pieces[1::2], pieces[2::2], strict=True)]
    return tuple((name, body.strip()) for name, body in parts)


def _sections(candidate: str, reference: str) -> float:
    """Compare the filled sections with the reference's: 1 where equal, else a share of at most a half."""
    wanted = [name for name, body in _parts(reference) if body]
    given = [name for name, _ in _parts(candidate)]
    filled = [name for name, body in _parts(candidate) if _WORD.search(body.lower())]
    if given == wanted == filled or not wanted:
        return 1.0
    return 0.5 * len(set(filled) & set(wanted)) / max(len(wanted), len(given))


def _repetition(text: str) -> float:
    """Return the squared share of distinct sentences in the section that repeats most."""
    shares = [len(set(found)) / len(found) for _, body in _parts(text) if (found := sentences(body))]
    return min(shares, default=0.0) ** 2


def _loops(text: str) -> float:
    """Return 1 where at least 7 of 10 word 4-grams of each section are distinct, falling to 0 at 3 of 10."""
    worst = 1.0
    for _, body in _parts(text):
        words = _WORD.findall(body.lower())
        grams = Counter(zip(*(words[i:] for i in range(_GRAM)), strict=False))
        if grams:
            worst = min(worst, len(grams) / grams.total())
    return _ramp(worst, 0.3, 0.7)


def _shape(text: str) -> float:
    """Return the share of sentences that could be sentences; a section cut off before its end counts one as broken."""
    good = total = 0
    for _, body in _parts(text):
        found = sentences(body)
        total += len(found)
        good += sum(map(_could_be_said, found))
        if found and not body.rstrip().endswith(_TERMINAL):
            total += 1
    return good / total if total else 0.0


@lru_cache(maxsize=1 << 16)
def _could_be_said(sentence: str) -> bool:
    """Tell whether a sentence has a plausible length and no impossible neighbours among its small words."""
    words = _WORD.findall(sentence)
    if not words:
        return sentence.strip("()*- ").isdigit()  # "1", the number of a list's item
    if len(words) > 60 or words[-1] in _DANGLING:
        return False
    return not any(a == b or (a in _CLOSED and b in _CLOSED and not _allowed(a, b)) for a, b in pairwise(words))


def _allowed(first: str, second: str) -> bool:
    """Tell whether two small words may stand together: "in the", "and with", "is at", but never "the of"."""
    if second in ("the", "a", "an"):
        return first not in ("the", "a", "an")
    if first in ("the", "a", "an"):
        return False
    return first in ("and", "or", "is", "are", "was", "were", "from") and second not in ("and", "or", "is", "are")


def _vocabulary(candidate: str, reference: str) -> float:
    """Return 1 where nine of ten words are known (radiology English, or the reference's), falling to 0 at half."""
    words = _WORD.findall(candidate.lower())
    if not words:
        return 0.0
    own = frozenset(_WORD.findall(reference.lower()))
    return _ramp(sum(word in own or known(word) for word in words) / len(words), 0.5, 0.9)


def _consistency(text: str) -> float:
    """Return 1, less .4 for each class that the report both states and denies, and for an acute finding in a chest
    that it calls unremarkable."""
    readings = [read(sentence) for sentence in sentences(text)]
    mentions = [mention for reading in readings for mention in reading.mentions]
    stated = [m for m in mentions if m.value == PRESENT and m.label not in _LOOSE]
    denied = [m for m in mentions if m.value == ABSENT]
    clashes = {m.label for m in stated for other in denied if _clash(m, other)}
    if any(reading.normal for reading in readings):
        clashes |= {m.label for m in stated if m.label in _ACUTE}
    return max(0.0, 1.0 - 0.4 * len(clashes))


def _clash(stated: Mention, denied: Mention) -> bool:
    """Tell whether one mention denies the other: not where "no large effusion" or the other side is denied."""
    if stated.label != denied.label or denied.severity not in ("", stated.severity):
        return False
    return not (stated.side and denied.side) or stated.side == denied.side


def _length(candidate: str, reference: str) -> float:
    """Return 1 from 3 words up to 2.5 times the reference (at least 60), falling to 0 at twice that."""
    count = len(candidate.split())
    most = max(60.0, 2.5 * len(reference.split()))
    return min(1.0, count / 3) * (1.0 - _ramp(count, most, 2 * most))


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))
