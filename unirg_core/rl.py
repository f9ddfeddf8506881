"""Reinforcement learning: two GRPO steps on the clinical scores, from the SFT model (arXiv 2601.17151).

What the paper leaves open is a parameter each, with these defaults: upper clip .28, temperature and top-p 1, advantages
divided by their group's standard deviation. The KL of a step is measured against the model that the step starts from,
which is handed to the trainer as a plain model (a LoRA adapter is merged first), so that it is zero before the first
update. The reward sees the reference reports that SFT learnt from, and never the truth file.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.params import Params, RlStep
from unirg_core.progress import say
from unirg_core.scores.configured import configured
from unirg_core.scores.reward import Score, check_names
from unirg_core.training import collapse, data, fitting, ranks
from unirg_core.training.arguments import check_generation
from unirg_core.training.phase import Build, Phase, Result, run
from unirg_core.training.rewards import Processes, Rewards, score_processes
from unirg_core.training.stage import check_base, input_digest, publish, working


def rl(params: Params, root: Path) -> None:
    """Train `checkpoints/rl` from `checkpoints/sft`, and write `reports/rl.json`.

    A killed run goes on from its last checkpoint and ends with the same bytes.

    Raises
    ------
    BadInput
        When the base model is not the pinned one, SFT has left no model, or a reward names no score.
    HonestNegative
        When the policy has collapsed.
    """
    check_generation(params.rl.generation, params.model)
    base = check_base(params, root)
    start = root / "checkpoints" / "sft"
    if not (start / "config.json").is_file():
        raise BadInput(f"{start} holds no model; run `unirg sft` first.")
    steps = {"step1": params.rl.step1} | ({"step2": params.rl.step2} if params.rl.step2 else {})
    named = [name for step in steps.values() for name in step.reward]
    scores = configured(params.scores, lambda: data.references(studies), named)
    for step in steps.values():
        check_names(step.reward, scores)
    studies = data.training_studies(root)
    steps = {name: _counted(step, len(studies)) for name, step in steps.items()}
    ranks.join(models.device(params.model) == "cpu")
    fitting.check(params, "rl", root)
    sections = {"seed": params.seed, **params.model_dump(mode="json", include={"launch", "model", "rl", "scores"})}
    with working("rl", input_digest("rl", sections, root, tree_digest(start))) as work:
        with score_processes(params.rl.score_processes) as processes:
            rewards = {name: _rewards(step, scores, processes) for name, step in steps.items()}
            results = _steps(params, studies, steps, rewards, start, work)
        if not ranks.first():
            return
        last = list(results.values())[-1].model
        figures = _alarm(params, root, studies, start, last)
        facts = {name: result.facts for name, result in results.items()}
        publish(root, "rl", last, {"base_model": base, "studies": len(studies), **facts, "sample": figures})


def _counted(step: RlStep, studies: int) -> RlStep:
    """Return the step with its optimiser steps: as set, or as many as the epochs take."""
    return step.model_copy(update={"steps": step.steps or math.ceil(step.epochs * studies / step.prompts)})


def _rewards(step: RlStep, scores: Mapping[str, Score], processes: Processes | None) -> Rewards:
    return Rewards(step.reward, scores, standardised=step.weights == "standardised", processes=processes)


def _steps(
    params: Params,
    studies: data.Studies,
    steps: dict[str, RlStep],
    rewards: Mapping[str, Rewards],
    start: Path,
    work: Path,
) -> dict[str, Result]:
    total, before = sum(step.steps for step in steps.values()), 0
    results: dict[str, Result] = {}
    for number, (name, step) in enumerate(steps.items()):
        say("rl", f"{name}: {step.steps} steps of {step.prompts} prompts x {step.rollouts} rollouts")
        seed = params.seed + number
        order = data.drawn_order(len(studies), step.steps * step.prompts, seed)
        phase = Phase(
            stage="rl",
            name=name,
            folder=work / name,
            start=start,
            order=tuple(studies.rows[place]["study_id"] for place in order),
            per_step=step.prompts,
            steps=step.steps,
            seed=seed,
            before=before,
            total=total,
        )
        results[name] = run(phase, params.model, _builder(params, studies, step, seed, order, rewards[name]))
        start, before = results[name].model, before + step.steps
    return results


def _builder(
    params: Params, studies: data.Studies, step: RlStep, seed: int, order: list[int], rewards: Rewards
) -> Build:
    def build(model: Any, processor: Any, folder: Path) -> Any:
        from unirg_core.training.arguments import grpo_config
        from unirg_core.training.trainers import ExactGrpo

        return ExactGrpo(
            model=model,
            reward_funcs=rewards.functions,
            begin=rewards.begin,
            args=grpo_config(
                step,
                params.model,
                folder,
                seed,
                params.rl.checkpoint_steps,
                rewards.weights,
                processes=params.launch.processes,
                micro_batch=params.rl.micro_batch,
                generation=params.rl.generation,
            ),
            train_dataset=data.sequence(studies, order, data.rewarded, params.model),
            processing_class=processor,
        )

    return build


def _alarm(params: Params, root: Path, studies: data.Studies, start: Path, last: Path) -> dict[str, Any]:
    """Compare what SFT and RL write for a fixed validation sample; training studies stand in where there is none."""
    validation = data.studies_of(root, "validation")
    sample = collapse.sample(validation if len(validation) else studies, params.seed)
    before, after = (collapse.written(params.model, model, sample) for model in (start, last))
    collapse.check(before, after)
    return {"sft": asdict(before), "rl": asdict(after)}
