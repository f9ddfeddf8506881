"""Looks at the validation set while training: they change nothing, choose the best model, and may end the training."""

from pathlib import Path
from typing import Any

import pytest
from fixtures_dataset import studies, write_root
from fixtures_training import digests, killed_child, quick, root_with_sft, state_in, training_root, without_outputs

from unirg_core.faults import BadInput
from unirg_core.files import read_json, read_lines, tree_digest
from unirg_core.rl import rl
from unirg_core.sft import sft
from unirg_core.training.validation import best, exhausted

LOG = "unirg_core.training.watch:Watch.on_log"
STEADY = {"schedule": "constant", "warmup_share": 0.0}
LOOKS: dict[str, Any] = {"validate_every": 1, "select_by": "rouge_l"}
WILD = {"sft": {**STEADY, **LOOKS, "learning_rate": 0.3, "steps": 8}}
WILD_LORA = {
    "model": {"lora": {"rank": 2, "alpha": 4}},
    "sft": {**STEADY, **LOOKS, "learning_rate": 0.03, "steps": 8},
}


def looks(*values: float) -> list[dict[str, float]]:
    return [{"step": step, "validation/a": value} for step, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "step"), [((1.0,), 0), ((0.1, 0.3, 0.2), 1), ((0.3, 0.3, 0.3), 0), ((0.1, 0.2, 0.2), 1)]
)
def test_the_first_of_the_best_is_chosen(values: tuple[float, ...], step: int) -> None:
    assert best(looks(*values), "a")["step"] == step


@pytest.mark.parametrize(
    ("values", "step", "ends"),
    [((1.2, 0.9, 0.6), 2, False), ((0.6, 0.9, 1.2), 0, True), ((0.5, -0.4, -0.4, 0.1), 1, True)],
)
def test_of_a_score_of_which_less_is_better_the_least_is_chosen(
    values: tuple[float, ...], step: int, ends: bool
) -> None:
    seen = [{"step": number, "validation/radcliq": value} for number, value in enumerate(values)]
    assert best(seen, "radcliq")["step"] == step
    assert exhausted(seen, "radcliq", patience=2) is ends


@pytest.mark.parametrize(
    ("values", "patience", "enough"),
    [
        ((0.1, 0.2, 0.1), 1, True),
        ((0.1, 0.2, 0.1), 2, False),
        ((0.1, 0.2, 0.2, 0.2), 2, True),
        ((0.1, 0.2, 0.1, 0.3), 2, False),
        ((0.3, 0.2, 0.1), 2, True),
        ((0.3, 0.2, 0.1), 0, False),
        ((0.3,), 1, False),
    ],
)
def test_patience_ends_after_so_many_looks_without_a_better_one(
    values: tuple[float, ...], patience: int, enough: bool
) -> None:
    assert exhausted(looks(*values), "a", patience) is enough


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("validation"))


def facts(root: Path, stage: str = "sft", phase: str = "sft") -> dict[str, Any]:
    return read_json(root / "reports" / f"{stage}.json")[phase]


def trained(root: Path, above: dict[str, Any]) -> str:
    """Run SFT and return the digest of its model."""
    without_outputs(root, "sft")
    sft(quick(root, above), root)
    return digests(root, "sft")[0]


def above(base: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**base, "sft": {**base["sft"], **changed}}


@pytest.mark.usefixtures("run")
def test_without_a_validation_study_it_says_what_to_change(tmp_path: Path, root: Path) -> None:
    rows = [row | ({"split": "train"} if row["split"] == "validation" else {}) for row in studies(18)]
    other = training_root(tmp_path / "other")
    write_root(other, rows, pins={"base_model": read_json(other / "inputs.json")["base_model"]})
    with pytest.raises(
        BadInput,
        match=r"^sft\.validate_every = \d+, but no validation study .*raise .* or set sft\.validate_every to 0\.$",
    ):
        sft(quick(other, WILD), other)


@pytest.mark.usefixtures("run")
def test_a_score_that_is_none_is_refused_before_training(root: Path) -> None:
    with pytest.raises(BadInput, match="blue2 is no score"):
        sft(quick(root, above(WILD, validation_scores=["rouge_l", "blue2"])), root)


