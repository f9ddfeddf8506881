"""The settings of TRL's trainers.

Departures from TRL's and the Trainer's defaults, for both stages: gradients are not recomputed on a CPU (a tiny model's
activations are small), every step is logged (the trajectory is the record), a loss that is no number is not hidden,
examples are read in the order of the data (`data.sequence`), nothing is reported to any service, no length limit cuts
the image tokens of a prompt, and 8-bit or half precision is left to `model.dtype`.
"""

from pathlib import Path
from typing import Any

from unirg_core.params import Model, RlStep, Sft

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
        "bf16": gpu and model.dtype == "bfloat16",
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


def sft_config(sft: Sft, model: Model, folder: Path, seed: int, steps: int) -> Any:
    """Return the settings of `SFTTrainer`: loss on the answer only."""
    from trl.trainer.sft_config import SFTConfig

    return SFTConfig(
        **common(model, folder, seed, sft.checkpoint_steps),
        per_device_train_batch_size=sft.batch_size,
        max_steps=steps,
        learning_rate=sft.learning_rate,
        lr_scheduler_type=_schedule(sft.schedule),
        warmup_steps=round(sft.warmup_share * steps),
        completion_only_loss=True,
        max_length=None,
        train_sampling_strategy="sequential",
    )


def grpo_config(
    step: RlStep, model: Model, folder: Path, seed: int, checkpoint_steps: int, weights: list[float]
) -> Any:
    """Return the settings of `GRPOTrainer` for one step of the recipe.

    Completions are sampled anew for each optimiser step (on-policy: one iteration), and the whole batch of prompts x
    rollouts is one generation batch, so that a checkpoint always stands at the border of one. Dropout is off: with it
    the KL against the step's own start would not be zero. The loss is TRL's default, the mean over tokens of DAPO,
    whose raised upper clip the recipe takes.
    """
    from trl.trainer.grpo_config import GRPOConfig

    completions = step.prompts * step.rollouts
    return GRPOConfig(
        **common(model, folder, seed, checkpoint_steps),
        per_device_train_batch_size=completions,
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
        reward_weights=weights,
        num_iterations=1,
        shuffle_dataset=False,
        disable_dropout=True,
        log_completions=False,
    )


def _schedule(name: str) -> str:
    return {"constant": "constant_with_warmup"}.get(name, name)
