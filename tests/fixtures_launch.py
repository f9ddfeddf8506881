"""A checkout of links around a training root, in which a stage can be started as `dvc repro` starts it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixtures_training import REPOSITORY, quick

from unirg_core import params


def checkout(root: Path, above: Mapping[str, Any] | None = None) -> Path:
    """Put code, configurations and parameters beside a training root's data; return the root."""
    for name in ("unirg_core", "infra", "dvc.yaml"):
        link = root / name
        if not link.exists():
            link.symlink_to(REPOSITORY / name)
    (root / "params.yaml").write_text(params.dump(quick(root, above)))
    return root


def start(root: Path, stage: str, **variables: str) -> subprocess.Popen:
    """Start a stage in a checkout, in a home of its own."""
    own = {"UNIRG_HOME": str(root / "home"), "UNIRG_RUN": str(root / "run"), "OMP_NUM_THREADS": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNIRG_")}
    return subprocess.Popen(
        [sys.executable, "-m", "unirg_core", stage],
        cwd=root,
        env={**kept, **own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def spreading() -> dict[str, str]:
    """Return what lets the copies of a stage spread their model on a CPU too (`gloo/sitecustomize.py`)."""
    return {"PYTHONPATH": str(REPOSITORY / "tests" / "gloo")}


def ended(child: subprocess.Popen, seconds: float = 300) -> tuple[int, str, str]:
    """Wait for a stage; return its exit code and what it said on both streams."""
    said, told = child.communicate(timeout=seconds)
    return child.returncode, said, told
