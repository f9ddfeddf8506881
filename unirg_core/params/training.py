"""The sections `model`, `sft` and `rl`: which model is trained, how it is fine-tuned, and what is rewarded."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from unirg_core.families import LOWER_IS_BETTER, STANDARDISED
from unirg_core.params.devices import Generation
from unirg_core.params.section import Count, Section, Share
from unirg_core.params.watching import Alarms, Resampling, Validated

Schedule = Literal["linear", "cosine", "constant"]


class Lora(Section):
    """Low-rank adapter instead of full fine-tuning."""

    rank: Count = 16
    alpha: Count = 32
    dropout: Share = 0.0
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")


class Model(Section):
    """The vision-language model and how it is asked."""

    base: str = Field("unirg-tiny", min_length=1, description="unirg-tiny, champion, a folder, or a Hugging Face id")
    revision: str | None = Field(None, description="Commit of a Hugging Face id")
    prompt: Literal["short", "paper"] = Field(
        "short", description="short for tiny models; paper: the text of arXiv 2601.17151"
    )
    prior: Literal["none", "report", "image_and_report"] = Field(
        "none", description="What is shown of the patient's prior study (docs/models.md)"
    )
    output: Literal["plain", "think_answer"] = Field(
        "plain", description="plain: the report; think_answer: the report and its labels in tags (docs/models.md)"
    )
    image_size: Annotated[int, Field(ge=32, le=2048, description="The processor's square, in pixels")] = 64
    max_new_tokens: Count = 128
    temperature: Annotated[
        float, Field(ge=0, le=2, description="Of the reports that are written; 0, as the paper: the likeliest words")
    ] = 0.0
    freeze_vision: bool = True
    lora: Lora | None = None
    dtype: Literal["float32", "bfloat16"] = Field(
        "float32", description="What is computed with and published; weights that learn are float32 (docs/recipes.md)"
    )
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    threads: Annotated[int, Field(ge=0, description="CPU threads; fixed, so that sums come out equal. 0: all")] = 2


class Sft(Validated):
    """Supervised fine-tuning (paper: lr 5e-5, batch 256, 3 epochs at 8B)."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    batch_size: Count = Field(32, description="Studies an optimiser step, over all processes")
    micro_batch: Count | None = Field(
        None, description="Studies a process takes at once; the rest is accumulated. Default: its share of the batch"
    )
    steps: Annotated[int, Field(ge=0, description="Optimiser steps; 0: take epochs")] = 300
    epochs: Annotated[float, Field(ge=0, description="Passes over the training studies; 0: no SFT at all")] = 3.0
    warmup_share: Share = 0.05
    schedule: Schedule = Field("cosine", description="Decay of the learning rate to zero")
    checkpoint_steps: Count = Field(50, description="Steps between checkpoints; a killed run goes on from the last")


class RlStep(Section):
    """One GRPO step of the recipe."""

    steps: Annotated[int, Field(ge=0, description="Optimiser steps; 0: take epochs")]
    epochs: Annotated[float, Field(gt=0, description="Passes over the training studies")] = 1.0
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 6e-4
    warmup_share: Share = Field(0.1, description="Share of the steps in which the learning rate rises from zero")
    schedule: Schedule = Field("linear", description="Decay of the learning rate to zero")
    prompts: Count = Field(16, description="Prompts a step")
    rollouts: Annotated[int, Field(ge=2, description="Completions a prompt")] = 8
    clip_low: Annotated[float, Field(gt=0, lt=1)] = 0.20
    clip_high: Annotated[float, Field(gt=0, lt=1)] = 0.28
    beta: Annotated[float, Field(ge=0, description="KL against the policy that this step starts from")] = 0.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    advantage: Literal["group", "none"] = Field(
        "group", description="Standard deviation that advantages are divided by"
    )
    loss: Literal["dapo", "grpo", "dr_grpo", "bnpo"] = Field(
        "dapo",
        description="What the loss averages over: all tokens, each completion, a fixed length, a micro batch's tokens",
    )
    curriculum: Literal["none", "abnormal_first", "simple_first", "rare_more"] = Field(
        "none", description="Order of the prompts (docs/training.md)"
    )
    resample_zero_spread: Resampling | None = Field(
        None, description="Put further prompts in the place of groups whose rewards are all equal"
    )
    reward: dict[str, float] = Field(
        examples=["{micro_gain: 0.75, well_formed: 0.25}"], description="Score name -> weight"
    )
    weights: Literal["raw", "standardised"] = Field(
        "raw", description="Weigh scores as they are, or RadCliQ's four parts less its mean, over its scale"
    )

    @model_validator(mode="after")
    def _rewards_something(self) -> "RlStep":
        if not self.reward or not any(self.reward.values()):
            raise ValueError("reward is empty; name at least one score with a weight that is not zero")
        for name, weight in self.reward.items():
            if weight and (weight < 0) != (name in LOWER_IS_BETTER):
                better, side = ("lower", "below") if name in LOWER_IS_BETTER else ("higher", "above")
                raise ValueError(
                    f"reward.{name} = {weight:g} would train the model to be wrong, since {name} is the better the "
                    f"{better}; give a weight {side} zero"
                )
        if self.weights == "standardised" and not any(self.reward.get(name) for name in STANDARDISED):
            raise ValueError(
                "weights: standardised changes nothing, because no rewarded score has a published mean and scale "
                f"({', '.join(STANDARDISED)} have); reward one of them or set weights: raw"
            )
        if self.clip_high < self.clip_low:
            raise ValueError("clip_high is below clip_low; the recipe raises the upper clip (clip-higher)")
        return self


class Rl(Validated):
    """Two GRPO steps (arXiv 2601.17151): the scores, then the scores and an error count with KL to step 1."""

    step1: RlStep = RlStep(steps=100, beta=0.05, advantage="none", reward={"micro_gain": 0.5, "well_formed": 0.5})
    step2: RlStep | None = RlStep(
        steps=25,
        learning_rate=2e-4,
        beta=0.1,
        advantage="none",
        reward={"micro_gain": 0.5, "well_formed": 0.5, "error_count": 0.1},
    )
    micro_batch: Count | None = Field(
        None, description="Completions a process learns from at once; the rest is accumulated. Default: its share"
    )
    generation: Generation = Generation()
    checkpoint_steps: Count = 10
    score_processes: Annotated[int, Field(ge=0, le=64, description="Processes for scores that compute long")] = 0
    select_by: str = Field("reward", description="reward, or the score by which select and patience judge")
    keep_completions_every: Annotated[
        int, Field(ge=0, description="Steps between those whose completions are kept in the run's folder; 0: none")
    ] = 25
    alarms: Alarms | None = Field(Alarms(), description="Bounds that stop a run that collapses; null: none")