@pytest.mark.parametrize("base", [WILD, WILD_LORA], ids=["full", "lora"])
def test_looking_leaves_the_weights_of_a_run_that_never_looked(root: Path, run: Path, base: dict[str, Any]) -> None:
    unseen = trained(root, above(base, validate_every=0))
    assert "validation" not in facts(root)
    assert trained(root, base) == unseen
    assert [look["step"] for look in facts(root)["validation"]] == list(range(9))
    assert facts(root)["selected_step"] is None
    assert "seconds" not in (root / "reports" / "sft.json").read_text()
    told = [line["figures"] for line in read_lines(run / "metrics.jsonl") if "validation/rouge_l" in line["figures"]]
    assert len(told) == 9 and all(figures["seconds/validation"] > 0 for figures in told)
    assert (run / "figures" / "sft_validation.png").exists()


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("base", [WILD, WILD_LORA], ids=["full", "lora"])
def test_the_best_is_the_model_of_a_run_that_ended_there(root: Path, base: dict[str, Any]) -> None:
    """At a steady learning rate a shorter run takes the very same steps."""
    chosen = trained(root, above(base, select="best"))
    step = facts(root)["selected_step"]
    values = [look["validation/rouge_l"] for look in facts(root)["validation"]]
    assert 0 < step < 8 and values[step] == max(values)
    assert chosen == trained(root, above(base, validate_every=0, steps=step))


@pytest.mark.usefixtures("run")
def test_patience_ends_the_training_and_the_report_says_so(root: Path) -> None:
    stopped = trained(root, above(WILD, patience=2))
    told = facts(root)
    values = [look["validation/rouge_l"] for look in told["validation"]]
    first = values.index(max(values))
    assert told["steps"] == first + 2 == len(told["trajectory"]) < 8
    assert stopped == trained(root, above(WILD, validate_every=0, steps=told["steps"]))
    assert told["samples"] == facts(root)["samples"]


@pytest.mark.usefixtures("run")
def test_a_step_of_rl_that_never_helps_leaves_the_model_it_began_with(tmp_path: Path) -> None:
    root = root_with_sft(tmp_path / "root")
    step = {**STEADY, "learning_rate": 0.1, "reward": {"rouge_l": 1.0}}
    rl(quick(root, {"rl": {"step1": step, "step2": None, "validate_every": 2, "select": "best"}}), root)
    told = facts(root, "rl", "step1")
    rewards = [look["validation/reward"] for look in told["validation"]]
    assert told["selected_step"] == 0 and rewards[0] > max(rewards[1:])
    assert {"validation/rouge_l", "validation/labels_f1", "validation/reward"} <= set(told["validation"][0])
    assert tree_digest(root / "checkpoints" / "rl") == tree_digest(root / "checkpoints" / "sft")


BEST_AND_STOP = {
    "full": above(WILD, select="best", patience=3),
    "lora": above(WILD_LORA, select="best", patience=3),
}


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> dict[str, list[str]]:
    found = {}
    for name, chosen in BEST_AND_STOP.items():
        with state_in(root):
            without_outputs(root, "sft")
            sft(quick(root, chosen), root)
        found[name] = digests(root, "sft")
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("name", "at", "call"),
    [
        ("full", LOG, 3),
        ("full", "unirg_core.training.watch:mark_whole", 2),
        (
            "full",
            "unirg_core.training.validation:Validation.on_save",
            2,
        ),  # the checkpoint is whole, old weights lie about
        ("full", "unirg_core.training.validation:Validation.finish", 1),  # patience is over already
        ("full", "unirg_core.training.validation:record", 4),
        ("lora", LOG, 5),
        ("lora", "unirg_core.models:save", 1),
    ],
)
def test_a_killed_run_chooses_and_stops_alike(root: Path, undisturbed: dict, name: str, at: str, call: int) -> None:
    without_outputs(root, "sft")
    killed_child("sft", root, BEST_AND_STOP[name], at, call)
    sft(quick(root, BEST_AND_STOP[name]), root)
    assert digests(root, "sft") == undisturbed[name]
