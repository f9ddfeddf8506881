"""Rows of raw studies: what goes in, what is derived, and a digest that only the patient's salt can repeat."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fixtures_drops import dicom, params, pixels, png

from unirg_core.ingest.build import Builder, merged
from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import RawFile, RawStudy, Rejected
from unirg_core.keys import Vault, open_vault
from unirg_core.study import LABELS

_PICTURE = png(pixels(1))
_REPORT = "FINDINGS: There is a small left pleural effusion.\nIMPRESSION: Small left pleural effusion."


def _file(
    content: bytes | Callable[[], bytes] = _PICTURE, key: str = "f", view: str = "PA", where: str = ""
) -> RawFile:
    return RawFile(key, content if callable(content) else lambda: content, view, where)


def _raw(**changed) -> RawStudy:
    return replace(RawStudy(key="k", institution="north", patient="p", files=(_file(),), report=_REPORT), **changed)


@pytest.fixture
def vault(tmp_path) -> Vault:
    return open_vault("folder", tmp_path / "home")


def _built(vault: Vault, *studies: RawStudy):
    return Builder("folder", vault, params(policy="consent-1").ingest).batch(studies)


def _row(vault: Vault, **changed) -> dict:
    (row,) = _built(vault, _raw(**changed)).rows.to_pylist()
    return row


def _unreadable() -> bytes:
    raise Rejected("The picture file is not there.")


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"report": ""}, ["The report has neither findings nor impression."]),
        ({"report": "", "files": ()}, ["The report has neither findings nor impression."]),
        ({"report": "", "files": (_file(), _file(key="g"))}, ["The report has neither findings nor impression."] * 2),
        ({"files": (_file(_unreadable, where="row 3"),)}, ["The picture file is not there (row 3)."]),
        ({"files": (_file(b""),)}, ["The picture file is empty."]),
        ({"files": (_file(view="LATERAL"),)}, ["The view is lateral; only frontal pictures (PA, AP) are taken."]),
        ({"sections": Sections(indication="cough")}, ["The report has neither findings nor impression."]),
    ],
)
def test_a_study_that_is_not_taken_says_why_and_leaves_its_neighbours_alone(vault, changed, reasons):
    batch = _built(vault, _raw(key="a"), _raw(key="b", **changed), _raw(key="c"))
    assert batch.rows.num_rows == 2
    assert [reject.sentence for reject in batch.rejects] == reasons
    assert all(len(reject.key) == 16 for reject in batch.rejects)


def test_a_bug_is_no_reject(vault):
    def broken() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _built(vault, _raw(files=(_file(broken),)))


@pytest.mark.parametrize(
    ("files", "taken", "told"),
    [
        # (files, bits of the taken picture, reasons of the others)
        ([_file(), _file(dicom(pixels(most=4095), BitsStored=12))], 8, ["Another frontal"]),
        ([_file(b"x"), _file(dicom(pixels(most=4095), BitsStored=12))], 12, ["The file is neither"]),
        ([_file(view="LATERAL"), _file()], 8, ["The view is lateral"]),
        ([_file(), _file(view="LATERAL")], 8, ["The view is lateral"]),
        ([_file(dicom(pixels(), ViewPosition="LL"), view=""), _file()], 8, ["The view is lateral"]),
    ],
)
def test_the_first_frontal_picture_that_decodes_is_taken_and_every_other_file_told(vault, files, taken, told):
    batch = _built(vault, _raw(files=tuple(files)))
    assert batch.rows["original_bits"].to_pylist() == [taken]
    assert [reject.reason.startswith(start) for reject, start in zip(batch.rejects, told, strict=True)] == [True]


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"age": 97}, "age", 90),
        ({"age": 0}, "age", 0),
        ({"age": None}, "age", None),
        ({"day": None}, "day", None),
        ({"sex": "F"}, "sex", "F"),
        ({}, "policy_id", "consent-1"),
        ({}, "source", "folder"),
        ({}, "photometric", "MONOCHROME2"),
        ({"report": "FINDINGS: Dr. Ng called."}, "findings", "Dr. [NAME] called."),
        ({"report": "Patient: Ng\nFINDINGS: NG tube. Ng moved."}, "findings", "NG tube. [NAME] moved."),
        ({"identifiers": (("name", "Quillan"),), "report": "FINDINGS: Quillan coughs."}, "findings", "[NAME] coughs."),
    ],
)
def test_fields(vault, changed, field, value):
    assert _row(vault, **changed)[field] == value


def test_the_tables_word_goes_before_the_headers(vault):
    file = _file(dicom(pixels(), PatientAge="033Y", PatientSex="M", ViewPosition="AP"), view="")
    row = _row(vault, files=(file,))
    assert (row["age"], row["sex"], row["view"]) == (33, "M", "AP")
    row = _row(vault, files=(replace(file, view="PA"),), age=44, sex="F")
    assert (row["age"], row["sex"], row["view"]) == (44, "F", "PA")


def test_names_of_the_header_are_scrubbed_from_the_report(vault):
    file = _file(dicom(pixels(), PatientName="Ogilvy^Ferelith", ReferringPhysicianName="Tosh^A"))
    row = _row(vault, files=(file,), report="FINDINGS: Ferelith breathes. TOSH was told, PID0099887.")
    assert row["findings"] == "[NAME] breathes. [NAME] was told, [ID]."


def test_labels_come_from_findings_and_impression(vault):
    row = _row(vault, report="FINDINGS: Cardiomegaly.\nIMPRESSION: Small left pleural effusion.")
    values = dict(zip(LABELS, row["labels"], strict=True))
    assert values["Cardiomegaly"] == values["Pleural Effusion"] == 1
    assert row["sides"][LABELS.index("Pleural Effusion")] == "left"
    assert row["severities"][LABELS.index("Pleural Effusion")] == "mild"
    indicated = _row(vault, report="INDICATION: Pneumothorax?\nFINDINGS: Clear lungs.")
    assert dict(zip(LABELS, indicated["labels"], strict=True))["Pneumothorax"] != 1


def test_truth_goes_with_its_study_and_not_with_a_reject(vault):
    truth = (("Edema", "", "mild", 0.4),)
    batch = _built(vault, _raw(key="a", truth=truth), _raw(key="b", truth=truth, report=""))
    assert batch.truth == [
        {"study_id": vault.pseudonym("study", "a"), "finding": "Edema", "side": "", "severity": "mild", "degree": 0.4}
    ]


def test_the_same_number_at_two_institutions_is_two_patients(vault):
    here, there = _row(vault, institution="north"), _row(vault, institution="south")
    assert here["patient_id"] != there["patient_id"]


def test_the_digest_changes_with_any_content_and_with_the_patients_salt(vault, tmp_path):
    digests = [
        _row(vault, **changed)["digest"]
        for changed in ({}, {"age": 5}, {"report": "FINDINGS: x."}, {"files": (_file(png(pixels(9))),)}, {"day": 3})
    ]
    assert len(set(digests)) == len(digests)
    assert _row(vault)["digest"] == digests[0]
    salts = tmp_path / "home/keys/salts.jsonl"
    salts.write_text("")
    assert _row(open_vault("folder", tmp_path / "home"))["digest"] not in digests, "the salt is gone, the digest is not"


def test_batches_merge_in_order(vault):
    studies = [_raw(key=key, report="" if key == "c" else _REPORT) for key in "abcd"]
    whole = _built(vault, *studies)
    halves = merged(_built(vault, *studies[:2]), _built(vault, *studies[2:]))
    assert halves.rows.to_pylist() == whole.rows.to_pylist()
    assert (halves.rejects, halves.truth, halves.found) == (whole.rejects, whole.truth, whole.found)
