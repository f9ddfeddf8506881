"""Looks at the validation set while a phase trains: reports, their scores, the best model, and when to stop.

Reports are written as evaluation writes them: the likeliest words, or with `model.temperature` above 0 the sample that
picture and prompt decide (`models.generation`), whatever RL samples at. Only validation studies are looked at, always
the same ones. A look changes nothing in the training: the same random numbers follow, and a run that looks and keeps
its last model leaves the weights of one that never looked.

What exact resume needs lies in the phase's folder: `validation.json` (the looks) and, where the best model is wanted,
the weights that learn as `best-<step>.safetensors`. A look comes before the checkpoint of its step; older best weights
go only once a whole checkpoint stands behind what has replaced them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.families import gain
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json, written_whole
from unirg_core.models.longitudinal import question
from unirg_core.params import Model, Validated
from unirg_core.progress import record, say
from unirg_core.scores.reward import Score, measured
from unirg_core.training import SECONDS
from unirg_core.training.collapse import figures, sample
from unirg_core.training.data import Studies, references, studies_of
from unirg_core.training.phase import Phase
from unirg_core.training.watch import Watcher

NOTE, PREFIX = "validation.json", "validation/"

Scored = Callable[[Sequence[str], Sequence[str], Sequence[str]], dict[str, float]]
"""(texts, references, study ids) -> mean of each figure; must hold the one that is chosen by."""


def scorer(scores: Mapping[str, Score], names: Sequence[str]) -> Scored:
    """Return a function that scores reports by name and gives the means."""

    def means(texts: Sequence[str], wanted: Sequence[str], studies: Sequence[str]) -> dict[str, float]:
        return {name: float(measured(name, scores[name], texts, wanted, studies).mean()) for name in names}

    return means


def validation_sample(root: Path, settings: Validated, seed: int) -> Studies:
    """Return the fixed validation sample.

    Raises
    ------
    BadInput
        When there is no validation study.
    """
    studies = studies_of(root, "validation")
    if not len(studies):
        field = f"{'rl' if hasattr(settings, 'step1') else 'sft'}.validate_every"
        raise BadInput(
            f"{field} = {settings.validate_every}, but no validation study with a report is there "
            f"(data/selection.parquet); raise ingest.split.validation, or set {field} to 0."
        )
    return sample(studies, seed, settings.validation_studies)


def best(looks: Sequence[Mapping[str, float]], by: str) -> Mapping[str, float]:
    """Return the first of the best looks; of a score of which less is better, that is the least."""
    return max(looks, key=lambda look: (gain(by, look[PREFIX + by]), -look["step"]))


def exhausted(looks: Sequence[Mapping[str, float]], by: str, patience: int) -> bool:
    """Tell whether the last `patience` looks have all been no better than one before them."""
    return bool(patience) and sum(look["step"] > best(looks, by)["step"] for look in looks) >= patience


class Validation(Watcher):
    """Look every few steps, before the first and after the last."""

    def __init__(
        self, settings: Validated, studies: Studies, scored: Scored, phase: Phase, model: Model, processor: Any
    ) -> None:
        self.settings, self.scored, self.phase, self.model = settings, scored, phase, model
        self.processor, self.studies = processor, studies
        self.looks: list[dict[str, float]] = []

    def begin(self, trainer: Any, step: int) -> None:
        """Take up the looks of the process before, up to the checkpoint that training goes on from.

        Raises
        ------
        BadInput
            When the best model is wanted of one whose weights are spread over processes.
        """
        if self.settings.select == "best" and (trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled):
            raise BadInput(
                "select: best needs whole weights in each process, as FSDP and DeepSpeed have not; set last."
            )
        note = self.phase.folder / NOTE
        known = read_json(note) if note.exists() else []
        self.looks = [look for look in known if look["step"] <= step]
        for path in self.phase.folder.glob("best-*.safetensors"):
            if _step_of(path) > step:
                path.unlink()

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Look at the model that training starts from."""
        if state.global_step == 0 and not self.looks:
            self._look(0, model, state)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Look where it is time, and end the training where patience is."""
        step = state.global_step
        if step % self.settings.validate_every == 0 or step == state.max_steps:
            self._look(step, model, state)
            if exhausted(self.looks, self.settings.select_by, self.settings.patience):
                control.should_training_stop = True
                control.should_save = False  # a process that goes on from a checkpoint would take a further step

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Let go of weights that are the best no more, now that a whole checkpoint stands behind that."""
        if not state.is_world_process_zero or not self.looks:
            return
        kept = best(self.looks, self.settings.select_by)["step"]
        for path in self.phase.folder.glob("best-*.safetensors"):
            if _step_of(path) != kept:
                path.unlink()

    def finish(self, trainer: Any) -> None:
        """Put the best weights into the model, where they are wanted."""
        if self.settings.select != "best":
            return
        from safetensors.torch import load_file

        trainer.accelerator.wait_for_everyone()
        chosen = load_file(self._weights(best(self.looks, self.settings.select_by)["step"]))
        for name, parameter in _learning(trainer.model).items():
            parameter.data.copy_(chosen[name])

    def facts(self) -> dict[str, Any]:
        """Return the looks, which step was chosen, and by what."""
        chosen = best(self.looks, self.settings.select_by)["step"] if self.settings.select == "best" else None
        by = self.settings.select_by
        return {"validation": self.looks, "validated_on": len(self.studies), "selected_step": chosen, "selected_by": by}

    def _look(self, step: int, model: Any, state: Any) -> None:
        began = time.perf_counter()
        found = self._read(model)
        look = {"step": step, **{PREFIX + name: value for name, value in found.items()}}
        self.looks.append(look)
        if state.is_world_process_zero:
            if self.settings.select == "best" and best(self.looks, self.settings.select_by) is look:
                self._keep(step, model)
            write_json(self.phase.folder / NOTE, self.looks)
            self._tell(step, look, time.perf_counter() - began)

    def _read(self, model: Any) -> dict[str, float]:
        """Let the model write the sample's reports and return their figures."""
        import torch

        rows = self.studies.rows
        asked = [question(self.studies.root, row, self.model) for row in rows]
        pictures, prompts = [one.pictures for one in asked], [one.prompt for one in asked]
        with torch.random.fork_rng():
            texts = models.generate(model, self.processor, pictures, prompts, self.model)
        form = figures(texts)
        scores = self.scored(texts, references(self.studies), [row["study_id"] for row in rows])
        return {**scores, "distinct_share": form.distinct_share, "mean_words": form.mean_words}

    def _keep(self, step: int, model: Any) -> None:
        from safetensors.torch import save_file

        learnt = {name: value.detach().cpu().contiguous() for name, value in _learning(model).items()}
        with written_whole(self._weights(step)) as temporary:
            save_file(learnt, temporary)

    def _weights(self, step: int) -> Path:
        return self.phase.folder / f"best-{step}.safetensors"

    def _tell(self, step: int, look: Mapping[str, float], seconds: float) -> None:
        told = {name: value for name, value in look.items() if name != "step"}
        timed = {**told, f"{SECONDS}validation": seconds}
        record(self.phase.stage, self.phase.before + step, timed, self.phase.name)
        shown = "  ".join(f"{name.removeprefix(PREFIX)} {value:.3g}" for name, value in told.items())
        say(self.phase.stage, f"{self.phase.name} step {step}, validation: {shown}  ({seconds:.1f} s)")


def _learning(model: Any) -> dict[str, Any]:
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("best-"))
