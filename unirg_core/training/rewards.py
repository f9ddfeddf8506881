"""The reward is the score: one reward function a component, so that TRL logs each, weighted by the trainer.

TRL counts a reward of None as nothing and leaves NaN out; `scores.weighted` ends the training on either, and names the
score.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unirg_core.scores.reward import Score, check_names, weighted

Reward = Callable[..., list[float]]


def components(
    weights: Mapping[str, float], scores: Mapping[str, Score] | None = None
) -> tuple[list[Reward], list[float]]:
    """Return TRL's reward functions and their weights, in the order of the names; a weight of zero is left out.

    Raises
    ------
    BadInput
        When a name is no score.
    """
    check_names(weights, scores)
    kept = {name: weight for name, weight in sorted(weights.items()) if weight}
    return [_component(name, scores) for name in kept], list(kept.values())


def _component(name: str, scores: Mapping[str, Score] | None) -> Reward:
    alone = weighted({name: 1.0}, scores)

    def reward(completions: Sequence[Any], reference: Sequence[str], **_: Any) -> list[float]:
        texts = [completion[0]["content"].strip() for completion in completions]
        return alone(texts, reference)[0].tolist()

    reward.__name__ = name  # TRL logs a component under its function's name
    return reward
