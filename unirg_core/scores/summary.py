"""Label F1 over a whole corpus: micro, macro and each class, over the 14 CheXpert classes or the 5 of the board.

F1 and never accuracy, which praises a report that says nothing (test_scores_traps, 4). Uncertain counts as
positive, as in CheXbert's evaluation; No Finding is a class of its own in macro and per class, and stays outside micro
(docs/scores.md). A class that neither side ever states has no F1: it is None and outside macro, where the published
evaluation counts it as zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.scores.labels import label
from unirg_core.scores.truth import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, class_f1, macro_f1, micro_f1
from unirg_core.study import LABELS, PRESENT, UNCERTAIN

BOARD = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
"""The five classes that CheXpert's competition and the tables of MIMIC-CXR report."""

_OUTSIDE_MICRO = "No Finding"


@dataclass(frozen=True)
class LabelSummary:
    """Corpus F1 of labels; `by_class` in the order asked for, `positives` the studies whose reference states each."""

    studies: int
    micro: float
    macro: float
    by_class: dict[str, float | None]
    positives: dict[str, int]


def label_counts(candidates: Sequence[str], references: Sequence[str], classes: Sequence[str] = LABELS) -> np.ndarray:
    """Count true positives, false positives and false negatives of each study and class.

    Returns
    -------
    np.ndarray of int64, (studies, classes, 3)
        What each study adds, so that F1 of any resample comes from summed counts (`summary_of`).

    Raises
    ------
    BadInput
        When there are not as many references as candidates, or a class does not exist.
    """
    if len(candidates) != len(references):
        raise BadInput(f"There are {len(candidates)} candidates but {len(references)} references; give one for each.")
    if unknown := [name for name in classes if name not in LABELS]:
        raise BadInput(f"{unknown[0]} is no class of the labeler; there are {', '.join(LABELS)}.")
    columns = [LABELS.index(name) for name in classes]
    said, true = (_stated(texts, columns) for texts in (candidates, references))
    counts = np.zeros((*said.shape, 3), np.int64)
    counts[..., TRUE_POSITIVE] = said & true
    counts[..., FALSE_POSITIVE] = said & ~true
    counts[..., FALSE_NEGATIVE] = ~said & true
    return counts


def _stated(texts: Sequence[str], columns: list[int]) -> np.ndarray:
    rows = [[seen.values[column] in (PRESENT, UNCERTAIN) for column in columns] for seen in label(texts)]
    return np.array(rows, bool).reshape(len(texts), len(columns))


def label_summary(
    candidates: Sequence[str], references: Sequence[str], classes: Sequence[str] = LABELS
) -> LabelSummary:
    """Summarise how well the labels of reports agree with those of their references, in [0, 1]; 1 for no studies."""
    return summary_of(label_counts(candidates, references, classes), classes)


def summary_of(counts: np.ndarray, classes: Sequence[str] = LABELS) -> LabelSummary:
    """Summarise the counts of `label_counts`, (studies, classes, 3)."""
    sums = counts.sum(axis=0)
    values = class_f1(sums)
    inside = [place for place, name in enumerate(classes) if name != _OUTSIDE_MICRO]
    positives = sums[:, TRUE_POSITIVE] + sums[:, FALSE_NEGATIVE]
    return LabelSummary(
        len(counts),
        float(micro_f1(sums[inside])),
        float(macro_f1(sums)),
        {name: None if np.isnan(value) else float(value) for name, value in zip(classes, values, strict=True)},
        {name: int(count) for name, count in zip(classes, positives, strict=True)},
    )
