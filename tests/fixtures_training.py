"""A dataset root with a tiny random base model, for tests of the stages that train."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixtures_dataset import studies, write_root

from unirg_core import models, params
from unirg_core.files import read_json, write_json
from unirg_core.models import dataset, tiny

REPOSITORY = Path(__file__).parent.parent
HIDDEN = {"hidden": 32, "layers": 1, "vision_hidden": 32, "depth": 1}

QUICK = {
    "model": {"max_new_tokens": 12, "threads": 1},
    "sft": {"steps": 6, "batch_size": 4, "checkpoint_steps": 2},
    "rl": {
        "step1": {"steps": 4, "prompts": 2, "rollouts": 4},
        "step2": {"steps": 3, "prompts": 2, "rollouts": 4},
        "checkpoint_steps": 2,
    },
}
"""Parameters of a run that takes seconds."""


def training_root(folder: Path, patients: int = 18) -> Path:
    """Write a dataset and a random base model `base` beside it, pinned in `inputs.json`; return the folder."""
    write_root(folder, studies(patients))
    rows = dataset.rows(folder)
    words = [word for row in rows for word in dataset.reference(row).split()]
    models.save(*tiny.fresh([*words, "findings", "impression"], **HIDDEN), folder / "base")
    pins = read_json(folder / "inputs.json")
    pins["base_model"] = {"name": "base", "digest": models.digest(str(folder / "base"))}
    write_json(folder / "inputs.json", pins)
    return folder


def quick(root: Path, above: Mapping[str, Any] | None = None) -> params.Params:
    """Return `QUICK` parameters over those of the repository, with the root's own base model."""
    values = params.overlay(params.read_yaml(REPOSITORY / "params.yaml"), QUICK)
    values = params.overlay(values, {"model": {"base": str(root / "base")}})
    return params.parse(params.overlay(values, above or {}))


def trajectory(root: Path, stage: str, phase: str) -> list[dict[str, float]]:
    """Return the figures of each step of a phase from a stage's report."""
    return read_json(root / "reports" / f"{stage}.json")[phase]["trajectory"]
