"""What is paid is never paid twice: not by a second call, another process, a killed one, or sixteen at once."""

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from fixtures_judge import Reply, Server, counts, pair_of, says, server, settings, well

from unirg_core.faults import BadInput
from unirg_core.scores.judge import Judge, JudgeFault, prompt
from unirg_core.scores.judge.answer import Judgement, Usage
from unirg_core.scores.judge.store import opened

__all__ = ["server"]  # a fixture is used by its name alone

MANY = [f"Report number {i}." for i in range(24)]
SAME = ["Left effusion."] * len(MANY)
SPAWN = multiprocessing.get_context("spawn")
JUDGED = Judgement((1, 0, 2, 0, 0, 0), (0, 0, 0, 0, 0, 3))


def _slowly(seconds: float):
    def behaviour(request, before):
        good = well(request, before)
        return Reply(good.body, seconds=seconds)

    return behaviour


def _judge(given, texts: list[str]) -> None:
    Judge(given)(texts, ["Left effusion."] * len(texts))


def _child(given, texts: list[str]):
    child = SPAWN.Process(target=_judge, args=(given, texts))
    child.start()
    return child


def _kept(home: Path) -> int:
    with sqlite3.connect(home / "judge" / "judge.db") as store:
        return store.execute("select count(*) from judgements").fetchone()[0]


def _until(holds, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_second_call_asks_nothing(server: Server) -> None:
    first = Judge(settings(server))(MANY, SAME)
    assert len(server.requests) == len(MANY)
    assert Judge(settings(server))(MANY[::-1], SAME).tolist() == first[::-1].tolist()
    assert len(server.requests) == len(MANY)


def test_equal_pairs_of_a_batch_are_asked_once(server: Server) -> None:
    Judge(settings(server))(["a", "b", "a", "a"], ["r", "r", "r", "s"])
    assert sorted(map(pair_of, server.requests)) == [("a", "r"), ("a", "s"), ("b", "r")]


@pytest.mark.parametrize("other", [{"model": "small"}, {"pair": ("b", "a")}, {"prompt": 2}])
def test_another_judge_pair_or_prompt_is_another_question(server: Server, monkeypatch, other) -> None:
    Judge(settings(server))(["a"], ["b"])
    monkeypatch.setattr(prompt, "VERSION", other.get("prompt", prompt.VERSION))
    candidate, reference = other.get("pair", ("a", "b"))
    Judge(settings(server, model=other.get("model", "tiny")))([candidate], [reference])
    assert len(server.requests) == 2


def test_the_key_cannot_be_moved_between_the_texts() -> None:
    assert prompt.key("a", "bc", "m") != prompt.key("ab", "c", "m")
    assert prompt.key("a\n", "b", "m") != prompt.key("a", "\nb", "m")


def test_another_process_shares_what_is_paid(server: Server) -> None:
    child = _child(settings(server), MANY)
    child.join()
    assert child.exitcode == 0 and len(server.requests) == len(MANY)
    Judge(settings(server))(MANY, SAME)
    assert len(server.requests) == len(MANY)


def test_processes_at_once_pay_each_pair_once(server: Server) -> None:
    server.behaviour = _slowly(0.05)
    children = [_child(settings(server, concurrency=4), MANY) for _ in range(2)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert len(server.requests) == len({pair_of(request) for request in server.requests}) == len(MANY)


def test_threads_at_once_pay_each_pair_once(server: Server) -> None:
    server.behaviour = _slowly(0.05)
    threads = [threading.Thread(target=_judge, args=(settings(server), MANY)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == len(MANY)


def test_a_kill_in_the_middle_keeps_what_was_paid(server: Server, unirg_home: Path) -> None:
    server.behaviour = _slowly(0.05)
    child = _child(settings(server, concurrency=2), MANY)
    _until(lambda: len(server.requests) >= 8)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    _until(lambda: server.now == 0)
    kept, asked = _kept(unirg_home), len(server.requests)
    assert 0 < kept < len(MANY) and asked - kept <= 2  # at most what was in flight is lost
    values = Judge(settings(server))(MANY, SAME)
    assert len(server.requests) == asked + len(MANY) - kept
    server.behaviour = None  # nothing may be asked any more
    assert Judge(settings(server))(MANY, SAME).tolist() == values.tolist()


def test_a_fault_keeps_what_is_paid_and_starts_nothing_new(server: Server, unirg_home: Path) -> None:
    def behaviour(request, before):
        bad = pair_of(request)[0] == MANY[3]
        return says("nonsense") if bad else Reply(well(request, before).body, seconds=0.1)

    server.behaviour = behaviour
    with pytest.raises(JudgeFault, match="the answer is no JSON"):
        Judge(settings(server, concurrency=4, retries=0))(MANY, SAME)
    assert len(server.requests) == 4 and _kept(unirg_home) == 3


@pytest.mark.parametrize("concurrency", [1, 3, 12])
def test_no_more_are_under_way_than_allowed(server: Server, concurrency: int) -> None:
    together = threading.Barrier(concurrency)

    def behaviour(request, before):
        if before < concurrency:
            together.wait(timeout=20)  # so many are under way at once, or this breaks
        return Reply(well(request, before).body, seconds=0.02)

    server.behaviour = behaviour
    Judge(settings(server, concurrency=concurrency))(MANY, SAME)
    assert server.peak == concurrency


def test_an_answer_is_kept_without_a_word_of_the_reports(server: Server, unirg_home: Path) -> None:
    Judge(settings(server))(["Mr Miller: effusion."], ["Mr Miller: no effusion."])
    written = b"".join(path.read_bytes() for path in (unirg_home / "judge").rglob("*") if path.is_file())
    assert b"Miller" not in written and b"effusion" not in written


def test_a_bad_answer_is_not_kept(server: Server, unirg_home: Path) -> None:
    server.behaviour = lambda *_: says("[]")
    with pytest.raises(JudgeFault):
        Judge(settings(server, retries=0))(["a"], ["b"])
    assert _kept(unirg_home) == 0
    server.behaviour = lambda *_: says(json.dumps(counts(1)))
    assert Judge(settings(server))(["a"], ["b"]).tolist() == [0.5]


def test_the_store_gives_back_what_it_was_given(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.get("k") is None
        store.put("k", JUDGED, "tiny", "1:x", Usage(prompt_tokens=3, completion_tokens=4))
        store.put("l", JUDGED, "tiny", "1:x", None)
    with opened(tmp_path) as store:
        assert store.get("k") == store.get("l") == JUDGED


def test_only_one_holds_a_claim(tmp_path: Path) -> None:
    key, other = "abc1", "abd1"
    with opened(tmp_path) as store, opened(tmp_path) as second:
        with store.claimed(key) as ours, second.claimed(key) as theirs, second.claimed(other) as free:
            assert (ours, theirs, free) == (True, False, True)
        with second.claimed(key) as theirs:
            assert theirs


@pytest.mark.parametrize("content", [b"no database, but long enough to be taken for one" * 9, None])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "judge.db"
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(BadInput, match=r"judge\.db cannot be used .*move a damaged file away"), opened(tmp_path):
        pass
