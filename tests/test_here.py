"""A stage started by hand: what it refuses before it begins, and what it leaves for whoever started it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

import unirg_core
from unirg_core.faults import BadInput
from unirg_core.runs import here
from unirg_core.runs.here import stage_here

ROOT = Path(__file__).resolve().parents[1]
MAKERS = {
    "data/manifest.parquet": "ingest",
    "data/selection.parquet": "validate",
    "checkpoints/sft": "sft",
    "checkpoints/rl": "rl",
    "reports/evaluation.json": "evaluate",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout without data, whose code passes for its own."""
    root = tmp_path / "checkout"
    (root / "unirg_core").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml", "inputs.json"):
        shutil.copy(ROOT / name, root / name)
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    monkeypatch.setattr(unirg_core, "__file__", str(root / "unirg_core" / "__init__.py"))
    return root


def read_by(stage: str) -> list[str]:
    deps = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]["deps"]
    return [path for path in deps if path.split("/")[0] in ("data", "checkpoints", "reports")]


@pytest.mark.parametrize(
    ("stage", "lacking"),
    [
        (stage, path)
        for stage in ("validate", "sft", "rl", "evaluate", "gate")
        for path in read_by(stage)
        if path in MAKERS
    ],
)
def test_a_stage_says_which_one_must_run_before_it(checkout: Path, stage: str, lacking: str) -> None:
    for path in read_by(stage):
        if path != lacking:
            (checkout / path).mkdir(parents=True)
    with pytest.raises(BadInput) as refused:
        stage_here(stage, checkout)
    assert str(refused.value).startswith(f"{lacking} is missing; run `unirg {MAKERS[lacking]}` first")


def test_other_code_than_the_checkouts_is_refused(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unirg_core, "__file__", "/elsewhere/unirg_core/__init__.py")
    with pytest.raises(BadInput, match="The code that runs is /elsewhere/unirg_core, not that of the checkout"):
        stage_here("gate", checkout)


def test_a_refusal_is_left_in_the_runs_folder(checkout: Path) -> None:
    with pytest.raises(BadInput):
        stage_here("gate", checkout)
    fault = json.loads((here.run_folder() / "fault.json").read_text())
    assert fault["kind"] == "BadInput" and "reports/evaluation.json is missing" in fault["sentence"]


def test_a_score_that_fails_is_left_there_as_a_fault_that_the_flow_knows(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unirg_core import gate
    from unirg_core.scores.reward import ScoreFault

    def failing(params: object, root: Path) -> None:
        raise ScoreFault("The score judge failed at study S-1, text 0123456789ab: no answer.")

    (checkout / "reports" / "evaluation.json").mkdir(parents=True)
    monkeypatch.setattr(gate, "gate", failing)
    with pytest.raises(ScoreFault):
        stage_here("gate", checkout)
    fault = json.loads((here.run_folder() / "fault.json").read_text())
    assert fault == {
        "kind": "BadInput",
        "sentence": "The score judge failed at study S-1, text 0123456789ab: no answer.",
    }
