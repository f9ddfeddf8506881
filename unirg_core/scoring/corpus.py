"""Scores of a whole test set, from summed counts: they have no value a study, so no column in the per-study table.

Each turns candidates and references into a `Quantity`, what a study adds and the value of summed terms; intervals and
tests come from that, as for means. A per-study label F1 gives every normal study a free 1, also to a constant
template; micro and macro F1 do not, which is why they stand beside it (RECIPE section 3, trap 5).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from unirg_core.evaluate.statistics import Quantity
from unirg_core.scores.clinical import JUDGED, positive
from unirg_core.scores.labels import label_one
from unirg_core.scores.truth import macro_f1, micro_f1

Corpus = Callable[[Sequence[str], Sequence[str]], Quantity]


def label_counts(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Count true positives, false positives and false negatives, (studies, 13 classes, 3), of the rule-based labels.

    A class is positive when present or uncertain; No Finding is left out (as `labels_f1`).
    """
    counts = np.zeros((len(candidates), len(JUDGED), 3))
    for study, (candidate, reference) in enumerate(zip(candidates, references, strict=True)):
        said, true = positive(label_one(candidate)), positive(label_one(reference))
        for place, label in enumerate(JUDGED):
            counts[study, place] = (label in said & true, label in said - true, label in true - said)
    return counts


def _of_counts(f1: Any, candidates: Sequence[str], references: Sequence[str]) -> Quantity:
    counts = label_counts(candidates, references)
    return Quantity(counts.reshape(len(counts), -1), lambda sums: f1(sums.reshape(*sums.shape[:-1], -1, 3)))


CORPUS: Mapping[str, Corpus] = MappingProxyType(
    {"labels_micro_f1": partial(_of_counts, micro_f1), "labels_macro_f1": partial(_of_counts, macro_f1)}
)
"""Name -> quantity of the candidates of a whole set; the place for further scores of that kind."""
