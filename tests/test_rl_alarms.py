"""Alarms while RL trains: what rings, what does not, and the evidence that is left."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures_dataset import studies, write_root
from fixtures_training import REPOSITORY, killed_child, quick, root_without_sft, state_in

from unirg_core import models, params
from unirg_core.faults import HonestNegative
from unirg_core.files import read_json, read_lines, write_json
from unirg_core.models.loading import resolve
from unirg_core.params import Alarms
from unirg_core.rl import rl
from unirg_core.training.alarms import check, readings
from unirg_core.training.completions import Batch, Kept

START = {
    "reports/distinct_share": 0.5,
    "reports/template_share": 0.1,
    "completions/mean_length": 40.0,
    "completions/clipped_ratio": 0.0,
    "entropy": 0.2,
}
BOUNDS = Alarms(window=2)


def history(*last: dict[str, float], start: dict[str, float] | None = None) -> list[dict[str, float]]:
    """Return a first step and then some, which differ from it as said."""
    first = {**START, **(start or {})}
    return [{"step": n + 1, **first, **entry} for n, entry in enumerate(({}, *last))]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            {"reports/distinct_share": 0.1},
            "the share of distinct reports is 0.1 (at the start 0.5, bound at least 0.15)",
        ),
        (
            {"reports/template_share": 0.6},
            "the share of the commonest report is 0.6 (at the start 0.1, bound at most 0.5)",
        ),
        ({"completions/mean_length": 9.0}, "the mean length in tokens is 9 (at the start 40, bound at least 10)"),
        ({"completions/mean_length": 121.0}, "is 121 (at the start 40, bound at most 120)"),
        ({"completions/clipped_ratio": 0.6}, "the share of cut completions is 0.6 (at the start 0, bound at most 0.5)"),
        ({"entropy": 0.01}, "the entropy a token is 0.01 (at the start 0.2, bound at least 0.02)"),
        ({"entropy": 1.1}, "bound at most 1"),
    ],
)
def test_a_figure_that_leaves_its_bounds_rings(run: Path, now: dict[str, float], said: str) -> None:
    with pytest.raises(HonestNegative, match=r"^collapsed: at step 3 of step1, over the last 2 steps, ") as rung:
        check(history(now, now), BOUNDS, "step1")
    assert said in str(rung.value)
    assert str(rung.value).count("bound") == 1
    evidence = read_json(run / "collapse.json")
    assert [entry["step"] for entry in evidence["last_steps"]] == [2, 3]
    assert evidence["first_step"]["entropy"] == 0.2
    assert len(evidence["readings"]) == 5


@pytest.mark.parametrize(
    "last",
    [
        (),  # the start itself
        ({"entropy": 9.0},),  # fewer steps than the window
        ({"entropy": 9.0}, {}, {}),  # one odd step, over by now
        ({"completions/mean_length": 30.0}, {"completions/mean_length": 20.0}),
        ({"reports/distinct_share": 1.0}, {"reports/distinct_share": 1.0}),  # more distinct than before is no harm
    ],
)
def test_what_is_no_collapse_does_not_ring(run: Path, last: tuple[dict[str, float], ...]) -> None:
    check(history(*last), BOUNDS, "step1")
    assert not run.exists()


def test_a_start_that_is_poor_already_is_the_measure() -> None:
    """A step that starts from one report for everyone cannot be blamed for it; the gate judges the model."""
    poor = {"reports/distinct_share": 0.02, "reports/template_share": 0.98}
    assert not [reading for reading in readings(history({}, {}, start=poor), BOUNDS) if reading.rings]


@pytest.mark.parametrize("texts", [True, False])
def test_examples_stand_in_the_evidence_only_where_they_may(run: Path, texts: bool) -> None:
    kept = Kept("step1", 3, 0)
    kept(Batch(3, ["s"] * 4, ["ref"] * 4, ["x", "y", "x", "x"], [1] * 4, {}, [0.0] * 4))
    with pytest.raises(HonestNegative):
        check(history({"entropy": 9.0}, {"entropy": 9.0}), BOUNDS, "step1", kept, texts=texts)
    wanted = [
        {"completion": "x", "share": 0.75, "reference": "ref"},
        {"completion": "y", "share": 0.25, "reference": "ref"},
    ]
    assert read_json(run / "collapse.json")["examples"] == (wanted if texts else [])


@pytest.fixture(scope="module")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset whose SFT model is the embedded base itself."""
    root = write_root(tmp_path_factory.mktemp("tiny"), studies(18))
    pin = {"name": "unirg-tiny", "digest": models.digest("unirg-tiny")}
    write_json(root / "inputs.json", {**read_json(root / "inputs.json"), "base_model": pin})
    shutil.copytree(resolve("unirg-tiny"), root / "checkpoints" / "sft")
    return root


