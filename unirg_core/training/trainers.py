"""TRL's trainers without the model card that they would write beside each checkpoint."""

from collections.abc import Callable, Sequence
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
    """`SFTTrainer` as this project runs it: the loss is the mean over all answer tokens of an optimiser step.

    Qwen-VL's models say that their own loss takes no number of tokens, and the trainer then gives every micro batch and
    every process the same weight, however long its reports are. TRL's fused head computes the loss itself and does take
    it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = True


class ExactGrpo(_Quiet, GRPOTrainer):
    """`GRPOTrainer` as this project runs it: scorers get the completions before the reference model reads them.

    Parameters
    ----------
    begin
        Called once a step with the inputs, the completions and a function that logs a figure.
    """

    def __init__(self, *args: Any, begin: Callable[[Sequence[Any], Sequence[Any], Any], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begin_scoring, self._asked = begin, ()

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        self._asked = inputs
        return super()._generate_and_score_completions(inputs)

    def _generate(self, prompts: Any) -> Any:
        made = super()._generate(prompts)
        self._begin_scoring(self._asked, made[3], self._log_metric)  # 3: the completions as messages
        return made
