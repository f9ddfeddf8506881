"""From a pseudonym back to the drop's own row, with the key at hand; refused in a sentence without."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fixtures_drops import COLUMNS, ingested, manifest, of_drop, pixels, png, rows, write_drop
from typer.testing import CliRunner

from unirg_core.audit import record as records
from unirg_core.cli import app
from unirg_core.data.where import in_words, resolve, where
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home
from unirg_core.ingest.opening import open_source
from unirg_core.keys import open_vault
from unirg_core.params import Params
from unirg_core.study import REJECTS


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _run(name: str, params: Params, root: Path) -> None:
    """Put a run in place that was pinned as `root` was and used these parameters."""
    folder, inputs = home() / "runs" / name, read_json(root / "inputs.json")
    write_json(folder / "inputs.json", inputs)
    resolved = params.model_dump(mode="json", by_alias=True)
    written = {"run": name, "state": "failed", "inputs": inputs, "params": {"resolved": resolved}, "stages": {}}
    records.write(folder, written)


@pytest.fixture
def drop(tmp_path):
    """Return parameters and dataset of a drop with a lateral, an empty file, a duplicate and a row of nobody."""
    table = rows(6, 2)
    table[3]["view"] = "LATERAL"
    table[5]["file"], table[5]["report"] = "again.png", table[4]["report"]
    table += [{**dict.fromkeys(COLUMNS, ""), "file": "orphan.png"}]
    files = {"again.png": png(pixels(4)), "p4v0.png": b""}
    params = of_drop(write_drop(tmp_path / "drop", table, files))
    root = ingested(params, tmp_path / "data")
    _run("20260101-120000-abc123", params, root)
    return params, root


def rejected(root):
    """Return reason -> key."""
    return {row["reason"]: row["key"] for row in pq.read_table(root / REJECTS).to_pylist()}


def one(name, **more):
    (told,) = where([name], None, Path("nowhere"), **more)
    return told


def test_every_study_of_the_dataset_is_found_in_its_row(drop):
    _, root = drop
    taken = manifest(root)
    told = where([row["study_id"] for row in taken], None, Path("nowhere"))
    assert {t["kind"] for t in told} == {"study"} and len(told) == len(taken) > 6
    for row, found in zip(taken, told, strict=True):
        (place,) = found["rows"]
        number, file = place.removeprefix("table row ").split(": ")
        assert (home().parent / "drop/files" / file).exists() and found["institution"] == row["institution"] == "north"
        patient = one(row["patient_id"])
        assert (patient["kind"], patient["patient"]) == ("patient", found["patient"])
        assert found["patient"] == f"MRN77{int(file[1]) if file[0] == 'p' else 2:04d}" and 1 <= int(number) <= 12


@pytest.mark.parametrize(
    ("reason", "kind", "row", "patient"),
    [
        ("The view is lateral", "file", "table row 4: p1v1.png", "MRN770001"),
        ("The picture file is empty", "file", "table row 9: p4v0.png", "MRN770004"),
        ("it names no patient", "row", "Table row 13: it names no patient.", None),
        ("The same picture and report", "study", "table row ", "MRN770002"),
    ],
)
def test_every_kind_of_reject_is_found(drop, reason, kind, row, patient):
    key = next(key for said, key in rejected(drop[1]).items() if reason in said)
    told = one(key)
    assert (told["kind"], told.get("patient")) == (kind, patient) and told["rows"][0].startswith(row)
    assert told["rows"][0] in in_words([told]) and key in in_words([told])


def test_a_name_that_is_nobodys_is_said_to_be(drop):
    assert one("0123456789abcdef")["kind"] is None
    assert "0123456789abcdef  stands for nothing that the source of run 2026" in in_words([one("0123456789abcdef")])


def test_a_source_that_has_grown_still_tells(drop, tmp_path):
    _, root = drop
    name = manifest(root)[0]["study_id"]
    before = one(name)
    with (tmp_path / "drop/table.csv").open("a") as table:
        table.write("p9v0.png,MRN779999,,,,,PA,north,Clear lungs.,\n")
    assert one(name) == before


def test_a_study_of_several_files_names_each(tmp_path):
    table = [{**row, "accession": "one", "patient": "P"} for row in rows(2, 1)]
    params = of_drop(write_drop(tmp_path / "drop", table))
    vault = open_vault("folder", home())
    source = open_source(params.ingest, tmp_path)
    name = vault.pseudonym("study", source.studies()[0].key)
    assert resolve([name], source, vault)[name]["rows"] == ["table row 1: p0v0.png", "table row 2: p1v0.png"]


def no_key(drop, tmp_path):
    (home() / "keys" / "key").unlink()


def another_key(drop, tmp_path):
    (home() / "keys" / "key").write_text(f"{9:064x}\n")
    (home() / "keyed.json").unlink(missing_ok=True)


def no_source(drop, tmp_path):
    (tmp_path / "drop").rename(tmp_path / "elsewhere")


def no_run(drop, tmp_path):
    (home() / "runs").rename(tmp_path / "runs")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (no_key, "keys/key is not here, and without it a pseudonym stands for nothing; restore its backup."),
        (another_key, "was made with the key"),
        (no_source, "drop is no folder"),
        (no_run, "There is no run under"),
    ],
)
def test_what_is_not_here_is_refused_in_a_sentence(drop, tmp_path, harm, said):
    harm(drop, tmp_path)
    with pytest.raises(BadInput) as fault:
        one("0123456789abcdef")
    assert said in str(fault.value) and "\n" not in str(fault.value)
    assert harm is not no_key or not (home() / "keys" / "key").exists()  # no key is drawn by asking


def test_nothing_is_written(drop, tmp_path):
    names = [row["study_id"] for row in manifest(drop[1])]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    where([*names, "0123456789abcdef"], None, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_drop_goes_before_a_later_run_of_the_phantom_and_a_run_can_be_named(drop, tmp_path):
    name = manifest(drop[1])[0]["study_id"]
    inputs = read_json(home() / "runs/20260101-120000-abc123/inputs.json")
    phantom = drawn_instead(drop[0])
    vault = open_vault("phantom", home())
    pins = {**inputs, "source": {**inputs["source"], "kind": "phantom"}, "key": {"fingerprint": vault.fingerprint}}
    write_json(tmp_path / "inputs.json", pins)
    _run("20260202-120000-def456", phantom, tmp_path)
    assert one(name)["kind"] == "study"
    (told,) = where([name], "20260202-120000-def456", tmp_path)
    assert told["kind"] is None
    drawn = open_source(phantom.ingest, tmp_path).studies()[0]
    (told,) = where([vault.pseudonym("study", drawn.key)], "20260202-120000-def456", tmp_path)
    assert told["kind"] == "study" and told["patient"] == drawn.patient


def drawn_instead(params: Params) -> Params:
    """Return the parameters with a small phantom as their source."""
    small = params.ingest.phantom.model_copy(update={"patients": 12})
    return params.model_copy(
        update={
            "ingest": params.ingest.model_copy(
                update={"source": "phantom", "path": None, "policy": "synthetic", "phantom": small}
            )
        }
    )


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_prints_and_its_exit_code_says_whether_all_were_found(drop, monkeypatch, as_json):
    name = manifest(drop[1])[0]["study_id"]
    monkeypatch.setattr("unirg_core.cli.data.project", lambda: Path("nowhere"))
    options = ["--json"] if as_json else []
    good = CliRunner().invoke(app, ["data", "where", name, *options])
    bad = CliRunner().invoke(app, ["data", "where", name, "0123456789abcdef", *options])
    assert (good.exit_code, bad.exit_code) == (0, 1)
    said = json.loads(good.stdout)[0]["rows"][0] if as_json else good.stdout
    assert "table row" in said and ".png" in said