def _params(step: dict[str, Any]) -> params.Params:
    quick = {"steps": 9, "prompts": 4, "rollouts": 4, "temperature": 1.0, "beta": 0.0}
    quick |= {"schedule": "constant", "warmup_share": 0.0}
    rules = [{"score": name, "subset": "all", "at_least": 0.0} for name in ("rouge_l", "truth_micro_f1")]
    above = {
        "model": {"base": "unirg-tiny", "threads": 1, "max_new_tokens": 32},
        "rl": {"step1": {**quick, **step}, "step2": None},
        "gate": {"rules": rules},
    }
    return params.parse(params.overlay(params.read_yaml(REPOSITORY / "params.yaml"), above))


def test_a_hacked_reward_stops_the_run_while_it_trains(tiny_root: Path, run: Path) -> None:
    """Label F1 alone at a learning rate a hundred times too large: gibberish within a few steps."""
    with pytest.raises(HonestNegative, match=r"^collapsed: at step \d of step1"):
        rl(_params({"reward": {"labels_f1": 1.0}, "learning_rate": 0.02}), tiny_root)
    steps = len(read_lines(run / "metrics.jsonl"))
    assert steps == read_json(run / "collapse.json")["step"] < 9
    (segment,) = read_lines(run / "segments.jsonl")
    assert (segment["start"], segment["end"], segment["outcome"]) == (0, steps, "collapsed")
    assert len(read_json(run / "collapse.json")["examples"]) == 3
    assert (run / "figures" / "rl_training.png").exists()
    assert not (tiny_root / "checkpoints" / "rl").exists()


def test_a_normal_run_does_not_ring(tiny_root: Path, run: Path) -> None:
    rl(_params({"reward": {"labels_f1": 1.0, "well_formed": 0.5}, "learning_rate": 1e-4}), tiny_root)
    assert len(read_lines(run / "metrics.jsonl")) == 9
    assert not (run / "collapse.json").exists()


FALLING = {"steps": 7, "learning_rate": 0.05, "schedule": "constant", "warmup_share": 0.0}
WILD = {"rl": {"alarms": {"window": 3, "entropy": {"least": 0.88}}, "step1": FALLING, "step2": None}}
"""At this rate the entropy falls from step to step, and crosses this bound between steps 4 and 5."""


def rung(root: Path, run: Path) -> dict[str, Any]:
    """Run RL until it rings and return what it leaves in the run's folder."""
    with pytest.raises(HonestNegative, match=r"^collapsed: at step \d of step1"):
        rl(quick(root, WILD), root)
    kept = {path.name: path.read_bytes() for path in (run / "completions").iterdir()}
    return {"evidence": read_json(run / "collapse.json"), "kept": kept}


@pytest.fixture(scope="module")
def wild_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_without_sft(tmp_path_factory.mktemp("wild"))


@pytest.fixture(scope="module")
def undisturbed(wild_root: Path) -> dict[str, Any]:
    with state_in(wild_root):
        return rung(wild_root, wild_root / "run")


def test_the_step_that_rings_is_kept(undisturbed: dict[str, Any]) -> None:
    assert sorted(undisturbed["kept"]) == ["step1-00001.parquet", "step1-00005.parquet"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "call"),
    [
        ("unirg_core.training.watch:Watch.on_log", 4),  # goes on from the checkpoint of step 2
        ("unirg_core.training.watch:Watch.on_log", 5),  # from that of step 4
        ("unirg_core.training.alarms:write_json", 1),  # it rings already, and nothing says so
        ("unirg_core.training.completions:Kept.end", 1),
    ],
)
def test_a_killed_run_rings_at_the_same_step(
    wild_root: Path, run: Path, undisturbed: dict[str, Any], at: str, call: int
) -> None:
    """The history of the first steps lies in the checkpoint; without it there would be no window of 3 by then."""
    killed_child("rl", wild_root, WILD, at, call)
    assert rung(wild_root, run) == undisturbed
    assert undisturbed["evidence"]["step"] == 5
