"""kill -9 in the middle of either step of RL, then the same command: the bytes of an undisturbed run."""

from pathlib import Path

import pytest
from fixtures_training import LORA, digests, killed_child, quick, root_with_sft, undisturbed_digests, without_outputs

from unirg_core.files import read_lines
from unirg_core.rl import rl

pytestmark = pytest.mark.usefixtures("run")
LOG = "unirg_core.training.watch:Watch.on_log"
MOMENTS = {
    "before the first checkpoint of step 1": (LOG, 1),
    "between two checkpoints of step 1": (LOG, 3),
    "in a half-written checkpoint of step 1": ("unirg_core.training.watch:mark_whole", 2),
    "before step 2": ("unirg_core.models:save", 1),
    "past the checkpoint of step 2": (LOG, 8),  # four steps and a summary come before its three
    "after the last step": ("unirg_core.models:save", 2),
    "before the outputs": ("unirg_core.rl:publish", 1),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_with_sft(tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> dict[str, list[str]]:
    return undisturbed_digests("rl", root)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_with_the_same_bytes(root: Path, undisturbed: dict, moment: str) -> None:
    without_outputs(root, "rl")
    killed_child("rl", root, {}, *MOMENTS[moment])
    rl(quick(root), root)
    assert digests(root, "rl") == undisturbed["full"]


@pytest.mark.slow
@pytest.mark.parametrize("call", [3, 8])
def test_an_adapter_resumes_as_exactly_as_a_full_model(root: Path, undisturbed: dict, call: int) -> None:
    without_outputs(root, "rl")
    killed_child("rl", root, LORA, LOG, call)
    rl(quick(root, LORA), root)
    assert digests(root, "rl") == undisturbed["lora"]
    assert undisturbed["lora"] != undisturbed["full"]


@pytest.mark.slow
def test_the_segments_of_both_steps_cover_every_step_once(root: Path, undisturbed: dict, run: Path) -> None:
    without_outputs(root, "rl")
    killed_child("rl", root, {}, LOG, 8)
    rl(quick(root), root)
    segments = read_lines(run / "segments.jsonl")
    assert [(s["phase"], s["start"], s["end"], s["resumed_from"], s["killed"]) for s in segments] == [
        ("step1", 0, 4, None, False),
        ("step2", 0, 2, None, True),
        ("step2", 2, 3, 2, False),
    ]
