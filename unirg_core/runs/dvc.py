"""DVC as a process of a run: it ends with the process that started it, and no two of them work for one run at once.

An orphan would go on saving outputs, and refuse DVC's own locks to whoever takes the run up.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from unirg_core.home import die_with, locked, run_folder

_LOCK = "dvc.lock"  # in the run's folder; the file of that name in its checkout is DVC's


def command(*arguments: str) -> list[str]:
    """Return the command line of DVC for a process that has the environment of a run."""
    return [sys.executable, "-m", "unirg_core.runs.dvc", *arguments]


def main(arguments: Sequence[str]) -> int:
    """Run DVC in the current checkout as soon as a dying one of the same run is gone; return its exit code."""
    die_with(int(os.environ["UNIRG_PARENT"]))
    with locked(run_folder() / _LOCK):
        drop_leftovers(Path.cwd())
        from dvc.cli import main as dvc

        return dvc(list(arguments))


def drop_leftovers(checkout: Path) -> list[str]:
    """Delete those of DVC's own files with which a killed one keeps the next from beginning; name them.

    `rwlock` says who reads and writes now, which nobody does while the run's lock of DVC is held; DVC would take a dead
    process that nobody has reaped for a live one. A `dvc.lock` is lost only where it was cut in the middle of a write;
    what it knew stands in DVC's cache of runs.
    """
    lock, left = checkout / "dvc.lock", [checkout / ".dvc" / "tmp" / "rwlock"]
    try:
        _ = yaml.safe_load(lock.read_text())["stages"]
    except FileNotFoundError:
        pass
    except (ValueError, yaml.YAMLError, TypeError, KeyError):
        left.append(lock)
    there = [path for path in left if path.exists()]
    for path in there:
        path.unlink()
    return [path.relative_to(checkout).as_posix() for path in there]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
