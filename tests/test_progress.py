"""Progress: the rate of the last minute, the time left, one line that changes on a terminal, whole lines elsewhere."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from unirg_core import progress
from unirg_core.files import read_lines
from unirg_core.progress import Progress, relay, say

ROOT = Path(__file__).parents[1]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


class Terminal(io.StringIO):
    """What is printed to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (90061, "25:01:01")],
)
def test_time_left_reads_like_a_clock(seconds: float, clock: str) -> None:
    assert progress._clock(seconds) == clock


@pytest.mark.parametrize(
    ("rate", "said"), [(0.0, "0/min"), (0.05, "3/min"), (0.25, "0.25/s"), (12.34, "12.3/s"), (1234.5, "1,234/s")]
)
def test_a_rate_is_said_in_the_unit_that_reads_best(rate: float, said: str) -> None:
    assert progress._speed(rate) == said


def test_rate_and_time_left_are_of_the_last_minute(clock: Clock, capsys: pytest.CaptureFixture) -> None:
    bar = Progress("ingest", 10_000, "studies")
    for _ in range(300):  # five slow minutes at 1/s
        clock.now += 1
        bar.step()
    assert bar.rate == pytest.approx(1.0)
    for _ in range(70):  # then ten a second for more than the window
        clock.now += 1
        bar.step(10)
    assert bar.rate == pytest.approx(10.0)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("[ingest] ") and "/10,000 studies (" in last and "10/s" in last and "left" in last


def test_what_was_done_before_does_not_colour_the_rate(clock: Clock) -> None:
    bar = Progress("ingest", 1000)
    bar.skip(600)
    clock.now += 10
    bar.step(20)
    assert (bar.done, bar.rate) == (620, 2.0)
    assert Progress("sft", 100, start=40).done == 40


def test_a_million_steps_are_remembered_by_a_hundred_marks(clock: Clock, capsys: pytest.CaptureFixture) -> None:
    bar = Progress("x", 10**6)
    for _ in range(20_000):
        clock.now += 0.01
        bar.step(50)
    assert len(bar._seen) < 130 and bar.rate == pytest.approx(5000)


def test_a_log_gets_fewer_lines_as_a_long_stage_goes_on_and_the_last_one_always(
    clock: Clock, capsys: pytest.CaptureFixture
) -> None:
    bar = Progress("x", 3601)
    for _ in range(3600):
        clock.now += 1
        bar.step()
    assert 200 < len(capsys.readouterr().out.splitlines()) < 330
    bar.step()
    assert capsys.readouterr().out.startswith("[x] 3,601/3,601 steps (100 %)")


def test_one_that_is_not_done_is_never_a_hundred_percent(clock: Clock, capsys: pytest.CaptureFixture) -> None:
    bar = Progress("x", 1000)
    clock.now += 5
    bar.step(999)
    assert "(99 %)" in capsys.readouterr().out


def test_figures_stand_in_the_line_and_in_the_metrics(clock: Clock, run: Path, capsys: pytest.CaptureFixture) -> None:
    clock.now += 3
    Progress("sft", 10).step(loss=1.23456)
    assert "loss 1.235" in capsys.readouterr().out
    assert '"loss":1.23456' in (run / "metrics.jsonl").read_text()


@pytest.mark.parametrize(("phase", "named"), [("step2", {"phase": "step2"}), (None, {})])
def test_a_phase_stands_beside_the_step_where_there_is_one(phase: str | None, named: dict, run: Path) -> None:
    Progress("rl", 10, start=4, phase=phase).step(loss=1.0)
    (line,) = read_lines(run / "metrics.jsonl")
    del line["time"]
    assert line == {"stage": "rl", "step": 5, "figures": {"loss": 1.0}, **named}


def test_on_a_terminal_one_line_changes_and_other_words_stay(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    bar = Progress("ingest", 4, "studies")
    for _ in range(4):
        clock.now += 3
        bar.step()
    say("ingest", "4 studies taken")
    shown = screen.getvalue()
    assert shown.count("\n") == 2 and shown.count("\r\x1b[K") == 5
    assert shown.splitlines()[-1].endswith("[ingest] 4 studies taken")


def test_a_line_that_is_no_progress_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    relay("[validate] " + "a long sentence " * 40)
    assert screen.getvalue().count("sentence") == 40 and screen.getvalue().endswith("\n")


def test_on_a_real_terminal_and_in_a_real_pipe() -> None:
    code = (
        "import time\nfrom unirg_core.progress import Progress, say\nbar = Progress('ingest', 3, 'studies')\n"
        "for _ in range(3):\n    bar.step(); time.sleep(.01)\nsay('ingest', 'done')\n"
    )
    command, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(ROOT)}
    piped = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "\r" not in piped and "\x1b" not in piped and piped.endswith("[ingest] done\n")
    leader, follower = pty.openpty()
    subprocess.run(command, env=environment, stdout=follower, check=True)
    os.close(follower)
    shown = os.read(leader, 4096).decode()
    os.close(leader)
    assert "\r\x1b[K[ingest] 3/3 studies (100 %)" in shown and shown.rstrip().endswith("[ingest] done")
