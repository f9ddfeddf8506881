"""The budget: neither limit is ever passed, and whoever meets one is told what was spent and how to raise it."""

import multiprocessing
from pathlib import Path

import pytest
from fixtures_judge import USAGE, Reply, Server, fails, says, server, settings, well

from unirg_core.home import home
from unirg_core.scores.judge import Judge, JudgeFault
from unirg_core.scores.judge.store import opened

__all__ = ["server"]  # a fixture is used by its name alone

MANY = [f"Report number {i}." for i in range(12)]
SAME = ["Left effusion."] * len(MANY)
PRICES = {"price_in": 2.0, "price_out": 8.0}
EACH = (USAGE["prompt_tokens"] * 2.0 + USAGE["completion_tokens"] * 8.0) / 1e6


@pytest.fixture
def in_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Work as a child of the run `r1`."""
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "r1"))
    return "r1"


def _spent(run: str) -> tuple[int, float]:
    with opened(home() / "judge") as store:
        calls, cost = store.spent(run)
        return calls, cost * 1e-9


def test_the_most_calls_are_never_passed(server: Server) -> None:
    judge = Judge(settings(server, maximum_calls=5, concurrency=4))
    with pytest.raises(JudgeFault) as fault:
        judge(MANY, SAME)
    assert len(server.requests) == 5
    assert "spent: 5 questions and 0 of money" in str(fault.value)
    assert "raise it (--set scores.judge.maximum_calls=...)" in str(fault.value)
    assert Judge(settings(server, maximum_calls=7, concurrency=4))(MANY, SAME).shape == (12,)  # 5 are known
    assert len(server.requests) == 12


def test_what_is_known_costs_nothing(server: Server) -> None:
    Judge(settings(server))(MANY, SAME)
    assert Judge(settings(server, maximum_calls=1))(MANY, SAME).shape == (12,)


def test_money_is_counted_from_the_tokens_that_were_used(server: Server, in_a_run: str) -> None:
    Judge(settings(server, **PRICES))(MANY, SAME)
    assert _spent(in_a_run) == (12, pytest.approx(12 * EACH, abs=1e-12))


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_most_money_is_never_passed(server: Server, in_a_run: str, concurrency: int) -> None:
    server.behaviour = lambda request, before: Reply(well(request, before).body, seconds=0.02)
    limit = 8 * EACH
    with pytest.raises(JudgeFault, match=r"maximum_cost = 0\.0224; raise it") as fault:
        Judge(settings(server, maximum_cost=limit, concurrency=concurrency, **PRICES))(MANY, SAME)
    calls, cost = _spent(in_a_run)
    assert cost <= limit and calls == len(server.requests)
    assert f"spent: {calls} questions and {cost:.6g} of money" in str(fault.value)
    # It stops only when the most that one more could cost does not fit: sent bytes and 512 answered tokens.
    assert calls >= 3


def test_a_budget_is_of_a_run_and_not_of_a_process(server: Server, in_a_run: str) -> None:
    given = settings(server, maximum_calls=8)
    child = multiprocessing.get_context("spawn").Process(target=_judge_six, args=(given,))
    child.start()
    child.join()
    assert child.exitcode == 0
    with pytest.raises(JudgeFault, match="spent: 8 questions"):
        Judge(given)(MANY, SAME)
    assert len(server.requests) == 8


def _judge_six(given) -> None:
    Judge(given)(MANY[:6], SAME[:6])


def test_another_run_has_a_budget_of_its_own(server: Server, in_a_run: str, monkeypatch, tmp_path: Path) -> None:
    Judge(settings(server, maximum_calls=6))(MANY[:6], SAME[:6])
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "r2"))
    Judge(settings(server, maximum_calls=6))(MANY[6:], SAME[6:])
    assert (_spent("r1")[0], _spent("r2")[0]) == (6, 6)


def test_an_answer_that_cannot_be_used_is_paid_too(server: Server, in_a_run: str) -> None:
    server.behaviour = lambda *_: says("nonsense")
    with pytest.raises(JudgeFault, match="no usable answer"):
        Judge(settings(server, **PRICES))(["a"], ["b"])
    assert _spent(in_a_run) == (3, pytest.approx(3 * EACH, abs=1e-12))


def test_retries_of_a_bad_answer_stay_within_the_budget(server: Server) -> None:
    server.behaviour = lambda *_: says("nonsense")
    with pytest.raises(JudgeFault, match="spent: 2 questions"):
        Judge(settings(server, maximum_calls=2, retries=5))(["a"], ["b"])
    assert len(server.requests) == 2


# What a question is charged whose answer counts no tokens.
CHARGED = {
    "an answer without usage": lambda *_: says("nonsense", usage=None),
    "no completion": lambda *_: Reply(b"busy"),
    "a time-out, which may be billed": lambda *_: Reply(b"{}", seconds=0.5),
}


@pytest.mark.parametrize("behaviour", CHARGED.values(), ids=CHARGED)
def test_what_may_be_billed_is_charged_with_the_most_it_can_cost(server: Server, in_a_run: str, behaviour) -> None:
    server.behaviour = behaviour
    with pytest.raises(JudgeFault):
        Judge(settings(server, retries=0, timeout=0.2, price_out=8.0, answer_tokens=1000))(["a"], ["b"])
    assert _spent(in_a_run) == (1, pytest.approx(0.008, abs=1e-12))


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_what_is_not_answered_is_not_charged(server: Server, in_a_run: str, status: int) -> None:
    server.behaviour = fails(status)
    with pytest.raises(JudgeFault, match=f"answered {status}"):
        Judge(settings(server, retries=1, **PRICES))(["a"], ["b"])
    assert _spent(in_a_run) == (0, 0.0)
