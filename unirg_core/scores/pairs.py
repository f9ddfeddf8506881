"""Scoring of (candidate, reference) pairs: equal pairs once, and never a NaN."""

from collections.abc import Callable, Sequence

import numpy as np

from unirg_core.faults import BadInput

Pair = tuple[str, str]


def each_pair(score: Callable[[str, str], float], candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Score each pair; identical pairs, frequent among the rollouts of one prompt, are scored once.

    Raises
    ------
    BadInput
        When there are not as many references as candidates, or a text is no string (the sentence names its index).
    """
    return unique_pairs(lambda pairs: [score(*pair) for pair in pairs], candidates, references)


def unique_pairs(
    score: Callable[[list[Pair]], Sequence[float]], candidates: Sequence[str], references: Sequence[str]
) -> np.ndarray:
    """Score the distinct pairs in one call, in the order of their first place; raises as `each_pair` does."""
    if len(candidates) != len(references):
        raise BadInput(f"There are {len(candidates)} candidates but {len(references)} references; give one for each.")
    known: dict[Pair, int] = {}
    places = np.empty(len(candidates), int)
    for index, pair in enumerate(zip(candidates, references, strict=True)):
        if pair not in known:
            if not (isinstance(pair[0], str) and isinstance(pair[1], str)):
                side = "reference" if isinstance(pair[0], str) else "candidate"
                raise BadInput(f"The {side} {index} is no text; give an empty string where a report is missing.")
            known[pair] = len(known)
        places[index] = known[pair]
    return np.asarray(score(list(known)), float)[places]
