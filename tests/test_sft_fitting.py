"""Whether a stage fits into the memory that is free: what counts as free, and what is said where it does not."""

import re
from pathlib import Path

import pytest
from fixtures_memory import recipe
from fixtures_training import REPOSITORY, quick, training_root

from unirg_core.faults import BadInput
from unirg_core.sft import sft
from unirg_core.training import fitting, memory, remedies
from unirg_core.training.memory import GIB, Division
from unirg_core.training.shapes import shape_of


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("fitting"))


@pytest.mark.parametrize(
    ("name", "gib", "fits"),
    [
        ("unirg-cxr-8b", 79, True),
        ("unirg-cxr-8b-lora", 79, True),
        ("continue-unirg-cxr", 79, True),
        ("qwen3-vl-2b-lora", 23.5, True),
        ("unirg-cxr-8b-lora", 23.5, False),
        ("unirg-cxr-8b", 23.5, False),
    ],
)
def test_each_recipe_fits_on_the_gpu_that_it_names(name: str, gib: float, fits: bool) -> None:
    found = recipe(name)
    shape, division = shape_of(found.model), memory.division_of(found, REPOSITORY)
    said = [fitting.refusal(found, stage, shape, division, gib * GIB, gib * GIB, gpu=True) for stage in ("sft", "rl")]
    assert (said == [None, None]) is fits


@pytest.mark.parametrize(
    ("above", "stage", "gib", "said"),
    [
        ({"sft": {"micro_batch": 64}}, "sft", 40, r"sft would take .* this GPU's memory, of which 40\.0 GiB are free; "
         r"set sft\.micro_batch=16$"),
        ({"model": {"lora": None}}, "sft", 60, r"; set model\.lora\.rank=16$"),
        ({"rl": {"generation": {"backend": "transformers"}}}, "rl", 60, r"; set .*backend=vllm .*memory_share=0\.3\d"),
        ({}, "rl", 40, r"memory_share = 0\.3 of 40\.0 GiB does not hold vLLM's weights .*; set launch\."),
        ({}, "sft", 10, r"would do here: take a smaller model, set model\.base=Qwen/.*a GPU with 24 GiB"),
        ({}, "sft", 1, r"would do here: take a GPU with 24 GiB free and set sft\.micro_batch=1$"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_first_change_that_would_do(
    above: dict, stage: str, gib: float, said: str
) -> None:
    found = recipe("unirg-cxr-8b-lora", above)
    shape = shape_of(found.model)
    refused = fitting.refusal(found, stage, shape, Division(), gib * GIB, gib * GIB, gpu=True)
    assert refused and re.search(said, refused), refused


@pytest.mark.parametrize(
    ("there", "installed"), [(True, "$"), (False, r" \(after pip install 'vllm>=[\d.]+,<=[\d.]+'\)")]
)
def test_a_remedy_names_what_it_needs_installed(there: bool, installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "find_spec", lambda name: object() if there and name == "vllm" else None)
    found = recipe("unirg-cxr-8b-lora", {"rl": {"generation": {"backend": "transformers"}}})
    refused = fitting.refusal(found, "rl", shape_of(found.model), Division(), 60 * GIB, 60 * GIB, gpu=True)
    assert refused and re.search(rf"rl\.generation\.backend=vllm [^(]*?{installed}$", refused), refused


@pytest.mark.parametrize(
    ("told", "free"),
    [
        ({}, None),
        ({"max": "max\n", "current": "4096\n"}, None),
        ({"max": "4096\n"}, None),
        ({"max": "1048576\n", "current": "1000000\n"}, 48576),
        ({"max": "1048576\n", "current": "1000000\n", "stat": "anon 7\nactive_file 9\n"}, 48576),
        ({"max": "1048576\n", "current": "1000000\n", "stat": "anon 7\nfile 900009\ninactive_file 900000\n"}, 948576),
    ],
    ids=["none", "without a limit", "half told", "no statistics", "no cache", "mostly cache"],
)
def test_a_containers_page_cache_is_free_memory(tmp_path: Path, told: dict[str, str], free: float | None) -> None:
    for name, text in told.items():
        (tmp_path / f"memory.{name}").write_text(text)
    found, total = fitting.available(False, tmp_path)
    assert found == free if free else 2**20 < found <= total


def test_the_stage_itself_refuses_before_its_first_step(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "available", lambda gpu: (64 * 2**20, 64 * 2**20))
    with pytest.raises(BadInput, match=r"sft would take 0\.1 GiB of this machine's memory, of which 0\.1 GiB are free"):
        sft(quick(root), root)
    assert not (root / "checkpoints").exists()
