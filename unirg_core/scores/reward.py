"""The reward of reinforcement learning: a weighted sum of the same scores that `evaluate` reports.

A score that fails must stop the training: a reward function that returns None is silently counted as 0 by TRL
(test_scores_traps, 7), and a NaN poisons the advantage of its whole group. What stops is named by score, study and
a digest of the text, never by the text itself.

Weights may apply to raw scores (the default: the paper prints .370 / .253 / .377, not how they apply) or to
standardised ones. Standardised takes RadCliQ-v1's published means and scales, so that the paper's weights on its three
parts give exactly -RadCliQ-v1; a score without published ones is weighed as it is.
"""

import hashlib
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.scores.radcliq import standards
from unirg_core.scores.setup import needed

Score = Callable[[Sequence[str], Sequence[str]], np.ndarray]
Reward = Callable[..., tuple[np.ndarray, dict[str, np.ndarray]]]
Pair = tuple[str, str]

_SEARCH_SECONDS = 20.0
_SHORTEST_TEXT = 8


class ScoreFault(BadInput):
    """A score failed or gave something that is no finite number for each sample; the work stops."""


def check_names(names: Iterable[str], scores: Mapping[str, Score] | None = None) -> None:
    """Refuse names that are no scores, or of scores that are not set up.

    Raises
    ------
    BadInput
        Naming the first one with what it needs, or with the scores that there are.
    """
    known = all_scores() if scores is None else scores
    for name in names:
        if name not in known:
            raise BadInput(needed(name) or f"{name} is no score; there are {', '.join(sorted(known))}.")


def weighted(
    weights: Mapping[str, float], scores: Mapping[str, Score] | None = None, *, standardised: bool = False
) -> Reward:
    """Return the weighted sum of scores as one function.

    Parameters
    ----------
    weights
        Score name -> weight; a weight of zero still computes and returns its component.
    scores
        Where the names are looked up; by default `unirg_core.scores.SCORES`.
    standardised
        Whether a weight applies to the score less its published mean, over its published scale.

    Returns
    -------
    callable
        `(candidates, references, studies=None) -> (total, components)`: arrays of one float a sample, the components
        as the scores give them. It raises `ScoreFault` as `measured` does.
    """
    known = all_scores() if scores is None else scores
    check_names(weights, known)
    applied, constant = on_raw(weights) if standardised else (weights, 0.0)

    def reward(
        candidates: Sequence[str], references: Sequence[str], studies: Sequence[str] | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        components = {name: measured(name, known[name], candidates, references, studies) for name in weights}
        total = np.full(len(candidates), constant)
        for name, weight in applied.items():
            total += weight * components[name]
        return total, components

    return reward


def on_raw(weights: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Turn weights on standardised scores into the equal weights on raw scores, and a constant to be added.

    The constant moves every sample alike, so no advantage of GRPO depends on it.
    """
    known = standards()
    applied = {name: w / known[name][1] if name in known else w for name, w in weights.items()}
    constant = -sum(w * known[name][0] / known[name][1] for name, w in weights.items() if name in known)
    return applied, float(constant)


def measured(
    name: str,
    score: Score,
    candidates: Sequence[str],
    references: Sequence[str],
    studies: Sequence[str] | None = None,
) -> np.ndarray:
    """Return a score of each pair, one float a sample; identical pairs are scored once.

    Raises
    ------
    ScoreFault
        When the score raises or gives anything but a finite number. It names the score, the study (without studies:
        the sample's index) and the digest of the candidate.
    """
    pairs = list(zip(candidates, references, strict=True))
    place = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
    unique = list(place)

    def whose(pair: Pair) -> str:
        index = pairs.index(pair)
        return f"{f'study {studies[index]}' if studies else f'sample {index}'}, text {text_id(pair[0])}"

    try:
        given = score([c for c, _ in unique], [r for _, r in unique])
    except Exception as error:
        blamed = _blamed(score, unique, whose)
        raise ScoreFault(f"The score {name} failed at {blamed}: {_told(error, unique)}") from error
    values = np.asarray([np.nan] * len(unique) if given is None else given, float)
    if values.shape != (len(unique),):
        raise ScoreFault(f"The score {name} gave {values.size} values for {len(unique)} samples.")
    if not np.isfinite(values).all():
        wrong = int(np.argmin(np.isfinite(values)))
        raise ScoreFault(f"The score {name} gave {values[wrong]} for {whose(unique[wrong])}.")
    return values[np.array([place[pair] for pair in pairs], int)]


def text_id(text: str) -> str:
    """Return the start of the text's SHA-256: a text can be found again by it, and is not told by it."""
    return hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _blamed(score: Score, unique: Sequence[Pair], whose: Callable[[Pair], str]) -> str:
    """Find a text that makes a score fail, by halves; a service that is down fails at every text."""
    suspects, until = list(unique), time.monotonic() + _SEARCH_SECONDS
    while len(suspects) > 1 and time.monotonic() < until:
        first = suspects[: len(suspects) // 2]
        suspects = first if _fails(score, first) else suspects[len(first) :]
    if len(suspects) > 1:
        return f"one of {len(suspects)} texts from {whose(suspects[0])} on"
    if len(unique) == 1:
        return whose(suspects[0])
    if not _fails(score, suspects):
        return f"no single text of the batch from {whose(unique[0])} on"
    other = unique[-1] if suspects[0] != unique[-1] else unique[0]
    return whose(suspects[0]) + (" and at others" if _fails(score, [other]) else "")


def _fails(score: Score, pairs: Sequence[Pair]) -> bool:
    try:
        score([c for c, _ in pairs], [r for _, r in pairs])
    except Exception:
        return True
    return False


def _told(error: Exception, pairs: Iterable[Pair]) -> str:
    """Return what an exception says, where it was raised, and nothing of the texts."""
    said = str(error)
    texts = {str(text) for pair in pairs for text in pair}
    for text in sorted((text for text in texts if len(text) >= _SHORTEST_TEXT), key=len, reverse=True):
        for form in (text, repr(text)[1:-1]):
            said = said.replace(form, f"(text {text_id(text)})")
    if isinstance(error, BadInput):
        return said
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {said}{where}"


def all_scores() -> Mapping[str, Score]:
    """Return every score; looked up when asked, because `unirg_core.scores` imports this module."""
    from unirg_core.scores import SCORES

    return SCORES
