"""Looks at the validation set while RL trains: patience, the best model, the last step's completions, and kills."""

from pathlib import Path
from typing import Any

import pytest
from fixtures_training import digests, killed_child, quick, root_with_sft, state_in, without_outputs

from unirg_core import params
from unirg_core.files import read_json
from unirg_core.rl import rl

LOG = "unirg_core.training.watch:Watch.on_log"
LOOKS = {"validate_every": 1, "validation_scores": ["rouge_l"], "select_by": "rouge_l", "step2": None, "alarms": None}
STEADY = {"schedule": "constant", "warmup_share": 0.0, "steps": 9, "temperature": 1.0, "reward": {"rouge_l": 1.0}}
FORMS: dict[str, dict[str, Any]] = {  # seeds and rates at which some steps help and further ones do not
    "full": {
        "seed": 1,
        "rl": {**LOOKS, "step1": {**STEADY, "learning_rate": 0.002, "prompts": 4, "rollouts": 8}},
    },
    "lora": {
        "model": {"lora": {"rank": 2, "alpha": 4}},
        "rl": {**LOOKS, "step1": {**STEADY, "learning_rate": 0.01}},
    },
}


def changed(form: str, **above: Any) -> dict[str, Any]:
    return params.overlay(FORMS[form], {"rl": above})


def best_and_stop(form: str) -> dict[str, Any]:
    return changed(form, select="best", patience=2)


def kept(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run / "completions").iterdir()}


def left(root: Path, run: Path) -> dict[str, Any]:
    """Return what a run has left: outputs, and completions in its folder."""
    return {"outputs": digests(root, "rl"), "kept": kept(run)}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_with_sft(tmp_path_factory.mktemp("validation"))


def facts(root: Path) -> dict[str, Any]:
    return read_json(root / "reports" / "rl.json")["step1"]


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> dict[str, dict[str, Any]]:
    """Return of each form what a run that nobody killed leaves, and its facts."""
    found = {}
    for form in FORMS:
        with state_in(root / form):
            without_outputs(root, "rl")
            rl(quick(root, best_and_stop(form)), root)
        found[form] = {**left(root, root / form / "run"), "facts": facts(root)}
    return found


@pytest.mark.parametrize("form", FORMS)
def test_patience_ends_the_training_and_a_later_step_is_chosen(undisturbed: dict, form: str) -> None:
    told = undisturbed[form]["facts"]
    values = [look["validation/rouge_l"] for look in told["validation"]]
    first = values.index(max(values))
    assert 0 < first == told["selected_step"] == told["steps"] - 2
    assert told["steps"] == len(told["trajectory"]) < STEADY["steps"]


@pytest.mark.parametrize("form", FORMS)
def test_the_first_and_the_last_step_that_was_done_are_kept(undisturbed: dict, form: str) -> None:
    last = undisturbed[form]["facts"]["steps"]
    assert sorted(undisturbed[form]["kept"]) == ["step1-00001.parquet", f"step1-{last:05d}.parquet"]


@pytest.mark.parametrize("form", FORMS)
def test_the_best_is_the_model_of_a_run_that_ended_there(root: Path, run: Path, undisturbed: dict, form: str) -> None:
    """At a steady learning rate a shorter run takes the very same steps, and samples the same completions."""
    without_outputs(root, "rl")
    step = undisturbed[form]["facts"]["selected_step"]
    rl(quick(root, changed(form, validate_every=0, step1={"steps": step})), root)
    assert digests(root, "rl")[0] == undisturbed[form]["outputs"][0]
    assert kept(run)["step1-00001.parquet"] == undisturbed[form]["kept"]["step1-00001.parquet"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "at", "call"),
    [
        ("full", LOG, 4),
        ("full", "unirg_core.training.watch:mark_whole", 2),
        ("full", "unirg_core.training.completions:Kept.end", 1),  # patience is over already
        ("full", "unirg_core.models:save", 1),  # all is kept, and the phase has no result
        ("lora", LOG, 5),
        ("lora", "unirg_core.training.validation:Validation.finish", 1),
    ],
)
def test_a_killed_run_chooses_stops_and_keeps_alike(
    root: Path, run: Path, undisturbed: dict, form: str, at: str, call: int
) -> None:
    without_outputs(root, "rl")
    killed_child("rl", root, best_and_stop(form), at, call)
    rl(quick(root, best_and_stop(form)), root)
    wanted = {name: undisturbed[form][name] for name in ("outputs", "kept")}
    assert left(root, run) == wanted
