"""What a study is read beside: the patient's most recent prior study, its picture first and its report as text.

A prior comes from the manifest's `prior_study_id`. One that `validate` has left out is passed over for the one before
it: what is in quarantine reaches no model, also not as a prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.models import dataset
from unirg_core.models.prompts import prompt
from unirg_core.params import Model
from unirg_core.study import FRONTAL_VIEWS, MANIFEST, SELECTION

Row = Mapping[str, Any]

_COLUMNS = (
    "study_id",
    "patient_id",
    "split",
    "visit",
    "days_since_first",
    "prior_study_id",
    "view",
    "findings",
    "impression",
    "shard",
    "row",
)


@dataclass(frozen=True)
class Question:
    """What a model is shown of a study: pictures, oldest first and the study's own last, and the prompt."""

    pictures: tuple[Any, ...]
    prompt: str


def question(root: Path, row: Row, model: Model) -> Question:
    """Return what `model.prompt`, `model.prior` and `model.output` show of a study.

    Raises
    ------
    BadInput
        When a picture is missing, or the manifest names as prior what can't be one.
    """
    earlier = prior(root, row) if model.prior != "none" else None
    report = dataset.reference(earlier) if earlier else ""
    text = prompt(row, model.prompt, prior=report, output=model.output)
    shown = [earlier, row] if earlier and model.prior == "image_and_report" else [row]
    return Question(tuple(dataset.image(root, study) for study in shown), text)


def prior(root: Path, row: Row) -> Row | None:
    """Return the most recent selected frontal study before this one, or None.

    Raises
    ------
    BadInput
        When the manifest's prior is of another patient, in another split, or not before the study.
    """
    known, chosen = _known(root)
    later = known[row["study_id"]]
    while later["prior_study_id"]:
        earlier = known.get(later["prior_study_id"])
        if reason := _wrong(later, earlier):
            raise BadInput(f"{root / MANIFEST}: prior_study_id names a study {reason}. Run `unirg ingest` again.")
        if earlier["study_id"] in chosen and earlier["view"] in FRONTAL_VIEWS:
            return earlier
        later = earlier
    return None


def _wrong(later: Row, earlier: Row | None) -> str | None:
    """Say why a study can't be the prior of another; a patient's studies all lie in one split."""
    if earlier is None:
        return "that the manifest does not hold"
    if earlier["patient_id"] != later["patient_id"]:
        return "of another patient"
    if earlier["split"] != later["split"]:
        return "in another split"
    if earlier["visit"] >= later["visit"] or earlier["days_since_first"] > later["days_since_first"]:
        return "that is not before it"
    return None


def _known(root: Path) -> tuple[Mapping[str, Row], frozenset[str]]:
    stats = [path.stat() if path.exists() else None for path in (root / MANIFEST, root / SELECTION)]
    return _read(root, *((stat.st_mtime_ns, stat.st_size) if stat else None for stat in stats))


@lru_cache(maxsize=2)
def _read(root: Path, *_changed: tuple[int, int] | None) -> tuple[Mapping[str, Row], frozenset[str]]:
    """Return all studies of the manifest by id, and the ids that are selected."""
    rows = dataset.table(root / MANIFEST, list(_COLUMNS), "ingest").to_pylist()
    chosen = dataset.table(root / SELECTION, ["study_id"], "validate")["study_id"].to_pylist()
    return {row["study_id"]: row for row in rows}, frozenset(chosen)
