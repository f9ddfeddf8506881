"""The settings that TRL's trainers get: the recipe's, and none that would cut, hide, or send anything."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fixtures_training import quick

from unirg_core.faults import BadInput
from unirg_core.rl import rl
from unirg_core.training.arguments import check_generation, grpo_config, sft_config


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def _grpo(root: Path, **step: Any) -> Any:
    params = quick(root, {"rl": {"step1": step}})
    return grpo_config(params.rl.step1, params.model, root / "out", 7, 5, [1.0, 0.5])


@pytest.mark.parametrize(
    ("step", "name", "expected"),
    [
        ({"clip_low": 0.1}, "epsilon", 0.1),
        ({"clip_high": 0.4}, "epsilon_high", 0.4),
        ({"beta": 0.03}, "beta", 0.03),
        ({"temperature": 0.7}, "temperature", 0.7),
        ({"top_p": 0.9}, "top_p", 0.9),
        ({"advantage": "none"}, "scale_rewards", "none"),
        ({"advantage": "group"}, "scale_rewards", "group"),
        ({}, "loss_type", "dapo"),
        ({"loss": "dr_grpo"}, "loss_type", "dr_grpo"),
        ({"rollouts": 8, "prompts": 16}, "num_generations", 8),
        ({"rollouts": 8, "prompts": 16}, "generation_batch_size", 128),
        ({"rollouts": 8, "prompts": 16}, "per_device_train_batch_size", 128),
        ({"steps": 9}, "max_steps", 9),
        ({"steps": 20, "warmup_share": 0.1}, "warmup_steps", 2),
        ({"schedule": "cosine"}, "lr_scheduler_type", "cosine"),
        ({"schedule": "constant"}, "lr_scheduler_type", "constant_with_warmup"),
    ],
)
def test_a_parameter_of_a_step_reaches_grpo(root: Path, step: dict, name: str, expected: Any) -> None:
    assert getattr(_grpo(root, **step), name) == expected


def test_grpo_is_on_policy_and_a_checkpoint_stands_at_the_border_of_a_generation_batch(root: Path) -> None:
    config = _grpo(root)
    assert config.num_iterations == 1
    assert config.steps_per_generation == config.gradient_accumulation_steps == 1
    assert config.shuffle_dataset is False  # the data is in its order already
    assert config.disable_dropout
    assert config.reward_weights == [1.0, 0.5]
    assert config.max_completion_length == quick(root).model.max_new_tokens


@pytest.mark.parametrize(
    ("processes", "micro", "expected"), [(1, None, (8, 1)), (2, None, (4, 1)), (1, 2, (2, 4)), (2, 2, (2, 2))]
)
def test_a_batch_is_divided_and_the_rest_accumulated(
    root: Path, processes: int, micro: int | None, expected: tuple[int, int]
) -> None:
    params = quick(
        root, {"rl": {"step1": {"prompts": 2, "rollouts": 4}}, "sft": {"batch_size": 8, "micro_batch": micro}}
    )
    grpo = grpo_config(params.rl.step1, params.model, root / "out", 7, 5, [1.0], processes=processes, micro_batch=micro)
    sft = sft_config(params.sft, params.model, root / "out", 7, 10, processes=processes)
    for config in (grpo, sft):
        assert (config.per_device_train_batch_size, config.gradient_accumulation_steps) == expected
    assert grpo.generation_batch_size == 8  # all completions of a step, whoever writes them


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        ({}, {"use_vllm": False}),
        (
            {"backend": "vllm", "memory_share": 0.4, "context": 2048},
            {"use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": 0.4,
             "vllm_max_model_length": 2048, "vllm_tensor_parallel_size": 1, "vllm_enable_sleep_mode": True},
        ),
        (
            {"backend": "vllm", "mode": "server", "url": "http://10.0.0.7:8000", "timeout": 9},
            {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": "http://10.0.0.7:8000",
             "vllm_server_timeout": 9.0},
        ),
    ],
)  # fmt: skip
def test_what_writes_the_rollouts_reaches_grpo(root: Path, generation: dict, expected: dict) -> None:
    params = quick(root, {"rl": {"generation": generation}})
    config = grpo_config(params.rl.step1, params.model, root / "out", 7, 5, [1.0, 0.5], generation=params.rl.generation)
    assert {name: getattr(config, name) for name in expected} == expected


def test_rollouts_by_vllm_are_refused_without_a_gpu_before_any_model_is_read(root: Path) -> None:
    wanted = quick(root, {"rl": {"generation": {"backend": "vllm"}}})
    with pytest.raises(
        BadInput, match=r"backend = vllm needs a GPU, .* or set rl\.generation\.backend to transformers\.$"
    ):
        rl(wanted, root)


def test_rollouts_by_vllm_are_refused_where_it_is_not_installed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unirg_core.models import loading

    if find_spec("vllm"):
        pytest.skip("vllm is installed here")
    monkeypatch.setattr(loading, "device", lambda model: "cuda")
    wanted = quick(root, {"rl": {"generation": {"backend": "vllm"}}})
    with pytest.raises(BadInput, match=r"vllm is not installed; say: pip install 'vllm>=0\.22,<=0\.31', or set"):
        check_generation(wanted.rl.generation, wanted.model)


def test_sft_takes_the_loss_of_the_answer_and_cuts_no_image_token(root: Path) -> None:
    params = quick(root, {"sft": {"warmup_share": 0.5}})
    config = sft_config(params.sft, params.model, root / "out", 7, 10)
    assert config.completion_only_loss is True
    assert config.max_length is None
    assert config.train_sampling_strategy == "sequential"
    assert (config.max_steps, config.warmup_steps, config.per_device_train_batch_size) == (10, 5, 4)


@pytest.mark.parametrize("make", ["sft", "grpo"])
def test_nothing_is_hidden_sent_or_thrown_away(root: Path, make: str) -> None:
    params = quick(root)
    config = _grpo(root) if make == "grpo" else sft_config(params.sft, params.model, root / "out", 7, 10)
    assert config.report_to == []
    assert not config.push_to_hub
    assert config.logging_nan_inf_filter is False
    assert config.logging_steps == 1
    assert config.save_total_limit == 2
    assert config.save_only_model is False
    assert (config.use_cpu, config.bf16, config.fp16) == (True, False, False)
