"""Progress of a long loop: a line on standard output now and then, and one JSON line a step in `metrics.jsonl`."""

import time
from collections.abc import Mapping

from unirg_core.files import append_line
from unirg_core.home import run_folder

_EVERY_SECONDS = 2.0


class Progress:
    """Count steps of one stage, say rate and time left, and append the figures of each step for whoever watches.

    `metrics.jsonl` lies in the run's folder and never in an output: it holds times. The stage only appends; the
    process that started it reads.
    """

    def __init__(self, stage: str, total: int, unit: str = "steps", start: int = 0) -> None:
        self.stage, self.total, self.unit = stage, total, unit
        self.done = self.start = start
        self._began = time.monotonic()
        self._said = 0.0

    def step(self, count: int = 1, **figures: float) -> None:
        """Advance by `count`; figures, if any, go to `metrics.jsonl` and the last ones into the printed line."""
        self.done += count
        if figures:
            record(self.stage, self.done, figures)
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS or self.done >= self.total:
            self._said = now
            say(self.stage, self._line(now, figures))

    def _line(self, now: float, figures: Mapping[str, float]) -> str:
        rate = (self.done - self.start) / max(now - self._began, 1e-9)
        left = max(self.total - self.done, 0) / max(rate, 1e-9)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in list(figures.items())[:4])
        share = 100 * self.done / max(self.total, 1)
        return (
            f"{self.done}/{self.total} {self.unit} ({share:.0f} %)  {rate:.3g}/s  {_clock(left)} left  {shown}".rstrip()
        )


def record(stage: str, step: int, figures: Mapping[str, float]) -> None:
    """Append one step's figures to the run's `metrics.jsonl`."""
    line = {"stage": stage, "step": step, "time": time.time(), "figures": {k: float(v) for k, v in figures.items()}}
    append_line(run_folder() / "metrics.jsonl", line)


def say(stage: str, text: str) -> None:
    """Print one line of a stage for the person who watches."""
    print(f"[{stage}] {text}", flush=True)  # noqa: T201 - the one place where a stage speaks


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
