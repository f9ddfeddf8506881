"""Whether a training stage fits into the memory that is free, said before its first step, and what to change if not."""

import math
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.params import Params, passes
from unirg_core.training import memory
from unirg_core.training.memory import GIB, Division, Stage
from unirg_core.training.shapes import Shape, shape_of


def check(params: Params, stage: Stage, root: Path) -> None:
    """Refuse a stage that cannot fit into the memory that is free here, before its first step.

    Raises
    ------
    BadInput
        With what it takes, what is there, and the first change that would do.
    """
    from unirg_core.models.loading import device

    gpu = device(params.model) == "cuda"
    shape, division = shape_of(params.model), memory.division_of(params, root)
    free, total = available(gpu)
    if reason := refusal(params, stage, shape, division, free, total, gpu=gpu):
        raise BadInput(f"{reason} (docs/doctor.md).")


def refusal(
    params: Params, stage: Stage, shape: Shape, division: Division, free: float, total: float, *, gpu: bool
) -> str | None:
    """Say why a stage does not fit into `free` of `total` bytes, and what to change; None where it fits."""
    generation = params.rl.generation
    if stage == "rl" and generation.backend == "vllm" and generation.mode == "colocate":
        least = memory.vllm_least(params, shape)
        if least > generation.memory_share * total:
            return (
                f"rl.generation.memory_share = {generation.memory_share} of {total / GIB:.1f} GiB does not hold vLLM's "
                f"weights and cache, {least / GIB:.1f} GiB; set it to {min(0.95, least / total + 0.05):.2f} or more, "
                "or raise rl.generation.tensor_parallel"
            )
    shared = on_machine(division, params.launch.nodes, gpu)
    needed = memory.estimate(params, stage, shape, division, gpu=gpu, total=total).peak * shared
    if needed <= free:
        return None
    where = "GPU" if gpu else "machine"
    return (
        f"{stage} would take {needed / GIB:.1f} GiB of this {where}'s memory, of which {free / GIB:.1f} GiB are free; "
        f"{remedy(params, stage, shape, division, free, total, gpu=gpu)}"
    )


def on_machine(division: Division, nodes: int, gpu: bool) -> int:
    """Return how many processes share the memory: one has a GPU to itself, a machine's RAM is for all that it runs."""
    return 1 if gpu else division.processes // nodes


def available(gpu: bool, cgroup: Path = Path("/sys/fs/cgroup")) -> tuple[float, float]:
    """Return the bytes that are free and all there are: of this process's GPU, or of the machine's memory.

    On a CPU the limit that is put on this process (a container's) counts too.

    Parameters
    ----------
    cgroup
        Where the kernel tells the limit and what is used of it (cgroup v2).
    """
    if gpu:
        import torch

        free, total = torch.cuda.mem_get_info()
        return float(free), float(total)
    import psutil

    memory = psutil.virtual_memory()
    return min(float(memory.available), _below_limit(cgroup)), float(memory.total)


def _below_limit(cgroup: Path) -> float:
    """Return what a container may still take; pages of files that nobody reads count as free, as the kernel has it."""
    limit, used, stat = (cgroup / f"memory.{name}" for name in ("max", "current", "stat"))
    if not limit.is_file() or not used.is_file() or not (most := limit.read_text().strip()).isdigit():
        return math.inf
    parts = dict(line.split() for line in stat.read_text().splitlines()) if stat.is_file() else {}
    return float(most) - float(used.read_text()) + float(parts.get("inactive_file", 0))


def remedy(
    params: Params, stage: Stage, shape: Shape, division: Division, free: float, total: float, *, gpu: bool
) -> str:
    """Return the first change, from the smallest to the largest, with which the stage would fit."""
    for said, changed, divided in _changes(params, stage, division, gpu):
        shared = on_machine(divided, params.launch.nodes, gpu)
        if memory.estimate(changed, stage, shape, divided, gpu=gpu, total=total).peak * shared <= free:
            return said
    return "no smaller batch, adapter or number of GPUs would do: take a smaller model.base"


def _changes(params: Params, stage: Stage, division: Division, gpu: bool) -> list[tuple[str, Params, Division]]:
    """List (what to do, parameters, division) in the order in which a person would try them.

    What is to be done names every parameter that was changed for it, so that `--set` can try it.
    """
    changes = [
        (f"set {stage}.micro_batch to {size}", _with_micro(params, stage, size), division)
        for size in (64, 32, 16, 8, 4, 2, 1)
        if _smaller(params, stage, division, size)
    ]
    least, beside = _with_micro(params, stage, 1), f"{stage}.micro_batch=1"
    generation = params.rl.generation
    if stage == "rl" and gpu and generation.backend == "transformers":
        vllm = generation.model_copy(update={"backend": "vllm"})
        least, beside = _changed(least, "rl", generation=vllm), f"{beside} rl.generation.backend=vllm"
        changes.append((f"set rl.micro_batch to 1 and rl.generation.backend to vllm{_to_install()}", least, division))
    if not params.model.lora:
        from unirg_core.params import Lora

        adapted = _changed(least, "model", lora=Lora(), freeze_vision=True)
        frozen = "" if params.model.freeze_vision else "model.freeze_vision=true "
        changes.append((f"set model.lora.rank=16 {frozen}{beside}", adapted, division))
    if gpu:
        changes += [
            (
                f"spread it over {count} GPUs: set launch.processes={count} launch.config=eight-gpu-fsdp {beside}",
                least,
                divided,
            )
            for count in (2, 4, 8, 16, 32)
            if count > division.processes and (divided := replace(division, processes=count, sharded=True))
        ]
    return changes


def _to_install() -> str:
    """Return what has to be done before vLLM can be set; empty where it is installed."""
    from unirg_core.training.arguments import VLLM

    return "" if find_spec("vllm") else f" (after pip install '{VLLM}')"


def _smaller(params: Params, stage: Stage, division: Division, size: int) -> bool:
    """Tell whether a micro batch is smaller than the present one and divides each batch of the stage."""
    batches = [params.sft.batch_size] if stage == "sft" else [s.prompts * s.rollouts for s in memory.steps_of(params)]
    micro = params.sft.micro_batch if stage == "sft" else params.rl.micro_batch
    return all(
        size < passes(batch, division.processes, micro)[0] and batch % (size * division.processes) == 0
        for batch in batches
    )


def _with_micro(params: Params, stage: Stage, size: int) -> Params:
    return _changed(params, stage, micro_batch=size)


def _changed(params: Params, section: str, **values: Any) -> Params:
    return params.model_copy(update={section: getattr(params, section).model_copy(update=values)})
