"""The reward is the score: one reward function a component, so that TRL logs each, weighted by the trainer.

TRL counts a reward of None as nothing and leaves NaN out; `scores.reward.measured` ends the training on either, and
names score, study and text.

Each function is a coroutine, which TRL runs side by side. What that gains depends on where a score computes, which the
score itself says by an attribute `place`:

- `here` (the default): plain Python in this process; one after the other, because they share what the labeler has read
  and the interpreter's lock.
- `service`: waits for another process, as the HTTP scorers and the judge do; each in a thread of its own.
- `process`: computes long; spread over `rl.score_processes` processes (0: a thread of this one).

Those that are not `here` begin as soon as the completions are there (`Rewards.begin`), while the reference model still
reads them. They cannot overlap generation itself: TRL's GRPO writes the completions of a step in one call, and the next
step's come from a policy that has learnt from this one's rewards.
"""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from unirg_core.home import die_with
from unirg_core.scores.reward import Score, all_scores, check_names, measured, on_raw
from unirg_core.training import SECONDS

HERE, SERVICE, PROCESS = "here", "service", "process"
_SAME = 1e-9

Tell = Callable[[str, float], None]


class Component:
    """One score as a reward function of TRL; it tells the step's zero-spread share and seconds.

    Parameters
    ----------
    name
        The score's; TRL logs mean and standard deviation of the batch under it.
    apart
        Where a score that is not computed here runs; None: computed here, when TRL asks.
    """

    def __init__(self, name: str, score: Score, apart: Executor | None) -> None:
        self.__name__ = name
        self._score, self._apart = score, apart
        self._known: dict[tuple[str, str], float] = {}
        self._begun: Future[tuple[np.ndarray, float]] | None = None

    def begin(self, texts: Sequence[str], references: Sequence[str], studies: Sequence[str]) -> None:
        """Start to score, where the score does not run here."""
        if self._apart:
            self._begun = self._apart.submit(self._timed, texts, references, studies)

    async def __call__(
        self,
        completions: Sequence[Any],
        reference: Sequence[str],
        study_id: Sequence[str],
        log_metric: Tell | None = None,
        **_: Any,
    ) -> list[float]:
        """Return the score of each completion.

        Raises
        ------
        ScoreFault
            When it has failed; training ends.
        """
        if self._apart:
            if self._begun is None:
                self.begin(texts_of(completions), reference, study_id)
            begun, self._begun = self._begun, None
            values, seconds = await asyncio.wrap_future(begun)
        else:
            await asyncio.sleep(0)  # those that run elsewhere go first
            values, seconds = self._timed(texts_of(completions), reference, study_id)
        self._known.clear()
        if log_metric:
            log_metric(f"rewards/{self.__name__}/zero_spread", zero_spread(values, study_id))
            log_metric(f"{SECONDS}{self.__name__}", seconds)
        return values.tolist()

    def _timed(
        self, texts: Sequence[str], references: Sequence[str], studies: Sequence[str]
    ) -> tuple[np.ndarray, float]:
        began = time.perf_counter()
        values = self.values(texts, references, studies)
        return values, time.perf_counter() - began

    def values(
        self, texts: Sequence[str], references: Sequence[str], studies: Sequence[str], *, remember: bool = False
    ) -> np.ndarray:
        """Return the score of each pair; what is remembered is not asked again within the step."""
        pairs = list(zip(texts, references, strict=True))
        new = [place for place, pair in enumerate(pairs) if pair not in self._known]
        asked = ([part[place] for place in new] for part in (texts, references, studies))
        found = dict(zip(new, measured(self.__name__, self._score, *asked), strict=True)) if new else {}
        values = np.array([found[n] if n in found else self._known[pair] for n, pair in enumerate(pairs)], float)
        if remember:
            self._known.update(zip(pairs, values.tolist(), strict=True))
        return values


