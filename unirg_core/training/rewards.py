"""The reward is the score: one reward function a component, so that each is logged, weighted by the Trainer.

TRL counts a reward of None as nothing and NaN as missing; here either ends the training and names the score.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unirg_core.faults import BadInput

Score = Callable[[Sequence[str], Sequence[str]], Any]
Reward = Callable[..., list[float]]


class ScoreFault(Exception):
    """A score gave something that is no finite number for each completion; the training stops."""


def components(weights: Mapping[str, float], scores: Mapping[str, Score]) -> tuple[list[Reward], list[float]]:
    """Return the reward functions and their weights, in the order of the names; a weight of zero is left out.

    Raises
    ------
    BadInput
        When a name is no score.
    """
    if unknown := sorted(set(weights) - set(scores)):
        raise BadInput(
            f"rl: reward names {', '.join(unknown)}, which is no score; there are {', '.join(sorted(scores))}."
        )
    kept = {name: weight for name, weight in sorted(weights.items()) if weight}
    return [_component(name, scores[name]) for name in kept], list(kept.values())


def _component(name: str, score: Score) -> Reward:
    def reward(completions: Sequence[Any], reference: Sequence[str], **_: Any) -> list[float]:
        texts = [completion[0]["content"].strip() for completion in completions]
        return checked(name, score(texts, reference), len(texts))

    reward.__name__ = name  # TRL logs a component under its function's name
    return reward


def checked(name: str, values: Any, count: int) -> list[float]:
    """Return a score's values as floats.

    Raises
    ------
    ScoreFault
        When there are not `count` of them or one is not finite; the sentence names score and sample.
    """
    if values is None or len(values) != count:
        got = "nothing" if values is None else f"{len(values)} values"
        raise ScoreFault(f"The reward {name} returned {got} for {count} completions; training stops.")
    floats = [math.nan if value is None else float(value) for value in values]
    for index, value in enumerate(floats):
        if not math.isfinite(value):
            raise ScoreFault(f"The reward {name} returned {value} for sample {index} of {count}; training stops.")
    return floats
