"""What a trainer tells: one line a step for whoever watches, the trajectory for the report, and the alarm for NaN."""

import math
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


def trajectory(history: Iterable[Mapping[str, Any]]) -> list[dict[str, float]]:
    """Return the figures of every step from a trainer's log, which its checkpoints carry over a resume."""
    return [{"step": entry["step"], **figures(entry)} for entry in history if "loss" in entry]


class Watch(TrainerCallback):
    """Tell each step's figures, mark finished checkpoints, and stop at a loss that is no number."""

    def __init__(self, phase: Phase, begin: int) -> None:
        self.phase = phase.name
        self.progress = Progress(phase.stage, phase.total, start=phase.before + begin)

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
        self.progress.step(**{**first, **told, **seconds(logs)})

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint that the trainer has just finished, once every process has written its part."""
        ranks.together()
        if ranks.first():
            mark_whole(of_step(Path(args.output_dir), state.global_step))
