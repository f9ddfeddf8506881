"""What the judge may cost: questions and money of one run, over all its processes and after a kill.

Before a question is sent, the most that it can cost is set aside; its answer's own count of tokens replaces that. So
neither limit is ever passed, whatever is in flight. What a killed process had set aside stays counted: it may have
been paid. A question that the client repeats after 429, 5xx or a lost connection is one question: such tries are not
billed. One that timed out may have been, and stays counted with the most that it can cost.
"""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence

from unirg_core.faults import BadInput
from unirg_core.params import Judge as Settings
from unirg_core.scores.judge.answer import Usage, schema
from unirg_core.scores.judge.store import Store

_UNIT = 1e-9  # of money, in which costs are kept
_PER_TOKEN = 1e-6  # prices are per million tokens
_TEMPLATE_TOKENS = 64  # what a chat template adds around two messages, generously


class JudgeFault(BadInput):
    """The judge cannot answer, or may not be asked; the work stops and says why."""


class Budget:
    """The budget of one run, as one process sees it."""

    def __init__(self, settings: Settings, store: Store, run: str) -> None:
        self._settings, self._store, self._run = settings, store, run
        limit = settings.maximum_cost
        self._limit = None if limit is None else round(limit / _UNIT)
        self._in_flight = 0
        self._settled = asyncio.Condition()

    def most(self, chat: Sequence[Mapping[str, str]]) -> int:
        """Return the most that a question can cost. A token has at least a byte, so bytes bound what goes in."""
        sent = sum(len(message["content"].encode()) for message in chat) + len(json.dumps(schema())) + _TEMPLATE_TOKENS
        return self._cost(sent, self._settings.answer_tokens)

    async def take(self, most: int) -> None:
        """Set aside what a question can cost, waiting for others in flight that may turn out cheaper.

        Raises
        ------
        JudgeFault
            When it would pass a limit: with what was spent and how to raise it.
        """
        async with self._settled:
            while not self._store.reserve(self._run, most, self._settings.maximum_calls, self._limit):
                if not self._in_flight:
                    raise JudgeFault(self._spent())
                await self._settled.wait()
            self._in_flight += 1

    async def settle(self, most: int, usage: Usage | None) -> None:
        """Replace what was set aside by what the answer says it used; without that, the most stays counted."""
        actual = self._cost(usage.prompt_tokens, usage.completion_tokens) if usage else most
        await self._done(actual - most)

    async def give_back(self, most: int) -> None:
        """Forget a question that was not answered and is not billed."""
        await self._done(-most, -1)

    async def _done(self, change: int, calls: int = 0) -> None:
        async with self._settled:
            self._store.settle(self._run, change, calls)
            self._in_flight -= 1
            self._settled.notify_all()

    def _cost(self, tokens_in: int, tokens_out: int) -> int:
        price = tokens_in * self._settings.price_in + tokens_out * self._settings.price_out
        return math.ceil(price * _PER_TOKEN / _UNIT)

    def _spent(self) -> str:
        calls, cost = self._store.spent(self._run)
        settings = self._settings
        by_calls = calls >= settings.maximum_calls
        name, limit = ("calls", settings.maximum_calls) if by_calls else ("cost", settings.maximum_cost)
        return (
            f"The budget of the judge is spent: {calls} questions and {cost * _UNIT:.6g} of money, and one more would "
            f"pass scores.judge.maximum_{name} = {limit}; raise it (--set scores.judge.maximum_{name}=...) and start "
            "again: what is paid is kept."
        )
