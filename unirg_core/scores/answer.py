"""The output schema `think_answer`: `<think>report</think><answer>labels</answer>`, and what its parts agree on.

After the idea of arXiv 2601.03321: a narrative, structured labels, and a reward for the agreement of both with the
ground truth. The paper's own text was not at hand; tags apart, grammar and score are ours. An answer is
`Label: present; Label: absent; Label: uncertain`, each of the 14 classes at most once, in any order and case; what is
not mentioned is left out. All other scores read the narrative alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from unirg_core.oneline import one_line
from unirg_core.scores.labels import label_one
from unirg_core.scores.pairs import each_pair
from unirg_core.study import ABSENT, LABELS, PRESENT, UNCERTAIN

Score = Callable[[Sequence[str], Sequence[str]], np.ndarray]
Values = tuple[int | None, ...]

_TAG = re.compile(r"(</?(?:think|answer)>)")
_ORDER = ["<think>", "</think>", "<answer>", "</answer>"]
_WORDS = {PRESENT: "present", ABSENT: "absent", UNCERTAIN: "uncertain"}
_VALUES = {word: value for value, word in _WORDS.items()}
_PLACES = {name.lower(): place for place, name in enumerate(LABELS)}
_UNSAID: Values = (None,) * len(LABELS)


@dataclass(frozen=True)
class Answer:
    """A text of the schema, read.

    Attributes
    ----------
    narrative
        The report. Of an ill-formed text: what stands where it should, without any tags.
    values
        14 labels as `scores.labels` has them; all None where the text is ill-formed.
    fault
        What is wrong with the form; empty: nothing.
    """

    narrative: str
    values: Values
    fault: str


def tagged(report: str, values: Sequence[int | None]) -> str:
    """Return a report and its 14 labels as a text of the schema."""
    stated = [f"{name}: {_WORDS[value]}" for name, value in zip(LABELS, values, strict=True) if value is not None]
    return f"<think>{one_line(_TAG.sub(' ', report))}</think><answer>{'; '.join(stated)}</answer>"


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Answer:
    """Read any text; one that is not of the schema has a fault and no labels."""
    parts = _TAG.split(text)
    if parts[1::2] != _ORDER:
        return Answer(_found(parts), _UNSAID, "each tag once and in order: " + "".join(_ORDER))
    before, report, between, answer, after = parts[0::2]
    narrative = one_line(report)
    if before.strip() or between.strip() or after.strip():
        return Answer(narrative, _UNSAID, "text outside the tags")
    if not narrative:
        return Answer("", _UNSAID, "no report")
    values, fault = _labels(answer)
    return Answer(narrative, values, fault)


def narrative(text: str) -> str:
    """Return the report in a text of the schema, however ill-formed."""
    return parse(text).narrative


def narratives(texts: Sequence[str], output: str) -> list[str]:
    """Return the reports in what a model has written, by `model.output`."""
    return list(texts) if output == "plain" else [narrative(text) for text in texts]


def ill_formed(texts: Sequence[str]) -> float:
    """Return the share of texts that are not of the schema (0-1)."""
    return sum(bool(parse(text).fault) for text in texts) / max(1, len(texts))


def agreement(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return how far narrative, answer and reference state the same labels, in [0, 1].

    Of all labels with their values that any of the three states, the share that all three state; an ill-formed
    candidate scores 0. A model that merely agrees with itself earns nothing, as it would by pairs.

    Parameters
    ----------
    candidates
        Texts of the schema.
    references
        Reports without tags.
    """
    return each_pair(_agreement, candidates, references)


def read_by(scores: Mapping[str, Score], output: str) -> Mapping[str, Score]:
    """Return the scores for what a model writes by `model.output`: as they are, or of narratives, and `agreement`."""
    if output == "plain":
        return scores
    return MappingProxyType({**{name: Narrated(score) for name, score in scores.items()}, "agreement": agreement})


class Narrated:
    """A score that reads the narrative of its candidates; it computes where the score does."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self.place = getattr(score, "place", "here")

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Return the score of each narrative."""
        return self._score([narrative(text) for text in candidates], references)


def _agreement(candidate: str, reference: str) -> float:
    read = parse(candidate)
    if read.fault:
        return 0.0
    told, wanted = label_one(read.narrative).values, label_one(reference).values
    stated = [_stated(values) for values in (told, read.values, wanted)]
    any_of = set.union(*stated)
    return len(set.intersection(*stated)) / len(any_of) if any_of else 1.0


def _stated(values: Values) -> set[tuple[int, int]]:
    return {(place, value) for place, value in enumerate(values) if value is not None}


def _labels(text: str) -> tuple[Values, str]:
    """Return the labels of an answer, or none of them and what is wrong."""
    values: list[int | None] = [None] * len(LABELS)
    for entry in filter(str.strip, text.split(";")):
        name, _, word = (" ".join(part.split()).lower() for part in entry.partition(":"))
        if name not in _PLACES:
            return _UNSAID, "an entry of the answer names no label"
        if word not in _VALUES:
            return _UNSAID, "an entry of the answer has no value of present, absent, uncertain"
        if values[_PLACES[name]] is not None:
            return _UNSAID, "a label stands twice in the answer"
        values[_PLACES[name]] = _VALUES[word]
    return tuple(values), ""


def _found(parts: Sequence[str]) -> str:
    """Return the report of a text whose tags are wrong: from the first opening tag, if there is one, to the next."""
    tags = list(parts[1::2])
    start = tags.index("<think>") + 1 if "<think>" in tags else 0
    ends = [place for place, tag in enumerate(tags) if place >= start and tag != "<think>"]
    texts = parts[0::2]
    return one_line(" ".join(texts[start : ends[0] + 1] if ends else texts[start:]))
