"""Training studies in exactly the order in which they are consumed.

Departure from the Trainer's own shuffling: the order is drawn once, as a list of studies for all steps, and read in
sequence. So a resumed run needs no sampler's state (TRL's RepeatSampler forgets its own from the second epoch on), the
digest of consumed samples follows from the seed, and pictures are decoded only when their step comes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.models import dataset
from unirg_core.models.longitudinal import question
from unirg_core.models.prompts import messages
from unirg_core.params import Model
from unirg_core.scores.answer import tagged

Row = Mapping[str, Any]
Shown = Callable[[Row, Sequence[Any], str, str], dict[str, Any]]
"""(row, pictures, question, `model.output`) -> example, as `supervised` and `rewarded` make it."""


@dataclass(frozen=True)
class Studies:
    """The training studies of a checkout."""

    root: Path
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)


def studies_of(root: Path, split: str) -> Studies:
    """Return the selected studies of a split that have a report."""
    return Studies(root, tuple(row for row in dataset.rows(root, split) if dataset.reference(row)))


def training_studies(root: Path) -> Studies:
    """Return the studies to learn from.

    Raises
    ------
    BadInput
        When there are none.
    """
    studies = studies_of(root, "train")
    if not studies.rows:
        raise BadInput(
            "data/selection.parquet holds no training study with a report; ingest more studies or lower "
            "ingest.split.test and ingest.split.validation."
        )
    return studies


def references(studies: Studies) -> list[str]:
    """Return the reports that the studies teach."""
    return [dataset.reference(row) for row in studies.rows]


def drawn_order(count: int, wanted: int, seed: int) -> list[int]:
    """Return `wanted` places below `count`: one shuffled pass over all of them after the other."""
    import numpy as np

    rng = np.random.default_rng(seed)
    passes = [rng.permutation(count) for _ in range(math.ceil(wanted / count))]
    return [int(place) for place in np.concatenate(passes)[:wanted]]


def supervised(row: Row, pictures: Sequence[Any], question: str, output: str = "plain") -> dict[str, Any]:
    """Return what SFT sees of a study: question, answer, pictures."""
    answer = {"role": "assistant", "content": target(row, output)}
    return {"prompt": [_asked(question, len(pictures))], "completion": [answer], "images": list(pictures)}


def target(row: Row, output: str) -> str:
    """Return the text that SFT teaches: the report, or with `think_answer` the report and its labels in tags."""
    report = dataset.reference(row)
    return report if output == "plain" else tagged(report, row["labels"])


def rewarded(row: Row, pictures: Sequence[Any], question: str, output: str = "plain") -> dict[str, Any]:
    """Return what RL sees of a study, and for its reward the study's id and its report, without tags."""
    told = {"reference": dataset.reference(row), "study_id": row["study_id"]}
    return {"prompt": [_asked(question, len(pictures))], "images": list(pictures), **told}


def _asked(question: str, pictures: int) -> dict[str, Any]:
    """Return the user's turn; TRL puts a single picture before plain text, more of them need their places told."""
    return {"role": "user", "content": question} if pictures == 1 else messages(question, pictures)[0]


def sequence(studies: Studies, order: Sequence[int], shown: Shown, model: Model) -> Any:
    """Return a `datasets.Dataset` of the studies in `order`, each made by `shown` when it is read."""
    from datasets import Dataset

    return Dataset.from_dict({"place": list(order)}).with_transform(_Reader(studies, shown, model))


class _Reader:
    """Make the examples of a batch of places."""

    def __init__(self, studies: Studies, shown: Shown, model: Model) -> None:
        self.studies, self.shown, self.model = studies, shown, model

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        from unirg_core.models import square

        places = batch["place"]
        rows = {place: self.studies.rows[place] for place in set(places)}
        asked = {place: question(self.studies.root, row, self.model) for place, row in rows.items()}
        size = self.model.image_size
        pictures = {place: [square(one, size) for one in known.pictures] for place, known in asked.items()}
        examples = [self.shown(rows[p], pictures[p], asked[p].prompt, self.model.output) for p in places]
        return {name: [example[name] for example in examples] for name in examples[0]}

    def __reduce__(self) -> tuple[Any, ...]:
        # `datasets` pickles a transform to name a cache that is never used here: seconds, with all studies in it
        return (_Reader, (Studies(self.studies.root, ()), self.shown, self.model))
