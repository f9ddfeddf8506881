"""Reinforcement learning: two GRPO steps on the clinical scores, from the SFT model (arXiv 2601.17151).

What the paper leaves open is a parameter each, with these defaults: upper clip .28, temperature and top-p 1, advantages
divided by their group's standard deviation. The KL of a step is measured against the model that the step starts from,
which is handed to the trainer as a plain model (a LoRA adapter is merged first), so that it is zero before the first
update. The reward sees the reference reports that SFT learnt from, and never the truth file.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.families import DRAWN_REPORTS
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import tree_digest
from unirg_core.params import Params, RlStep
from unirg_core.progress import say
from unirg_core.scores.answer import read_by
from unirg_core.scores.configured import configured
from unirg_core.scores.reward import Score, check_names
from unirg_core.training import collapse, curriculum, curves, data, fitting, ranks
from unirg_core.training.arguments import check_generation
from unirg_core.training.completions import Kept
from unirg_core.training.phase import Attend, Build, Phase, Result, run
from unirg_core.training.resampling import Resampler, Reserve
from unirg_core.training.rewards import Processes, Rewards, score_processes
from unirg_core.training.stage import check_base, input_digest, prompted, publish
from unirg_core.training.work import working


def rl(params: Params, root: Path) -> None:
    """Train `checkpoints/rl` from `checkpoints/sft`, and write `reports/rl.json`.

    A killed run goes on from its last checkpoint and ends with the same bytes.

    Raises
    ------
    BadInput
        When the base model is not the pinned one, SFT has left no model, or a reward names no score.
    HonestNegative
        When the policy has collapsed, at the end or at any step (docs/training.md).
    """
    check_generation(params.rl.generation, params.model)
    base = check_base(params, root)
    start = root / "checkpoints" / "sft"
    if not (start / "config.json").is_file():
        raise BadInput(f"{start} holds no model; run `unirg sft` first.")
    steps = {"step1": params.rl.step1} | ({"step2": params.rl.step2} if params.rl.step2 else {})
    looked = params.rl.validation_scores if params.rl.validate_every else ()
    named = [name for step in steps.values() for name in step.reward] + list(looked)
    scores = read_by(configured(params.scores, lambda: data.references(studies), named), params.model.output)
    for wanted in (*(step.reward for step in steps.values()), looked):
        check_names(wanted, scores)
    studies = data.training_studies(root)
    steps = {name: _counted(step, len(studies)) for name, step in steps.items()}
    borders = [steps["step1"].steps] if params.rl.step2 else []
    ranks.join(models.device(params.model) == "cpu")
    fitting.check(params, "rl", root)
    sections = {"seed": params.seed, **params.model_dump(mode="json", include={"launch", "model", "rl", "scores"})}
    with (
        working("rl", input_digest("rl", sections, root, tree_digest(start))) as work,
        curves.drawn("rl", params.ingest.kind, borders),
    ):
        with score_processes(params.rl.score_processes) as processes:
            rewards = {name: _rewards(step, scores, processes) for name, step in steps.items()}
            training = Training(params, root, studies, scores)
            results = _steps(training, steps, rewards, start, work)
        if not ranks.first():
            return
        last = list(results.values())[-1].model
        figures = _alarm(params, root, studies, start, last)
        facts = {name: result.facts for name, result in results.items()}
        started = {"base_model": base, "prompt": prompted(params.model), "studies": len(studies)}
        publish(root, "rl", last, {**started, **facts, "sample": figures})


def _counted(step: RlStep, studies: int) -> RlStep:
    """Return the step with its optimiser steps: as set, or as many as the epochs take."""
    return step.model_copy(update={"steps": step.steps or math.ceil(step.epochs * studies / step.prompts)})


def _rewards(step: RlStep, scores: Mapping[str, Score], processes: Processes | None) -> Rewards:
    return Rewards(step.reward, scores, standardised=step.weights == "standardised", processes=processes)


@dataclass(frozen=True)
class Training:
    """What both steps share."""

    params: Params
    root: Path
    studies: data.Studies
    scores: Mapping[str, Score]


def _steps(
    training: Training, steps: Mapping[str, RlStep], rewards: Mapping[str, Rewards], start: Path, work: Path
) -> dict[str, Result]:
    total, before = sum(step.steps for step in steps.values()), 0
    rows, params = training.studies.rows, training.params
    results: dict[str, Result] = {}
    for number, (name, step) in enumerate(steps.items()):
        say(
            "rl",
            f"{name}: {step.steps} step{'s' * (step.steps != 1)} of {step.prompts} prompts x {step.rollouts} rollouts",
        )
        seed = params.seed + number
        order = curriculum.order(step.curriculum, rows, step.steps, step.prompts, seed)
        phase = Phase(
            stage="rl",
            name=name,
            folder=work / name,
            start=start,
            order=tuple(rows[place]["study_id"] for place in order),
            per_step=step.prompts,
            steps=step.steps,
            seed=seed,
            before=before,
            total=total,
        )
        kept = Kept(name, step.steps, params.rl.keep_completions_every)
        build = _builder(training, step, phase, order, rewards[name], kept)
        try:
            results[name] = run(phase, params.model, build, _attend(training, rewards[name], kept))
        except HonestNegative:
            kept.end()  # a collapse has a last step too
            raise
        start, before = results[name].model, before + step.steps
    return results


def _builder(training: Training, step: RlStep, phase: Phase, order: list[int], rewards: Rewards, kept: Kept) -> Build:
    params = training.params

    def build(model: Any, processor: Any, folder: Path) -> Any:
        from unirg_core.training.arguments import grpo_config
        from unirg_core.training.trainers import ExactGrpo

        return ExactGrpo(
            model=model,
            rewards=rewards,
            kept=kept,
            resampler=_resampler(training, step, phase, order, rewards),
            args=grpo_config(
                step,
                params.model,
                folder,
                phase.seed,
                params.rl.checkpoint_steps,
                rewards.weights,
                processes=params.launch.processes,
                micro_batch=params.rl.micro_batch,
                generation=params.rl.generation,
            ),
            train_dataset=data.sequence(training.studies, order, data.rewarded, params.model),
            processing_class=processor,
        )

    return build


def _resampler(training: Training, step: RlStep, phase: Phase, order: list[int], rewards: Rewards) -> Resampler | None:
    if step.resample_zero_spread is None:
        return None

    def shown(place: int) -> dict[str, Any]:
        return data.sequence(training.studies, [place], data.rewarded, training.params.model)[0]

    factor = step.resample_zero_spread.factor
    reserve = Reserve(order, len(training.studies), step.prompts, factor, phase.seed, shown)
    return Resampler(reserve, rewards, step.rollouts, phase.folder)


def _attend(training: Training, rewards: Rewards, kept: Kept) -> Attend:
    params = training.params
    settings = params.rl

    def attend(phase: Phase, processor: Any) -> list[Any]:
        from unirg_core.training.attending import Alarm, Keeping, sampled_or_none, validating
        from unirg_core.training.validation import scorer

        beside = scorer(training.scores, settings.validation_scores)

        def scored(texts: Sequence[str], references: Sequence[str], studies: Sequence[str]) -> dict[str, float]:
            return {**beside(texts, references, studies), **rewards.means(texts, references, studies)}

        sample = sampled_or_none(training.root, settings, params.seed)
        ringing = [Alarm(settings.alarms, phase.name, kept, texts=drawn(params))] if settings.alarms else []
        return [*validating(settings, sample, scored, phase, params.model, processor), Keeping(kept), *ringing]

    return attend


def drawn(params: Params) -> bool:
    """Tell whether the reports are drawn, so that they may be quoted outside the run's folder."""
    return params.ingest.kind in DRAWN_REPORTS


def _alarm(params: Params, root: Path, studies: data.Studies, start: Path, last: Path) -> dict[str, Any]:
    """Compare what SFT and RL write for a fixed validation sample; training studies stand in where there is none."""
    validation = data.studies_of(root, "validation")
    sample = collapse.sample(validation if len(validation) else studies, params.seed)
    before, after = (collapse.written(params.model, model, sample) for model in (start, last))
    collapse.check(before, after)
    return {"sft": asdict(before), "rl": asdict(after)}
