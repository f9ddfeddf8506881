"""In which order prompts come: the curriculum of one RL step, drawn whole from the seed before the step begins.

The labels are those of the manifest, read by rules from the reference reports; the truth file is never looked at.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from unirg_core.study import LABELS, PRESENT
from unirg_core.training.data import Row, drawn_order

_NORMAL = LABELS.index("No Finding")


def order(form: str, rows: Sequence[Row], steps: int, prompts: int, seed: int) -> list[int]:
    """Return the places of the studies that the steps ask about, `prompts` a step.

    Parameters
    ----------
    form
        none: shuffled passes over all studies. abnormal_first: in each pass those with a finding come first.
        simple_first: in each pass those with fewer findings come first. rare_more: each step draws studies without
        repetition, the more probably the rarer their rarest finding.
    """
    if form == "rare_more":
        return _weighted(rows, steps, prompts, seed)
    drawn = drawn_order(len(rows), steps * prompts, seed)
    if form == "none":
        return drawn
    passes = [drawn_order(len(rows), len(rows) * (number + 1), seed)[-len(rows) :] for number in _passes(rows, drawn)]
    return [place for one in passes for place in sorted(one, key=_key(form, rows))][: len(drawn)]


def _passes(rows: Sequence[Row], drawn: Sequence[int]) -> range:
    return range(-(-len(drawn) // len(rows)))


def _key(form: str, rows: Sequence[Row]) -> Callable[[int], int]:
    if form == "abnormal_first":
        return lambda place: not findings(rows[place])
    return lambda place: len(findings(rows[place]))


def findings(row: Row) -> tuple[int, ...]:
    """Return the classes that a study's report says are present, `No Finding` aside."""
    labels = row["labels"] or ()
    return tuple(place for place, value in enumerate(labels) if value == PRESENT and place != _NORMAL)


def weights(rows: Sequence[Row]) -> np.ndarray:
    """Return a weight a study: one over the share of studies with its rarest finding (a normal one: without any)."""
    found = [findings(row) or (_NORMAL,) for row in rows]
    counts = Counter(place for one in found for place in one)
    return np.array([len(rows) / min(counts[place] for place in one) for one in found])


def _weighted(rows: Sequence[Row], steps: int, prompts: int, seed: int) -> list[int]:
    rng, heavy = np.random.default_rng(seed), weights(rows)
    share = heavy / heavy.sum()
    drawn: list[int] = []
    for _ in range(steps):
        if prompts > len(rows):  # more than there are: whole passes, as elsewhere
            drawn += [int(place) for place in rng.choice(len(rows), prompts, p=share)]
        else:
            drawn += [int(place) for place in rng.choice(len(rows), prompts, replace=False, p=share)]
    return drawn
