"""Which parameters learn: frozen vision tower, low-rank adapter, and an adapter's way back into the weights."""

from typing import Any

from unirg_core.faults import BadInput
from unirg_core.models.loading import first_line
from unirg_core.params import Lora

VISION_NAMES = ("visual", "vision_tower", "vision_model", "vision_encoder")


def freeze_vision(model: Any) -> int:
    """Stop the vision tower from learning; return how many parameters that are.

    Raises
    ------
    BadInput
        When the model has no part with a known name.
    """
    frozen = 0
    for name, parameter in model.named_parameters():
        if any(part in VISION_NAMES for part in name.split(".")):
            parameter.requires_grad_(False)
            frozen += parameter.numel()
    if not frozen:
        raise BadInput("model.freeze_vision is true, but this model has no vision tower of a known name; set it false.")
    return frozen


def apply_lora(model: Any, lora: Lora) -> Any:
    """Return the model with a low-rank adapter on its language part; all else is frozen.

    Raises
    ------
    BadInput
        When no module has one of the names in `lora.targets`.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        exclude_modules=rf".*\b({'|'.join(VISION_NAMES)})\b.*",
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise BadInput(f"model.lora.targets = {list(lora.targets)} fit no module: {first_line(error)}.") from None


def merged(model: Any) -> Any:
    """Return a plain model: an adapter, if there is one, is added into the weights."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def trainable_share(model: Any) -> float:
    """Return the share of a model's parameters that learn (0-1)."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, learns in sizes if learns) / max(sum(size for size, _ in sizes), 1)
