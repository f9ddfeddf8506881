"""A fresh clone of the working tree, as a newcomer has it, and the command line run in it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.files import read_json

ROOT = Path(__file__).resolve().parents[1]
_OURS = ("UNIRG_", "PREFECT_", "MLFLOW_TRACKING", "MLFLOW_REGISTRY")  # MLflow's own functions leave such ones behind


@dataclass(frozen=True)
class Clone:
    """A clone and its own home of state."""

    root: Path
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the environment in which a user would type commands."""
        user = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {**user, "UNIRG_HOME": str(self.home), "PYTHONPATH": str(self.root)}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen:
        """Start `unirg` with arguments in the clone, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "unirg_core", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )

    def unirg(self, *arguments: str, code: int = 0) -> str:
        """Run `unirg` to its end, hold it to an exit code, and return what it printed."""
        child = self.start(*arguments)
        said, _ = child.communicate(timeout=600)
        assert child.returncode == code, said
        return said

    def records(self) -> list[dict[str, Any]]:
        """Return the records of all runs, oldest first."""
        return [read_json(path) for path in sorted(self.home.glob("runs/*/record.json"))]

    def git(self, *arguments: str) -> str:
        """Run git in the clone."""
        return subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()


def clone_at(folder: Path) -> Clone:
    """Copy the working tree to `folder/clone` and commit it there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    clone = Clone(folder / "clone", folder / "home")
    for name in filter(None, listed):
        if (ROOT / name).exists():
            (clone.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone.root / name)
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("add", "--all")
    clone.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "Clone")
    return clone
