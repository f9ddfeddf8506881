"""The stage: table after table through the suite, then what was found, told and written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.families import called
from unirg_core.faults import BadInput
from unirg_core.files import write_json, written_whole
from unirg_core.home import run_folder
from unirg_core.params import Params
from unirg_core.progress import say
from unirg_core.study import MIXED, QUARANTINE, QUARANTINE_SCHEMA, SELECTION, SELECTION_SCHEMA
from unirg_core.validate import docs, figures, tables
from unirg_core.validate.drift import sentence as drift_sentence
from unirg_core.validate.drift import write_drift
from unirg_core.validate.expectations import Outcome, suite, suite_digest
from unirg_core.validate.inspector import Inspector
from unirg_core.wording import commonest, counted, unnamed


@dataclass
class Found:
    """What was found; `studies` is None where the columns did not let them be read, `left_out` is id -> reasons."""

    outcomes: list[Outcome]
    studies: pd.DataFrame | None = None
    shown: np.ndarray | None = None
    left_out: dict[str, list[str]] = field(default_factory=dict)

    @property
    def stops(self) -> list[Outcome]:
        """The outcomes that end the run."""
        return [o for o in self.outcomes if o.expectation.severity == "stop" and not o.success]

    @property
    def selected(self) -> pd.Series:
        """Which of the studies are not in quarantine."""
        return ~self.studies["study_id"].isin(self.left_out.keys())


def validate(params: Params, root: Path) -> None:
    """Check the dataset below `root`, write selection, validation and drift."""
    (root / SELECTION).unlink(missing_ok=True)  # an older one must not outlive a refusal
    inspector = Inspector()
    found = inspect(params, root, inspector)
    rejects = tables.reject_reasons(root)
    summary = _write(params, root, found, len(rejects))
    _tell(found, rejects, params.ingest.source)
    folder = run_folder() / "data_docs"
    inspector.write_docs(folder)
    title = f"{called(params.ingest.kind)} dataset"
    drawn = []
    if not found.stops:
        note = f" ({called(params.ingest.kind)})"
        drawn = figures.draw(found.studies[found.selected], found.shown, run_folder() / "figures", note)
    page = docs.settle(folder, summary, title, figures=drawn)
    if found.stops:
        raise BadInput(f"{_refusal(found, len(rejects))} See {page}.")
    drift = write_drift(params, root)
    docs.settle(folder, summary, title, figures=drawn, drift=drift)
    say("validate", drift_sentence(drift))
    say("validate", f"{_kept(summary)}; see {page}")


def inspect(params: Params, root: Path, inspector: Inspector) -> Found:
    """Check table after table and return what was found.

    Without the right columns, or with a stop among the rows, the rest has no meaning and is not looked at.
    """
    asked: dict[str, list[Any]] = {}
    for expectation in suite(params):
        asked.setdefault(expectation.table, []).append(expectation)
    found = Found(inspector.check("schema", tables.schema_table(root), "column", asked["schema"]))
    if found.stops:
        return found
    manifest = tables.read_manifest(root)
    studies = tables.studies_table(root, manifest, params)
    found.outcomes += inspector.check("studies", studies, "study_id", asked["studies"])
    found.studies, found.left_out = studies, _quarantined(found.outcomes)
    if found.stops:
        return found
    kept = found.selected.to_numpy()
    selection = studies[kept]
    found.shown = tables.present(manifest.filter(kept))
    train = (selection["split"] == "train").to_numpy()
    parts = {
        "training": (selection.loc[train, ["study_id", "institution"]], "study_id"),
        "test": (selection.loc[selection["split"] == "test", ["study_id", "institution"]], "study_id"),
        "labels": (tables.labels_table(found.shown, train, params.validate_), "label"),
        "institutions": (tables.institutions_table(selection, params), "institution"),
    }
    for name, (part, key) in parts.items():
        found.outcomes += inspector.check(name, part, key, asked[name])
    return found


def _quarantined(outcomes: list[Outcome]) -> dict[str, list[str]]:
    """Return the studies to leave out, each with why, for a person."""
    left_out: dict[str, list[str]] = {}
    for outcome in outcomes:
        asked = outcome.expectation
        if asked.severity == "quarantine":
            for study, value in outcome.found:
                shown = f", found {value}" if value else ""
                left_out.setdefault(study, []).append(f"{asked.name}: expected that {asked.says}{shown}")
    return dict(sorted(left_out.items()))


def _write(params: Params, root: Path, found: Found, rejects: int) -> dict[str, Any]:
    summary = {
        "suite": suite_digest(suite(params)),
        "success": not found.stops,
        "selected": None if found.studies is None else int(found.selected.sum()),
        "quarantined": len(found.left_out),
        "rejected_by_ingest": rejects,
        "expectations": [o.row() for o in found.outcomes],
    }
    if found.studies is not None:
        quarantine = found.studies.loc[~found.selected, ["study_id", "institution", "split"]]
        quarantine = quarantine.assign(reason=["; ".join(found.left_out[key]) for key in quarantine["study_id"]])
        _write_table(root / QUARANTINE, quarantine, QUARANTINE_SCHEMA)
        run_folder().mkdir(parents=True, exist_ok=True)
        quarantine.to_csv(run_folder() / "quarantine.csv", index=False)
    if not found.stops:
        _write_table(root / SELECTION, found.studies.loc[found.selected, SELECTION_SCHEMA.names], SELECTION_SCHEMA)
    write_json(root / "data" / "validation.json", summary)
    return summary


def _write_table(path: Path, table: pd.DataFrame, schema: pa.Schema) -> None:
    columns = [pa.array(table[name].to_numpy(object), pa.string()) for name in schema.names]
    with written_whole(path) as temporary:
        pq.write_table(pa.table(columns, schema=schema), temporary)


def _tell(found: Found, rejects: list[str], source: str) -> None:
    for reason in commonest(rejects):
        say("validate", f"rejected by ingest: {reason}")
    if found.studies is not None:
        cases = found.studies["unnamed"].dropna()
        for told in unnamed(len(found.studies), len(cases), int((cases != MIXED).sum()), source):
            say("validate", told)
    for outcome in found.outcomes:
        if not outcome.success:
            say("validate", sentence(outcome))


def _kept(summary: dict[str, Any]) -> str:
    return f"{counted(summary['selected'], 'study')} selected, {summary['quarantined'] or 'none'} in quarantine"


def sentence(outcome: Outcome) -> str:
    """Say in one sentence what an expectation found: its severity and name, what it asks, how many, which."""
    return f"{outcome.expectation.severity}: {_finding(outcome)}."


def _finding(outcome: Outcome) -> str:
    asked, row = outcome.expectation, outcome.row()
    if outcome.found:
        verb = "does" if outcome.unexpected == 1 else "do"
        which = f"{outcome.unexpected:,} of {outcome.checked:,} {verb} not ({', '.join(row['examples'])})"
    else:
        which = f"found {outcome.unexpected}"
    return f"{asked.name} expects that {asked.says}: {which}"


def _refusal(found: Found, rejects: int) -> str:
    first, *others = found.stops
    besides = f"; not met either: {', '.join(o.expectation.name for o in others)}" if others else ""
    lost = ""
    if first.expectation.name in ("minimum_studies", "test_studies"):
        quarantined = len(found.left_out)
        worst = max(found.outcomes, key=lambda o: len(o.ids) * (o.expectation.severity == "quarantine"))
        most = f", most for {worst.expectation.name}" if quarantined else ""
        lost = (
            f"; ingest rejected {counted(rejects, 'input')} (data/rejects.parquet says why) and "
            f"{counted(quarantined, 'study')} {'is' if quarantined == 1 else 'are'} in quarantine{most}"
        )
    return f"The dataset will not do: {_finding(first)}{besides}{lost}."
