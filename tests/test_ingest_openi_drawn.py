"""Open-i's reports with drawn pictures: what is drawn follows from the report, is called drawn, and always comes out
the same."""

import io
import json

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
from fixtures_drops import ingested, manifest, params, pixels, png, reasons
from fixtures_published import archive, openi_names, openi_xml, write

from unirg_core import rl
from unirg_core.evaluate.scoring import truth_of as truth_rows
from unirg_core.families import TRUTH_SCORES, called, held_out
from unirg_core.faults import BadInput
from unirg_core.ingest import phantom
from unirg_core.ingest.dicom import decode_dicom
from unirg_core.ingest.openi_drawn import (
    DEGREES,
    NAME,
    OpenIDrawn,
    drawing,
    findings_of,
    form_of,
    picture,
    truth_of,
)
from unirg_core.ingest.openi_lists import GOLD, JUDGED, SPLIT
from unirg_core.ingest.phantom.world import severity
from unirg_core.ingest.place import Local
from unirg_core.ingest.sections import Sections
from unirg_core.scores.labels import Labelled, label_one
from unirg_core.scores.truth import finding_counts
from unirg_core.study import DRAWN, LABELS

CASES = {
    "normal": "The lungs are clear. Heart size is normal.",
    "effusion": "Moderate left pleural effusion.",
    "heart": "The heart is mildly enlarged. Lungs are clear.",
    "device": "Right-sided central line with its tip in the SVC. Lungs are clear.",
    "hedged": "Possible right lower lobe pneumonia. Large right pneumothorax.",
}
MIDDLE = np.full((len(DRAWN), 9), 0.5)
HEADER = "imageid,View Position,Patient Orientation,Study Date,Patient's Birth Date,Modality,"
HEADER += "Photometric Interpretation,Bits Stored\n"


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _of(root, **section):
    return params(**{"source": "openi", "draw": True, "path": str(root), "policy": "open-i", **section})


def _tree(root, studies=24):
    """Write reports without any picture, a split, gold of some, and header rows of others."""
    said = list(CASES.values())
    reports = {f"{n}.xml": openi_xml(n, openi_names(n), FINDINGS=f"{said[n % 5]} Image {n}.") for n in range(studies)}
    reports["90.xml"] = openi_xml(90, FINDINGS=CASES["normal"])
    reports["91.xml"] = openi_xml(91, openi_names(91), FINDINGS="")
    archive(root / "NLMCXR_reports.tgz", reports)
    ids = [f"CXR{n}_IM-0{n}" for n in range(studies)]
    write(root / SPLIT, json.dumps({"train": ids[:12], "val": ids[12:15], "test": ids[15:20]}))
    columns = [name for names in JUDGED.values() for name in names]
    rows = [[f"CXR{n}", *("1" if name == "Edema" and n == 15 else "0" for name in columns)] for n in range(10, 18)]
    write(root / GOLD, "\n".join(",".join(row) for row in [["filename", *columns], *rows]))
    header = f"{openi_names(3)[0]},AP,\"['L', 'F']\",20120110,19500601,DX,MONOCHROME1,14\n"
    header += f"{openi_names(4)[0]},LL,,,,,,\n{openi_names(4)[1]},LATERAL,,,,,,\n"
    write(root / "nlmcxr_dicom_metadata.csv.gz", HEADER + header)
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # report -> class, side (None: the seed's), severity (None: the seed's)
        (CASES["normal"], []),
        (CASES["effusion"], [("Pleural Effusion", "left", "moderate")]),
        (CASES["heart"], [("Cardiomegaly", "", "mild")]),
        (CASES["device"], [("Support Devices", "right", "")]),
        ("Large right pneumothorax.", [("Pneumothorax", "right", "severe")]),
        ("Possible small bilateral pleural effusions.", [("Pleural Effusion", "bilateral", "mild")]),
        ("Pulmonary edema.", [("Edema", "", None)]),
        ("There is a lung nodule.", [("Lung Lesion", None, None)]),
        ("No effusion. Heart size is normal.", []),
        ("Fracture of the left clavicle.", []),  # no phantom can show it
        ("", []),
    ],
)
def test_labels_become_findings(text, expected):
    found = findings_of(label_one(text), MIDDLE)
    assert [f.label for f in found] == [label for label, _, _ in expected]
    for finding, (_, side, degree) in zip(found, expected, strict=True):
        assert finding.side == side if side is not None else finding.side in ("left", "right", "bilateral")
        assert finding.severity == degree if degree is not None else finding.severity in DEGREES
        assert finding.degree >= phantom.THRESHOLD


@pytest.mark.parametrize("stated", DEGREES)
@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-53])
@pytest.mark.parametrize("name", [name for name in DRAWN if name != "Support Devices"])
def test_a_stated_severity_is_what_the_phantom_calls_so(stated, uniform, name):
    at = LABELS.index(name)
    values, severities = ([empty] * len(LABELS) for empty in (None, ""))
    values[at], severities[at] = 1, stated
    labelled = Labelled(tuple(values), ("",) * len(LABELS), tuple(severities))
    (found,) = findings_of(labelled, np.full((len(DRAWN), 9), uniform))
    assert (found.severity, severity(found.degree)) == (stated, stated)


