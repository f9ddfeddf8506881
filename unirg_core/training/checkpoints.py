"""Checkpoints, and results of a phase, that count only when they are whole.

The Trainer writes a checkpoint file by file, so a killed process can leave half of one. A marker that lists every file
with its size is written last: a checkpoint without a fitting marker is removed, and training goes on from the one
before.
"""

import shutil
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json

CHECKPOINTS = "checkpoints"
"""The folder of a phase's checkpoints, below that of the phase."""

MARKER = "whole.json"
_PREFIX = "checkpoint-"


def mark_whole(folder: Path) -> None:
    """Say that a folder is complete; the last thing that is written into it."""
    write_json(folder / MARKER, _sizes(folder))


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds exactly the files, in size, that it held when it was finished."""
    try:
        return read_json(folder / MARKER) == _sizes(folder)
    except BadInput:
        return False


def newest_whole(folder: Path) -> Path | None:
    """Return the latest whole checkpoint of a folder, and remove every one that is not whole."""
    whole = []
    for path in folder.glob(f"{_PREFIX}*"):
        if is_whole(path):
            whole.append(path)
        else:
            shutil.rmtree(path)
    return max(whole, key=step_of, default=None)


def steps_kept(folder: Path) -> int:
    """Return the optimiser step of the latest whole checkpoint of a folder; 0 where there is none."""
    return max((step_of(path) for path in folder.glob(f"{_PREFIX}*") if is_whole(path)), default=0)


def step_of(checkpoint: Path) -> int:
    """Return the optimiser step after which a checkpoint was written."""
    return int(checkpoint.name.removeprefix(_PREFIX))


def of_step(folder: Path, step: int) -> Path:
    """Return the Trainer's checkpoint folder for a step."""
    return folder / f"{_PREFIX}{step}"


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
