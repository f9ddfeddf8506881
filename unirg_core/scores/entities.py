"""Entity F1: what a report states, as a set of (class, side, severity, polarity), against its reference's set.

It differs from `labels_f1` in what `labels_f1` is blind to: side, severity, hedging, and what is denied or called
normal. Ours; the nearest published score is RadGraph's entity F1 (arXiv 2106.14463), which reads words where this one
reads the labels of `unirg_core.scores.labels`. An entity counts only when all of it agrees.
"""

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from unirg_core.scores.labels import label_one, read
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.scan import sentences
from unirg_core.study import ABSENT, LABELS, PRESENT

_NO_FINDING = LABELS.index("No Finding")
_BOTH = ("left", "right")


class Entity(NamedTuple):
    """One statement: index of its class, side, severity (both empty where denied), and value as a label has it."""

    label: int
    side: str
    severity: str
    value: int


@lru_cache(maxsize=1 << 15)
def entities(text: str) -> frozenset[Entity]:
    """Return what a report states.

    "Bilateral" is left and right. What is denied counts only where nothing of its class is stated (as in the labels),
    and without its side and severity. A mention that says less than another of its class adds nothing: "effusion"
    in the impression repeats "small left effusion". A report of nothing abnormal states No Finding.
    """
    labelled = label_one(text)
    found: set[Entity] = set()
    for mention in (mention for sentence in sentences(text) for mention in read(sentence).mentions):
        if mention.value == ABSENT:
            if labelled.values[mention.label] == ABSENT:
                found.add(Entity(mention.label, "", "", ABSENT))
            continue
        for side in _BOTH if mention.side == "bilateral" else (mention.side,):
            found.add(Entity(mention.label, side, mention.severity, mention.value))
    if labelled.values[_NO_FINDING] == PRESENT:
        found.add(Entity(_NO_FINDING, "", "", PRESENT))
    return frozenset(entity for entity in found if not any(_says_less(entity, other) for other in found))


def _says_less(entity: Entity, other: Entity) -> bool:
    return (
        entity != other
        and (entity.label, entity.value) == (other.label, other.value)
        and entity.side in ("", other.side)
        and entity.severity in ("", other.severity)
    )


def entity_f1(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return each study's F1 over its set of entities, in [0, 1]; nothing stated on either side gives 1."""
    return each_pair(
        lambda candidate, reference: set_f1(entities(candidate), entities(reference)), candidates, references
    )


def set_f1(ours: frozenset[Hashable], theirs: frozenset[Hashable]) -> float:
    """Return the F1 of one set against another; 1 where both are empty."""
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 1.0
