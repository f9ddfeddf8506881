"""What is paid stays: judgements by content and what each run has spent, in one SQLite file for all processes.

It holds digests and counts, never report text. An answer is written as it comes, so a killed process loses only the
questions in flight. Money is kept in whole billionths, so that sums come out exact.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.home import locked, take_lock
from unirg_core.scores.judge.answer import ERRORS, Judgement, Usage

_WAIT_SECONDS = 60.0
_TABLES = """
create table if not exists judgements (
    key text primary key, significant text not null, insignificant text not null,
    model text not null, prompt text not null, tokens_in integer, tokens_out integer
) without rowid;
create table if not exists spent (run text primary key, calls integer not null, cost integer not null) without rowid;
"""


class Store:
    """An open store; of one thread, as SQLite's connections are."""

    def __init__(self, connection: sqlite3.Connection, locks: Path) -> None:
        self._connection = connection
        self._locks = locks

    def get(self, key: str) -> Judgement | None:
        """Return a kept judgement."""
        found = self._connection.execute("select significant, insignificant from judgements where key = ?", [key])
        row = found.fetchone()
        return None if row is None else Judgement(*(_counts(text) for text in row))

    def put(self, key: str, judgement: Judgement, model: str, prompt: str, usage: Usage | None) -> None:
        """Keep a judgement."""
        tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
        counts = (json.dumps(judgement.significant), json.dumps(judgement.insignificant))
        row = (key, *counts, model, prompt, *tokens)
        self._connection.execute("insert or replace into judgements values (?, ?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def claimed(self, key: str) -> Iterator[bool]:
        """Hold the right to ask for a key; yield whether it is ours. The kernel takes it back from a dead process."""
        lock = take_lock(self._locks / key[:3])  # 4,096 files at most; two keys that share one wait for each other
        try:
            yield lock is not None
        finally:
            if lock:
                lock.close()

    def reserve(self, run: str, cost: int, calls: int | None, limit: int | None) -> bool:
        """Count one more question of at most `cost`, unless that passes a limit; return whether it was counted."""
        self._connection.execute("insert or ignore into spent values (?, 0, 0)", [run])
        done = self._connection.execute(
            "update spent set calls = calls + 1, cost = cost + :cost where run = :run"
            " and (:calls is null or calls < :calls) and (:limit is null or cost + :cost <= :limit)",
            {"run": run, "cost": cost, "calls": calls, "limit": limit},
        )
        return done.rowcount == 1

    def settle(self, run: str, change: int, calls: int = 0) -> None:
        """Correct what a run has spent by a change of cost and of calls."""
        self._connection.execute(
            "update spent set cost = cost + ?, calls = calls + ? where run = ?", [change, calls, run]
        )

    def spent(self, run: str) -> tuple[int, int]:
        """Return the questions of a run and their cost; one in flight counts with the most that it can cost."""
        row = self._connection.execute("select calls, cost from spent where run = ?", [run]).fetchone()
        return row or (0, 0)


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Open (and make) the store in a folder.

    Raises
    ------
    BadInput
        When the file there is no store, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "judge.db"
    try:
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
        with closing(connection):
            with locked(folder / "opening.lock"):  # a switch to WAL does not wait for another process that switches
                connection.execute("pragma journal_mode = wal")
                connection.executescript(_TABLES)
            yield Store(connection, folder / "locks")
    except sqlite3.Error as error:
        raise BadInput(f"{path} cannot be used ({error}); free the disk, or move a damaged file away.") from None


def _counts(text: str) -> tuple[int, ...]:
    counts = tuple(json.loads(text))
    if len(counts) != len(ERRORS):
        raise sqlite3.DatabaseError(f"a judgement has {len(counts)} counts")
    return counts
