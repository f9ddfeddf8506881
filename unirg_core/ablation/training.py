"""Train an arm in its folder by the stages of a run, measure it, and say what that took."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unirg_core.ablation import measure, roots
from unirg_core.ablation.arms import Arm
from unirg_core.faults import HonestNegative
from unirg_core.files import read_json, read_lines, tree_digest, write_json
from unirg_core.params import Params
from unirg_core.progress import METRICS
from unirg_core.runs import pins

_STEP = "seconds/step"


def train(arm: Arm, params: Params, folder: Path, world: Path, start: Path | None, base: str) -> Mapping[str, Any]:
    """Train and measure an arm on the data of a drawn world, and return its facts.

    Parameters
    ----------
    start
        The folder of the arm that it starts from; None for the base model.
    base
        The base model's digest: a world may have been drawn when another one was asked for.
    """
    linked = {"data": world / "data"} | ({"checkpoints/sft": start / "checkpoints" / "sft"} if start else {})
    roots.prepare(folder, params, linked)
    pinned = {**pins.read_inputs(world), "base_model": {"name": params.model.base, "digest": base}}
    pins.write_inputs(folder, pinned)
    stage = "rl" if arm.trains == "rl" else "sft"
    write_json(folder / measure.ARM, {"checkpoint": stage, "bias": arm.trains == "bias"})
    try:
        if arm.trains != "bias":
            roots.run_stage(folder, "unirg_core", arm.trains)
    except HonestNegative as error:
        return {"collapsed": str(error), "seconds": seconds_trained(folder / "run")}
    roots.run_stage(folder, "unirg_core.ablation.measure")
    facts = {"seconds": seconds_trained(folder / "run"), "model": tree_digest(folder / "checkpoints" / stage)}
    return {**facts, **read_json(folder / measure.FIGURES)}


def seconds_trained(run: Path) -> float:
    """Return the seconds of a training's steps, each counted once: those of an arm that was cut off too.

    What stands before the last first step is of an earlier training, which may have had other parameters: one that goes
    on from a checkpoint never writes its first step again.
    """
    path, spent = run / METRICS, dict[int, float]()
    for line in read_lines(path) if path.exists() else []:
        if _STEP in line["figures"]:
            spent = {} if line["step"] == 1 else spent
            spent[line["step"]] = line["figures"][_STEP]
    return sum(spent.values())
