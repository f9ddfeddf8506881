"""Supervised fine-tuning: what it refuses, what it leaves, and that two runs leave the same."""

import json
from pathlib import Path

import pytest
from fixtures_dataset import studies, write_root
from fixtures_training import LORA, copied, digests, quick, training_root, without_outputs

from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import read_json, read_lines, write_json
from unirg_core.home import run_folder
from unirg_core.sft import sft, steps_of
from unirg_core.study import SELECTION
from unirg_core.training.work import clear


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("sft"))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    return tmp_path


def test_a_base_that_is_not_the_pinned_one_is_refused(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    pins = read_json(other / "inputs.json")
    pins["base_model"]["digest"] = "f" * 64
    write_json(other / "inputs.json", pins)
    with pytest.raises(BadInput, match=r"pins base_model\.digest ffff.*put the pinned files back"):
        sft(quick(other), other)
    assert not (other / "checkpoints").exists()


def test_missing_pins_are_named(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    (other / "inputs.json").unlink()
    with pytest.raises(BadInput, match=r"inputs\.json is missing"):
        sft(quick(other), other)


def test_nothing_to_train_on_is_refused(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    rows = [row | {"split": "test"} for row in studies(18)]
    write_root(other, rows, pins={"base_model": read_json(root / "inputs.json")["base_model"]})
    with pytest.raises(BadInput, match="no training study with a report"):
        sft(quick(other), other)


def test_a_missing_selection_names_the_stage_to_run(root: Path, tmp_path: Path) -> None:
    other = copied(root, tmp_path / "root")
    (other / SELECTION).unlink()
    with pytest.raises(BadInput, match="unirg validate"):
        sft(quick(other), other)


def test_a_loss_that_is_no_number_stops_the_run(root: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from unirg_core import models

    other = copied(root, tmp_path / "root")
    weights = load_file(other / "base" / "model.safetensors")
    name = next(name for name in weights if name.endswith("q_proj.weight"))
    weights[name] = torch.full_like(weights[name], float("nan"))
    save_file(weights, other / "base" / "model.safetensors", metadata={"format": "pt"})
    pins = read_json(other / "inputs.json")
    pins["base_model"]["digest"] = models.digest(str(other / "base"))
    write_json(other / "inputs.json", pins)
    with pytest.raises(HonestNegative, match="collapsed: loss is nan at step 1"):
        sft(quick(other), other)
    assert not (other / "checkpoints").exists()
    (segment,) = read_lines(tmp_path / "run" / "segments.jsonl")
    assert (segment["start"], segment["end"], segment["outcome"], segment["killed"]) == (0, 1, "collapsed", False)


@pytest.mark.parametrize(
    ("steps", "epochs", "batch", "studies", "expected"),
    [(7, 3.0, 4, 100, 7), (0, 3.0, 32, 100, 10), (0, 0.01, 32, 100, 1), (0, 1.0, 32, 8, 1)],
)
def test_steps_are_set_or_follow_from_epochs(
    root: Path, steps: int, epochs: float, batch: int, studies: int, expected: int
) -> None:
    section = quick(root, {"sft": {"steps": steps, "epochs": epochs, "batch_size": batch}}).sft
    assert steps_of(section, studies) == expected


@pytest.mark.parametrize("above", [{}, LORA], ids=["full", "lora"])
def test_two_runs_leave_equal_bytes_and_a_plain_model(root: Path, state: Path, above: dict) -> None:
    from unirg_core import models

    first = []
    for _ in range(2):
        without_outputs(root, "sft")
        sft(quick(root, above), root)
        first.append(digests(root, "sft"))
    assert first[0] == first[1]

    names = {path.name for path in (root / "checkpoints" / "sft").rglob("*")}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not [name for name in names if "adapter" in name or "optimizer" in name or name.endswith((".bin", ".pt"))]
    model, _ = models.load(quick(root).model, root / "checkpoints" / "sft")
    assert not hasattr(model, "peft_config")
    clear("sft", run_folder())
    assert not [path for path in (state / "home" / "work").iterdir() if path.is_dir()]


def test_a_base_that_goes_on_untrained_is_left_in_the_outputs_alone(root: Path, state: Path) -> None:
    """Runs from one base may begin at once: none leaves anything that another could find half-written."""
    without_outputs(root, "sft")
    sft(quick(root, {"sft": {"steps": 0, "epochs": 0}}), root)
    assert read_json(root / "reports" / "sft.json")["sft"] == {"steps": 0}
    assert (root / "checkpoints" / "sft" / "config.json").exists()
    assert not (state / "home").exists()


def test_the_loss_goes_down_and_the_report_holds_every_step(root: Path, state: Path) -> None:
    without_outputs(root, "sft")
    sft(quick(root, {"sft": {"steps": 20}}), root)
    facts = read_json(root / "reports" / "sft.json")["sft"]
    losses = [entry["loss"] for entry in facts["trajectory"]]
    assert [entry["step"] for entry in facts["trajectory"]] == list(range(1, 21))
    assert sum(losses[-3:]) / 3 < losses[0] - 0.5
    assert 0 < facts["trainable_share"] < 1  # the vision tower is frozen
    assert not [name for entry in facts["trajectory"] for name in entry if "time" in name or "second" in name]
    lines = read_lines(state / "run" / "metrics.jsonl")
    assert [line["figures"]["loss"] for line in lines] == losses
    segment = read_lines(state / "run" / "segments.jsonl")[-1]
    assert (segment["start"], segment["end"], segment["resumed_from"], segment["killed"]) == (0, 20, None, False)
    assert segment["samples"] == facts["samples"]


def test_another_seed_takes_other_samples(root: Path, state: Path) -> None:
    taken = []
    for seed in (0, 1):
        sft(quick(root, {"seed": seed, "sft": {"steps": 2}}), root)
        taken.append(json.loads((root / "reports" / "sft.json").read_text())["sft"]["samples"])
    assert taken[0] != taken[1]


def test_the_vision_tower_stays_as_it_was_and_the_language_part_moves(root: Path, state: Path) -> None:
    from safetensors.torch import load_file

    sft(quick(root), root)
    before = load_file(root / "base" / "model.safetensors")
    after = load_file(root / "checkpoints" / "sft" / "model.safetensors")
    moved = {name for name in before if not before[name].equal(after[name])}
    assert before.keys() == after.keys()
    assert not [name for name in moved if "visual" in name]
    assert [name for name in moved if "language_model" in name]
