"""The settings of TRL's trainers.

Departures from TRL's and the Trainer's defaults, for both stages: gradients are not recomputed on a CPU (a tiny model's
activations are small), every step is logged (the trajectory is the record), a loss that is no number is not hidden,
examples are read in the order of the data (`data.sequence`), nothing is reported to any service, no length limit cuts
the image tokens of a prompt, and `model.dtype` says whether is computed in half precision, on a CPU too.

Batches are those of an optimiser step over all processes: `micro_batch` and the number of processes divide them, and
what is left is accumulated. Both losses are means over all tokens of the step, so that the division changes no more
than the order of sums. RL's other losses keep to that but for `bnpo`: a mean over a micro batch's own tokens, of which
each then counts alike, so that a token weighs more the fewer stand beside it.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.params import Generation, Model, RlStep, Sft, passes

VLLM = "vllm>=0.22,<=0.31"
"""The range that TRL 1.16 names; no dependency, since it needs a GPU."""

CHECKPOINTS_KEPT = 2  # the newest may be half-written when the process dies; the one before it is whole


def common(model: Model, folder: Path, seed: int, checkpoint_steps: int) -> dict[str, Any]:
    """Return the settings that SFT and RL share."""
    from unirg_core.models.loading import device

    gpu = device(model) == "cuda"
    return {
        "output_dir": str(folder),
        "seed": seed,
        "data_seed": seed,
        "use_cpu": not gpu,
        "bf16": model.dtype == "bfloat16",
        "gradient_checkpointing": gpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": checkpoint_steps,
        "save_total_limit": CHECKPOINTS_KEPT,
        "report_to": "none",
        "push_to_hub": False,
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_pin_memory": gpu,
        "dataloader_num_workers": 0,
    }


def sft_config(sft: Sft, model: Model, folder: Path, seed: int, steps: int, *, processes: int = 1) -> Any:
    """Return the settings of `SFTTrainer`: loss on the answer only."""
    from trl.trainer.sft_config import SFTConfig

    at_once, times = passes(sft.batch_size, processes, sft.micro_batch)
    return SFTConfig(
        **common(model, folder, seed, sft.checkpoint_steps),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=times,
        max_steps=steps,
        learning_rate=sft.learning_rate,
        lr_scheduler_type=_schedule(sft.schedule),
        warmup_steps=round(sft.warmup_share * steps),
        completion_only_loss=True,
        max_length=None,
        train_sampling_strategy="sequential",
    )


def grpo_config(
    step: RlStep,
    model: Model,
    folder: Path,
    seed: int,
    checkpoint_steps: int,
    weights: list[float],
    *,
    processes: int = 1,
    micro_batch: int | None = None,
    generation: Generation | None = None,
) -> Any:
    """Return the settings of `GRPOTrainer` for one step of the recipe.

    Completions are sampled anew for each optimiser step (on-policy: one iteration), and the whole batch of prompts x
    rollouts is one generation batch, so that a checkpoint always stands at the border of one. One update a generation
    also means that no ratio ever leaves 1 but by vLLM's rounding, and so that the clips seldom bite. Dropout is off:
    with it the KL against the step's own start would not be zero. The default loss is TRL's, the mean over tokens of
    DAPO, whose raised upper clip the recipe takes.
    """
    from trl.trainer.grpo_config import GRPOConfig

    completions = step.prompts * step.rollouts
    at_once, times = passes(completions, processes, micro_batch)
    return GRPOConfig(
        **common(model, folder, seed, checkpoint_steps),
        **rollouts(generation or Generation()),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=times,
        generation_batch_size=completions,
        num_generations=step.rollouts,
        max_completion_length=model.max_new_tokens,
        max_steps=step.steps,
        learning_rate=step.learning_rate,
        lr_scheduler_type=_schedule(step.schedule),
        warmup_steps=round(step.warmup_share * step.steps),
        epsilon=step.clip_low,
        epsilon_high=step.clip_high,
        beta=step.beta,
        temperature=step.temperature,
        top_p=step.top_p,
        scale_rewards=step.advantage,
        loss_type=step.loss,
        reward_weights=weights,
        num_iterations=1,
        shuffle_dataset=False,
        disable_dropout=True,
        log_completions=False,
    )


def rollouts(generation: Generation) -> dict[str, Any]:
    """Return the settings that say what writes the rollouts.

    The maximal length is given to a colocated vLLM because it would else reserve room for the model's longest context.
    """
    if generation.backend == "transformers":
        return {}
    shared = {"use_vllm": True, "vllm_mode": generation.mode}
    if generation.mode == "server":
        return {**shared, "vllm_server_base_url": generation.url, "vllm_server_timeout": generation.timeout}
    return {
        **shared,
        "vllm_gpu_memory_utilization": generation.memory_share,
        "vllm_tensor_parallel_size": generation.tensor_parallel,
        "vllm_max_model_length": generation.context,
        "vllm_enable_sleep_mode": generation.sleep,
    }


def check_generation(generation: Generation, model: Model) -> None:
    """Refuse rollouts by vLLM where they cannot be, before any model is read.

    Raises
    ------
    BadInput
        When vLLM is not installed, or no GPU is there to share weights with it.
    """
    if refused := next(generation_refusals(generation, model), None):
        raise BadInput(refused)


def generation_refusals(generation: Generation, model: Model) -> Iterator[str]:
    """Tell what rollouts by vLLM lack here; that `model.device` names a GPU that is not here is told by `device`."""
    from unirg_core.models.loading import device

    if generation.backend != "vllm":
        return
    remedy = "or set rl.generation.backend to transformers"
    if on_cpu := model.device != "cuda" and device(model) == "cpu":
        yield f"rl.generation.backend = vllm needs a GPU, and the model is on the CPU; use one, {remedy}."
    if (not on_cpu or model.device == "auto") and find_spec("vllm") is None:
        yield f"rl.generation.backend = vllm, but vllm is not installed; say: pip install '{VLLM}', {remedy}."


def _schedule(name: str) -> str:
    return {"constant": "constant_with_warmup"}.get(name, name)
