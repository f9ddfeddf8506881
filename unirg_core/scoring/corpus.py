"""Scores of a whole test set, from summed counts: they have no value a study, so no column in the per-study table.

Each turns candidates and references into a `Quantity`, what a study adds and the value of summed terms; intervals and
tests come from that, as for means. A per-study label F1 gives every normal study a free 1, also to a constant
template; micro and macro F1 do not, which is why they stand beside it (test_scores_traps, 5).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from unirg_core.evaluate.statistics import Quantity
from unirg_core.scores.clinical import JUDGED
from unirg_core.scores.summary import BOARD, label_counts
from unirg_core.scores.truth import macro_f1, micro_f1
from unirg_core.study import LABELS

Corpus = Callable[[Sequence[str], Sequence[str]], Quantity]


STATED = tuple(LABELS[place] for place in JUDGED)
"""The 13 classes that a report can state: No Finding is left out, as in `labels_f1`."""


def _of_counts(f1: Any, classes: Sequence[str], candidates: Sequence[str], references: Sequence[str]) -> Quantity:
    counts = label_counts(candidates, references, classes).astype(float)
    return Quantity(counts.reshape(len(counts), -1), lambda sums: f1(sums.reshape(*sums.shape[:-1], -1, 3)))


CORPUS: Mapping[str, Corpus] = MappingProxyType(
    {
        "labels_micro_f1": partial(_of_counts, micro_f1, STATED),
        "labels_macro_f1": partial(_of_counts, macro_f1, STATED),
        "board_micro_f1": partial(_of_counts, micro_f1, BOARD),
        "board_macro_f1": partial(_of_counts, macro_f1, BOARD),
    }
)
"""Name -> quantity of the candidates of a whole set; `board_*` over the five classes of CheXpert's board."""
