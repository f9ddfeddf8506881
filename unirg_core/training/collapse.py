"""The alarm after RL: has the policy fallen into one report for everyone, or into silence?

A reward of label F1 alone is hacked within 150 steps (gibberish, then repeated sentences); what that looks like in the
end is measured on a fixed validation sample, against the model that RL started from.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unirg_core import models
from unirg_core.faults import HonestNegative
from unirg_core.files import write_json
from unirg_core.home import run_folder
from unirg_core.models.longitudinal import question
from unirg_core.params import Model
from unirg_core.training.data import Studies, drawn_order

SAMPLE = 64
_EMPTY = 0.5


@dataclass(frozen=True)
class Figures:
    """What a model writes for the sample."""

    studies: int
    distinct_share: float
    empty_share: float
    mean_words: float

    @property
    def distinct(self) -> int:
        """Return how many different reports there are; a share times its count may miss a whole number."""
        return round(self.distinct_share * self.studies)


def figures(texts: Sequence[str]) -> Figures:
    """Return the figures of a sample of reports."""
    count = len(texts)
    return Figures(
        studies=count,
        distinct_share=len(set(texts)) / count,
        empty_share=sum(not text.strip() for text in texts) / count,
        mean_words=sum(len(text.split()) for text in texts) / count,
    )


def check(before: Figures, after: Figures) -> None:
    """Compare the policy with its start.

    Raises
    ------
    HonestNegative
        When most reports are empty, or all are one although the start told studies apart.
    """
    if after.empty_share > _EMPTY:
        reason = f"{after.empty_share:.0%} of the reports are empty"
    elif after.distinct == 1 < before.distinct:
        reason = f"all {after.studies} reports are equal, where SFT wrote {before.distinct_share:.0%} different ones"
    else:
        return
    write_json(run_folder() / "collapse.json", {"before": asdict(before), "after": asdict(after)})
    raise HonestNegative(
        f"collapsed: after RL {reason} (mean {after.mean_words:.1f} words, before {before.mean_words:.1f}); "
        "lower rl learning_rate or raise beta, and keep well_formed in the reward."
    )


def sample(studies: Studies, seed: int, most: int = SAMPLE) -> Studies:
    """Return a fixed sample of studies."""
    places = drawn_order(len(studies), min(most, len(studies)), seed)
    return Studies(studies.root, tuple(studies.rows[place] for place in places))


def written(model_params: Model, model: Path, studies: Studies) -> Figures:
    """Let a model write the reports of a sample and return their figures."""
    loaded, processor = models.load(model_params, model)
    asked = [question(studies.root, row, model_params) for row in studies.rows]
    pictures, prompts = [one.pictures for one in asked], [one.prompt for one in asked]
    return figures(models.generate(loaded, processor, pictures, prompts, model_params))
