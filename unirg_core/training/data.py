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
from unirg_core.models import dataset, prompts
from unirg_core.params import Model

Row = Mapping[str, Any]


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


def supervised(row: Row, picture: Any, question: str) -> dict[str, Any]:
    """Return what SFT sees of a study: question, answer, picture."""
    answer = {"role": "assistant", "content": dataset.reference(row)}
    return {"prompt": [_asked(question)], "completion": [answer], "images": [picture]}


def rewarded(row: Row, picture: Any, question: str) -> dict[str, Any]:
    """Return what RL sees of a study, and for its reward the study's id and the report that SFT learns from."""
    told = {"reference": dataset.reference(row), "study_id": row["study_id"]}
    return {"prompt": [_asked(question)], "images": [picture], **told}


def _asked(question: str) -> dict[str, str]:
    return {"role": "user", "content": question}


def sequence(
    studies: Studies, order: Sequence[int], shown: Callable[[Row, Any, str], dict[str, Any]], model: Model
) -> Any:
    """Return a `datasets.Dataset` of the studies in `order`, each made by `shown` when it is read."""
    from datasets import Dataset

    return Dataset.from_dict({"place": list(order)}).with_transform(_Reader(studies, shown, model))


class _Reader:
    """Make the examples of a batch of places."""

    def __init__(self, studies: Studies, shown: Callable[[Row, Any, str], dict[str, Any]], model: Model) -> None:
        self.studies, self.shown, self.model = studies, shown, model

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        from unirg_core.models import square

        places = batch["place"]
        rows = {place: self.studies.rows[place] for place in set(places)}
        pictures = {p: square(dataset.image(self.studies.root, r), self.model.image_size) for p, r in rows.items()}
        examples = [self.shown(rows[p], pictures[p], prompts.prompt(rows[p], self.model.prompt)) for p in places]
        return {name: [example[name] for example in examples] for name in examples[0]}

    def __reduce__(self) -> tuple[Any, ...]:
        # `datasets` pickles a transform to name a cache that is never used here: seconds, with all studies in it
        return (_Reader, (Studies(self.studies.root, ()), self.shown, self.model))
