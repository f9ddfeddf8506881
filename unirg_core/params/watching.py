"""Sections that say how a training is watched: validation while it trains, alarms, resampling (docs/training.md)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from unirg_core.params.section import Count, Section, Share


class Validated(Section):
    """A stage that may look at the validation set while it trains, and choose its model by what it sees."""

    validate_every: Annotated[
        int, Field(ge=0, description="Steps between two looks at the validation set; 0: none")
    ] = 0
    validation_studies: Count = Field(64, description="Studies of the fixed validation sample")
    validation_scores: tuple[str, ...] = Field(
        ("rouge_l", "labels_f1"), description="Scores of the reports of a look; in RL the reward besides", min_length=1
    )
    select: Literal["last", "best"] = Field("last", description="Keep the last model, or the best on validation")
    select_by: str = Field("labels_f1", description="Score by which select and patience judge")
    patience: Annotated[
        int, Field(ge=0, description="Looks without a better one after which the training ends; 0: never")
    ] = 0

    @model_validator(mode="after")
    def _looks_before_it_chooses(self) -> "Validated":
        for name, wanted in (("select", self.select == "best"), ("patience", self.patience > 0)):
            if wanted and not self.validate_every:
                value = getattr(self, name)
                raise ValueError(f"{name}: {value} needs validate_every, which is 0; set it, as validate_every: 10")
        known = (*self.validation_scores, *(("reward",) if hasattr(self, "step1") else ()))
        if self.validate_every and self.select_by not in known:
            raise ValueError(f"select_by: {self.select_by} is not validated; there are {', '.join(known)}")
        return self


class Resampling(Section):
    """Dynamic sampling (DAPO, arXiv 2503.14476): prompts whose completions all earn the same teach nothing."""

    factor: Annotated[float, Field(gt=1, le=16, description="Prompts tried a step, as a multiple of `prompts`")] = 2.0


Least = Annotated[float, Field(ge=0, lt=1, description="Part of the start's below which the alarm rings")]
Most = Annotated[float, Field(gt=1, description="Multiple of the start's above which the alarm rings")]


class LengthBand(Section):
    """Bounds of the mean length of a completion in tokens, as parts of what it was at the start of the step."""

    least: Least = 0.25
    most: Most = 3.0


class EntropyBand(Section):
    """Bounds of the entropy a token, as parts of what it was at the start of the step."""

    least: Least = 0.1
    most: Most = 5.0


class Alarms(Section):
    """Bounds of what is sampled, against the first step's sample, which the step's start has written.

    Each is compared with the mean over the last `window` steps. docs/training.md says what healthy runs have shown.
    """

    window: Count = Field(5, description="Steps that are averaged")
    distinct_share: Share = Field(0.3, description="Least share of distinct reports, as a part of the start's")
    length: LengthBand = LengthBand()
    entropy: EntropyBand = EntropyBand()
    template_share: Share = Field(0.4, description="Most by which the commonest report's share may rise")
    truncated_share: Share = Field(0.5, description="Most by which the share of cut completions may rise")