class Rewards:
    """The rewards of one step of the recipe.

    Attributes
    ----------
    functions, weights
        TRL's reward functions and their weights on raw scores, in the order of the names; a weight of zero is left out.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        scores: Mapping[str, Score] | None = None,
        *,
        standardised: bool = False,
        processes: "Processes | None" = None,
    ) -> None:
        known = all_scores() if scores is None else scores
        check_names(weights, known)
        applied = on_raw(weights)[0] if standardised else weights
        kept = {name: weight for name, weight in sorted(applied.items()) if weight}
        places = {name: getattr(known[name], "place", HERE) for name in kept}
        apart = [name for name, place in places.items() if place != HERE]
        threads = ThreadPoolExecutor(len(apart), thread_name_prefix="scores") if apart else None
        self.weights = list(kept.values())
        self.functions = []
        for name in kept:
            score = processes.spread(known[name]) if processes and places[name] == PROCESS else known[name]
            self.functions.append(Component(name, score, threads if name in apart else None))

    def totals(self, texts: Sequence[str], references: Sequence[str], studies: Sequence[str]) -> np.ndarray:
        """Return the weighted reward of each completion before TRL asks, which then costs nothing."""
        parts = [function.values(texts, references, studies, remember=True) for function in self.functions]
        return np.asarray(self.weights) @ np.array(parts)

    def means(self, texts: Sequence[str], references: Sequence[str], studies: Sequence[str]) -> dict[str, float]:
        """Return the mean of each component, and of the weighted sum as `reward`."""
        found = {f.__name__: float(f.values(texts, references, studies).mean()) for f in self.functions}
        return {"reward": sum(w * v for w, v in zip(self.weights, found.values(), strict=True)), **found}

    def begin(self, inputs: Sequence[Mapping[str, Any]], completions: Sequence[Any], tell: Tell) -> None:
        """Start what runs elsewhere, and tell which share of the (completion, reference) pairs are different ones."""
        texts = texts_of(completions)
        references, studies = ([row[name] for row in inputs] for name in ("reference", "study_id"))
        for function in self.functions:
            function.begin(texts, references, studies)
        tell("completions/distinct", len(set(zip(texts, references, strict=True))) / len(texts))


class Processes:
    """Processes among which the pairs of a score are spread; a pair's value does not depend on its company."""

    def __init__(self, pool: Executor, count: int) -> None:
        self._pool, self._count = pool, count

    def spread(self, score: Score) -> Score:
        """Return the score, computed in the processes; it must be importable there, or picklable."""

        def apart(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
            size = max(1, -(-len(candidates) // self._count))  # neighbours share a reference: whole runs of pairs
            starts = range(0, len(candidates), size)
            parts = [
                self._pool.submit(score, candidates[start : start + size], references[start : start + size])
                for start in starts
            ]
            return np.concatenate([np.asarray(part.result(), float) for part in parts]) if parts else np.zeros(0)

        return apart


@contextmanager
def score_processes(count: int) -> Iterator[Processes | None]:
    """Hold processes for scores that compute long; none where the count is zero. They end with this process."""
    if not count:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # spawn: a forked child would share the threads and locks of torch
    pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=die_with, initargs=(os.getpid(),))
    try:
        yield Processes(pool, count)
    finally:
        pool.shutdown(cancel_futures=True)


def texts_of(completions: Sequence[Any]) -> list[str]:
    """Return the reports of TRL's completions."""
    return [completion[0]["content"].strip() for completion in completions]


def groups_without_spread(values: np.ndarray, size: int) -> list[int]:
    """Return which runs of `size` values, one after the other, are all the same."""
    groups = values.reshape(-1, size)
    return [int(place) for place in np.flatnonzero(np.ptp(groups, axis=1) < _SAME)]


def zero_spread(values: np.ndarray, studies: Sequence[str]) -> float:
    """Return the share of studies whose completions all got the same value, and so teach nothing by this score."""
    groups = defaultdict(list)
    for study, value in zip(studies, values, strict=True):
        groups[study].append(value)
    return sum(max(group) - min(group) < _SAME for group in groups.values()) / max(1, len(groups))