def test_what_a_report_leaves_open_comes_from_its_id():
    sections = Sections(findings="There is a lung nodule.")
    again = [drawing(f"CXR{n}", sections, "PA", 60) for n in (1, 1, *range(2, 40))]
    assert again[0] == again[1]
    assert len({(s.findings[0].side, s.findings[0].degree, s.seed, s.anatomy) for s in again}) == 39
    assert {s.findings[0].side for s in again} == {"left", "right"}
    assert {s.findings[0].severity for s in again} == {"mild", "moderate", "severe"}


@pytest.mark.parametrize(("view", "expected"), [("PA", "PA"), ("AP", "AP"), ("", "PA"), ("LATERAL", "PA")])
def test_a_drawing_is_frontal(view, expected):
    assert drawing("CXR1", Sections(), view, None).view == expected


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (None, [("Pleural Effusion", "left", "moderate"), ("Support Devices", "right", "")]),
        ((), [("Support Devices", "right", "")]),  # the gold says nothing of devices
        (("Edema",), [("Edema", "", ""), ("Support Devices", "right", "")]),
        (("Pleural Effusion",), [("Pleural Effusion", "", ""), ("Support Devices", "right", "")]),
    ],
)
def test_truth_is_the_gold_where_there_is_any(gold, expected):
    shown = drawing("CXR7", Sections(findings=f"{CASES['effusion']} {CASES['device']}"), "PA", 60)
    rows = truth_of(shown, gold)
    assert [row[:3] for row in rows] == expected
    assert all((row[3] is None) == (gold is not None and row[0] in JUDGED) for row in rows)


def test_a_truth_without_a_side_takes_any():
    row = {"finding": "Pleural Effusion", "side": "", "severity": "", "degree": None}
    assert finding_counts([CASES["effusion"]], [[row]], with_side=True).sum(axis=(0, 1)).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        # modality, polarity, bits -> as the file is written; None: as the phantom's seed says
        (("DX", "MONOCHROME1", "14"), ("DX", "MONOCHROME1", 14)),
        (("CR", "MONOCHROME2", "8"), ("CR", "MONOCHROME2", 8)),
        (("CR", "MONOCHROME2", "16"), ("CR", "MONOCHROME2", 16)),
        (("", "MONOCHROME2", "12"), None),
        (("CT", "MONOCHROME2", "12"), None),
        (("CR", "RGB", "12"), None),
        (("CR", "MONOCHROME2", ""), None),
        (("CR", "MONOCHROME2", "1"), None),
        (("CR", "MONOCHROME2", "twelve"), None),
        (("CR", "MONOCHROME2", "-12"), None),
    ],
)
def test_a_file_is_written_as_its_header_row_says(header, expected):
    shown = drawing("CXR5", Sections(), "AP", 60)
    row = dict(zip(("Modality", "Photometric Interpretation", "Bits Stored"), header, strict=True))
    form = form_of(shown, row)
    if expected is None:
        assert form == phantom.form(shown) == form_of(shown, {})
        return
    decoded = decode_dicom(picture(shown, 64, row), lambda view: None)
    assert (decoded.modality, decoded.photometric, decoded.bits, decoded.view) == (*expected, "AP")
    assert np.abs(decoded.grey / 255 - phantom.render([shown], 64)[0]).max() < 0.01


def test_a_drawn_file_names_nobody_and_says_synthetic():
    content = picture(drawing("CXR5", Sections(), "PA", 60), 64, {})
    assert content == picture(drawing("CXR5", Sections(), "PA", 60), 64, {})
    file = pydicom.dcmread(io.BytesIO(content))
    named = ("PatientName", "PatientID", "PatientSex", "PatientAge", "PatientBirthDate", "StudyDate", "AccessionNumber")
    assert not [name for name in (*named, "InstitutionName", "ReferringPhysicianName") if name in file]
    assert "synthetic" in file.Manufacturer and not [element for element in file if element.tag.is_private]
    assert decode_dicom(content, lambda view: None).identifiers == ()


def test_the_picture_shows_what_the_report_says():
    """Left is on the right of the picture: fluid whitens that base, and no other half."""
    plain, full = (
        phantom.render([drawing("CXR5", Sections(findings=text), "PA", 60)], 64)[0]
        for text in ("Clear lungs.", "Large left pleural effusion.")
    )
    change = full - plain
    assert change[36:52, 40:56].mean() > 0.1
    assert abs(change[:, :28].mean()) < 0.02


