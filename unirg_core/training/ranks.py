"""The processes that train one model together: which is the first, and where they wait for each other.

A stage that is not launched over several processes is the first of one, and waits for nobody. The first alone writes
outputs, checkpoints' marks, segments and progress; all of them read.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = timedelta(hours=24)  # a launcher ends all when one dies, so this only has to outlast the longest score


def many() -> bool:
    """Tell whether this process is one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def first() -> bool:
    """Tell whether this process is the one that writes."""
    return int(os.environ.get("RANK", "0")) == 0


def join(on_cpu: bool) -> None:
    """Meet the other processes: over gloo on a CPU, over NCCL on GPUs, each of which gets its own."""
    if many():
        from accelerate import PartialState

        PartialState(cpu=on_cpu, timeout=_PATIENCE)


def together() -> None:
    """Wait until every process is here."""
    if many():
        import torch

        torch.distributed.barrier()


def first_then_others(work: Callable[[], T]) -> T:
    """Return what `work` gives, which the first process does before any other does."""
    if first():
        done = work()
        together()
    else:
        together()
        done = work()
    together()
    return done
