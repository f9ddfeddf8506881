"""Version a dataset: push its bytes to the DVC remote, commit what names them, and keep its manifest for later runs."""

import shutil
import subprocess
from typing import Any

import pyarrow.parquet as pq

from unirg_core import study
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import digest_of, read_json, tree_digest, written_whole
from unirg_core.home import home
from unirg_core.ingest.assignment import ASSIGNMENT, SPLITS_FILE
from unirg_core.ingest.stored import told
from unirg_core.runs import dvc
from unirg_core.runs.checkout import commit
from unirg_core.runs.run import Run, environment

_PARTS = (study.STUDIES, study.MANIFEST, study.REJECTS, study.TRUTH, ASSIGNMENT, SPLITS_FILE, "data/deid.json")


def version(run: Run) -> dict[str, Any]:
    """Commit the dataset of a run on the run's branch and note it in the record.

    Returns
    -------
    dict
        `digest` (SHA-256 over the digests of the dataset's parts), `manifest` (its copy, below UNIRG_HOME), `studies`,
        `patients`, `rejects`, `institutions` and `commit`.

    Raises
    ------
    BadInput
        When the remote does not take the data.
    """
    parts = {name: tree_digest(run.checkout / name) for name in _PARTS}
    digest = digest_of(parts)
    kept = f"datasets/{digest[:20]}.parquet"
    with written_whole(home() / kept) as temporary:
        shutil.copy(run.checkout / study.MANIFEST, temporary)
    if run.params.version.push:
        push(run, "ingest")
    message = f"Version the data of run {run.id}\n\nDataset {digest}"
    data = {
        "digest": digest,
        "parts": parts,
        "manifest": kept,
        **_counts(run),
        "commit": commit(run.checkout, message, ("params.yaml", "inputs.json", "dvc.lock")),
    }
    records.change(run.folder, data=data)
    return data


def _counts(run: Run) -> dict[str, Any]:
    columns = pq.read_table(run.checkout / study.MANIFEST, columns=["patient_id", "institution"])
    rejects = pq.read_metadata(run.checkout / study.REJECTS).num_rows
    splits = read_json(run.checkout / SPLITS_FILE)
    return {
        "studies": columns.num_rows,
        "patients": len(columns["patient_id"].unique()),
        "institutions": sorted(columns["institution"].unique().to_pylist()),
        "rejects": rejects,
        "deid": read_json(run.checkout / "data/deid.json"),
        "batch": splits["batch"],
        "test_sets": splits["test_sets"],
    }


def push(run: Run, *stages: str) -> None:
    """Push the outputs of stages (all, when none is named) to the run's DVC remote.

    Raises
    ------
    BadInput
        With DVC's last line when the remote refuses.
    """
    done = subprocess.run(
        dvc.command("push", *stages),
        cwd=run.checkout,
        env=environment(run),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        remote = run.params.version.remote or "below UNIRG_HOME"
        said = told(done.stderr or done.stdout)
        raise BadInput(f"The data could not be pushed to the DVC remote ({remote}): {said}")
