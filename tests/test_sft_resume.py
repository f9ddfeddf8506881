"""kill -9 in the middle of SFT, then the same command: the bytes of an undisturbed run."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures_training import (
    LORA,
    digests,
    killed_child,
    quick,
    training_root,
    uncommitted,
    undisturbed_digests,
    without_outputs,
)

from unirg_core.files import read_lines
from unirg_core.home import home
from unirg_core.sft import sft

pytestmark = pytest.mark.usefixtures("run")
LOG = "unirg_core.training.watch:Watch.on_log"
MOMENTS = {
    "before the first checkpoint": (LOG, 1),
    "between two checkpoints": (LOG, 4),
    "in a half-written checkpoint": ("unirg_core.training.watch:mark_whole", 2),
    "after the last step": ("unirg_core.models:save", 1),
    "before the outputs": ("unirg_core.sft:publish", 1),
    "between model and report": ("unirg_core.training.stage:write_json", 1),
    "before it is said that the model is published": ("unirg_core.training.work:write_json", 1),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> dict[str, list[str]]:
    return undisturbed_digests("sft", root)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_with_the_same_bytes(root: Path, undisturbed: dict, moment: str) -> None:
    without_outputs(root, "sft")
    killed_child("sft", root, {}, *MOMENTS[moment])
    uncommitted(root, "sft")
    sft(quick(root), root)
    assert digests(root, "sft") == undisturbed["full"]


@pytest.mark.parametrize("torn", [None, "model/model.safetensors", "facts.json"])
def test_what_dvc_had_no_time_to_commit_is_published_again_and_only_trained_where_it_is_torn(
    root: Path, undisturbed: dict, run: Path, torn: str | None
) -> None:
    """As if a kill had come while DVC reads the outputs, and the disk had lost a file besides."""
    without_outputs(root, "sft")
    sft(quick(root), root)
    uncommitted(root, "sft")
    (result,) = (home() / "work").glob("sft-*/result")
    if torn:
        (result / torn).write_bytes(b"")
    sft(quick(root), root)
    assert digests(root, "sft") == undisturbed["full"]
    assert len(read_lines(run / "metrics.jsonl")) == 6 * (2 if torn else 1)
    finished = (0, 6, None, "finished")
    assert _segments(run) == [finished] * (2 if torn else 1)


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes_and_says_so(
    root: Path, undisturbed: dict, run: Path
) -> None:
    without_outputs(root, "sft")
    for _ in range(2):
        killed_child("sft", root, {}, LOG, 3)
    sft(quick(root), root)
    assert digests(root, "sft") == undisturbed["full"]
    assert _segments(run) == [(0, 2, None, "killed"), (2, 4, 2, "killed"), (4, 6, 4, "finished")]


@pytest.mark.slow
def test_each_process_that_dies_before_a_checkpoint_is_told(root: Path, undisturbed: dict, run: Path) -> None:
    without_outputs(root, "sft")
    for _ in range(3):
        killed_child("sft", root, {}, LOG, 1)
    sft(quick(root), root)
    assert digests(root, "sft") == undisturbed["full"]
    again = (0, 0, 0, "killed")
    assert _segments(run) == [(0, 0, None, "killed"), again, again, (0, 6, 0, "finished")]


def test_a_run_that_its_own_error_ends_goes_on_and_was_not_killed(
    root: Path, undisturbed: dict, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_outputs(root, "sft")
    with monkeypatch.context() as full, pytest.raises(OSError, match="no space left"):
        full.setattr("unirg_core.training.watch.Progress.step", _refusing(4))
        sft(quick(root), root)
    sft(quick(root), root)
    assert digests(root, "sft") == undisturbed["full"]
    assert _segments(run) == [(0, 2, None, "failed"), (2, 6, 2, "finished")]


def _refusing(call: int) -> Callable[..., None]:
    calls = itertools.count(1)

    def step(*_: Any, **__: Any) -> None:
        if next(calls) == call:
            raise OSError("no space left on device")

    return step


def _segments(run: Path) -> list[tuple[int, int, int | None, str]]:
    lines = read_lines(run / "segments.jsonl")
    return [(line["start"], line["end"], line["resumed_from"], line["outcome"]) for line in lines]


@pytest.mark.slow
def test_an_adapter_resumes_as_exactly_as_a_full_model(root: Path, undisturbed: dict) -> None:
    without_outputs(root, "sft")
    killed_child("sft", root, LORA, LOG, 4)
    sft(quick(root, LORA), root)
    assert digests(root, "sft") == undisturbed["lora"]
    assert undisturbed["lora"] != undisturbed["full"]


@pytest.mark.slow
def test_other_parameters_do_not_go_on_from_these_checkpoints(root: Path, run: Path) -> None:
    without_outputs(root, "sft")
    killed_child("sft", root, {}, LOG, 4)
    sft(quick(root, {"sft": {"learning_rate": 1e-3}}), root)
    assert [s["start"] for s in read_lines(run / "segments.jsonl")] == [0]
