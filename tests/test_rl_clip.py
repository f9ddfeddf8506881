"""Clip-higher acts as it is set: on the tokens whose ratio to the policy that sampled them has left the range."""

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures_training import quick, root_with_sft

from unirg_core.files import read_lines
from unirg_core.rl import rl
from unirg_core.training.trainers import ExactGrpo


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_with_sft(tmp_path_factory.mktemp("clip"))


@pytest.mark.parametrize(
    ("ratio", "high", "low_acts", "high_acts"),
    [
        (1.25, 0.20, False, True),  # what a clip of equal sides would stop
        (1.25, 0.28, False, False),  # and the raised one lets through
        (1.35, 0.28, False, True),
        (0.75, 0.28, True, False),
        (0.85, 0.28, False, False),
        (None, 0.28, False, False),  # as every recipe runs: sampled by the policy that learns
    ],
)
def test_the_upper_clip_acts_where_it_is_set(
    ratio: float | None, high: float, low_acts: bool, high_acts: bool,
    learnt: Path, tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    loss, chances = ExactGrpo._compute_loss, ExactGrpo._get_per_token_logps_and_entropies

    def as_if_another_sampled(self: ExactGrpo, model: Any, inputs: dict[str, Any]) -> Any:
        """Let a policy have sampled that gave each token today's chance over the ratio."""

        def told(*arguments: Any, **more: Any) -> Any:
            found = chances(self, *arguments, **more)
            inputs["old_per_token_logps"] = found[0].detach() - math.log(ratio)
            return found

        with monkeypatch.context() as patched:
            if ratio:
                patched.setattr(self, "_get_per_token_logps_and_entropies", told)
            return loss(self, model, inputs)

    monkeypatch.setattr(ExactGrpo, "_compute_loss", as_if_another_sampled)
    root = shutil.copytree(learnt, tmp_path / "root")
    rl(quick(root, {"rl": {"step1": {"steps": 1, "clip_high": high}, "step2": None}}), root)
    told = read_lines(run / "metrics.jsonl")[0]["figures"]
    assert (told["clip_ratio/low_mean"] > 0, told["clip_ratio/high_mean"] > 0) == (low_acts, high_acts)
