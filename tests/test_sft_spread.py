"""A model that is spread over the processes (FSDP 2, here over gloo): looked at, gathered whole, never by mistake."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures_launch import checkout, ended, spreading, start
from fixtures_training import LORA, quick, root_with_sft, state_in, training_root, trajectory

from unirg_core import models, params
from unirg_core.faults import BadInput
from unirg_core.files import read_json
from unirg_core.models.loading import load
from unirg_core.sft import sft
from unirg_core.training.phase import filled

FORMS = {"full": {}, "lora": LORA}
SPREAD = {"launch": {"processes": 2, "config": "eight-gpu-fsdp"}}
LOOKS = {"validate_every": 2, "validation_studies": 4}
THREE_STEPS = {"sft": {"steps": 3, **LOOKS}}
WITH_KL = {"rl": {"step1": {"steps": 3, "beta": 0.02, "learning_rate": 0.05}, "step2": None, **LOOKS}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root in which SFT has run; a test that changes it takes a copy."""
    return root_with_sft(tmp_path_factory.mktemp("spread") / "root")


def _weights(folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def _apart(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> float:
    assert one.keys() == other.keys()
    return float(np.sqrt(sum(((one[name] - other[name]) ** 2).sum() for name in one)))


def _spread(root: Path, stage: str, above: Mapping[str, Any]) -> None:
    """Run a stage of two processes, and hold that each kept a part of every weight and none the whole."""
    checkout(root, params.overlay(above, SPREAD))
    code, _, told = ended(start(root, stage, **spreading()))
    assert code == 0, told
    first, second = (read_json(root / "run" / f"spread{rank}.json") for rank in range(2))
    assert first["whole"] == second["whole"] == first["held"] + second["held"]
    assert first["held"] < 0.6 * first["whole"]
    looked = read_json(root / "reports" / f"{stage}.json")["sft" if stage == "sft" else "step1"]["validation"]
    assert [look["step"] for look in looked] == [0, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_sft_of_a_spread_model_goes_the_way_of_one_process(tmp_path: Path, form: str) -> None:
    """The GPU's configuration computes in half precision, which moves the weights a little."""
    root, above = training_root(tmp_path / "root"), params.overlay(FORMS[form], THREE_STEPS)
    _spread(root, "sft", above)
    found, before = _weights(root / "checkpoints" / "sft"), _weights(root / "base")
    with state_in(tmp_path / "alone"):
        sft(quick(root, above), root)
    alone = _weights(root / "checkpoints" / "sft")
    assert 0 < _apart(alone, found) < 0.3 * _apart(alone, before)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_rl_of_a_spread_model_learns_and_is_compared_with_its_reference(root: Path, tmp_path: Path, form: str) -> None:
    root = shutil.copytree(root, tmp_path / "root")
    _spread(root, "rl", params.overlay(FORMS[form], WITH_KL))
    kl = [step["kl"] for step in trajectory(root, "rl", "step1")]
    assert abs(kl[0]) < 1e-9 < kl[-1]
    assert _apart(_weights(root / "checkpoints" / "rl"), _weights(root / "checkpoints" / "sft")) > 0


@pytest.mark.slow
def test_a_stage_that_would_hold_whole_what_is_to_be_spread_refuses(tmp_path: Path) -> None:
    root = checkout(training_root(tmp_path / "root"), SPREAD)
    code, _, told = ended(start(root, "sft"))
    assert code == 2 and "launch.config spreads the model over GPUs, and this stage trains on a CPU" in told
    assert not (root / "checkpoints").exists()


def _model(root: Path, form: str) -> Any:
    wanted = quick(root, FORMS[form]).model
    model, _ = load(wanted)
    return models.apply_lora(model, wanted.lora) if wanted.lora else model


def _gathered(model: Any) -> dict[str, Any]:
    """Return weights as a launcher's processes give them: other numbers under the model's own names."""
    return {name: tensor + 1 for name, tensor in model.state_dict().items()}


TIED, INPUT = "lm_head.weight", "model.language_model.embed_tokens.weight"


@pytest.mark.parametrize(
    ("stage", "raised", "said"), [("2", RuntimeError, "goes on"), ("3", BadInput, "ZeRO-3 cannot hold model.lora's")]
)
def test_an_adapter_under_zero3_is_refused_before_a_model_is_read(
    root: Path, run: Path, stage: str, raised: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(*_: Any) -> None:
        raise RuntimeError("goes on to read the model")

    monkeypatch.setattr("unirg_core.training.phase.prepared", reading)
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_ZERO_STAGE", stage)
    with pytest.raises(raised, match=said):
        sft(quick(root, LORA), root)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("left_out", [None, TIED, INPUT])
def test_gathered_weights_fill_a_model(root: Path, form: str, left_out: str | None) -> None:
    model = _model(root, form)
    weights = _gathered(model)
    expected = dict(weights)
    for name in [name for name in weights if left_out and name.endswith(left_out)]:
        del weights[name]  # the other name of the same tensor remains
    assert (len(weights) < len(expected)) == (left_out is not None)
    found = filled(model, weights).state_dict()
    assert all((found[name] == expected[name]).all() for name in expected)


def test_the_reference_adapter_is_left_out_and_the_learnt_one_taken(root: Path) -> None:
    trained = _model(root, "lora")
    trained.add_adapter("ref", trained.peft_config["default"])
    weights = _gathered(trained)
    found = filled(_model(root, "lora"), weights).state_dict()
    assert len(weights) > len(found) and any(".ref." in name for name in weights)
    assert all((found[name] == weights[name]).all() for name in found)


@pytest.mark.parametrize(
    ("form", "taken", "given", "said"),
    [
        (
            "full",
            r"language_model\.norm\.weight$",
            (),
            "lacks weights of the model: ['model.language_model.norm.weight']",
        ),
        ("full", r"lm_head|embed_tokens\.weight", (), "lacks weights of the model: ['model.language_model.embed_tok"),
        ("lora", r"\.default\.", (), "lora_A.default.weight"),  # the reference adapter alone is no trained model
        ("full", "^$", ("other.ref.weight",), "does not know: ['other.ref.weight']"),
        ("full", "^$", ("model.norm.weight",), "does not know: ['model.norm.weight']"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    root: Path, form: str, taken: str, given: tuple[str, ...], said: str
) -> None:
    model = _model(root, form)
    weights = {name: tensor for name, tensor in _gathered(model).items() if not re.search(taken, name)}
    weights |= dict.fromkeys(given)
    with pytest.raises(RuntimeError, match=re.escape(said)):
        filled(model, weights)


def test_a_buffer_that_a_model_saves_counts_and_one_that_it_computes_does_not() -> None:
    import torch

    model = torch.nn.Linear(2, 2, bias=False)
    model.register_buffer("saved", torch.zeros(2))
    model.register_buffer("computed", torch.zeros(2), persistent=False)
    with pytest.raises(RuntimeError, match=r"lacks weights of the model: \['saved'\]"):
        filled(model, {"weight": torch.ones(2, 2)})
    assert filled(model, {"weight": torch.ones(2, 2), "saved": torch.ones(2)}).saved.sum() == 2
