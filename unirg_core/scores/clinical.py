"""Clinical scores of a report against its reference, on the labels of `unirg_core.scores.labels`.

A class is positive when present or uncertain (as CheXbert's evaluation; docs/scores.md), over the 13 classes without
No Finding. The scores read the same labels from both sides, so what the labeler misses in both costs nothing, and
what it misreads in one costs wrongly: docs/scores.md says how often.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from unirg_core.scores.labels import Labelled, label_one
from unirg_core.scores.pairs import each_pair
from unirg_core.study import LABELS, PRESENT, UNCERTAIN

_NO_FINDING = LABELS.index("No Finding")
JUDGED = tuple(i for i, name in enumerate(LABELS) if name != "No Finding")

CLASS_WEIGHTS = {
    "Pneumothorax": 1.5,
    "Lung Lesion": 1.5,
    "Lung Opacity": 0.5,
    "Enlarged Cardiomediastinum": 0.5,
    "Pleural Other": 0.5,
}
"""Weight of a class in `finding_credit`, 1 where not named: what must not be missed weighs more; an umbrella term
that mostly repeats a finding counted elsewhere weighs less. Ours: no source states weights."""

_WEIGHTS = tuple(CLASS_WEIGHTS.get(name, 1.0) for name in LABELS)
_FALSE, _MISSED = 0.5, 0.5
_FALSE_OF_GAIN = 0.7
_WRONG_SIDE, _WRONG_SEVERITY = 0.5, 0.9
_WORST = -1.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Classes on which a candidate and its reference agree or err; all but `right` are errors."""

    right: tuple[int, ...]
    wrong_side: tuple[int, ...]
    wrong_severity: tuple[int, ...]
    false: tuple[int, ...]
    missed: tuple[int, ...]

    @property
    def found(self) -> int:
        """Classes that both state, whatever their side and severity."""
        return len(self.right) + len(set(self.wrong_side) | set(self.wrong_severity))


def positive(labelled: Labelled) -> frozenset[int]:
    """Return the classes that are present or uncertain, without No Finding."""
    return frozenset(c for c in JUDGED if labelled.values[c] in (PRESENT, UNCERTAIN))


def agreement(candidate: str, reference: str) -> Agreement:
    """Compare the labels of two reports. Side and severity count only where the reference states them."""
    said, true = label_one(candidate), label_one(reference)
    ours, theirs = positive(said), positive(true)
    both = sorted(ours & theirs)
    sides = tuple(c for c in both if true.sides[c] and said.sides[c] != true.sides[c])
    severities = tuple(c for c in both if true.severities[c] and said.severities[c] != true.severities[c])
    right = tuple(c for c in both if c not in sides and c not in severities)
    return Agreement(right, sides, severities, tuple(sorted(ours - theirs)), tuple(sorted(theirs - ours)))


def labels_f1(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return each study's F1 over the positive classes, in [0, 1]; no positive class on either side gives 1."""
    return each_pair(_f1, candidates, references)


def _f1(candidate: str, reference: str) -> float:
    seen = agreement(candidate, reference)
    wrong = len(seen.false) + len(seen.missed)
    return 2 * seen.found / (2 * seen.found + wrong) if seen.found or wrong else 1.0


def finding_credit(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the reward for stated findings, in [-1, 1]; 1 for a report that states what the reference states.

    Weighted sum over classes of TP - .5 FP - .5 FN, a TP counting half with a wrong side and .9 with a wrong severity,
    over the reference's own weight. Against a normal reference: 1 less .5 for each weight falsely stated, and 0 for
    a candidate that states nothing at all. Cut at -1, so that one very false report does not rule its group.
    """
    return each_pair(_credit, candidates, references)


def _credit(candidate: str, reference: str) -> float:
    seen = agreement(candidate, reference)
    cost = _FALSE * sum(_WEIGHTS[c] for c in seen.false) + _MISSED * sum(_WEIGHTS[c] for c in seen.missed)
    both = set(seen.right) | set(seen.wrong_side) | set(seen.wrong_severity)
    worth = _worth(seen)
    gain = sum(_WEIGHTS[c] * worth(c) for c in sorted(both))
    wanted = sum(_WEIGHTS[c] for c in both | set(seen.missed))
    if wanted:
        return max(_WORST, (gain - cost) / wanted)
    if _silent(label_one(candidate)) and not _silent(label_one(reference)):
        return 0.0
    return max(_WORST, 1.0 - cost)


def micro_gain(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return what each report adds to micro F1 over all studies: TP - .7 FP, a TP with a wrong side counting half.

    Micro F1 is 2 TP / (2 TP + FP + FN), and TP + FN is given. So one more TP moves it in proportion to 2 - F1, one more
    FP to -F1: their ratio is .7 at an F1 of .82, and a finding that is right with a chance above .41 is worth stating.
    `finding_credit` states it from .25 on, and divides by the study's findings, so it asks for another optimum than the
    score that is printed. A wrong severity takes a tenth of the TP. Nothing found and nothing false is 0, so it wants
    `well_formed` beside it; it is no share, and grows with the findings of the study.
    """
    return each_pair(_micro_gain, candidates, references)


def _micro_gain(candidate: str, reference: str) -> float:
    seen = agreement(candidate, reference)
    both = set(seen.right) | set(seen.wrong_side) | set(seen.wrong_severity)
    return sum(map(_worth(seen), sorted(both))) - _FALSE_OF_GAIN * len(seen.false)


def _worth(seen: Agreement) -> Callable[[int], float]:
    """Return what finding a class is worth, given on which its side and severity are wrong."""

    def worth(c: int) -> float:
        return (_WRONG_SIDE if c in seen.wrong_side else 1.0) * (_WRONG_SEVERITY if c in seen.wrong_severity else 1.0)

    return worth


def _silent(labelled: Labelled) -> bool:
    return all(value is None for value in labelled.values)


ERRORS = ("false finding", "omitted finding", "wrong location", "wrong severity")
"""The kinds of error that are counted: CheXprompt's A to D (arXiv 2601.17151); its E and F concern comparisons."""


def errors(candidate: str, reference: str) -> tuple[int, int, int, int]:
    """Count the errors of each kind in `ERRORS` that a candidate makes against its reference."""
    seen = agreement(candidate, reference)
    return len(seen.false), len(seen.missed), len(seen.wrong_side), len(seen.wrong_severity)


def error_count(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return 1 / (errors + 1) of each study, in (0, 1]: the shape of the recipe's CheXprompt reward, by rules."""
    return each_pair(lambda candidate, reference: 1.0 / (1 + sum(errors(candidate, reference))), candidates, references)
