"""A dataset's version names every byte of it, and its commit holds names only."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fixtures_clone import clone_at
from fixtures_dataset import small_root

from unirg_core import params, study
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import write_json
from unirg_core.runs.checkout import git
from unirg_core.runs.run import Run
from unirg_core.version import push, version


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run whose ingest is done, with DVC's push left out."""
    clone = clone_at(tmp_path)
    made = Run("20260101-000000-abc", tmp_path / "run")
    made.folder.mkdir()
    clone.root.rename(made.checkout)
    small_root(made.checkout, patients=12)
    write_json(made.checkout / "data/deid.json", {"profile": "test"})
    resolved = params.resolve(made.checkout, above={"version": {"push": False}})
    values = resolved.model_dump(mode="json", by_alias=True)
    records.write(made.folder, records.begin(made.id, "k", {"code": None}, values, {}))
    return made


def test_a_missing_part_is_named(run: Run) -> None:
    shutil.rmtree(run.checkout / study.STUDIES)
    with pytest.raises(BadInput, match=r"data/studies does not exist"):
        version(run)


def test_a_remote_that_refuses_is_named(run: Run) -> None:
    (run.checkout / ".dvc/config.local").write_text("['remote \"store\"']\n    url = /proc/nowhere\n")
    (run.checkout / "extra.txt").write_text("x")

    subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "extra.txt"], cwd=run.checkout, check=True)
    with pytest.raises(BadInput, match="could not be pushed to the DVC remote"):
        push(run)


def test_a_version_counts_what_it_holds_and_is_noted(run: Run) -> None:
    manifest = pq.read_table(run.checkout / study.MANIFEST)
    data = version(run)
    assert data["studies"] == manifest.num_rows
    assert data["patients"] == len(set(manifest["patient_id"].to_pylist())) == 12
    assert data["institutions"] == ["phantom-a", "phantom-b", "phantom-c"]
    assert run.record["data"] == data


def test_equal_data_has_the_digest_and_other_data_another(run: Run) -> None:
    first = version(run)["digest"]
    assert version(run)["digest"] == first
    shard = next((run.checkout / study.STUDIES).glob("*.parquet"))
    shard.write_bytes(shard.read_bytes() + b" ")
    assert version(run)["digest"] != first


def test_the_manifest_is_kept_for_the_drift_of_later_runs(run: Run, unirg_home: Path) -> None:
    data = version(run)
    assert pq.read_table(unirg_home / data["manifest"]).equals(pq.read_table(run.checkout / study.MANIFEST))


def test_no_study_enters_git(run: Run) -> None:
    project = git(run.checkout, "rev-parse", "HEAD")
    data = version(run)
    brought = git(run.checkout, "diff", "--name-only", project, data["commit"]).split()
    assert brought == ["inputs.json"]
