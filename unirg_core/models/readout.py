"""What the vision tower of the base is asked about a picture, and how well it answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unirg_core.models.pretrain import Seen


def targets(studies: Sequence[Any]) -> Seen:
    """Return what phantom studies show: present, left, right (both: bilateral) of what is reported, degree of all."""
    from unirg_core.ingest.phantom import FINDINGS

    shape = (len(studies), len(FINDINGS))
    seen = Seen(*(np.zeros(shape, bool) for _ in range(3)), np.zeros(shape, np.float32))
    for place, study in enumerate(studies):
        for finding in (*study.findings, *study.faint):
            seen.degree[place, FINDINGS.index(finding.label)] = finding.degree
        for finding in study.findings:
            column = FINDINGS.index(finding.label)
            seen.present[place, column] = True
            seen.left[place, column] = finding.side in ("left", "bilateral")
            seen.right[place, column] = finding.side in ("right", "bilateral")
    return seen


def auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the ROC curve by ranks (Mann-Whitney); NaN where a class is empty."""
    from scipy.stats import rankdata

    yes = int(truth.sum())
    no = len(truth) - yes
    if not yes or not no:
        return float("nan")
    return float((rankdata(score)[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


def side_accuracy(seen: Seen, left: np.ndarray, right: np.ndarray, column: int) -> float:
    """Return how often the greater of two logits tells the side of a one-sided finding; NaN where there is none."""
    one = seen.left[:, column] ^ seen.right[:, column]
    return float(((left > right)[one, column] == seen.left[one, column]).mean()) if one.any() else float("nan")


def measures(seen: Seen, said: np.ndarray) -> dict[str, dict[str, float]]:
    """Return AUC and side accuracy of each finding.

    Parameters
    ----------
    said
        (n, 4, k): logits of present, left, right, and the degree (`pretrain.readings`).
    """
    from unirg_core.ingest.phantom import FINDINGS

    table = {}
    for column, name in enumerate(FINDINGS):
        values = {
            "auc": auc(seen.present[:, column], said[:, 0, column]),
            "side_accuracy": side_accuracy(seen, said[:, 1], said[:, 2], column),
        }
        table[name] = {key: round(value, 4) for key, value in values.items() if not np.isnan(value)}
    return table
