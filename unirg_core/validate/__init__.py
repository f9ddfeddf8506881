"""Validate: a suite of expectations over the dataset, quarantine of single studies, drift from the previous dataset.

Reads `data/manifest.parquet`, the shards' ids and `inputs.json`; writes `data/selection.parquet` (the manifest less
the quarantined studies), `data/validation.json` and `data/drift.json`. Data Docs, the list of quarantined studies and
the drift figure go to the run's folder.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from unirg_core.params import Params

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from unirg_core.validate.expectations import Inspector, Outcome


def validate(params: Params, root: Path) -> None:
    """Check the dataset below `root`, write selection, validation and drift.

    Raises
    ------
    BadInput
        When an expectation of severity `stop` is not met (one sentence: which, how many, which studies), or when
        the manifest is missing. `data/validation.json` and the Data Docs are written before.
    """
    from unirg_core.study import SELECTION
    from unirg_core.validate.drift import write_drift
    from unirg_core.validate.expectations import Inspector

    (root / SELECTION).unlink(missing_ok=True)  # an older one must not outlive a refusal
    inspector = Inspector()
    outcomes, selection = _inspect(params, root, inspector)
    _write(params, root, inspector, outcomes, selection)
    _stop(params, root, outcomes)
    write_drift(params, root)


def _inspect(params: Params, root: Path, inspector: "Inspector") -> "tuple[list[Outcome], pd.DataFrame | None]":
    """Check table after table; without the right columns or with a stop among the rows, the rest has no meaning."""
    import pyarrow.parquet as pq

    from unirg_core.study import MANIFEST
    from unirg_core.validate import tables
    from unirg_core.validate.expectations import suite

    asked = {name: [e for e in suite(params) if e.table == name] for name in {e.table for e in suite(params)}}
    outcomes = inspector.check("schema", tables.schema_table(root), "column", asked["schema"])
    if _stops(outcomes):
        return outcomes, None
    manifest = pq.read_table(root / MANIFEST)
    studies = tables.studies_table(root, manifest, params)
    outcomes += inspector.check("studies", studies, "study_id", asked["studies"])
    if _stops(outcomes):
        return outcomes, None
    selection = studies[~studies["study_id"].isin(_quarantined(outcomes))]
    parts = {"training": selection[selection["split"] == "train"], "test": selection[selection["split"] == "test"]}
    for name, part in parts.items():
        outcomes += inspector.check(name, part[["study_id", "institution"]], "study_id", asked[name])
    labels = tables.labels_table(manifest, set(selection["study_id"]))
    outcomes += inspector.check("labels", labels, "label", asked["labels"])
    institutions = tables.institutions_table(selection, params.ingest.split.held_out)
    outcomes += inspector.check("institutions", institutions, "institution", asked["institutions"])
    return outcomes, selection


def _quarantined(outcomes: "list[Outcome]") -> dict[str, list[str]]:
    """Return the studies to leave out, each with the expectations that it did not meet."""
    left_out: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.expectation.severity == "quarantine":
            for study in outcome.ids:
                left_out.setdefault(study, []).append(outcome.expectation.name)
    return dict(sorted(left_out.items()))


def _stops(outcomes: "list[Outcome]") -> "list[Outcome]":
    return [o for o in outcomes if o.expectation.severity == "stop" and not o.success]


def _write(
    params: Params, root: Path, inspector: "Inspector", outcomes: "list[Outcome]", selection: "pd.DataFrame | None"
) -> None:
    from unirg_core.files import write_json
    from unirg_core.home import run_folder
    from unirg_core.progress import say
    from unirg_core.study import SELECTION
    from unirg_core.validate.docs import settle
    from unirg_core.validate.expectations import suite, suite_digest
    from unirg_core.validate.tables import rejected

    left_out = _quarantined(outcomes)
    if selection is not None:
        _write_table(root / SELECTION, _selection_table(selection))
    value = {
        "suite": suite_digest(suite(params)),
        "success": not _stops(outcomes),
        "selected": None if selection is None else len(selection),
        "quarantined": len(left_out),
        "rejected_by_ingest": rejected(root),
        "expectations": [o.row() for o in outcomes],
    }
    write_json(root / "data" / "validation.json", value)
    write_json(run_folder() / "quarantine.json", left_out)
    inspector.write_docs(run_folder() / "data_docs")
    page = settle(run_folder() / "data_docs", value, f"{params.ingest.source} dataset")
    for outcome in outcomes:
        if not outcome.success:
            say("validate", sentence(outcome))
    say("validate", f"{value['selected'] or 0} studies selected, {len(left_out)} in quarantine; see {page}")


def _selection_table(selection: "pd.DataFrame") -> "pa.Table":
    import pyarrow as pa

    from unirg_core.study import SELECTION_SCHEMA

    columns = [pa.array(selection[name].tolist(), pa.string()) for name in SELECTION_SCHEMA.names]
    return pa.table(columns, schema=SELECTION_SCHEMA)


def _write_table(path: Path, table: "pa.Table") -> None:
    import pyarrow.parquet as pq

    from unirg_core.files import written_whole

    with written_whole(path) as temporary:
        pq.write_table(table, temporary)


def sentence(outcome: "Outcome") -> str:
    """Say in one sentence what an expectation found: its severity and name, what it asks, how many, which."""
    return f"{outcome.expectation.severity}: {_finding(outcome)}."


def _finding(outcome: "Outcome") -> str:
    asked = outcome.expectation
    row = outcome.row()
    if outcome.ids:
        which = f"{outcome.unexpected} of {outcome.checked} do not ({', '.join(row['examples'])})"
    else:
        which = f"found {outcome.unexpected}"
    return f"{asked.name} expects that {asked.says}: {which}"


def _stop(params: Params, root: Path, outcomes: "list[Outcome]") -> None:
    from unirg_core.faults import BadInput
    from unirg_core.validate.tables import rejected

    stops = _stops(outcomes)
    if not stops:
        return
    others = f"; not met either: {', '.join(o.expectation.name for o in stops[1:])}" if stops[1:] else ""
    few = stops[0].expectation.name in ("minimum_studies", "test_studies")
    lost = (
        f"; ingest rejected {rejected(root)} inputs (data/rejects.parquet says why) and "
        f"{len(_quarantined(outcomes))} studies are in quarantine"
    )
    raise BadInput(f"The dataset will not do: {_finding(stops[0])}{others}{lost if few else ''}.")
