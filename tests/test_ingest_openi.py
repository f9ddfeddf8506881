"""Open-i: reports and pictures in every layout, which picture is frontal, and all 3,955 real reports."""

import re
from collections import Counter

import pytest
from fixtures_drops import REAL, ingested, manifest, params, pixels, png, reasons
from fixtures_published import PATIENTS, archive, openi, openi_names, openi_xml, write

from unirg_core.faults import BadInput
from unirg_core.home import home
from unirg_core.ingest.openi import OpenI
from unirg_core.ingest.openi_views import Shown, views
from unirg_core.ingest.place import Local
from unirg_core.keys import open_vault


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _of(root, **section):
    return params(**{"source": "openi", "path": str(root), "policy": "open-i", **section})


def _studies(root):
    source = OpenI(Local(root))
    return list(source.read([study.key for study in source.studies()])), source


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        # what is known of each picture, in the order of their names -> views
        ([], []),
        ([Shown()], ["PA"]),
        ([Shown(), Shown()], ["PA", "LATERAL"]),
        ([Shown(), Shown(), Shown()], ["PA", "LATERAL", "LATERAL"]),
        ([Shown(position="LL"), Shown()], ["LATERAL", "PA"]),
        ([Shown(), Shown(position="AP")], ["LATERAL", "AP"]),
        ([Shown(position="PA"), Shown(position="LATERAL")], ["PA", "LATERAL"]),
        ([Shown(position="LARGE LATERAL"), Shown(position="PA")], ["LATERAL", "PA"]),
        ([Shown(orientation="['A', 'F']"), Shown(orientation="['L', 'F']")], ["LATERAL", "PA"]),
        ([Shown(orientation="['R', 'F']"), Shown()], ["PA", "LATERAL"]),
        ([Shown(position="PA", orientation="['P', 'F']")], ["PA"]),
        ([Shown(projection="lateral", position="PA"), Shown(projection="frontal")], ["LATERAL", "PA"]),
        ([Shown(projection="frontal", position="AP")], ["AP"]),
        ([Shown(projection="frontal", position="LL")], ["PA"]),
        ([Shown(caption="CHEST PORTABLE 1 VIEW")], ["AP"]),
        ([Shown(caption="AP and lateral views"), Shown()], ["AP", "LATERAL"]),
        ([Shown(caption="PA and AP views")], ["PA"]),
        ([Shown(position="OBLIQUE"), Shown()], ["OTHER", "PA"]),
    ],
)
def test_which_picture_is_frontal(pictures, expected):
    assert views(pictures) == expected


@pytest.mark.parametrize(
    ("pictures", "archived", "bits", "modality"),
    [("png", False, 8, ""), ("png", True, 8, ""), ("dcm", False, 8, "CR"), ("dcm", True, 8, "CR")],
)
def test_every_layout_is_ingested(tmp_path, pictures, archived, bits, modality):
    root = ingested(_of(openi(tmp_path / "openi", pictures, archived=archived)), tmp_path / "run")
    found = manifest(root)
    assert len(found) == PATIENTS and {row["view"] for row in found} == {"PA"}
    assert {row["institution"] for row in found} == {row["source"] for row in found} == {"openi"}
    assert {(row["original_bits"], row["modality"]) for row in found} == {(bits, modality)}
    assert {row["day"] is None for row in found} == {pictures == "png"}, "only DICOM files tell the day"
    assert all(row["findings"].startswith("Clear XXXX. Image") and row["impression"] == "" for row in found)
    lateral = "The view is lateral; only frontal pictures (PA, AP) are taken (report {}, picture 2)."
    assert reasons(root) == sorted(lateral.format(number) for number in range(1, PATIENTS + 1))


def test_header_rows_tell_view_day_and_age(tmp_path):
    tree = openi(tmp_path / "openi")
    names = openi_names(1)
    rows = [
        f"{names[0]},LL,,20120110,19500601",
        f"{names[1]},AP,\"['L', 'F']\",20120110,19500601",
        f"{openi_names(2)[0]},,\"['A', 'F']\",20120111,20300101",
        f"{openi_names(3)[0]},,,nonsense,",
    ]
    head = "imageid,View Position,Patient Orientation,Study Date,Patient's Birth Date\n"
    write(tree / "nlmcxr_dicom_metadata.csv.gz", head + "\n".join(rows))
    (one, two, three, *_), _ = _studies(tree)
    assert [file.view for file in one.files] == ["AP", "LATERAL"]
    assert (one.day, one.age, one.dated) == (15349, 61, True)
    assert [file.view for file in two.files] == ["PA", "LATERAL"] and two.age is None
    assert (three.day, three.dated) == (None, False)


def test_the_table_made_by_hand_goes_first(tmp_path):
    tree = openi(tmp_path / "openi")
    one, two = (name[3:] for name in openi_names(1))
    write(
        tree / "indiana_projections.csv", f"uid,filename,projection\n1,{one}.dcm.png,Lateral\n1,{two}.dcm.png,Frontal\n"
    )
    (study, *_), _ = _studies(tree)
    assert [(file.key[-4:], file.view) for file in study.files] == [("2001", "PA"), ("1001", "LATERAL")]


