"""One phase of training, from a model to a model, that can be killed at any instruction and run again.

A phase keeps all it has in its folder below the stage's work folder: checkpoints while it trains, and at the end
`result` (model and trajectory, written whole). What is there when it starts tells where it goes on.

Weights that learn are float32 whatever `model.dtype` is: a step at the paper's rates is smaller than the spacing of
bfloat16 and would be rounded away. `bfloat16` is what they are computed with and published in, and what lies below an
adapter.
"""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.allocator import ALL, keep_freed
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import folder_written_whole, read_json, write_json
from unirg_core.params import Model
from unirg_core.progress import say
from unirg_core.training import ranks
from unirg_core.training.checkpoints import CHECKPOINTS, is_whole, mark_whole, newest_whole, step_of, steps_kept
from unirg_core.training.resampling import consumed_order, forget_after
from unirg_core.training.segments import Log, Outcome, consumed

MODEL, FACTS = "model", "facts.json"


@dataclass(frozen=True)
class Phase:
    """What is trained, on what, for how long.

    Attributes
    ----------
    start
        Folder or name of the model that it begins with; None: `model.base`.
    order
        Studies in the order of consumption, `per_step` for each of `steps` optimiser steps.
    before, total
        Steps of the stage before this phase, and of the whole stage, for the progress line.
    """

    stage: str
    name: str
    folder: Path
    start: Path | None
    order: tuple[str, ...]
    per_step: int
    steps: int
    seed: int
    before: int
    total: int


@dataclass(frozen=True)
class Result:
    """What a finished phase leaves: a complete model folder and the facts of its training."""

    model: Path
    facts: dict[str, Any]


Build = Callable[[Any, Any, Path], Any]
"""(model, processor, folder of the checkpoints) -> trainer."""

Attend = Callable[["Phase", Any], Sequence[Any]]
"""(phase, processor) -> `watch.Watcher`s, told of each step after `watch.Watch`."""


def nobody(phase: Phase, processor: Any) -> Sequence[Any]:
    """Return no watcher."""
    return ()


def run(phase: Phase, model_params: Model, build: Build, attend: Attend = nobody) -> Result:
    """Train a phase to its end, from its last whole checkpoint if it has one."""
    result = phase.folder / "result"
    if not is_whole(result):
        checkpoints = phase.folder / CHECKPOINTS
        checkpoint = _begun(phase, checkpoints)
        try:
            _train(phase, model_params, build, attend, checkpoint, result)
        except Exception:
            if not ranks.many():  # of several, the first fails too where another is killed, and cannot tell
                _broke(phase, steps_kept(checkpoints), "failed")
            raise
    facts = read_json(result / FACTS)
    if ranks.first():
        _log(phase).end(facts["steps"])
    ranks.together()
    return Result(result / MODEL, facts)


def _log(phase: Phase) -> Log:
    return Log(phase.stage, phase.name, phase.folder, _learnt(phase), phase.per_step)


def _broke(phase: Phase, step: int, outcome: Outcome) -> None:
    """Close the segment of this process, which its own error ends and no kill."""
    if ranks.first():
        _log(phase).broke(step, outcome)


def _learnt(phase: Phase) -> list[str]:
    return consumed_order(phase.folder, phase.order, phase.per_step)


def _begun(phase: Phase, checkpoints: Path) -> Path | None:
    """Open this process's segment; return the checkpoint that it goes on from, where there is one."""
    checkpoint = ranks.first_then_others(lambda: newest_whole(checkpoints))
    begin = step_of(checkpoint) if checkpoint else 0
    if ranks.first():
        _log(phase).begin(begin)
        forget_after(phase.folder, begin)
    ranks.together()
    if checkpoint:
        say(phase.stage, f"{phase.name} goes on from step {begin} of {phase.steps}")
    return checkpoint


def _train(
    phase: Phase, model_params: Model, build: Build, attend: Attend, checkpoint: Path | None, result: Path
) -> None:
    from unirg_core.training.watch import Watch

    _check_adapter(model_params)
    if models.device(model_params) == "cpu":
        keep_freed(ALL)
    model, processor = prepared(model_params, phase.start, phase.seed)
    share = models.trainable_share(model)
    trainer = build(model, processor, phase.folder / CHECKPOINTS)
    _check_spread(trainer)
    watchers = attend(phase, processor)
    begin = step_of(checkpoint) if checkpoint else 0
    for watcher in (Watch(phase, begin), *watchers):
        trainer.add_callback(watcher)
    for watcher in watchers:
        watcher.begin(trainer, begin)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except HonestNegative:
        _broke(phase, trainer.state.global_step, "collapsed")
        raise
    for watcher in watchers:
        watcher.finish(trainer)
    facts = _facts(trainer, phase, watchers, share)
    _unused(processor)
    trained = _whole(trainer, phase, model_params)
    if ranks.first():
        with folder_written_whole(result) as temporary:
            models.save(_as_published(trained, model_params), processor, temporary / MODEL)
            write_json(temporary / FACTS, facts)
            mark_whole(temporary)
    ranks.together()


