"""Reinforcement learning: what it refuses, what its reward sees, and that two runs leave the same."""

from pathlib import Path

import numpy as np
import pytest
from fixtures_training import (
    LORA,
    copied,
    digests,
    quick,
    root_with_sft,
    state_in,
    training_root,
    trajectory,
    without_outputs,
)

from unirg_core.faults import BadInput
from unirg_core.files import read_json, read_lines, write_json
from unirg_core.home import run_folder
from unirg_core.rl import rl
from unirg_core.scores.reward import ScoreFault
from unirg_core.study import TRUTH
from unirg_core.training import data
from unirg_core.training.work import clear

pytestmark = pytest.mark.usefixtures("run")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_with_sft(tmp_path_factory.mktemp("rl"))


@pytest.fixture(scope="module")
def expected(root: Path) -> list[str]:
    """Return the digests of a run with everything in place."""
    with state_in(root):
        rl(quick(root), root)
    return digests(root, "rl")


def test_a_reward_that_is_no_score_is_refused_before_any_training(root: Path, run: Path) -> None:
    with pytest.raises(BadInput, match=r"radgrph is no score; there are .*finding_credit"):
        rl(quick(root, {"rl": {"step2": {"reward": {"radgrph": 1.0}}}}), root)
    assert not run.exists()


