"""The judge as a score: a batch of pairs, each paid once, asked side by side up to a bound."""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from unirg_core.home import home
from unirg_core.params import Judge as Settings
from unirg_core.scores.judge import endpoint, prompt
from unirg_core.scores.judge.answer import Judgement, Unusable, read_completion
from unirg_core.scores.judge.budget import Budget, JudgeFault
from unirg_core.scores.judge.store import Store, opened
from unirg_core.scores.pairs import each_pair

_LOOK_SECONDS = 0.05
"""Pause between two looks at a pair that another process is asking about."""

Pair = tuple[str, str]


class Judge:
    """Count the errors of candidates against references with a language model.

    Parameters
    ----------
    settings
        The section `scores.judge` of params.yaml.

    Raises
    ------
    BadInput
        At once, when the endpoint may not be sent report text or its key is not in the environment.
    """

    place = "service"  # training waits for it in a thread (unirg_core.training.rewards)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._local = endpoint.check_address(settings)
        endpoint.key_of(settings)
        self._run = Path(os.environ.get("UNIRG_RUN") or uuid4().hex).name  # by hand, each judge is a run of its own

    def check(self) -> None:
        """Ask the endpoint once for its models: it has to answer, and no report text is sent.

        Raises
        ------
        JudgeFault
            When it cannot be reached, refuses, or answers as no such endpoint does; in one sentence with the remedy.
        """
        if wrong := _finished(endpoint.silence(self.settings, self._local)):
            raise JudgeFault(f"The judge at {self.settings.base_url} {wrong}.")

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Return 1 / (errors + 1) of each study, in (0, 1]; raises as `judgements` does."""
        return np.array([one.score(self.settings.errors) for one in self.judgements(candidates, references)], float)

    def judgements(self, candidates: Sequence[str], references: Sequence[str]) -> list[Judgement]:
        """Return the counted errors of each pair; pairs that were ever answered are not asked again.

        Raises
        ------
        JudgeFault
            When a pair has no usable answer after all retries, or the budget is spent. Answers that came are kept.
        BadInput
            When there are not as many references as candidates, or a text is no string.
        """
        unique: list[Pair] = []

        def place(candidate: str, reference: str) -> float:
            unique.append((candidate, reference))
            return len(unique) - 1

        places = each_pair(place, candidates, references).astype(int)
        found = _finished(self._judged(unique))
        return [found[place] for place in places]

    async def _judged(self, pairs: Sequence[Pair]) -> list[Judgement]:
        settings = self.settings
        with opened(home() / "judge") as store:
            async with endpoint.client(settings, endpoint.key_of(settings), self._local) as client:
                return await _Batch(settings, store, client, Budget(settings, store, self._run)).all(pairs)


class _Batch:
    """One batch under way."""

    def __init__(self, settings: Settings, store: Store, client: Any, budget: Budget) -> None:
        self.settings, self.store, self.client, self.budget = settings, store, client, budget

    async def all(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """Judge every pair. After a fault nothing new is asked, but what is in flight is paid and is waited for."""
        waiting = iter(range(len(pairs)))
        found: dict[int, Judgement] = {}
        faults: list[Exception] = []

        async def work() -> None:
            for place in waiting:
                try:
                    found[place] = await self.one(*pairs[place])
                except Exception as fault:
                    faults.append(fault)
                if faults:
                    return

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self.settings.concurrency, len(pairs))):
                workers.create_task(work())
        if faults:
            raise faults[0]
        return [found[place] for place in range(len(pairs))]

    async def one(self, candidate: str, reference: str) -> Judgement:
        """Return what is kept, what another process is about to keep, or a new answer."""
        key = prompt.key(candidate, reference, self.settings.model)
        while (kept := self.store.get(key)) is None:
            with self.store.claimed(key) as ours:
                if ours:
                    return self.store.get(key) or await self.ask(key, prompt.messages(candidate, reference))
            await asyncio.sleep(_LOOK_SECONDS)
        return kept

    async def ask(self, key: str, chat: list[dict[str, str]]) -> Judgement:
        """Ask until an answer is usable; each try is paid. The pair is named by its key, never by its text."""
        for left in reversed(range(self.settings.retries + 1)):
            try:
                return await self.answer(key, chat)
            except Unusable as how:
                if not (left and how.again):
                    raise JudgeFault(
                        f"The judge {self.settings.model} gave no usable answer to the pair {key[:12]}: {how}."
                    ) from None
        raise AssertionError("every last try returns or raises")

    async def answer(self, key: str, chat: list[dict[str, str]]) -> Judgement:
        """Ask once, within the budget, and keep the answer."""
        most = self.budget.most(chat)
        await self.budget.take(most)
        body = await self._sent(key, chat, most)
        completion = None
        try:
            completion = read_completion(body)
            judgement = completion.judgement()
            self.store.put(key, judgement, self.settings.model, prompt.version(), completion.usage)
        finally:
            await self.budget.settle(most, completion.usage if completion else None)
        return judgement

    async def _sent(self, key: str, chat: list[dict[str, str]], most: int) -> bytes:
        from openai import APITimeoutError, OpenAIError

        try:
            return await endpoint.asked(self.client, self.settings, chat)
        except APITimeoutError as error:  # it may have been billed all the same
            await self.budget.settle(most, None)
            fault = endpoint.explained(error)
        except OpenAIError as error:
            await self.budget.give_back(most)
            fault = endpoint.explained(error)
        raise JudgeFault(f"The judge at {self.settings.base_url}, asked about the pair {key[:12]}, {fault}.")


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, also where a loop runs already, as in a notebook."""
    if not _in_a_loop():
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
