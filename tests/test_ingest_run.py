"""The stage as a whole: the schema, equal bytes however it is run or killed, no identifier anywhere, real pictures."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from fixtures_drops import (
    REAL,
    REPOSITORY,
    dicom,
    ingested,
    manifest,
    of_drop,
    params,
    pin,
    pixels,
    reasons,
    rows,
    write_drop,
)
from PIL import Image

from unirg_core.files import read_json, tree_digest
from unirg_core.ingest import ingest, phantom
from unirg_core.ingest import run as stage
from unirg_core.params import dump, resolve
from unirg_core.study import LABELS, MANIFEST_SCHEMA, REJECT_SCHEMA, SHARD_SCHEMA, TRUTH_SCHEMA

_WORLD = {"world": 3, "patients": 40, "image_size": 64}
_SPLIT = {"held_out": ["phantom-c"], "validation": 0.1, "test": 0.2}


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _phantom(**section):
    return params(phantom=_WORLD, split=_SPLIT, **section)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The phantom's dataset, made once by one process."""
    root = tmp_path_factory.mktemp("drawn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(root / "home"))
        return ingested(_phantom(), root / "run")


def _study_rows(root: Path) -> list[dict]:
    return [row for path in sorted((root / "data/studies").iterdir()) for row in pq.read_table(path).to_pylist()]


def test_every_file_has_its_schema_and_the_manifest_follows_the_shards(drawn):
    schemas = {"manifest": MANIFEST_SCHEMA, "rejects": REJECT_SCHEMA, "truth": TRUTH_SCHEMA}
    for name, schema in schemas.items():
        assert pq.read_schema(drawn / f"data/{name}.parquet").equals(schema), name
    shards = _study_rows(drawn)
    rows = manifest(drawn)
    assert [row["study_id"] for row in rows] == sorted(row["study_id"] for row in shards)
    shared = [name for name in SHARD_SCHEMA.names if name != "image"]
    for row, study in zip(rows, shards, strict=True):
        assert {name: row[name] for name in shared} == {name: study[name] for name in shared}
        assert len(row["labels"]) == len(row["sides"]) == len(row["severities"]) == len(LABELS)
        picture = np.asarray(Image.open(io.BytesIO(study["image"])))
        assert picture.shape == (row["image_height"], row["image_width"]) and max(picture.shape) == 32
        assert row["image_mean"] == pytest.approx(picture.mean(), rel=1e-5)


def test_the_phantom_is_taken_whole_with_its_truth_and_time(drawn):
    population = phantom.studies(phantom.World(3, 40, 64))
    rows = manifest(drawn)
    assert len(rows) == len(population) and not reasons(drawn)
    assert {row["patient_id"]: row["split"] for row in rows if row["institution"] == "phantom-c"}.keys()
    assert {row["split"] for row in rows if row["institution"] == "phantom-c"} == {"test"}
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    told = Counter(row["finding"] for row in pq.read_table(drawn / "data/truth.parquet").to_pylist())
    assert told == Counter(f.label for study in population for f in study.findings)
    of_patient = {}
    for study in population:
        of_patient.setdefault(study.patient, []).append(study.date.toordinal())
    gaps = Counter(tuple(day - days[0] for day in sorted(days)) for days in of_patient.values())
    found = {}
    for row in sorted(rows, key=lambda row: row["visit"]):
        found.setdefault(row["patient_id"], []).append(row["days_since_first"])
    assert Counter(map(tuple, found.values())) == gaps


def test_no_patient_is_in_two_splits(drawn):
    pairs = {(row["patient_id"], row["split"]) for row in manifest(drawn)}
    assert len(pairs) == len({patient for patient, _ in pairs})


def test_labels_agree_with_the_truth(drawn):
    truth = {}
    for row in pq.read_table(drawn / "data/truth.parquet").to_pylist():
        truth.setdefault(row["study_id"], set()).add(row["finding"])
    wanted = {name: LABELS.index(name) for name in ("Cardiomegaly", "Pleural Effusion", "Pneumothorax", "Lung Lesion")}
    hits = [
        (row["labels"][at] in (1, -1)) == (name in truth.get(row["study_id"], ()))
        for row in manifest(drawn)
        for name, at in wanted.items()
    ]
    assert np.mean(hits) > 0.97


def test_any_number_of_processes_gives_the_same_bytes(drawn, tmp_path):
    root = ingested(_phantom(processes=3), tmp_path / "run")
    assert tree_digest(root / "data") == tree_digest(drawn / "data")


def test_a_shard_limit_changes_the_files_and_nothing_else(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "ShardWriter", lambda folder, *_: _Small(folder))
    root = ingested(_phantom(), tmp_path / "run")
    assert len(list((root / "data/studies").iterdir())) > 1
    assert _study_rows(root) == _study_rows(drawn)


class _Small(stage.ShardWriter):
    """A writer whose shards hold 40 kB."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 1)
        self._room = 40_000


def test_running_again_in_the_same_folder_replaces_all(drawn, tmp_path):
    root = ingested(params(phantom={**_WORLD, "world": 4}, split=_SPLIT), tmp_path / "run")
    (root / "data" / ".studies.12345.tmp").mkdir()
    (root / "data" / ".studies.12345.tmp" / "00000.parquet").write_bytes(b"half")
    assert tree_digest(ingested(_phantom(), root) / "data") == tree_digest(drawn / "data")


def _start(run, root: Path) -> subprocess.Popen:
    pin(run, root)
    (root / "params.yaml").write_text(dump(run))
    code = (
        "from pathlib import Path\nfrom unirg_core.params import load\nfrom unirg_core.ingest import ingest\n"
        "if __name__ == '__main__':\n    ingest(load(), Path('.'))\n"
    )
    (root / "go.py").write_text(code)
    return subprocess.Popen(
        [sys.executable, "go.py"], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def _children(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = int(re.search(r"PPid:\s+(\d+)", status.read_text())[1])
        except (OSError, TypeError):
            continue
        if parent == pid:
            found.add(int(status.parent.name))
    return found


def test_killed_in_the_middle_it_leaves_no_worker_and_no_manifest_and_runs_again_to_the_same_bytes(drawn, tmp_path):
    root = tmp_path / "run"
    child = _start(_phantom(processes=2), root)
    workers = set()
    while not (workers and list((root / "data").glob(".studies.*.tmp"))):
        assert child.poll() is None, child.stdout.read()
        workers = _children(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert workers
    assert not (root / "data/manifest.parquet").exists() and not (root / "data/studies").exists()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{pid}/exe").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived the stage"
        time.sleep(0.1)
    ingest(_phantom(), root)
    assert tree_digest(root / "data") == tree_digest(drawn / "data")


def _all_bytes(root: Path) -> bytes:
    """Return every output's bytes, and every cell of the Parquet files decompressed."""
    raw = b"".join(path.read_bytes() for path in sorted((root / "data").rglob("*")) if path.is_file())
    tables = [pq.read_table(path) for path in sorted((root / "data").rglob("*.parquet"))]
    cells = [
        cell if isinstance(cell, bytes) else str(cell).encode()
        for table in tables
        for column in table.columns
        for cell in column.to_pylist()
    ]
    return b"\n".join([raw, *cells])


def test_no_planted_identifier_of_the_phantom_is_in_any_output(drawn):
    found = _all_bytes(drawn).decode("latin-1")
    population = phantom.studies(phantom.World(3, 40, 64))
    visits = {(s.institution, s.patient, s.visit): s for s in population}
    planted = {
        (planted.kind, planted.text)
        for study in population
        for planted in phantom.planted_phi(study, visits.get((study.institution, study.patient, study.visit - 1)))
    }
    assert len(planted) > 500
    # whole words only: six digits can come up in a keyed name by chance
    leaked = [(k, t) for k, t in planted if t in found and re.search(rf"(?<!\w){re.escape(t)}(?!\w)", found)]
    assert not leaked


def test_no_identifier_of_a_folder_drop_is_in_any_output(tmp_path):
    table = rows(6, 2)
    for row in table:
        row["report"] += "\nQuillan moved. Zachariasen, DOB 01/02/1950, called Dr. Featherstone at 555-0199."
    table[3]["view"] = "L"
    table[4]["file"] = "Zachariasen_Quillan.png"
    table[5]["patient"] = ""
    files = {"p1v1.png": None, "Zachariasen_Quillan.png": dicom(pixels(1), InstitutionName="Elsewhere General")}
    files["p0v0.png"] = dicom(pixels(2), PatientComments="Featherstone", StudyDate="20190304")[:700]
    root = ingested(of_drop(write_drop(tmp_path / "drop", table, files)), tmp_path / "run")
    found = _all_bytes(root).decode("latin-1").lower()
    for word in (
        "zachariasen",
        "quillan",
        "featherstone",
        "mrn77",
        "acc55",
        "pid00998",
        "p0v0",
        "555-0199",
        "elsewhere",
    ):
        assert word not in found, word
    assert "01/02/1950" not in found and "2019-0" not in found
    assert len(manifest(root)) >= 8 and len(reasons(root)) >= 3


def test_dates_are_shifted_per_patient(tmp_path):
    root = ingested(of_drop(write_drop(tmp_path / "drop", rows(8, 2))), tmp_path / "run")
    shifts = {}
    for row in manifest(root):
        if row["visit"] == 0:
            shifts[row["patient_id"]] = row["day"]
    assert len(set(shifts.values())) == 8
    assert max(shifts.values()) - min(shifts.values()) > 30, "eight patients of one week stand close together still"
    assert {row["days_since_first"] for row in manifest(root)} == {0, 31}


def test_another_key_gives_other_names_and_the_same_home_the_same(tmp_path, monkeypatch):
    run = of_drop(write_drop(tmp_path / "drop"))
    one = ingested(run, tmp_path / "one")
    again = ingested(run, tmp_path / "again")
    assert tree_digest(one / "data") == tree_digest(again / "data")
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "other"))
    other = ingested(run, tmp_path / "third")
    for name in ("study_id", "patient_id", "digest"):
        assert not {row[name] for row in manifest(one)} & {row[name] for row in manifest(other)}, name