def test_without_an_sft_model_it_says_what_to_run(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    with pytest.raises(BadInput, match="checkpoints/sft holds no model; run `unirg sft` first"):
        rl(quick(other), other)


def test_a_base_that_is_not_the_pinned_one_is_refused(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    write_json(other / "inputs.json", {**read_json(root / "inputs.json"), "base_model": None})
    with pytest.raises(BadInput, match="pins base_model"):
        rl(quick(other), other)


def test_a_score_that_fails_ends_the_training(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unirg_core import scores

    without_outputs(root, "rl")
    monkeypatch.setattr(scores, "SCORES", {**scores.SCORES, "rouge_l": lambda c, r: np.full(len(c), np.nan)})
    with pytest.raises(ScoreFault, match=r"The score rouge_l gave nan for study \S+, text [0-9a-f]{12}\.$") as stopped:
        rl(quick(root), root)
    named = str(stopped.value).split("study ")[1].split(",")[0]
    assert named in {row["study_id"] for row in data.training_studies(root).rows}
    assert not (root / "checkpoints" / "rl").exists()


@pytest.mark.parametrize("above", [{}, LORA], ids=["full", "lora"])
def test_two_runs_leave_equal_bytes_and_kl_begins_at_zero(root: Path, above: dict, unirg_home: Path) -> None:
    from unirg_core import models

    found = []
    for _ in range(2):
        without_outputs(root, "rl")
        rl(quick(root, above), root)
        found.append(digests(root, "rl"))
    assert found[0] == found[1]

    divergence = [entry["kl"] for entry in trajectory(root, "rl", "step2")]
    assert abs(divergence[0]) < 1e-9  # the reference is the model that step 2 starts from, and not SFT or the base
    assert max(divergence[1:]) > 1e-9
    model, _ = models.load(quick(root).model, root / "checkpoints" / "rl")
    assert not hasattr(model, "peft_config")
    names = [path.name for path in (root / "checkpoints" / "rl").rglob("*")]
    assert not [n for n in names if "adapter" in n or "optimizer" in n or n.endswith((".bin", ".pt", ".pth"))]
    clear("rl", run_folder())
    assert not [path for path in (unirg_home / "work").iterdir() if path.is_dir()]


def test_step_2_starts_from_step_1_and_not_from_sft(root: Path) -> None:
    """Were the reference the SFT model, the divergence of step 2 would begin where that of step 1 has ended."""
    above = {"rl": {"step1": {"beta": 0.001, "learning_rate": 0.01}}}
    rl(quick(root, above), root)
    first, second = (trajectory(root, "rl", step) for step in ("step1", "step2"))
    assert abs(first[0]["kl"]) < 1e-9
    assert first[-1]["kl"] > 1e-4
    assert abs(second[0]["kl"]) < 1e-9


def test_the_report_tells_each_component_of_each_step(root: Path, run: Path) -> None:
    rl(quick(root), root)
    report = read_json(root / "reports" / "rl.json")
    for entry in report["step1"]["trajectory"]:
        weighted = entry["rewards/rouge_l/mean"] + 0.5 * entry["rewards/well_formed/mean"]
        assert entry["reward"] == pytest.approx(weighted, abs=1e-5)
    assert {f"rewards/{name}/mean" for name in quick(root).rl.step2.reward} <= set(report["step2"]["trajectory"][0])
    assert [e["step"] for e in report["step1"]["trajectory"]] == [1, 2, 3, 4]
    assert report["step1"]["samples"] != report["step2"]["samples"]
    told = read_lines(run / "metrics.jsonl")
    assert [(line["step"], line["phase"]) for line in told] == [
        *((step, "step1") for step in (1, 2, 3, 4)),
        *((step, "step2") for step in (5, 6, 7)),  # counted over the stage: its curves go on
    ]
    assert {"loss", "reward", "entropy", "completions/mean_length"} <= set(told[0]["figures"])


def test_spread_stands_in_the_report_and_seconds_only_in_the_curves(root: Path, run: Path) -> None:
    rl(quick(root), root)
    entries = read_json(root / "reports" / "rl.json")["step1"]["trajectory"]
    for entry in entries:
        assert {"rewards/rouge_l/mean", "rewards/rouge_l/std", "rewards/rouge_l/zero_spread"} <= set(entry)
        assert 0 <= entry["rewards/rouge_l/zero_spread"] <= 1
        assert 0 < entry["completions/distinct"] <= 1
    assert "seconds" not in (root / "reports" / "rl.json").read_text()
    for line in read_lines(run / "metrics.jsonl"):
        assert line["figures"]["seconds/well_formed"] > 0


class _Elsewhere:
    """A score that says that it waits for a service."""

    place = "service"

    def __init__(self, score) -> None:
        self.score = score

    def __call__(self, candidates: list[str], references: list[str]) -> np.ndarray:
        return self.score(candidates, references)


def test_a_service_is_asked_before_the_reference_model_reads_and_leaves_the_same_bytes(
    root: Path, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trl.trainer.grpo_trainer import GRPOTrainer

    from unirg_core import scores
    from unirg_core.training.rewards import Component

    asked: list[str] = []
    elsewhere = _Elsewhere(scores.SCORES["well_formed"])
    monkeypatch.setattr(scores, "SCORES", {**scores.SCORES, "well_formed": elsewhere})
    real, begin = GRPOTrainer._get_per_token_logps_and_entropies, Component.begin

    def begun(self, *args):
        if self._apart:
            asked.append("asked")
        begin(self, *args)

    def noted(self, model, *args, **kwargs):
        asked.append("reference" if model is self.ref_model else "policy")
        return real(self, model, *args, **kwargs)

    monkeypatch.setattr(Component, "begin", begun)
    monkeypatch.setattr(GRPOTrainer, "_get_per_token_logps_and_entropies", noted)
    without_outputs(root, "rl")
    rl(quick(root), root)
    assert digests(root, "rl") == expected
    assert asked == ["asked", "policy"] * 4 + ["asked", "reference", "policy"] * 3


def test_step_2_can_be_left_out(root: Path) -> None:
    rl(quick(root, {"rl": {"step2": None}}), root)
    assert "step2" not in read_json(root / "reports" / "rl.json")


@pytest.mark.parametrize("state", ["missing", "spoiled", "lying"])
def test_the_reward_never_reads_the_truth(root: Path, expected: list[str], tmp_path: Path, state: str) -> None:
    """Without the truth file, with rubbish in it, or with another world's in it, the same bytes come out."""
    truth, kept = root / TRUTH, (root / TRUTH).read_bytes()
    try:
        truth.unlink()
        if state == "spoiled":
            truth.write_bytes(b"not parquet")
        if state == "lying":
            other = training_root(tmp_path / "other", patients=7)
            truth.write_bytes((other / TRUTH).read_bytes())
        without_outputs(root, "rl")
        rl(quick(root), root)
    finally:
        truth.write_bytes(kept)
    assert digests(root, "rl") == expected


def test_the_reward_sees_the_reports_that_sft_learns_from(root: Path) -> None:
    from unirg_core.models import dataset

    studies = data.training_studies(root)
    seen = data.sequence(studies, [3, 0], data.rewarded, quick(root).model)[:]
    learnt = data.sequence(studies, [3, 0], data.supervised, quick(root).model)[:]
    assert set(seen) == {"prompt", "images", "reference", "study_id"}
    assert seen["study_id"] == [studies.rows[place]["study_id"] for place in (3, 0)]
    assert seen["reference"] == [answer[0]["content"] for answer in learnt["completion"]]
    assert seen["reference"][0] == dataset.reference(studies.rows[3])
    assert seen["prompt"] == learnt["prompt"]
