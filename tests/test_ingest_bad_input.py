"""What must not be taken: one bad file never stops a drop, a bad drop is refused in one clear sentence."""

import json
import re

import numpy as np
import pytest
from fixtures_drops import dicom, ingested, manifest, of_drop, params, pin, pixels, png, reasons, rows, write_drop

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.ingest import ingest, listing_digest
from unirg_core.keys import open_vault

_GREY = pixels(1, most=4095)
_WHOLE = dicom(_GREY, BitsStored=12)
_BAD_FILES = [
    (_WHOLE[: len(_WHOLE) // 2], "cut short"),
    (_WHOLE[:300], "cut short: it has no pixels"),
    (png(pixels())[:500], "cut short or damaged"),
    (b"", "is empty"),
    (b"not a picture at all", "neither DICOM nor PNG nor JPEG"),
    (None, "is not there"),
    (dicom(_GREY, BurnedInAnnotation="YES"), "burned into"),
    (dicom(_GREY, Modality="CT"), "modality is CT"),
    (dicom(_GREY, Modality=None), "modality is not given"),
    (dicom(_GREY, BodyPartExamined="HAND"), "HAND, not the chest"),
    (dicom(_GREY, BodyPartExamined="QUILLAN 2"), "another one, not the chest"),
    (dicom(np.stack([_GREY] * 3), NumberOfFrames=3), "several frames"),
    (dicom(_GREY, PhotometricInterpretation="PALETTE COLOR"), "in colour"),
    (dicom(_GREY, PixelData=None), "it has no pixels"),
    (dicom(_GREY, Rows=None), "lacks"),
    (dicom(_GREY * 0), "one even grey"),
    (png(pixels(shape=(20, 20))), "20 x 20 pixels"),
]


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(("content", "said"), _BAD_FILES, ids=[said for _, said in _BAD_FILES])
def test_a_bad_file_is_rejected_with_its_reason_and_the_others_are_kept(tmp_path, content, said):
    drop = write_drop(tmp_path / "drop", rows(4, 1), {"p0v0.png": content})
    root = ingested(of_drop(drop), tmp_path / "run")
    assert len(manifest(root)) == 3
    (reason,) = reasons(root)
    assert re.search(said, reason) and reason.endswith("(table row 1).")
    assert "Quillan" not in reason.title() and "p0v0" not in reason


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"report": ""}, "neither findings nor impression"),
        ({"report": "INDICATION: Cough."}, "neither findings nor impression"),
        ({"report": "FINDINGS: nan IMPRESSION: None"}, "neither findings nor impression"),
        ({"view": "L"}, "view is lateral"),
        ({"view": "oblique"}, "view is other"),
        ({"view": ""}, "Neither the table nor the file tells the view"),
        ({"patient": ""}, "Table row 1: it names no patient."),
        ({"file": ""}, "Table row 1: it names no file."),
        ({"file": "../table.csv"}, "leads out of the drop"),
        ({"file": "/etc/hostname"}, "leads out of the drop"),
    ],
)
def test_a_bad_row_is_rejected_and_the_others_are_kept(tmp_path, changed, said):
    table = rows(4, 1)
    table[0] = {**table[0], **changed}
    files = {table[0]["file"]: None} if "file" in changed else None
    root = ingested(of_drop(write_drop(tmp_path / "drop", table, files)), tmp_path / "run")
    assert len(manifest(root)) == 3
    assert [said in reason for reason in reasons(root)] == [True], reasons(root)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"file": "picture"}, r"mapping.yaml: file names the column 'picture', which .*table.csv does not have"),
        ({"study": ["accession", "series"]}, r"study names the column 'series'.*its columns are: file, patient"),
        ({"pacient": "patient"}, "pacient is no field of a mapping; the fields are table, folder"),
        ({"patient": None}, "patient is missing; name the column"),
        ({"report": None}, "name either report .* or findings and impression"),
        ({"findings": "report"}, "name either report"),
        ({"views": {"X": "SIDEWAYS"}}, "views may say PA, AP, LATERAL or OTHER, not SIDEWAYS"),
        ({"view_default": "L"}, "view_default = L will not do"),
        ({"date_formats": ["%d.%m.%Y"]}, "looks like '9999-99-99': set date_formats"),
        ({"table": "none.csv"}, "none.csv does not exist"),
        ({"table": "table.xlsx"}, "no table that can be read"),
        ({"folder": "nowhere"}, r"folder = 'nowhere', but .*drop/nowhere is no folder; name the folder"),
        ({"encoding": "utf-99"}, "encoding 'utf-99' is not known"),
    ],
)
def test_a_bad_mapping_is_refused_naming_file_field_and_remedy(tmp_path, mapping, said):
    drop = write_drop(tmp_path / "drop", mapping=mapping)
    with pytest.raises(BadInput, match=said) as refused:
        listing_digest(of_drop(drop), tmp_path)
    assert "2019" not in str(refused.value), "the sentence quotes a date of a patient"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"", "is empty"),
        (b"file,patient,accession,date,sex,age,view,site,report,person\n", "has no rows"),
        (b"file,file\na,b\n", "two columns named 'file'"),
        ("file\nM\xfcller\n".encode("latin-1"), "is not utf-8 at byte 6; set encoding"),
        (b'file\n"unclosed\n', "no whole CSV table"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, table, said):
    drop = write_drop(tmp_path / "drop")
    (drop / "table.csv").write_bytes(table)
    with pytest.raises(BadInput, match=said):
        listing_digest(of_drop(drop), tmp_path)


