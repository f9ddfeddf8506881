"""Supervised fine-tuning: the base model learns to write the reference reports (arXiv 2601.17151, step one).

Departures from the paper, which trains Qwen3-VL-8B for 3 epochs at a learning rate of 5e-5 and batches of 256: all of
it is in `params.yaml`; the embedded tiny model takes larger rates and its vision tower stays as pretrained, because
plain SFT from scratch collapses to boilerplate before the tower sees anything.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.params import Params, Sft
from unirg_core.progress import say
from unirg_core.scores.answer import read_by
from unirg_core.scores.reward import all_scores, check_names
from unirg_core.training import curves, data, fitting, ranks
from unirg_core.training.phase import Attend, Phase, run
from unirg_core.training.stage import check_base, input_digest, prompted, publish, report
from unirg_core.training.work import working


def sft(params: Params, root: Path) -> None:
    """Train `checkpoints/sft` from the base model, and write `reports/sft.json`.

    A killed run goes on from its last checkpoint and ends with the same bytes.

    Raises
    ------
    BadInput
        When the base model is not the pinned one, nothing is there to train on, or the memory will not do.
    HonestNegative
        When the loss is no number any more.
    """
    base = check_base(params, root)
    if params.sft.validate_every:
        check_names(params.sft.validation_scores, read_by(all_scores(), params.model.output))
    studies = data.training_studies(root)
    steps = steps_of(params.sft, len(studies))
    if not steps:
        skip(params, root, base, len(studies))
        return
    order = data.drawn_order(len(studies), steps * params.sft.batch_size, params.seed)
    ranks.join(models.device(params.model) == "cpu")
    fitting.check(params, "sft", root)
    sections = {"seed": params.seed, **params.model_dump(mode="json", include={"launch", "model", "sft"})}
    with working("sft", input_digest("sft", sections, root, base)) as work, curves.drawn("sft", params.ingest.kind):
        say("sft", f"{len(studies):,} studies, {steps} step{'s' * (steps != 1)} of {params.sft.batch_size}")
        phase = Phase(
            stage="sft",
            name="sft",
            folder=work,
            start=None,
            order=tuple(studies.rows[place]["study_id"] for place in order),
            per_step=params.sft.batch_size,
            steps=steps,
            seed=params.seed,
            before=0,
            total=steps,
        )

        def build(model: Any, processor: Any, folder: Path) -> Any:
            from unirg_core.training.arguments import sft_config
            from unirg_core.training.trainers import ExactSft

            return ExactSft(
                model=model,
                args=sft_config(
                    params.sft, params.model, folder, params.seed, steps, processes=params.launch.processes
                ),
                train_dataset=data.sequence(studies, order, data.supervised, params.model),
                processing_class=processor,
            )

        result = run(phase, params.model, build, _attend(params, root))
        publish(root, "sft", result.model, _report(params, base, len(studies), result.facts))


def _attend(params: Params, root: Path) -> Attend:
    def attend(phase: Phase, processor: Any) -> Sequence[Any]:
        from unirg_core.training.attending import sampled_or_none, validating
        from unirg_core.training.validation import scorer

        sample = sampled_or_none(root, params.sft, params.seed)
        scored = scorer(read_by(all_scores(), params.model.output), params.sft.validation_scores)
        return validating(params.sft, sample, scored, phase, params.model, processor)

    return attend


def steps_of(sft: Sft, studies: int) -> int:
    """Return the optimiser steps: as set, or as many as the epochs take; 0 where there are to be none."""
    if not sft.steps and not sft.epochs:
        return 0
    return sft.steps or max(1, math.ceil(sft.epochs * studies / sft.batch_size))


def skip(params: Params, root: Path, base: str, studies: int) -> None:
    """Publish the base model as it is: RL then begins with it."""
    if not ranks.first():
        return
    say("sft", "sft.epochs is 0: the base model goes on as it is")
    models.save(*models.load(params.model), root / "checkpoints" / "sft")
    report(root, "sft", _report(params, base, studies, {"steps": 0}))


def _report(params: Params, base: str, studies: int, facts: dict[str, Any]) -> dict[str, Any]:
    return {"base_model": base, "prompt": prompted(params.model), "studies": studies, "sft": facts}
