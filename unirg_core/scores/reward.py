"""The reward of reinforcement learning: a weighted sum of the same scores that `evaluate` reports.

A score that fails must stop the training: a reward function that returns None is silently counted as 0 by TRL
(RECIPE section 3, trap 7), and a NaN poisons the advantage of its whole group.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from unirg_core.faults import BadInput

Score = Callable[[Sequence[str], Sequence[str]], np.ndarray]
Reward = Callable[[Sequence[str], Sequence[str]], tuple[np.ndarray, dict[str, np.ndarray]]]


class ScoreFault(Exception):
    """A score failed or gave something that is no finite number for each sample; the work stops."""


def check_names(names: Iterable[str], scores: Mapping[str, Score] | None = None) -> None:
    """Refuse names that are no scores.

    Raises
    ------
    BadInput
        Naming the first unknown one and those that there are.
    """
    known = _scores() if scores is None else scores
    for name in names:
        if name not in known:
            raise BadInput(f"{name} is no score; there are {', '.join(sorted(known))}.")


def weighted(weights: Mapping[str, float], scores: Mapping[str, Score] | None = None) -> Reward:
    """Return the weighted sum of scores as one function.

    Parameters
    ----------
    weights
        Score name -> weight; a weight of zero still computes and returns its component.
    scores
        Where the names are looked up; by default `unirg_core.scores.SCORES`.

    Returns
    -------
    callable
        `(candidates, references) -> (total, components)`: arrays of one float a sample. It raises `ScoreFault` with
        the score's name and the sample's index when a score raises or gives anything but a finite number.
    """
    known = _scores() if scores is None else scores
    check_names(weights, known)

    def reward(candidates: Sequence[str], references: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        pairs = list(zip(candidates, references, strict=True))
        unique = list(dict.fromkeys(pairs))
        place = {pair: i for i, pair in enumerate(unique)}
        back = np.array([place[pair] for pair in pairs], int)
        components = {name: _values(name, known[name], unique, pairs)[back] for name in weights}
        total = np.zeros(len(pairs))
        for name, weight in weights.items():
            total += weight * components[name]
        return total, components

    return reward


def _values(name: str, score: Score, unique: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> np.ndarray:
    try:
        given = score([c for c, _ in unique], [r for _, r in unique])
    except Exception as error:
        index = _guilty(score, unique, pairs)
        raise ScoreFault(f"The score {name} failed at sample {index}: {error}") from error
    values = np.asarray([np.nan] * len(unique) if given is None else given, float)
    if values.shape != (len(unique),):
        raise ScoreFault(f"The score {name} gave {values.size} values for {len(unique)} samples.")
    if not np.isfinite(values).all():
        wrong = int(np.argmin(np.isfinite(values)))
        raise ScoreFault(f"The score {name} gave {values[wrong]} for sample {pairs.index(unique[wrong])}.")
    return values


def _guilty(score: Score, unique: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> int | str:
    """Find the sample that makes a score fail by asking for one at a time."""
    for pair in unique:
        try:
            score([pair[0]], [pair[1]])
        except Exception:
            return pairs.index(pair)
    return "unknown (it fails on the batch only)"


def _scores() -> Mapping[str, Score]:
    from unirg_core.scores import SCORES

    return SCORES
