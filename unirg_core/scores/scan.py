"""From a sentence to its events in order: what is mentioned, and the cues around it. One regex, one pass."""

import re
from dataclasses import dataclass

from unirg_core.scores.cues import CUES
from unirg_core.scores.phrases import CONCEPTS, Concept


@dataclass(frozen=True, slots=True)
class Event:
    """One mention or cue: `kind` is the concept's kind or the cue's name, `concept` is set for mentions only."""

    kind: str
    start: int
    end: int
    text: str
    concept: Concept | None = None


def _scanner() -> tuple[re.Pattern[str], dict[str, tuple[str, Concept | None]]]:
    groups, meaning = [], {}
    for number, (kind, pattern) in enumerate(CUES):
        groups.append(f"(?P<q{number}>{pattern})")
        meaning[f"q{number}"] = (kind, None)
    for number, concept in enumerate(CONCEPTS):
        groups.insert(number, f"(?P<m{number}>{concept.pattern})")
        meaning[f"m{number}"] = (concept.kind, concept)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?![\w])|(?P<hard>;)|(?P<colon>: )"), meaning


_SCANNER, _MEANING = _scanner()
_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)|\n\s*\n|\n\s*(?=[-*\d])")
_HEADING = re.compile(r"\b(?:findings|impression|conclusion|report|history|comparison|technique|indication)\s*:", re.I)
_SPACE = re.compile(r"\s+")


def sentences(text: str) -> list[str]:
    """Split a report into lower-case sentences of single spaces; section headings end a sentence and are dropped."""
    parts = _SENTENCE_END.split(_HEADING.sub(". ", text.lower()))
    return [sentence for sentence in (_SPACE.sub(" ", part).strip() for part in parts) if sentence]


def clauses(sentence: str) -> list[list[Event]]:
    """Return the events of a sentence, cut where no scope reaches across ("but", "except", "there is")."""
    found: list[list[Event]] = [[]]
    for match in _SCANNER.finditer(sentence):
        kind, concept = _MEANING.get(match.lastgroup, ("stop", None))
        if match.lastgroup == "colon":
            continue
        if kind == "stop":
            found.append([])
        else:
            found[-1].append(Event(kind, match.start(), match.end(), match.group(), concept))
    return [clause for clause in found if clause]
