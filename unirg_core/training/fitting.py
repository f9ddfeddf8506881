"""Whether a training stage fits into the memory that is free, said before its first step, and what to change if not."""

import math
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.params import Params
from unirg_core.training import memory, remedies
from unirg_core.training.memory import GIB, Device, Division, Stage
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
    shape, division = shape_of(params.model), memory.division_of(params, root, gpu=gpu)
    if reason := refusal(params, stage, shape, division, *available(gpu), gpu=gpu):
        raise BadInput(f"{reason} (docs/doctor.md).")


def refusal(
    params: Params, stage: Stage, shape: Shape, division: Division, free: float, total: float, *, gpu: bool
) -> str | None:
    """Say why a stage does not fit into `free` of `total` bytes, and what to change; None where it fits."""
    device = Device(free, total, gpu)
    needed = memory.needed(params, stage, shape, division, device)
    if needed <= free:
        return None
    if math.isinf(needed):
        why = (
            f"rl.generation.memory_share = {params.rl.generation.memory_share} of {total / GIB:.1f} GiB does not hold "
            f"vLLM's weights and cache, {memory.vllm_least(params, shape) / GIB:.1f} GiB"
        )
    else:
        why = (
            f"{stage} would take {needed / GIB:.1f} GiB of this {'GPU' if gpu else 'machine'}'s memory, of which "
            f"{free / GIB:.1f} GiB are free"
        )
    return f"{why}; {remedies.said(remedies.remedies(params, stage, shape, division, device), device)}"


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
