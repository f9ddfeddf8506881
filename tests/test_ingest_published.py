"""MIMIC-CXR, CheXpert Plus and ReXGradient: what is taken of the publisher's tables, and what cannot be."""

import json

import pytest
from fixtures_published import PATIENTS, chexpert, chexpert_rows, mimic, mimic_rows, rex, rex_entries, table, write

from unirg_core.faults import BadInput
from unirg_core.ingest.chexpert_plus import ChexpertPlus
from unirg_core.ingest.mapping import frontal_or_other
from unirg_core.ingest.mimic_cxr import MimicCxr
from unirg_core.ingest.place import Local
from unirg_core.ingest.published import day_of, sections_of, sex_of, strictest
from unirg_core.ingest.rexgradient import RexGradient
from unirg_core.ingest.source import Rejected

METADATA, SPLIT = "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-split.csv.gz"
TABLE = "df_chexpert_plus_240401.csv"
TRAIN = "metadata/train_metadata_view_position.json"


def _all(reader, root):
    source = reader(Local(root))
    return list(source.read([study.key for study in source.studies()])), source


@pytest.mark.parametrize(
    ("pictures", "zipped", "packed"),
    [("jpg", False, True), ("jpg", True, False), ("dcm", False, True), ("dcm", True, True)],
)
def test_mimic_in_each_of_its_layouts(tmp_path, pictures, zipped, packed):
    studies, source = _all(MimicCxr, mimic(tmp_path, pictures, zipped=zipped, packed=packed))
    assert len(studies) == 2 * PATIENTS and len({study.patient for study in studies}) == PATIENTS
    assert not source.refusals() and not any(study.fault for study in studies)
    first = studies[0]
    assert "Clear lungs.  Image 0.0" in first.report and first.institution == "mimic-cxr"
    assert all(len(file.read()) > 500 for file in first.files)
    if pictures == "dcm":
        assert not first.dated and [file.view for file in first.files] == ["", ""], "the DICOM files tell"
        return
    assert [file.view for file in first.files] == ["PA", "LATERAL"]
    assert (studies[1].day - first.day, first.second) == (1, 9 * 3600 + 43 * 60 + 56)
    assert [study.split for study in studies[::2]] == ["test", "validation", *["train"] * 4]


def test_mimic_jpg_goes_before_dicom_and_reports_may_be_missing(tmp_path):
    mimic(tmp_path, "dcm")
    mimic(tmp_path, "jpg")
    (tmp_path / "files/p10/p10000000/s500000000.txt").unlink()
    (study, other, *_), _ = _all(MimicCxr, tmp_path)
    assert study.files[0].read()[:2] == b"\xff\xd8"
    assert study.fault == "The report file is not there." and not other.fault


@pytest.mark.parametrize(
    ("changed", "view"),
    [
        ({"ViewPosition": "AP"}, "AP"),
        ({"ViewPosition": "LL"}, "LATERAL"),
        ({"ViewPosition": "", "ViewCodeSequence_CodeMeaning": "postero-anterior"}, "PA"),
        ({"ViewPosition": "", "ViewCodeSequence_CodeMeaning": "antero-posterior"}, "AP"),
        ({"ViewPosition": "", "ViewCodeSequence_CodeMeaning": "left lateral"}, "LATERAL"),
        ({"ViewPosition": "XTABLE LATERAL"}, "LATERAL"),
        ({"ViewPosition": "", "ViewCodeSequence_CodeMeaning": ""}, ""),
    ],
)
def test_mimic_views(tmp_path, changed, view):
    mimic(tmp_path)
    write(tmp_path / METADATA, table([{**mimic_rows()[0], **changed}]))
    (study,), _ = _all(MimicCxr, tmp_path)
    assert study.files[0].view == view


@pytest.mark.parametrize(
    ("time", "second"),
    [("94356.203", 35036), ("0.0", 0), ("235959", 86399), ("", None), ("250000", None), ("x", None), ("1234567", None)],
)
def test_mimic_times(tmp_path, time, second):
    mimic(tmp_path)
    write(tmp_path / METADATA, table([{**mimic_rows()[0], "StudyTime": time}]))
    (study,), _ = _all(MimicCxr, tmp_path)
    assert study.second == second


