"""Training in bfloat16 learns as in float32: weights that learn are kept in float32, and computed with in bfloat16."""

from pathlib import Path

import pytest
import torch
from fixtures_training import LORA, OUTPUTS, quick, state_in, training_root, trajectory
from safetensors.torch import load_file

from unirg_core import params
from unirg_core.rl import rl
from unirg_core.sft import sft

HALF = {"model": {"dtype": "bfloat16"}}
SMALL = {"sft": {"learning_rate": 5e-5, "steps": 12, "schedule": "constant", "warmup_share": 0.0}}
"""The paper's rate: 5e-5 a step, where the spacing of bfloat16 at the weights' .1 is 5e-4."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("precision"))


def losses(root: Path, above: dict) -> list[float]:
    with state_in(root):
        sft(quick(root, params.overlay(SMALL, above)), root)
    return [entry["loss"] for entry in trajectory(root, "sft", "sft")]


def kinds(folder: Path) -> set[torch.dtype]:
    return {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()}


def test_steps_below_the_spacing_of_bfloat16_are_learnt_all_the_same(root: Path) -> None:
    whole, half = losses(root, {}), losses(root, HALF)
    assert whole[0] - whole[-1] > 0.1
    assert half == pytest.approx(whole, abs=0.005) and half != whole
    assert kinds(root / OUTPUTS["sft"][0]) == {torch.bfloat16}


@pytest.mark.parametrize("way", [{}, LORA], ids=["full", "lora"])
def test_rl_goes_on_in_bfloat16_from_no_divergence(root: Path, way: dict) -> None:
    above = params.overlay(way, HALF)
    with state_in(root):
        sft(quick(root, above), root)
        rl(quick(root, above), root)
    second = trajectory(root, "rl", "step2")
    assert second[0]["kl"] == 0 < second[-1]["kl"]
    assert kinds(root / OUTPUTS["rl"][0]) == {torch.bfloat16}
