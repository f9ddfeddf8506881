"""From a sentence to its events in order: what is mentioned, and the cues around it. One regex, one pass."""

import re
from dataclasses import dataclass
from functools import cache

from unirg_core.oneline import BREAK
from unirg_core.scores.cues import CUES
from unirg_core.scores.phrases import ANATOMY, CONCEPTS, FINDING, Concept


@dataclass(frozen=True, slots=True)
class Event:
    """One mention or cue: `kind` is the concept's kind or the cue's name, `concept` is set for mentions only."""

    kind: str
    start: int
    end: int
    text: str
    concept: Concept | None = None

    @property
    def bears(self) -> bool:
        """Whether this mentions a class by name: a finding, or anatomy that is not just "the lungs"."""
        return self.kind == FINDING or (self.kind == ANATOMY and not self.concept.place)


@cache
def _scanner() -> tuple[re.Pattern[str], dict[str, tuple[str, Concept | None]]]:
    """Return the pattern of all concepts and cues, and what each of its groups means."""
    meaning: dict[str, tuple[str, Concept | None]] = {"comma": ("soft", None)}
    groups = []
    for number, concept in enumerate(CONCEPTS):
        groups.append(f"(?P<m{number}>{concept.pattern})")
        meaning[f"m{number}"] = (concept.kind, concept)
    for number, (kind, pattern) in enumerate(CUES):
        groups.append(f"(?P<q{number}>{pattern})")
        meaning[f"q{number}"] = (kind, None)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?!\w)|(?P<comma>, (?=(?:the|an?) ))"), meaning


# A question mark that stands alone is a hedge: "? pneumonia".
_SENTENCE_END = re.compile(rf"(?:[.!;]|(?<=[\w)])\?)+(?=\s|$)|{BREAK}")
_HEADING = re.compile(r"\b(?:findings|impression|conclusion|report|history|comparison|technique|indication)\s*:", re.I)


def sentences(text: str) -> list[str]:
    """Split a report into lower-case sentences of single spaces; section headings end a sentence and are dropped."""
    plain = text.lower().replace("\r\n", "\n").replace("\r", "\n")
    parts = _SENTENCE_END.split(_HEADING.sub(". ", plain))
    return [sentence for part in parts if (sentence := " ".join(part.split()))]


def clauses(sentence: str) -> list[list[Event]]:
    """Return the events of a sentence, cut where no scope reaches across ("but", "except", "there is").

    Nothing is cut before a class is named: in "in the left base there is consolidation" the side belongs to it.
    """
    pattern, meaning = _scanner()
    found: list[list[Event]] = [[]]
    named = False
    for match in pattern.finditer(sentence):
        kind, concept = meaning[match.lastgroup]
        if kind != "stop":
            event = Event(kind, match.start(), match.end(), match.group(), concept)
            found[-1].append(event)
            named = named or event.bears
        elif named:
            found.append([])
            named = False
    return [clause for clause in found if clause]
