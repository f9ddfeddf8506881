"""Who looks on while a phase trains: what RL keeps, its alarms, and the looks at the validation set of both stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.params import Alarms, Model, Validated
from unirg_core.training import alarms
from unirg_core.training.completions import Kept
from unirg_core.training.data import Studies
from unirg_core.training.phase import Phase
from unirg_core.training.validation import Scored, Validation, validation_sample
from unirg_core.training.watch import Watcher


class Keeping(Watcher):
    """Keep the completions of the step that has turned out to be the last."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def finish(self, trainer: Any) -> None:
        """Keep them before the phase has a result: a process that takes over from there trains no more."""
        self.kept.end()
        trainer.accelerator.wait_for_everyone()


class Alarm(Watcher):
    """Ring after each step whose figures mean a collapse."""

    def __init__(self, bounds: Alarms, phase: str, kept: Kept, *, texts: bool) -> None:
        self.bounds, self.phase, self.kept, self.texts = bounds, phase, kept, texts

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:
        """Compare the steps so far; the log that is read is the one that checkpoints carry."""
        if "loss" in logs:
            history = [entry for entry in state.log_history if "loss" in entry]
            alarms.check(history, self.bounds, self.phase, self.kept, texts=self.texts)


def validating(
    settings: Validated, studies: Studies | None, scored: Scored, phase: Phase, model: Model, processor: Any
) -> Sequence[Watcher]:
    """Return who looks at the validation set, where a sample of it is given."""
    return () if studies is None else (Validation(settings, studies, scored, phase, model, processor),)


def sampled_or_none(root: Path, settings: Validated, seed: int) -> Studies | None:
    """Return the validation sample where one is looked at."""
    return validation_sample(root, settings, seed) if settings.validate_every else None
