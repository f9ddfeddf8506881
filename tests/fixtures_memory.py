"""A recipe's parameters, and what a training stage really takes: the growth of its peak over what the imports leave."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fixtures_training import REPOSITORY

from unirg_core import params
from unirg_core.recipes import left_open

_CHILD = """
import json, re, sys
from importlib import import_module
from pathlib import Path
stage, root = sys.argv[1], Path(sys.argv[2])
from unirg_core import params
import torch, transformers, peft, trl.trainer.sft_trainer, trl.trainer.grpo_trainer, unirg_core.training.trainers
from unirg_core.models import loading
loaded = params.load(root / "params.yaml")
work = getattr(import_module(f"unirg_core.{stage}"), stage)

def kib(name):
    return int(re.search(rf"{name}:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = kib("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
work(loaded, root)
print(json.dumps((kib("VmHWM") - before) * 1024))
"""


def peak_growth(root: Path, stage: str) -> int:
    """Run a stage in a process of its own; return by how many bytes its resident memory grew at the peak."""
    settings = {"UNIRG_HOME": str(root / "home"), "UNIRG_RUN": str(root / "run"), "OMP_NUM_THREADS": "1"}
    # one arena that gives back what is freed, as an estimate of live tensors has it
    settings |= {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, stage, str(root)],
        cwd=REPOSITORY,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def recipe(name: str, above: dict | None = None) -> params.Params:
    """Return the parameters of a recipe below what is set; what it leaves open is filled in."""
    return params.resolve(REPOSITORY, name, params.overlay(left_open(REPOSITORY, name), above or {}))
