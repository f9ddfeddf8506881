"""The trajectories that stand in tests/invariant, and how they are made anew.

    python tests/fixtures_invariant.py

runs the four small trainings (SFT and RL, full and with an adapter) and writes tests/invariant/*.json. Do so only for a
change that is meant to train differently, and say in the commit what moved and why.

Each file holds the configuration that it was made with, so that another default in params.yaml moves nothing here; a
parameter that comes later must keep the trajectory at its own default.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fixtures_training import LORA, quick, state_in, training_root

from unirg_core.files import read_json, write_json

FOLDER = Path(__file__).parent / "invariant"
ABOVE = {
    "full": {"rl": {"step1": {"beta": 0.02}}},
    "lora": {**LORA, "rl": {"step1": {"beta": 0.02, "learning_rate": 0.02}}},
}
PHASES = {"sft": ("sft",), "rl": ("step1", "step2")}
SECTIONS = ("seed", "model", "sft", "rl")
FIGURES = ("loss", "grad_norm", "entropy", "reward", "reward_std", "kl", "completions/mean_length")
"""What is compared of each step; the other figures follow from the same completions."""


def configuration(root: Path, form: str) -> dict[str, Any]:
    """Return the values that decide what the trainings of a form make, without the place of the base model."""
    values = quick(root, ABOVE[form]).model_dump(mode="json", include=set(SECTIONS))
    values["model"].pop("base")
    return values


def trained(folder: Path, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Train SFT and RL from values in a folder of their own; stage -> phase -> samples' digest and trajectory."""
    root = training_root(folder)
    wanted = quick(root, values)
    found = {}
    with state_in(root):
        for stage, phases in PHASES.items():
            getattr(import_module(f"unirg_core.{stage}"), stage)(wanted, root)
            report = read_json(root / "reports" / f"{stage}.json")
            found[stage] = {phase: _told(report[phase]) for phase in phases}
    return found


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    steps = [{name: step[name] for name in FIGURES if name in step} for step in facts["trajectory"]]
    return {"samples": facts["samples"], "trajectory": steps}


def figures(phases: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield (phase, step and name, value) of every figure of a stage, in order."""
    for phase, told in phases.items():
        for number, step in enumerate(told["trajectory"], 1):
            for name, value in step.items():
                yield f"{phase} {number} {name}", value


def main() -> None:
    """Write the trajectories anew."""
    from unirg_core.home import silenced

    os.environ.update(silenced(os.environ))
    for form in ABOVE:
        with tempfile.TemporaryDirectory() as folder:
            root = training_root(Path(folder) / "root")
            values = configuration(root, form)
            for stage, phases in trained(Path(folder) / "again", values).items():
                write_json(FOLDER / f"{stage}-{form}.json", {"configuration": values, "phases": phases})
                sys.stdout.write(f"tests/invariant/{stage}-{form}.json: {len(list(figures(phases)))} figures\n")


if __name__ == "__main__":
    main()
