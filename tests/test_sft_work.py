"""The work folder of a training stage: whose it is, when it goes, and what its name depends on."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from fixtures_dataset import small_root

from unirg_core.files import read_json, tree_digest
from unirg_core.study import MANIFEST, SELECTION
from unirg_core.training.stage import input_digest, publish
from unirg_core.training.watch import figures, trajectory
from unirg_core.training.work import clear, working

SECTIONS = {"seed": 0, "sft": {"steps": 3}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_root(tmp_path_factory.mktemp("work"), patients=3)


def fill(folder: Path) -> None:
    """Leave in a work folder what the phases of SFT and of RL leave."""
    for phase in (folder, folder / "step1"):
        for name in ("checkpoints/checkpoint-5", "result/model"):
            (phase / name).mkdir(parents=True, exist_ok=True)
            (phase / name / "model.safetensors").write_text("weights")


def held(folder: Path) -> set[str]:
    """Return the phases' folders that a work folder holds."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name in ("checkpoints", "result")}


def test_a_good_end_takes_the_checkpoints_and_a_bad_one_nothing(run: Path) -> None:
    with pytest.raises(RuntimeError), working("sft", "a" * 64) as folder:
        fill(folder)
        raise RuntimeError
    assert held(folder) == {"checkpoints", "result", "step1/checkpoints", "step1/result"}
    clear("sft", run)
    assert len(held(folder)) == 4
    with working("sft", "a" * 64):
        pass
    assert held(folder) == {"result", "step1/result"}


@pytest.mark.parametrize(
    ("stage", "of", "stays"), [("sft", "run", False), ("rl", "run", True), ("sft", "elsewhere", True)]
)
def test_what_a_run_has_committed_is_cleared_and_nothing_else(run: Path, stage: str, of: str, stays: bool) -> None:
    with working("sft", "a" * 64) as folder:
        fill(folder)
    clear(stage, run.parent / of if of != "run" else run)
    assert folder.exists() == stays


def test_what_somebody_holds_is_not_cleared(run: Path) -> None:
    for _ in range(2):
        with working("sft", "a" * 64) as folder:
            fill(folder)
            clear("sft", run)
            assert held(folder) >= {"result", "step1/result"}
    clear("sft", run)
    assert not folder.exists()


def test_the_next_stage_that_is_started_by_hand_clears_what_the_one_before_has_left() -> None:
    with working("sft", "a" * 64) as first:
        fill(first)
    with working("sft", "b" * 64) as second:
        assert not first.exists() and second.exists()


def test_a_kill_while_a_folder_is_cleared_leaves_no_half_of_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with working("sft", "a" * 64) as folder:
        fill(folder)
    removed = shutil.rmtree

    def killed(path: Path, **_: Any) -> None:
        for one in sorted(Path(path).rglob("*.safetensors"))[:1]:
            one.unlink()
            raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        clear("sft", run)
    assert not folder.exists() and list(folder.parent.glob(".*"))
    monkeypatch.setattr(shutil, "rmtree", removed)
    clear("rl", run)
    assert not list(folder.parent.glob(".*"))


def test_a_second_run_of_the_same_inputs_waits_for_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.set()
        with working("sft", "b" * 64):
            seen.append("second")

    with working("sft", "b" * 64):
        other = threading.Thread(target=second)
        other.start()
        inside.wait(10)
        other.join(0.3)
        seen.append("first")
    other.join(10)
    assert seen == ["first", "second"]
    assert "waiting for another run of the same inputs" in capsys.readouterr().out


def test_other_inputs_do_not_wait() -> None:
    with working("sft", "c" * 64) as one, working("sft", "d" * 64) as two, working("rl", "c" * 64) as three:
        assert len({one, two, three}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "rl"},
        {"sections": {"seed": 1, "sft": {"steps": 3}}},
        {"sections": {"seed": 0, "sft": {"steps": 4}}},
        {"model": "e" * 64},
    ],
)
def test_the_digest_tells_stage_parameters_and_model_apart(root: Path, change: dict[str, Any]) -> None:
    given = {"stage": "sft", "sections": SECTIONS, "root": root, "model": "f" * 64}
    assert input_digest(**given) == input_digest(**given)
    assert input_digest(**{**given, **change}) != input_digest(**given)


@pytest.mark.parametrize("path", [MANIFEST, SELECTION])
def test_the_digest_tells_datasets_apart(root: Path, path: str) -> None:
    before, kept = input_digest("sft", SECTIONS, root, "f"), (root / path).read_bytes()
    (root / path).write_bytes(kept + b" ")
    try:
        assert input_digest("sft", SECTIONS, root, "f") != before
    finally:
        (root / path).write_bytes(kept)


def test_publishing_replaces_an_older_model_whole(tmp_path: Path) -> None:
    old, new = tmp_path / "checkpoints" / "sft", tmp_path / "model"
    old.mkdir(parents=True)
    (old / "stale.bin").write_text("old")
    new.mkdir()
    (new / "config.json").write_text("{}")
    publish(tmp_path, "sft", new, {"studies": 3})
    assert tree_digest(old) == tree_digest(new)
    assert read_json(tmp_path / "reports" / "sft.json") == {"studies": 3}


def test_figures_hold_no_times_and_nothing_that_a_resume_forgets() -> None:
    logs = {
        "loss": 1,
        "kl": 0.5,
        "rewards/rouge_l/mean": 2,
        "step_time": 3.0,
        "num_tokens": 9,
        "epoch": 0.1,
        "reward": None,
    }
    assert figures(logs) == {"loss": 1.0, "kl": 0.5, "rewards/rouge_l/mean": 2.0}


def test_the_trajectory_leaves_the_summary_of_the_end_out() -> None:
    history = [{"loss": 1.0, "step": 1}, {"loss": 0.5, "step": 2}, {"train_runtime": 9.0, "train_loss": 0.7, "step": 2}]
    assert trajectory(history) == [{"step": 1, "loss": 1.0}, {"step": 2, "loss": 0.5}]
