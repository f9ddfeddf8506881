"""TRL's trainers without the model card that they would write beside each checkpoint."""

from typing import Any

from transformers import PrinterCallback
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_trainer import SFTTrainer


class _Quiet:
    """A trainer that prints nothing by itself and draws up no card (which would name tags, services and addresses)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remove_callback(PrinterCallback)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write no card: the register stage writes the model's."""


class ExactSft(_Quiet, SFTTrainer):
    """`SFTTrainer` as this project runs it."""


class ExactGrpo(_Quiet, GRPOTrainer):
    """`GRPOTrainer` as this project runs it."""
