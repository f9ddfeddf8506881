"""kill -9 at every step, of SFT and of RL: what is done again is done alike, and the segments say who consumed what."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fixtures_training import (
    LORA,
    OUTPUTS,
    digests,
    killed_until_done,
    quick,
    root_with_sft,
    training_root,
    undisturbed_digests,
    without_outputs,
)

from unirg_core import params
from unirg_core.files import digest_of, read_json, read_lines
from unirg_core.training import curriculum, data
from unirg_core.training.segments import consumed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("run")]
OFTEN = {"sft": {"checkpoint_steps": 1}, "rl": {"checkpoint_steps": 1}}
BEFORE_THE_SECOND_CHECKPOINT = ("unirg_core.training.watch:mark_whole", 2)
"""Each process finishes one checkpoint, tells one step more, and dies before that one's checkpoint is whole."""
KILLS = {"sft": 5, "rl": 6}
FORMS = {"full": {}, "lora": LORA}


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kills")
    return {"sft": training_root(folder / "sft"), "rl": root_with_sft(folder / "rl")}


@pytest.fixture(scope="module")
def undisturbed(roots: dict[str, Path]) -> dict[str, dict[str, list[str]]]:
    return {stage: undisturbed_digests(stage, root) for stage, root in roots.items()}


def orders(root: Path, above: Mapping[str, Any]) -> dict[str, tuple[list[str], int]]:
    """Return for each phase the studies in the order of consumption, and how many each step takes."""
    wanted, rows = quick(root, above), data.training_studies(root).rows
    sft, steps = wanted.sft, {"step1": wanted.rl.step1, "step2": wanted.rl.step2}
    drawn = {"sft": (data.drawn_order(len(rows), sft.steps * sft.batch_size, wanted.seed), sft.batch_size)}
    for number, (name, step) in enumerate(steps.items()):
        seed = wanted.seed + number
        drawn[name] = (curriculum.order(step.curriculum, rows, step.steps, step.prompts, seed), step.prompts)
    return {name: ([rows[place]["study_id"] for place in order], each) for name, (order, each) in drawn.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_a_run_that_is_killed_at_every_step_is_the_undisturbed_one(
    roots: dict[str, Path], undisturbed: dict, run: Path, stage: str, form: str
) -> None:
    root, above = roots[stage], params.overlay(FORMS[form], OFTEN)
    without_outputs(root, stage)
    assert killed_until_done(stage, root, above, *BEFORE_THE_SECOND_CHECKPOINT) == KILLS[stage]
    assert digests(root, stage) == undisturbed[stage][form]
    _told_alike(run)
    _consumed_once(run, read_json(root / OUTPUTS[stage][1]), orders(root, above))


def _told_alike(run: Path) -> None:
    """Check that steps which were done twice told the same figures, times aside."""
    told = defaultdict(list)
    for line in read_lines(run / "metrics.jsonl"):
        untimed = {name: v for name, v in line["figures"].items() if "second" not in name}
        told[line["step"]].append(untimed)
    assert sum(len(lines) > 1 for lines in told.values()) >= 5
    assert all(lines == lines[:1] * len(lines) for lines in told.values())


def _consumed_once(run: Path, report: Mapping[str, Any], orders: Mapping[str, tuple[list[str], int]]) -> None:
    """Check that the segments cover each step once, and that their digests are those of the studies themselves."""
    by_phase = defaultdict(list)
    for segment in read_lines(run / "segments.jsonl"):
        by_phase[segment["phase"]].append(segment)
    for phase, segments in by_phase.items():
        order, each = orders[phase]
        assert [s["start"] for s in segments] == [0, *(s["end"] for s in segments[:-1])]
        assert segments[-1]["end"] * each == len(order)
        assert [s["samples"] for s in segments] == [consumed(order, each, s["start"], s["end"]) for s in segments]
        assert report[phase]["samples"] == digest_of(order)
