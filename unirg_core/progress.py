"""Progress of a long loop: a line on standard output now and then, and one JSON line a step in `metrics.jsonl`."""

import re
import shutil
import sys
import time
from collections import deque
from collections.abc import Mapping

from unirg_core.files import append_line
from unirg_core.home import run_folder

METRICS = "metrics.jsonl"
"""Name of the file of figures in a run's folder."""

_EVERY_SECONDS = 2.0
_RAREST_SECONDS = 15.0  # in a log, where lines pile up; reached after five minutes
_WINDOW_SECONDS = 60.0

PROGRESS = re.compile(r"\] (?P<done>[\d,]+)/(?P<total>[\d,]+) [\w ]+ \(\d+ %\)")
"""How a line of progress goes on after the stage's name."""


class Progress:
    """Count steps of one stage, say rate and time left, and append the figures of each step for whoever watches.

    The rate is that of the last minute, so that a slow start or what a resumed run found done does not colour it. On
    a terminal one line changes in place; elsewhere whole lines come, fewer of them.
    `metrics.jsonl` lies in the run's folder and never in an output: it holds times. The stage only appends; the
    process that started it reads.
    """

    def __init__(self, stage: str, total: int, unit: str = "steps", start: int = 0, phase: str | None = None) -> None:
        self.stage, self.total, self.unit, self.phase = stage, total, unit, phase
        self.done = start
        self._seen = deque([(time.monotonic(), start)])  # (time, done), of the window and the last one before it
        self._began, self._said = time.monotonic(), 0.0

    def skip(self, count: int) -> None:
        """Advance over what was done before: it counts as done, and not for the rate."""
        self.done += count
        self._seen = deque((when, done + count) for when, done in self._seen)

    def step(self, count: int = 1, **figures: float) -> None:
        """Advance by `count`; figures, if any, go to `metrics.jsonl` and the last ones into the printed line."""
        self.done += count
        if figures:
            record(self.stage, self.done, figures, self.phase)
        now = time.monotonic()
        self._remember(now)
        if now - self._said >= self._pause(now) or self.done >= self.total:
            self._said = now
            relay(f"[{self.stage}] {self._line(figures)}")

    @property
    def rate(self) -> float:
        """Return steps a second over the last minute."""
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / max(now - began, 1e-9)

    def _pause(self, now: float) -> float:
        slower = 0.0 if sys.stdout.isatty() else (now - self._began) / 20
        return min(max(_EVERY_SECONDS, slower), _RAREST_SECONDS)

    def _remember(self, now: float) -> None:
        if len(self._seen) > 1 and now - self._seen[-1][0] < _WINDOW_SECONDS / 100:
            self._seen.pop()  # a hundred marks tell the rate as well as a million
        self._seen.append((now, self.done))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_SECONDS:
            self._seen.popleft()

    def _line(self, figures: Mapping[str, float]) -> str:
        share = 100 * self.done // max(self.total, 1)
        line = f"{self.done:,}/{self.total:,} {self.unit} ({share} %)  {_speed(self.rate)}"
        if self.done < self.total:
            line += f"  {_clock((self.total - self.done) / self.rate) if self.rate else '?'} left"
        return "  ".join([line, *(f"{name} {value:.4g}" for name, value in list(figures.items())[:4])])


def record(stage: str, step: int, figures: Mapping[str, float], phase: str | None = None) -> None:
    """Append one step's figures to the run's `metrics.jsonl`: `step` counts over the stage, of whatever phase it is."""
    line = {"stage": stage, "step": step, "time": time.time(), "figures": {k: float(v) for k, v in figures.items()}}
    append_line(run_folder() / METRICS, line | ({"phase": phase} if phase else {}))


def say(stage: str, text: str) -> None:
    """Print one line of a stage for the person who watches."""
    relay(f"[{stage}] {text}")


def relay(line: str) -> None:
    """Print a line that a stage has said; on a terminal a line of progress takes the place of the last one."""
    if not sys.stdout.isatty():
        print(line, flush=True)  # noqa: T201 - the one place where a stage speaks
        return
    moving = PROGRESS.search(line)
    width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be taken back
    end = "\n" if not moving or moving["done"] == moving["total"] else ""
    print(f"\r\x1b[K{line[:width] if moving else line}", end=end, flush=True)  # noqa: T201 - the same


def _speed(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s" if rate >= 0.1 else f"{60 * rate:.2g}/min"


def _clock(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{clock}" if hours else clock.removeprefix("0")
