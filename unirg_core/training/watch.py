"""What a trainer tells: one line a step for whoever watches, the trajectory for the report, and the alarm for NaN."""

import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from unirg_core.faults import HonestNegative
from unirg_core.progress import Progress
from unirg_core.training import SECONDS, ranks
from unirg_core.training.checkpoints import mark_whole, of_step
from unirg_core.training.phase import Phase

_TOLD = ("loss", "grad_norm", "learning_rate", "entropy", "mean_token_accuracy", "kl", "reward", "reward_std")
_TOLD_BELOW = ("rewards/", "completions/", "clip_ratio/")
_ALSO_TOLD = ("frac_reward_zero_std",)
_WATCHED_BELOW = ("reports/", "resampling/")
_PLAIN = {"reports/truncated_share": "completions/clipped_ratio", "reports/zero_spread_share": "frac_reward_zero_std"}
_FIRST = ("loss", "reward", "kl", "completions/mean_length")


def figures(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of one step that depend on seed and data only; no times, no counts that a resume forgets."""
    return {
        name: float(value)
        for name, value in logs.items()
        if value is not None and (name in (*_TOLD, *_ALSO_TOLD) or name.startswith(_TOLD_BELOW))
    }


def seconds(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return what one step took, by part: for whoever watches, never for an output."""
    return {name: float(value) for name, value in logs.items() if name.startswith(SECONDS)}


def watched(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of one step that are only watched, in no output, and plain names for two of TRL's."""
    named = {name: logs[theirs] for name, theirs in _PLAIN.items() if theirs in logs}
    told = {**{name: value for name, value in logs.items() if name.startswith(_WATCHED_BELOW)}, **named}
    return {name: float(value) for name, value in told.items() if value is not None}


def trajectory(history: Iterable[Mapping[str, Any]]) -> list[dict[str, float]]:
    """Return the figures of every step from a trainer's log, which its checkpoints carry over a resume."""
    return [{"step": entry["step"], **figures(entry)} for entry in history if "loss" in entry]


class Watcher(TrainerCallback):
    """What looks on while a phase trains and may have a say in what it leaves."""

    def begin(self, trainer: Any, step: int) -> None:
        """Be told, before training, from which step on it goes."""

    def finish(self, trainer: Any) -> None:
        """Be told, after training, before the model is saved."""

    def facts(self) -> dict[str, Any]:
        """Return what belongs into the phase's facts."""
        return {}


class Watch(TrainerCallback):
    """Tell each step's figures, mark finished checkpoints, and stop at a loss that is no number."""

    def __init__(self, phase: Phase, begin: int) -> None:
        self.phase = phase.name
        self.progress = Progress(phase.stage, phase.total, start=phase.before + begin, phase=phase.name)
        self._began = self._took = 0.0
        self._tokens: float | None = 0.0 if begin == 0 else None

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock of a step: before its completions are sampled, in RL."""
        self._began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop the clock before anyone looks at the validation set."""
        self._took = time.perf_counter() - self._began

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:
        """Record one step.

        Raises
        ------
        HonestNegative
            When loss or gradient is no finite number: the model is lost.
        """
        if "loss" not in logs:
            return
        told = figures(logs)
        for name in ("loss", "grad_norm"):
            if not math.isfinite(told.get(name, 0.0)):
                where = f"step {state.global_step} of {self.phase}"
                raise HonestNegative(f"collapsed: {name} is {told[name]} at {where}; lower the learning_rate.")
        if not ranks.first():
            return
        first = {name: told[name] for name in _FIRST if name in told}
        self.progress.step(**{**first, **told, **watched(logs), **self._speed(logs)})

    def _speed(self, logs: Mapping[str, Any]) -> dict[str, float]:
        """Return what the step took, in all and for its rewards, and the tokens a second; the count may start anew."""
        told = {**seconds(logs), f"{SECONDS}step": self._took}
        if rewards := seconds(logs):
            told[f"{SECONDS}rewards"] = sum(rewards.values())
        before, self._tokens = self._tokens, logs.get("num_tokens")
        if before is not None and self._tokens is not None and self._tokens >= before and self._took:
            told["tokens_per_second"] = (self._tokens - before) / self._took
        return told

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint that the trainer has just finished, once every process has written its part."""
        ranks.together()
        if ranks.first():
            mark_whole(of_step(Path(args.output_dir), state.global_step))