def test_the_report_of_the_de_identification_counts_what_was_removed(drawn, tmp_path):
    said = read_json(drawn / "data/deid.json")
    assert said["removed_from_text"]["date"] > 10 and said["removed_from_text"]["name"] > 5
    assert {"profile", "version", "residual_risk"} <= said.keys()
    table = rows(4, 1)
    drop = write_drop(tmp_path / "drop", table, {"p0v0.png": dicom(pixels(), BurnedInAnnotation="YES")})
    assert read_json(ingested(of_drop(drop), tmp_path / "run") / "data/deid.json")["refused"] == {
        "burned_in_annotation": 1
    }


def test_the_real_covid_drop_is_taken_or_rejected_with_a_reason(tmp_path):
    drop = REAL / "covid_cxr"
    if not drop.exists():
        pytest.skip(f"{drop} is not here")
    run = resolve(REPOSITORY, "covid-folder", {"ingest": {"path": str(drop), "processes": 1}})
    mapping = REPOSITORY / run.ingest.mapping
    assert yaml.safe_load(mapping.read_text())["report"] == "clinical_notes"
    (tmp_path / "run/recipes/mappings").mkdir(parents=True)
    (tmp_path / "run" / run.ingest.mapping).write_text(mapping.read_text())
    root = ingested(run, tmp_path / "run")
    taken = manifest(root)
    assert len(taken) + len(reasons(root)) == 84
    assert len(taken) >= 60 and len({row["patient_id"] for row in taken}) >= 28
    assert {row["view"] for row in taken} == {"PA", "AP"}
    assert {row["split"] for row in taken} == {"train", "validation", "test"}
    assert all(row["findings"] or row["impression"] for row in taken)
    assert sum(row["prior_study_id"] is not None for row in taken) >= 15
    assert not re.search(r"January 20, 2020|Taoyuan", _all_bytes(root).decode("latin-1"))
