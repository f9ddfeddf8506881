"""A micro batch of RL: the same step from the same completions, whatever the loss is a mean over, but for `bnpo`."""

from pathlib import Path

import pytest
from fixtures_together import together
from fixtures_training import OUTPUTS, root_without_sft, trajectory, without_outputs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_without_sft(tmp_path_factory.mktemp("micro"))


@pytest.mark.parametrize(("loss", "equal"), [("dapo", True), ("grpo", True), ("dr_grpo", True), ("bnpo", False)])
def test_a_micro_batch_takes_the_same_step(root: Path, tmp_path: Path, loss: str, equal: bool) -> None:
    ways = []
    for micro in (None, 2):
        at = tmp_path / str(micro)
        at.mkdir()
        without_outputs(root, *(["rl"] if (root / OUTPUTS["rl"][0]).exists() else []))
        step = {"loss": loss, "steps": 1, "beta": 0.02}
        together(1, "rl", root, at, {"rl": {"step1": step, "step2": None, "micro_batch": micro}}, dictated=True)
        ways.append(trajectory(root, "rl", "step1")[0])
    whole, parts = ways
    assert parts["reward"] == pytest.approx(whole["reward"], rel=1e-6)
    assert whole["grad_norm"] > 1e-4
    for figure in ("loss", "grad_norm"):
        assert (parts[figure] == pytest.approx(whole[figure], rel=1e-5)) is equal, figure
