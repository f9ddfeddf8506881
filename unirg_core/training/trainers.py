"""TRL's trainers without the model card that they would write beside each checkpoint."""

from collections.abc import Sequence
from typing import Any

from transformers import PrinterCallback
from trl.data_utils import prepare_multimodal_messages
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.sft_trainer import SFTTrainer

from unirg_core.faults import BadInput
from unirg_core.training.completions import Batch, Kept
from unirg_core.training.resampling import Made, Resampler
from unirg_core.training.rewards import Rewards, texts_of


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
    rewards
        Told of a step's completions as soon as they are there.
    kept
        Given all that a step has sampled; its figures are logged.
    resampler
        Replaces groups that would teach nothing.
    """

    def __init__(
        self, *args: Any, rewards: Rewards, kept: Kept, resampler: Resampler | None = None, **more: Any
    ) -> None:
        super().__init__(*args, reward_funcs=rewards.functions, **more)
        if resampler and self.accelerator.num_processes > 1:
            raise BadInput("rl: resample_zero_spread works where one process samples; set it null or use one process.")
        self._rewards, self._kept, self._resampler = rewards, kept, resampler
        self._asked: Sequence[Any] = ()

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        self._asked = inputs
        return super()._generate_and_score_completions(inputs)

    def _generate(self, prompts: Any) -> Any:
        made = super()._generate(prompts)
        if self._resampler:
            step = self.state.global_step + 1
            made = self._resampler(step, self._asked, prompts, made, self._further, self._log_metric)
        self._rewards.begin(self._asked, made[3], self._log_metric)  # 3: the completions as messages
        return made

    def _further(self, examples: list[Any]) -> tuple[list[Any], Made]:
        """Generate for further examples; the figures of length stay those of the step's first draw."""
        prompts = [prepare_multimodal_messages(one["prompt"], images=one["images"]) for one in examples]
        figures = self._metrics["train"]
        known = {name: len(values) for name, values in figures.items()}
        made = super()._generate(prompts)
        for name, count in known.items():
            del figures[name][count:]
        return prompts, made

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        values = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        rank = self.accelerator.process_index
        mine = values[rank * len(prompts) : (rank + 1) * len(prompts)].cpu()
        names = [function.__name__ for function in self._rewards.functions]
        batch = Batch(
            step=self.state.global_step + 1,
            studies=[row["study_id"] for row in inputs],
            references=[row["reference"] for row in inputs],
            completions=texts_of(completions),
            tokens=[len(ids) for ids in completion_ids_list],
            rewards=dict(zip(names, mine.T.tolist(), strict=True)),
            total=(mine @ self.reward_weights.cpu().to(mine.dtype)).tolist(),
            rank=rank,
        )
        for name, value in self._kept(batch).items():
            self._log_metric(name, value)
        return values
