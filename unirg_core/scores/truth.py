"""Scores against the truth file: what was drawn into the picture, not what another report says of it.

This is the headline that a run is judged by: no reference report, no reward and no house style enters it, only the
labeler's reading of the candidate (its recall over the styles is tested to be equal). `finding_counts` gives what each
study adds, so that micro and macro F1 of any resample come from summed counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.scores.labels import Labelled, label
from unirg_core.study import DRAWN as CLASSES
from unirg_core.study import LABELS, PRESENT, UNCERTAIN

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 0, 1, 2


def finding_counts(
    texts: Sequence[str],
    truth_by_study: Sequence[Sequence[Mapping[str, Any]]],
    classes: Sequence[str] = CLASSES,
    *,
    with_side: bool = False,
    uncertain: bool = True,
) -> np.ndarray:
    """Count true positives, false positives and false negatives of each study and class.

    Parameters
    ----------
    texts
        One report a study.
    truth_by_study
        For each study the rows of the truth file (`finding`, `side`); an empty sequence is a normal study.
    classes
        Names out of `LABELS` that are judged; findings outside them are left alone on both sides.
    with_side
        Count a finding as true only with the side that the truth states; with another it is false *and* missed.
    uncertain
        Whether a hedged finding counts as stated, as in CheXbert's evaluation and in our other scores.

    Returns
    -------
    np.ndarray of int64, (studies, classes, 3)
        Along the last axis: true positive, false positive, false negative.
    """
    if len(texts) != len(truth_by_study):
        raise BadInput(f"There are {len(texts)} reports but truth of {len(truth_by_study)} studies; give one for each.")
    if unknown := [name for name in classes if name not in LABELS]:
        raise BadInput(f"{unknown[0]} is no class that can be judged; there are {', '.join(LABELS)}.")
    stated = (PRESENT, UNCERTAIN) if uncertain else (PRESENT,)
    counts = np.zeros((len(texts), len(classes), 3), np.int64)
    columns = [LABELS.index(name) for name in classes]
    for study, (said, rows) in enumerate(zip(label(texts), truth_by_study, strict=True)):
        true = _sides(rows)
        for place, (name, column) in enumerate(zip(classes, columns, strict=True)):
            found = said.values[column] in stated
            if found and name in true and (not with_side or _agrees(said, column, true[name])):
                counts[study, place, TRUE_POSITIVE] = 1
            else:
                counts[study, place, FALSE_POSITIVE] = found
                counts[study, place, FALSE_NEGATIVE] = name in true
    return counts


def _sides(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the side of each finding in a study's truth; left in one row and right in another make bilateral."""
    sides: dict[str, str] = {}
    for row in rows:
        before, side = sides.get(row["finding"], ""), row["side"] or ""
        sides[row["finding"]] = "bilateral" if before and side and before != side else before or side
    return sides


def _agrees(said: Labelled, column: int, side: str) -> bool:
    return not side or said.sides[column] == side


def class_f1(sums: np.ndarray) -> np.ndarray:
    """Return F1 of each class from summed counts, (..., classes, 3) -> (..., classes); NaN where nothing is counted."""
    true, wrong = sums[..., TRUE_POSITIVE], sums[..., FALSE_POSITIVE] + sums[..., FALSE_NEGATIVE]
    whole = 2.0 * true + wrong
    return np.divide(2.0 * true, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def micro_f1(sums: np.ndarray) -> np.ndarray:
    """Return F1 over all classes together, (..., classes, 3) -> (...); 1 where nothing is there and nothing said."""
    pooled = class_f1(np.asarray(sums).sum(axis=-2, keepdims=True))[..., 0]
    return np.where(np.isnan(pooled), 1.0, pooled)


def macro_f1(sums: np.ndarray) -> np.ndarray:
    """Return the mean F1 of the classes in truth or report, (..., classes, 3) -> (...); 1 where none is."""
    values = class_f1(np.asarray(sums))
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)