def test_mimic_rows_without_ids_are_told_and_hostile_ids_lead_nowhere(tmp_path):
    mimic(tmp_path)
    good = mimic_rows()[1]
    rows = [good, {**good, "study_id": ""}, {**good, "subject_id": "../../..", "study_id": "x"}]
    write(tmp_path / METADATA, table(rows))
    (one, hostile), source = _all(MimicCxr, tmp_path)
    assert [r.reason for r in source.refusals()] == [
        f"{METADATA}: row 2 has no subject_id or study_id, so it belongs to no study."
    ]
    assert one.files[0].read() and hostile.fault == "The report file is not there."
    with pytest.raises(Rejected, match=r"leads out of the drop|is not there"):
        hostile.files[0].read()


@pytest.mark.parametrize("pictures", ["PNG", "PNG/PNG", "DICOM", ""])
def test_chexpert_in_each_of_its_layouts(tmp_path, pictures):
    studies, source = _all(ChexpertPlus, chexpert(tmp_path, pictures))
    assert len(studies) == 2 * PATIENTS and not source.refusals()
    first, second = studies[:2]
    assert [file.view for file in first.files] == ["AP", "LATERAL"] and first.files[0].read()
    assert first.sections == sections_of("Clear lungs. Image 0.", None, "cough", "None.")
    assert (second.sections.findings, second.sections.impression) == ("", "1. No acute disease.")
    assert (first.sex, first.age, first.day, second.day) == ("F", 61, 1, 2)
    assert [study.split for study in studies[::2]] == ["test", *["train"] * 5]


@pytest.mark.parametrize(
    ("changed", "view"),
    [({"ap_pa": "LL"}, "LATERAL"), ({"ap_pa": ""}, ""), ({"frontal_lateral": "Lateral", "ap_pa": "AP"}, "LATERAL")],
)
def test_chexpert_views(tmp_path, changed, view):
    write(tmp_path / TABLE, table([{**chexpert_rows()[0], **changed}]))
    (study,), _ = _all(ChexpertPlus, tmp_path)
    assert study.files[0].view == view


def test_chexpert_without_what_may_be_missing(tmp_path):
    kept = [
        {k: v for k, v in row.items() if k not in ("age", "sex", "split", "section_clinical_history")}
        for row in chexpert_rows()
    ]
    write(tmp_path / TABLE, table([{**row, "patient_report_date_order": ""} for row in kept]))
    (study, *_), _ = _all(ChexpertPlus, tmp_path)
    assert (study.sex, study.age, study.day, study.split, study.sections.indication) == ("", None, None, "", "")
    with pytest.raises(Rejected, match="is not there"):
        study.files[0].read()


def test_rexgradient_takes_the_splits_that_are_there(tmp_path):
    studies, source = _all(RexGradient, rex(tmp_path))
    assert len(studies) == 12 and not source.refusals()
    first = studies[0]
    assert [file.view for file in first.files] == ["PA", "LATERAL"] and first.files[0].read()
    assert (first.sections.findings, first.sections.comparison) == ("Clear lungs. Image 0 train.", "")
    assert (first.sex, first.age, first.day, first.split) == ("M", 61, day_of("20150301"), "train")
    assert {study.split for study in studies} == {"train", "validation", "test"}
    (tmp_path / TRAIN).unlink()
    assert len(_all(RexGradient, tmp_path)[0]) == 8


def test_rexgradient_metadata_may_lie_beside_the_pictures_and_name_a_site(tmp_path):
    entries = rex_entries("train", 0)
    for entry in entries.values():
        entry["ImagePath"] = [path.replace("../deid_png/", "") for path in entry["ImagePath"]]
        entry["InstitutionName"] = "site-7"
    rex(tmp_path)
    (tmp_path / TRAIN).unlink()
    write(tmp_path / "train_metadata.json", json.dumps(entries))
    studies, _ = _all(RexGradient, tmp_path)
    assert studies[0].files[0].read() and studies[0].institution == "site-7"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PatientID": None}, "it names no patient"),
        ({"ImagePath": []}, "it names no picture"),
        ({"ImagePath": "a.png"}, "it names no picture"),
        ({"ImagePath": [None]}, "it names no picture"),
    ],
)
def test_rexgradient_entries_that_are_no_study_are_told(tmp_path, changed, said):
    entries = rex_entries("train", 0)
    first = next(iter(entries))
    entries[first] |= changed
    write(tmp_path / TRAIN, json.dumps({**entries, "x": 5}))
    write(tmp_path / TRAIN.replace("train", "valid"), json.dumps({list(entries)[1]: list(entries.values())[1]}))
    studies, source = _all(RexGradient, tmp_path)
    assert len(studies) == 3
    reasons = [refusal.reason for refusal in source.refusals()]
    assert said in reasons[0] and "study 5 is not taken: it is no object" in reasons[1]
    assert "it stands in another split too" in reasons[2]
    assert "GRDN" not in " ".join(reasons)