@pytest.mark.parametrize(
    ("report", "picture"),
    [
        ("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-3001.png"),
        ("CXR1_1_IM-0001-3001", "1/1_IM-0001-3001.dcm"),
        ("CXR12_IM-0077-1001", "images_normalized/12_IM-0077-1001.dcm.png"),
        ("CXR12_IM-0077-0001-0002", "CXR12_IM-0077-0001-0002.png"),
    ],
)
def test_a_picture_is_found_by_any_of_its_names(tmp_path, report, picture):
    archive(tmp_path / "NLMCXR_reports.tgz", {"a/1.xml": openi_xml(1, [report])})
    write(tmp_path / picture, png(pixels(1)))
    (study,), _ = _studies(tmp_path)
    assert study.files[0].read() == png(pixels(1))


def test_another_studys_picture_is_never_taken(tmp_path):
    archive(tmp_path / "NLMCXR_reports.tgz", {"a/1.xml": openi_xml(1, ["CXR1_IM-0002-1001"])})
    write(tmp_path / "CXR11_IM-0002-1001.png", png(pixels(1)))
    (study,), _ = _studies(tmp_path)
    with pytest.raises(Exception, match="The picture file is not there"):
        study.files[0].read()


def test_reports_that_cannot_be_studies_are_rejected_and_the_others_kept(tmp_path):
    tree = openi(tmp_path / "openi")
    reports = {f"e/{n}.xml": openi_xml(n, openi_names(n)) for n in range(1, PATIENTS + 1)}
    bad = {
        "e/a.xml": b"<eCitation><uId id='CXR90'>",
        "e/b.xml": b"<eCitation><x/></eCitation>",
        "e/c.xml": openi_xml(1, openi_names(1)),
        "e/d.xml": openi_xml(91),
        "e/e.xml": openi_xml(92, ["CXR92_IM-1-1"]),
        "e/f.xml": openi_xml(93, ["../../../etc/hostname"]),
        "e/g.xml": openi_xml(2, FINDINGS="None").replace(b"CXR2", b"CXR94").replace(b"</eC", b"<parentImage/></eC"),
    }
    archive(tree / "NLMCXR_reports.tgz", reports | bad)
    root = ingested(_of(tree), tmp_path / "run")
    assert len(manifest(root)) == PATIENTS
    said = Counter(re.sub(r"[(\d].*", "", reason) for reason in reasons(root))
    assert said == {
        "The view is lateral; only frontal pictures ": PATIENTS,
        "Report ": 3,
        "The report names no picture ": 1,
        "The picture file is not there ": 2,
        "The report has neither findings nor impression ": 1,
    }
    assert not re.search(r"CXR9|hostname", " ".join(reasons(root)))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (None, None, "has neither NLMCXR_reports.tgz nor XML reports; docs/sources/openi.md"),
        ("NLMCXR_reports.tgz", b"no archive", "NLMCXR_reports.tgz cannot be read to its end"),
        ("NLMCXR_reports.tgz", b"", "NLMCXR_reports.tgz cannot be read to its end"),
        ("nlmcxr_dicom_metadata.csv", b"a,b\n1,2\n", "has no column 'imageid'; its columns are: a, b"),
        ("indiana_projections.csv", b"", "indiana_projections.csv is empty"),
    ],
)
def test_a_tree_that_cannot_be_read_is_refused(tmp_path, name, content, said):
    if name is not None and name != "NLMCXR_reports.tgz":
        openi(tmp_path)
    if name:
        write(tmp_path / name, content)
    with pytest.raises(BadInput, match=said):
        OpenI(Local(tmp_path))


def test_an_archive_of_pictures_that_is_cut_short_stops_the_run(tmp_path):
    tree = openi(tmp_path, archived=True)
    whole = (tree / "NLMCXR_png.tgz").read_bytes()
    (tree / "NLMCXR_png.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"NLMCXR_png.tgz cannot be read to its end .*fetch it again"):
        _studies(tree)


def test_loose_xml_files_are_read_too(tmp_path):
    write(tmp_path / "any/1.xml", openi_xml(1, openi_names(1)))
    (study,), _ = _studies(tmp_path)
    assert study.sections.indication == "Cough, XXXX" and study.patient == "CXR1"


def test_all_3955_real_reports_are_taken_or_rejected_with_a_reason(tmp_path):
    real = REAL / "iu_xray"
    if not real.exists():
        pytest.skip(f"{real} is not here")
    root = ingested(_of(real), tmp_path / "run")
    source, vault = OpenI(Local(real)), open_vault("openi", home())
    taken = {row["study_id"] for row in manifest(root)}
    told = {row["key"] for row in _rejects(root)}
    assert len(source.studies()) == 3955 and not source.refusals()
    silent = []
    for study in source.read([study.key for study in source.studies()]):
        mine = {vault.pseudonym("study", study.key), *(vault.pseudonym("file", file.key) for file in study.files)}
        if not mine & (taken | told):
            silent.append(study.where)
    assert silent == []
    assert len(taken) == 3, "CXR54, CXR303 and CXR25 have their frontal picture here"
    assert {row["split"] for row in manifest(root)} == {"train", "validation", "test"}
    said = Counter(reason.partition(" (report")[0] for reason in reasons(root))
    assert said["The report names no picture"] == 104
    assert all(reason.endswith(").") for reason in reasons(root))


def _rejects(root):
    import pyarrow.parquet as pq

    return pq.read_table(root / "data/rejects.parquet").to_pylist()