def test_a_drop_of_reports_alone_is_drawn_and_ingested(tmp_path):
    root = ingested(_of(_tree(tmp_path / "openi"), split={"held_out": [], "test": 0.9}), tmp_path / "run")
    rows = manifest(root)
    assert len(rows) == 24, "23 of 24 have a frontal picture, one more names none"
    assert {row["source"] for row in rows} == {row["institution"] for row in rows} == {NAME}
    assert {row["sex"] for row in rows} == {""}, "the drawn chest's sex is nobody's"
    counts = {split: sum(row["split"] == split for row in rows) for split in ("train", "validation", "test")}
    assert counts == {"train": 16, "validation": 3, "test": 5}, "reports in no list are trained on, by whatever share"
    assert reasons(root) == [
        "The report has neither findings nor impression (report 26, drawn picture).",
        "The view is lateral; only frontal pictures (PA, AP) are taken (report 5, drawn picture).",
    ]
    three = next(row for row in rows if row["findings"].endswith("Image 3."))
    assert (three["view"], three["modality"], three["photometric"]) == ("AP", "DX", "MONOCHROME1")
    assert (three["original_bits"], three["age"]) == (14, 61) and three["day"] is not None
    assert sum(json.loads((root / "data/deid.json").read_text())["removed_from_text"].values()) == 0, (
        "no invented name is scrubbed"
    )


def test_its_truth_is_gold_where_there_is_gold_and_drawn_elsewhere(tmp_path):
    root = ingested(_of(_tree(tmp_path / "openi")), tmp_path / "run")
    rows = {row["findings"].rpartition(" ")[2]: row for row in manifest(root)}
    truth, absent = truth_rows(root, [rows["15."], rows["16."], rows["18."], rows["19."]])
    assert absent == ""
    names = [[row["finding"] for row in found] for found in truth]
    assert names == [["Edema"], [], ["Support Devices"], [f.label for f in _findings(19)]]
    assert truth[0][0]["degree"] is None and truth[3][0]["degree"] > 0


def _findings(number):
    said = f"{list(CASES.values())[number % 5]} Image {number}."
    return drawing(f"CXR{number}", Sections(findings=said), "PA", None).findings


@pytest.mark.parametrize("processes", [2])
def test_any_number_of_processes_leaves_the_same_bytes(tmp_path, processes):
    tree = _tree(tmp_path / "openi", 80)
    alone = ingested(_of(tree), tmp_path / "one")
    beside = ingested(_of(tree, processes=processes), tmp_path / "more")
    for name in ("manifest", "truth", "rejects", "studies/00000"):
        assert (alone / f"data/{name}.parquet").read_bytes() == (beside / f"data/{name}.parquet").read_bytes()


def test_real_pictures_in_the_drop_are_not_looked_at(tmp_path):
    tree = _tree(tmp_path / "openi", 6)
    (before, *_) = OpenIDrawn(Local(tree), 64).read(["CXR1"])
    write(tree / f"{openi_names(1)[0]}.png", png(pixels(1)))
    (after, *_) = OpenIDrawn(Local(tree), 64).read(["CXR1"])
    assert [file.read() for file in before.files] == [file.read() for file in after.files]
    assert len(after.files) == 1 and after.files[0].read()[128:132] == b"DICM"


@pytest.mark.parametrize("name", [SPLIT, GOLD, "nlmcxr_dicom_metadata.csv.gz"])
def test_each_list_is_pinned(tmp_path, name):
    tree = _tree(tmp_path / "openi", 6)
    before = OpenIDrawn(Local(tree), 64).listing()
    (tree / name).unlink()
    assert OpenIDrawn(Local(tree), 64).listing() != before
    assert OpenIDrawn(Local(tree), 128).listing() != OpenIDrawn(Local(tree), 64).listing()


def test_the_split_holds_for_real_pictures_too(tmp_path):
    tree = _tree(tmp_path / "openi", 24)
    for number in range(24):
        write(tree / f"{openi_names(number)[0]}.png", png(pixels(number)))
    root = ingested(_of(tree, draw=False), tmp_path / "run")
    rows = manifest(root)
    assert {row["source"] for row in rows} == {"openi"}
    assert sum(row["split"] == "test" for row in rows) == 5
    assert pq.read_metadata(root / "data/truth.parquet").num_rows == 0


@pytest.mark.parametrize("source", ["phantom", "folder", "mimic_cxr", "chexpert_plus", "rexgradient"])
def test_no_other_source_is_drawn_so(source):
    path = {} if source == "phantom" else {"path": "/drop", "policy": "p"}
    with pytest.raises(BadInput, match=f"draw is for source openi alone, and this is {source}"):
        params(source=source, draw=True, **path)


@pytest.mark.parametrize(
    ("draw", "kind", "model", "told", "truth"),
    [
        (False, "openi", "unirg-cxr", "openi", False),
        (True, "openi-drawn", "unirg-cxr-openi-drawn", "openi-drawn, synthetic pictures", True),
    ],
)
def test_what_is_drawn_has_a_name_of_its_own(draw, kind, model, told, truth):
    found = params(source="openi", path="/drop", policy="open-i", draw=draw)
    assert (found.ingest.kind, found.model_name, called(found.ingest.kind)) == (kind, model, told)
    assert set(TRUTH_SCORES) <= set(held_out(found)) if truth else set(TRUTH_SCORES).isdisjoint(held_out(found))
    assert not rl.drawn(found), "the reports are real: they are quoted nowhere outside the run's folder"


@pytest.mark.parametrize("policy", ["", "synthetic"])
def test_drawn_pictures_leave_the_reports_their_legal_basis(policy):
    with pytest.raises(BadInput, match="policy"):
        params(source="openi", path="/drop", draw=True, policy=policy)