def test_rexgradient_paths_stay_inside_and_views_may_be_short(tmp_path):
    entries = rex_entries("train", 0)
    first = next(iter(entries.values()))
    first["ImagePath"], first["ImageViewPosition"] = ["../../outside.png", "../deid_png/none.png"], ["PA"]
    write(tmp_path / TRAIN, json.dumps(entries))
    (study, *_), _ = _all(RexGradient, tmp_path)
    assert [file.view for file in study.files] == ["PA", ""]
    with pytest.raises(Rejected, match="leads out of the drop"):
        study.files[0].read()
    with pytest.raises(Rejected, match="is not there"):
        study.files[1].read()


@pytest.mark.parametrize(
    ("reader", "name", "content", "said"),
    [
        (MimicCxr, None, None, "has no mimic-cxr-2.0.0-metadata.csv.gz or .* or cxr-record-list.csv; docs/sources/"),
        (MimicCxr, METADATA, "dicom_id,subject_id\n1,2\n", "has no column 'study_id'; its columns are: dicom_id"),
        (MimicCxr, SPLIT, "study_id\n1\n", "split.csv.gz has no column 'split'"),
        (MimicCxr, METADATA[:-3], b"\x00\xff", "has no column 'subject_id'"),
        (ChexpertPlus, None, None, "has no df_chexpert_plus_240401.csv or"),
        (ChexpertPlus, TABLE, "path_to_image\nx\n", "has no column 'frontal_lateral'; its columns are: path_to_image"),
        (RexGradient, None, None, "has no metadata/train_metadata_view_position.json, nor"),
        (RexGradient, TRAIN, '{"a": {', "train_metadata_view_position.json is no whole JSON"),
        (RexGradient, TRAIN, "[]", "holds no studies"),
        (RexGradient, TRAIN, '{"a": {"PatientID": 1}}', "no study has the field 'ImagePath'"),
        (RexGradient, "metadata/train_metadata.csv", "id\n1\n", "the CSV files do not name the pictures"),
    ],
)
def test_what_is_not_the_publishers_layout_is_refused(tmp_path, reader, name, content, said):
    if name == SPLIT:
        mimic(tmp_path)
    if name:
        write(tmp_path / name, content)
    with pytest.raises(BadInput, match=said) as told:
        reader(Local(tmp_path))
    assert "\n" not in str(told.value)


def test_a_zip_of_reports_that_is_cut_short_stops_the_run(tmp_path):
    mimic(tmp_path, zipped=True)
    (tmp_path / "mimic-cxr-reports.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadInput, match=r"mimic-cxr-reports.zip cannot be read; fetch it again"):
        _all(MimicCxr, tmp_path)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("19700111", 10),
        ("1970-01-11", 10),
        ("1970-01-11 23:59:59", 10),
        ("1970-01-11T01:02", 10),
        ("19701332", None),
        ("", None),
        ("197001111", None),
    ],
)
def test_published_dates(text, day):
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("POSTERO_ANTERIOR", "PA"),
        ("ANTERO_POSTERIOR", "AP"),
        ("AP AXIAL", "AP"),
        ("ANTERO", "OTHER"),
        ("LARGE LATERAL", "LATERAL"),
        ("DECUBITUS", "OTHER"),
    ],
)
def test_published_views(text, view):
    assert frontal_or_other(text) == view


def test_small_words_of_published_tables():
    assert [sex_of(text) for text in ("Female", "m", "Unknown", "")] == ["F", "M", "", ""]
    assert strictest(["train", "", "test"]) == "test" and strictest(["validation", "train"]) == "validation"
    assert strictest([""]) == ""
    told = sections_of("nan", float("nan"), " None ", "None.")
    assert (told.findings, told.impression, told.indication, told.comparison) == ("", "", "", "None.")
