"""Around the training of a stage: what it starts from, and what it publishes."""

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.faults import BadInput
from unirg_core.files import digest_of, file_digest, folder_written_whole, read_json, write_json
from unirg_core.models.prompts import identity
from unirg_core.params import Model, Params
from unirg_core.study import MANIFEST, SELECTION
from unirg_core.training import ranks

_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "numpy")
_CODE = ("training", "models", "scores")


def check_base(params: Params, root: Path) -> str:
    """Return the base model's digest after comparing it with the pin in `inputs.json`.

    Raises
    ------
    BadInput
        When it is not the model that the run was pinned to.
    """
    pins = read_json(root / "inputs.json")
    pinned = (pins.get("base_model") or {}).get("digest")
    found = models.digest(params.model.base, params.model.revision)
    if pinned != found:
        raise BadInput(
            f"inputs.json pins base_model.digest {str(pinned)[:12]}, but model.base = {params.model.base} has "
            f"{found[:12]}; put the pinned files back or start a new run."
        )
    return found


def input_digest(stage: str, sections: Mapping[str, Any], root: Path, model: str) -> str:
    """Return the digest of all that decides what a training stage makes: parameters, data, model, code, libraries.

    A checkpoint is only ever resumed by a run with the same digest.
    """
    package = Path(models.__file__).parent.parent
    code = [package / f"{stage}.py", *(p for part in _CODE for p in sorted((package / part).rglob("*.py")))]
    return digest_of(
        {
            "stage": stage,
            "params": dict(sections),
            "data": [file_digest(root / path) for path in (MANIFEST, SELECTION)],
            "model": model,
            "code": [file_digest(path) for path in code],
            "libraries": {name: version(name) for name in _LIBRARIES},
        }
    )


def prompted(model: Model) -> dict[str, str]:
    """Return the prompt text that a stage asks with, and what it shows and wants besides, for its report."""
    return {**identity(model.prompt, model.prior, model.output), "prior": model.prior, "output": model.output}


def publish(root: Path, stage: str, model: Path, told: Mapping[str, Any]) -> None:
    """Put a finished model and its report into the outputs, each whole, the report last."""
    if not ranks.first():
        return
    with folder_written_whole(root / "checkpoints" / stage) as temporary:
        shutil.copytree(model, temporary, dirs_exist_ok=True)
    report(root, stage, told)


def report(root: Path, stage: str, told: Mapping[str, Any]) -> None:
    """Write what a stage tells of itself beside the model that it has left."""
    write_json(root / "reports" / f"{stage}.json", dict(told))
