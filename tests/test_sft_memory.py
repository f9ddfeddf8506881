"""The memory that a stage is said to take: counted shapes, each term's law, and the measured peak."""

from pathlib import Path

import fixtures_training
import pytest
from fixtures_launch import checkout
from fixtures_memory import peak_growth, recipe
from fixtures_training import quick, training_root

from unirg_core import allocator, params
from unirg_core.faults import BadInput
from unirg_core.sft import sft
from unirg_core.training import memory, phase
from unirg_core.training.memory import GIB, Division
from unirg_core.training.shapes import PUBLIC, shape_of

ROOT = Path(__file__).resolve().parents[1]

ADAPTER = 36 * 64 * (2 * (4096 + 4096) + 2 * (4096 + 1024) + 3 * (4096 + 12288))
"""Parameters of an adapter of rank 64 on Qwen3-VL-8B: 36 layers; q and o, k and v, the three of the inner part."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_root(tmp_path_factory.mktemp("memory"))


@pytest.mark.parametrize(
    ("base", "parameters", "tokens"),
    [  # as Hugging Face's pages state them: 8.77 B and 2.13 B; 512 px / 16 px a patch / 2 merged = 16 x 16 tokens
        ("Qwen/Qwen3-VL-8B-Instruct", 8_767_123_696, 256),
        ("microsoft/UniRG-CXR", 8_767_123_696, 256),
        ("Qwen/Qwen3-VL-2B-Instruct", 2_127_532_032, 256),
    ],
)
def test_a_public_model_has_the_published_number_of_parameters(base: str, parameters: int, tokens: int) -> None:
    shape = shape_of(params.Model(base=base, image_size=512))
    assert (shape.parameters, shape.tokens, shape.vocabulary) == (parameters, tokens, 151_936)


def test_the_table_of_public_models_is_the_recipes() -> None:
    assert {recipe(name).model.base for name in ("unirg-cxr-8b", "continue-unirg-cxr", "qwen3-vl-2b-lora")} == set(
        PUBLIC
    )


def test_a_shape_is_that_of_the_loaded_model(root: Path) -> None:
    from unirg_core import models

    model, _ = models.load(quick(root).model)
    shape = shape_of(quick(root).model)
    assert shape.parameters == sum(p.numel() for p in model.parameters())
    models.freeze_vision(model)
    assert memory.learning_parameters(quick(root), shape) == sum(
        p.numel() for p in model.parameters() if p.requires_grad
    )


def test_an_adapter_is_counted_as_it_is_made(root: Path) -> None:
    from unirg_core import models

    wanted = quick(root, {"model": {"lora": {"rank": 3, "targets": ["q_proj", "down_proj"]}}})
    made = models.apply_lora(models.load(wanted.model)[0], wanted.model.lora)
    expected = sum(p.numel() for p in made.parameters() if p.requires_grad)
    assert memory.learning_parameters(wanted, shape_of(wanted.model)) == expected


def test_a_model_that_nobody_knows_is_named() -> None:
    with pytest.raises(BadInput, match="nobody/nothing"):
        shape_of(params.Model(base="nobody/nothing"))


def _estimate(name: str, stage: str = "sft", above: dict | None = None, division: Division | None = None):
    found = recipe(name, above)
    divided = division or memory.division_of(found, ROOT)
    return memory.estimate(found, stage, shape_of(found.model), divided, gpu=True, total=80 * GIB)


def test_all_weights_of_the_8b_need_sixteen_bytes_each_where_they_are_spread() -> None:
    kept = _estimate("unirg-cxr-8b").kept
    held = kept["weights"] + kept["gradients"] + kept["optimiser"]
    gathered = 2 * 2 * 622_329_856  # the embedding and the next, in half precision
    assert held - gathered == pytest.approx(16 * 8_767_123_696 / 8)


@pytest.mark.parametrize("name", ["unirg-cxr-8b", "unirg-cxr-8b-lora", "continue-unirg-cxr", "qwen3-vl-2b-lora"])
def test_the_table_of_the_recipes_is_what_is_computed(name: str) -> None:
    lines = (ROOT / "docs" / "doctor.md").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"| `{name}`"))
    told = [cell.strip() for cell in line.split("|")[2:4]]
    found = [f"{_estimate(name, stage).peak / GIB:.1f}" for stage in ("sft", "rl")]
    assert told == [found[0] if recipe(name).sft.epochs else "-", found[1]]


@pytest.mark.parametrize(("dtype", "computed_with"), [("float32", 0), ("bfloat16", 2)])
def test_all_weights_of_one_gpu_need_sixteen_bytes_each_too(dtype: str, computed_with: int) -> None:
    above = {"model": {"lora": None, "freeze_vision": False, "dtype": dtype}}
    kept = _estimate("qwen3-vl-2b-lora", above=above).kept
    assert sum(kept.values()) == (16 + computed_with) * 2_127_532_032


@pytest.mark.parametrize(
    ("stage", "part", "above", "factor"),
    [
        ("sft", "activations", {"sft": {"micro_batch": 16}}, 2),
        ("sft", "vision", {"sft": {"micro_batch": 16}}, 2),
        ("sft", "vision", {"model": {"image_size": 1024}}, 4),
        ("sft", "gradients", {"launch": {"processes": 16}, "sft": {"micro_batch": 4}}, 0.5),
        ("sft", "optimiser", {"launch": {"processes": 4}}, 2),
        ("rl", "reference model", {"launch": {"processes": 16}}, 0.5),
        ("rl", "pictures", {"rl": {"step1": {"prompts": 32}, "step2": {"prompts": 32}}}, 2),
    ],
)
def test_a_part_grows_as_its_formula_says(stage: str, part: str, above: dict, factor: float) -> None:
    def of(estimate) -> float:
        return {**estimate.kept, **estimate.learning, **estimate.generating}[part]

    assert of(_estimate("unirg-cxr-8b", stage, above)) == pytest.approx(factor * of(_estimate("unirg-cxr-8b", stage)))


def test_the_cache_is_that_of_the_rollouts_written_at_once() -> None:
    generating = _estimate("qwen3-vl-2b-lora", "rl").generating
    tokens = 256 + 192 + 300
    assert generating["cache"] == 2 * 28 * (8 * 128) * 2 * (8 * 8) * tokens  # K and V, layers, heads, bytes, rollouts


@pytest.mark.parametrize(
    ("name", "above", "division", "expected"),
    [
        ("unirg-cxr-8b", {}, None, 4 * 8_767_123_696 / 8),
        ("unirg-cxr-8b", {}, Division(), 4 * 8_767_123_696),
        ("unirg-cxr-8b", {"rl": {"step2": None}}, None, None),  # step 1 goes without KL
        ("unirg-cxr-8b-lora", {}, None, 4 * ADAPTER),
        ("unirg-cxr-8b-lora", {}, Division(8, sharded=True), 4 * ADAPTER / 8),
        ("unirg-cxr-8b-lora", {"rl": {"step2": {"beta": 0.0}}}, None, None),
    ],
)
def test_a_reference_is_kept_where_kl_counts_and_an_adapters_is_a_copy_of_it(
    name: str, above: dict, division: Division | None, expected: float | None
) -> None:
    assert _estimate(name, "rl", above, division).kept.get("reference model") == expected
    assert "reference model" not in _estimate(name, "sft", above, division).kept


def test_the_reference_of_an_adapter_is_what_the_trainer_adds(root: Path) -> None:
    """The copy stays in float32 and learns nothing, so that it needs neither gradient nor optimiser."""
    from unirg_core import models

    wanted = quick(root, {"model": {"dtype": "bfloat16", "lora": {"rank": 3}}})
    made = models.apply_lora(models.load(wanted.model)[0], wanted.model.lora)
    made.add_adapter("ref", made.peft_config["default"])  # as GRPOTrainer does
    copied = [p for name, p in made.named_parameters() if ".ref." in name]
    shape = shape_of(wanted.model)
    assert (
        sum(4 * p.numel() for p in copied)
        == memory.estimate(wanted, "rl", shape, Division(), gpu=False).kept["reference model"]
    )
    assert {(p.element_size(), p.requires_grad) for p in copied} == {(4, False)}


@pytest.mark.parametrize(("prior", "pictures"), [("none", 1), ("report", 1), ("image_and_report", 2)])
def test_a_prior_counts_as_a_further_picture_and_as_many_words_again(prior: str, pictures: int) -> None:
    known = recipe("unirg-cxr-8b", {"model": {"prior": prior}})
    shape = shape_of(known.model)
    words = 0 if prior == "none" else known.model.max_new_tokens
    seen = memory.seen_of(known, shape)
    assert (seen.tokens, seen.patches) == (pictures * shape.tokens + words, pictures * shape.patches)
    grown = _estimate("unirg-cxr-8b", "rl", {"model": {"prior": prior}}).kept["pictures"]
    assert grown == pictures * _estimate("unirg-cxr-8b", "rl", {"model": {"prior": "none"}}).kept["pictures"]


def test_a_sleeping_vllm_is_there_only_while_it_writes() -> None:
    asleep = _estimate("unirg-cxr-8b-lora", "rl")
    awake = _estimate("unirg-cxr-8b-lora", "rl", {"rl": {"generation": {"sleep": False}}})
    assert asleep.generating["vLLM"] == awake.kept["vLLM"] == pytest.approx(0.3 * 80 * GIB)
    assert awake.peak > asleep.peak


@pytest.mark.parametrize(
    ("config", "said"), [("nonsense", "is no file of infra/accelerate; there are: eight-gpu-fsdp")]
)
def test_an_unknown_launch_configuration_is_refused(root: Path, config: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        memory.division_of(quick(root, {"launch": {"config": config}}), ROOT)


BOUNDS = (0.9, 2.0)
"""Estimate by measured growth: never much below what is taken, at most twice as much."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "sizes", "above"),
    [
        ("sft", {}, {"sft": {"steps": 1, "batch_size": 384}, "model": {"max_new_tokens": 60}}),
        ("sft", {"hidden": 512, "layers": 8}, {"sft": {"steps": 2}, "model": {"max_new_tokens": 32}}),
        (
            "sft",
            {"hidden": 512, "layers": 8},
            {"sft": {"steps": 2}, "model": {"max_new_tokens": 32, "lora": {"rank": 8}}},
        ),
        (
            "rl",
            {"hidden": 512, "layers": 8},
            {
                "rl": {"step1": {"steps": 1, "prompts": 4, "rollouts": 8, "beta": 0.1}, "step2": None},
                "model": {"max_new_tokens": 48},
            },
        ),
    ],
    ids=["activations", "weights", "adapter", "rollouts and reference"],
)
def test_the_estimate_is_near_the_measured_peak(
    stage: str, sizes: dict, above: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixtures_training, "SIZES", {**fixtures_training.SIZES, **sizes})
    made = (fixtures_training.root_with_sft if stage == "rl" else training_root)(tmp_path)
    checkout(made, above)
    loaded = params.load(made / "params.yaml")
    peak = memory.estimate(loaded, stage, shape_of(loaded.model), Division(), gpu=False).peak
    measured = peak_growth(made, stage)
    assert BOUNDS[0] < peak / measured < BOUNDS[1], f"estimated {peak / 2**20:.0f}, measured {measured / 2**20:.0f} MiB"


def test_a_training_on_a_cpu_keeps_the_memory_of_a_step_for_the_next(
    root: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    monkeypatch.setattr(phase, "keep_freed", kept.append)
    sft(quick(root, {"sft": {"steps": 1}}), root)
    assert kept == [allocator.ALL]
