"""Following what is advised where a stage does not fit leads to a fit, on the device that the advice speaks of."""

import re
from functools import cache
from pathlib import Path

import pytest
from fixtures_memory import recipe
from fixtures_training import REPOSITORY

from unirg_core import preflight
from unirg_core.params import Model, Params, assignments, overlay
from unirg_core.training import fitting, memory, remedies, shapes
from unirg_core.training.memory import GIB, Division
from unirg_core.training.shapes import Shape

SETTING = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+=[^\s,;)]+")
ONE, WHOLE = {"launch": {"processes": 1}}, {"launch": {"config": None}}
CPU = {"model": {"device": "cpu"}}
TRANSFORMERS = {"rl": {"generation": {"backend": "transformers"}}}
ZERO3 = {"launch": {"config": "eight-gpu-zero3"}}
BEST = {"sft": {"validate_every": 5, "select": "best"}, "rl": {"step2": {"resample_zero_spread": {}}}}


@pytest.fixture(autouse=True)
def _shapes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "public_shape", lambda base, size: _shape(base))


@cache
def _shape(base: str) -> Shape:
    return shapes.public_shape(base, 512)


def shape_of(model: Model) -> Shape:
    """Return the shape of a base model, built once for all tests: each recipe shows pictures of 512 pixels."""
    assert model.image_size == 512
    return _shape(model.base)


def judged(params: Params, stage: str, gib: float) -> str | None:
    gpu = params.model.device != "cpu"
    division = memory.division_of(params, REPOSITORY, gpu=gpu)
    return fitting.refusal(params, stage, shape_of(params.model), division, gib * GIB, gib * GIB, gpu=gpu)


def advised(said: str, gib: float) -> list[tuple[dict, float]]:
    """Read (settings, GiB) out of a sentence: one on this device, or each that is said to do beyond it."""
    found = []
    for clause in said.partition("; ")[2].removeprefix("no ").split(", or "):
        other = re.search(r"with (\d+) GiB free", clause)
        settings = SETTING.findall(clause)
        assert other or settings, said
        found.append((assignments(settings), float(other[1]) if other else gib))
    return found


def settled(params: Params) -> set[str]:
    """Return what stands in the way of a run whatever the device."""
    return {one.name for one in preflight.refusals(params, REPOSITORY) if not one.of_device}


@pytest.mark.parametrize("gib", [4, 16, 24, 40])
@pytest.mark.parametrize(
    ("name", "above"),
    [
        ("unirg-cxr-8b", {}),
        ("unirg-cxr-8b", ONE),
        ("unirg-cxr-8b", WHOLE),
        ("unirg-cxr-8b", ZERO3),
        ("unirg-cxr-8b", TRANSFORMERS),
        ("unirg-cxr-8b", {"launch": {"processes": 16, "nodes": 2, "config": "two-nodes"}}),
        ("unirg-cxr-8b", CPU),
        ("unirg-cxr-8b-lora", {}),
        ("unirg-cxr-8b-lora", TRANSFORMERS),
        ("unirg-cxr-8b-lora", BEST),
        ("unirg-cxr-8b-lora", {"rl": {"generation": {"sleep": False}}}),
        ("unirg-cxr-8b-lora", {"rl": {"generation": {"mode": "server", "url": "http://10.0.0.7:8000"}}}),
        ("continue-unirg-cxr", {}),
        ("qwen3-vl-2b-lora", {}),
        ("qwen3-vl-2b-lora", {"model": {"lora": None}}),
        ("qwen3-vl-2b-lora", CPU),
    ],
)
def test_what_is_advised_fits(name: str, above: dict, gib: float) -> None:
    before, stood = recipe(name, above), None
    for stage in ("sft", "rl"):
        if (said := judged(before, stage, gib)) is None:
            continue
        for settings, where in advised(said, gib):
            after = recipe(name, overlay(above, settings))
            assert judged(after, stage, where) is None, said
            if gib == 24:  # what else stands in the way is no more than before
                stood = settled(before) if stood is None else stood
                assert settled(after) <= stood, said


@pytest.mark.parametrize("gib", [24, 32, 40, 48])
@pytest.mark.parametrize("name", ["unirg-cxr-8b", "unirg-cxr-8b-lora", "qwen3-vl-2b-lora"])
def test_following_the_first_advice_of_each_stage_ends_where_both_fit(name: str, gib: float) -> None:
    above: dict = {}
    for _ in range(4):
        said = [one for stage in ("sft", "rl") if (one := judged(recipe(name, above), stage, gib))]
        for one in said:
            settings, where = advised(one, gib)[0]
            assert where == gib
            above = overlay(above, settings)
    assert not said


@pytest.mark.parametrize(
    ("name", "above", "stage", "gib", "said"),
    [
        # an adapter that each process holds whole fits where one that is read whole and then spread does not
        ("unirg-cxr-8b", {}, "sft", 24, r"; set model\.lora\.rank=16 .*=true launch\.config=null sft"),
        ("unirg-cxr-8b", ONE, "sft", 24, r"; set model\.lora\.rank=16 model\.freeze_vision=true sft\.micro_batch=\d+$"),
        # vLLM is named with the share of the GPU that holds its weights
        ("unirg-cxr-8b-lora", TRANSFORMERS, "rl", 60, r"backend=vllm rl\.generation\.memory_share=0\.3[4-9]"),
        # where nothing does, that is said, with a smaller model and a larger GPU
        ("unirg-cxr-8b-lora", {}, "rl", 24, r"; no micro batch, adapter or number of such GPUs would do here: take a "
         r"smaller model, set model\.base=Qwen/Qwen3-VL-2B-Instruct, or take a GPU with 32 GiB free and set launch"),
        ("unirg-cxr-8b", CPU, "sft", 24, r"number of processes would do here: take a smaller model, .* \(one "
         r"process\), or take a machine with 32 GiB free"),
        ("unirg-cxr-8b-lora", {}, "sft", 2000, None),
    ],
)  # fmt: skip
def test_the_advice_is_the_smallest_change_that_does(
    name: str, above: dict, stage: str, gib: float, said: str | None
) -> None:
    found = judged(recipe(name, above), stage, gib)
    assert found is None if said is None else found and re.search(said, found), found


@pytest.mark.parametrize(
    ("above", "gpu", "expected"),
    [
        ({}, True, Division(8, sharded=True)),
        (ZERO3, True, Division(8, sharded=True, deepspeed=True)),
        (ONE, True, Division()),  # one process is started without accelerate
        (WHOLE, True, Division(8)),
        ({}, False, Division(8)),  # on a CPU every process holds the whole model
    ],
)
def test_a_model_is_spread_only_where_accelerate_spreads_it(above: dict, gpu: bool, expected: Division) -> None:
    assert memory.division_of(recipe("unirg-cxr-8b", above), Path(REPOSITORY), gpu=gpu) == expected


def test_a_smaller_model_is_looked_up_without_fetching_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("a model's files were asked for")

    monkeypatch.undo()
    monkeypatch.setattr("unirg_core.models.loading.resolve", fetched)
    shape = _shape("Qwen/Qwen3-VL-8B-Instruct")
    asked = (recipe("unirg-cxr-8b-lora"), "rl", shape, Division(), memory.Device(24 * GIB, 24 * GIB, True))
    assert "model.base=Qwen/Qwen3-VL-2B-Instruct" in remedies.remedies(*asked)[0].settings