def _facts(trainer: Any, phase: Phase, watchers: Sequence[Any], share: float) -> dict[str, Any]:
    from unirg_core.training.watch import trajectory

    steps = trainer.state.global_step  # fewer than planned where patience has ended it
    return {
        "steps": steps,
        "seed": phase.seed,
        "trainable_share": share,
        "samples": consumed(_learnt(phase), phase.per_step, 0, steps),
        "trajectory": trajectory(trainer.state.log_history),
        **{name: value for watcher in watchers for name, value in watcher.facts().items()},
    }


def _check_adapter(model_params: Model) -> None:
    """Refuse an adapter under DeepSpeed ZeRO-3: its first step fails on weights of two kinds (TRL's issue 6089)."""
    asked = os.environ.get("ACCELERATE_USE_DEEPSPEED", "").lower() == "true"
    if model_params.lora and asked and os.environ.get("ACCELERATE_DEEPSPEED_ZERO_STAGE") == "3":
        raise BadInput(
            "DeepSpeed ZeRO-3 cannot hold model.lora's float32 beside bfloat16 weights; set launch.config to "
            "eight-gpu-fsdp, or model.lora to null."
        )


def _check_spread(trainer: Any) -> None:
    """Refuse to hold whole in each process what the launcher was told to spread: accelerate drops FSDP off a GPU."""
    asked = any(os.environ.get(f"ACCELERATE_USE_{kind}", "").lower() == "true" for kind in ("FSDP", "DEEPSPEED"))
    if ranks.many() and asked and not _is_spread(trainer):
        raise BadInput(
            "launch.config spreads the model over GPUs, and this stage trains on a CPU, where each process would hold "
            "it whole; leave launch.config out, or take machines with GPUs and set model.device to cuda."
        )


def _is_spread(trainer: Any) -> bool:
    return trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled


def _whole(trainer: Any, phase: Phase, model_params: Model) -> Any:
    """Return the trained model; one that is spread over processes is gathered by all of them, on the first's CPU."""
    if not _is_spread(trainer):
        return trainer.model
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if not ranks.first():
        return None
    model, _ = prepared(model_params.model_copy(update={"device": "cpu"}), phase.start, phase.seed)
    return filled(model, weights)


def filled(model: Any, weights: Mapping[str, Any]) -> Any:
    """Return a model with gathered weights in the place of its own, every one of them.

    Names that stand for one tensor (tied weights) need it under one name only. A buffer that a model saves counts as a
    weight; one that it computes is not among its names. Left out is the adapter `ref`, which TRL adds as the reference
    model where KL counts: what the phase began with beside what it has learnt.
    """
    own = model.state_dict(keep_vars=True)
    given = {name: value for name, value in weights.items() if name in own or _learnt_twin(name) not in own}
    if unknown := sorted(given.keys() - own.keys()):
        raise RuntimeError(f"the gathered model has weights that the model does not know: {unknown[:3]}")
    there = {id(own[name]) for name in given}
    if missing := [name for name, tensor in own.items() if id(tensor) not in there]:
        raise RuntimeError(f"the gathered model lacks weights of the model: {missing[:3]}")
    model.load_state_dict(given, strict=False)  # a tied weight may stand under one of its names
    return model


def _learnt_twin(name: str) -> str:
    """Return the name of the weight that learns, of which one of the adapter `ref` is the copy."""
    return ".".join("default" if part == "ref" else part for part in name.split("."))


def _as_published(model: Any, model_params: Model) -> Any:
    """Return a trained model in `model.dtype`, its adapter, if there is one, added into the weights before."""
    import torch

    return models.merged(model).to(getattr(torch, model_params.dtype))


def _unused(processor: Any) -> None:
    """Take back what using a tokenizer leaves in it: its file would tell whether this process has padded a batch."""
    backend = getattr(processor.tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_padding()
        backend.no_truncation()


def prepared(model_params: Model, start: Path | None, seed: int) -> tuple[Any, Any]:
    """Return the model ready to learn and its processor: vision frozen, adapter added, as the parameters say."""
    import torch

    learning = model_params if model_params.lora else model_params.model_copy(update={"dtype": "float32"})
    model, processor = models.load(learning, start)
    # deterministic mode would fill each new buffer with NaN, a third of a CPU step; nothing here reads one unwritten
    torch.utils.deterministic.fill_uninitialized_memory = False
    if model_params.freeze_vision:
        models.freeze_vision(model)
    if model_params.lora:
        seed_all(seed)  # an adapter begins with random weights
        model = models.apply_lora(model, model_params.lora)
    return model, processor


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