def test_lines_of_a_table_that_cannot_be_read_are_rejects(tmp_path):
    drop = write_drop(tmp_path / "drop", rows(4, 1))
    with (drop / "table.csv").open("a") as stream:
        stream.write("a,b,c\n")
    root = ingested(of_drop(drop), tmp_path / "run")
    assert reasons(root) == ["Table row 5: the line has 3 cells, the header 10."]
    lines = [json.dumps(row) for row in rows(4, 1)] + ["[1, 2]", "{"]
    (drop / "table.jsonl").write_text("\n".join(lines))
    (drop / "mapping.yaml").write_text((drop / "mapping.yaml").read_text().replace("table.csv", "table.jsonl"))
    root = ingested(of_drop(drop), tmp_path / "again")
    assert (len(manifest(root)), len(reasons(root))) == (4, 2)


def test_a_missing_drop_or_mapping_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"ingest.path .*nowhere is no folder"):
        listing_digest(of_drop(tmp_path / "nowhere"), tmp_path)
    (tmp_path / "drop").mkdir()
    with pytest.raises(BadInput, match=r"mapping.yaml does not exist; write one .* or give --mapping"):
        listing_digest(of_drop(tmp_path / "drop"), tmp_path)


def test_a_full_reject_names_count_reasons_and_place(tmp_path):
    drop = write_drop(tmp_path / "drop", rows(3, 2), {row["file"]: b"x" for row in rows(2, 2)})
    for row in rows(3, 2)[4:]:
        (drop / "files" / row["file"]).unlink()
    run = of_drop(drop)
    pin(run, tmp_path / "run")
    with pytest.raises(BadInput, match="6 files were rejected \\(4 x The file is neither") as refused:
        ingest(run, tmp_path / "run")
    assert str(tmp_path / "run" / "data" / "rejects.parquet") in str(refused.value)
    assert len(reasons(tmp_path / "run")) == 6
    assert not (tmp_path / "run" / "data" / "manifest.parquet").exists()
    assert not (tmp_path / "home" / "keyed.json").exists(), "no dataset was made, so the key is still free"


@pytest.mark.parametrize(
    ("table", "section", "said"),
    [
        (rows(1, 3), {}, "patients in the drop: 1. None is left to test on"),
        (rows(3, 1), {"split": {"held_out": ["north"], "test": 0.1}}, "None is left to train on"),
    ],
)
def test_a_drop_that_cannot_be_split_is_refused(tmp_path, table, section, said):
    run = of_drop(write_drop(tmp_path / "drop", table), **section)
    pin(run, tmp_path / "run")
    with pytest.raises(BadInput, match=said):
        ingest(run, tmp_path / "run")
    assert not (tmp_path / "run" / "data" / "manifest.parquet").exists()


def test_a_held_out_institution_that_the_source_does_not_list_is_refused_before_a_run(tmp_path):
    run = of_drop(write_drop(tmp_path / "drop", rows(3, 1)), split={"held_out": ["south"]})
    with pytest.raises(
        BadInput, match=r"held_out names south, of which the source lists no study; .* this drop are: north"
    ):
        listing_digest(run, tmp_path)


def test_a_held_out_institution_of_which_nothing_was_accepted_is_refused(tmp_path):
    drop = write_drop(tmp_path / "drop", [*rows(3, 1), {**rows(1, 1)[0], "site": "south", "file": "lost.png"}])
    (drop / "files" / "lost.png").unlink()
    run = of_drop(drop, split={"held_out": ["south"]})
    pin(run, tmp_path / "run")
    with pytest.raises(BadInput, match="held_out names south, of which no study was accepted"):
        ingest(run, tmp_path / "run")


def test_without_pins_nothing_is_taken(tmp_path):
    with pytest.raises(BadInput, match=r"inputs.json is missing: .*`unirg retrain`"):
        ingest(of_drop(write_drop(tmp_path / "drop")), tmp_path)


@pytest.mark.parametrize("name", ["source", "key"])
def test_what_is_not_as_pinned_is_refused(tmp_path, name):
    run = of_drop(write_drop(tmp_path / "drop"))
    pin(run, tmp_path)
    pins = read_json(tmp_path / "inputs.json")
    write_json(tmp_path / "inputs.json", {**pins, name: {**pins[name], "digest": "0", "fingerprint": "0"}})
    with pytest.raises(BadInput, match=f"pins {name}.* the {name} has changed"):
        ingest(run, tmp_path)


def test_a_drop_that_changes_after_pinning_is_refused(tmp_path):
    drop = write_drop(tmp_path / "drop")
    pin(of_drop(drop), tmp_path)
    (drop / "files" / "p0v0.png").write_bytes(png(pixels(99)))
    with pytest.raises(BadInput, match="the source has changed"):
        ingest(of_drop(drop), tmp_path)


def test_a_missing_key_with_a_dataset_is_refused_and_never_redrawn(tmp_path):
    run = of_drop(write_drop(tmp_path / "drop"))
    ingested(run, tmp_path / "run")
    (tmp_path / "home" / "keys" / "key").unlink()
    with pytest.raises(BadInput, match="is missing"):
        ingest(run, tmp_path / "run")
    with pytest.raises(BadInput, match="is missing"):
        open_vault("folder", tmp_path / "home")


def test_the_phantom_needs_no_key_and_pins_its_world():
    small, other = ({"world": world, "patients": 6, "image_size": 64} for world in (1, 2))
    pinned = listing_digest(params(phantom=small), None)
    assert pinned == listing_digest(params(phantom=small), None)
    assert pinned["kind"] == "phantom" and pinned["count"] >= 6
    assert pinned["digest"] != listing_digest(params(phantom=other), None)["digest"]
