"""A drop with a sub-folder an institution, and tables in which a line is a whole study."""

import json
import shutil

import pytest
import yaml
from fixtures_drops import MAPPING, ingested, manifest, of_drop, pixels, png, reasons, rows, write_drop

from unirg_core.faults import BadInput
from unirg_core.ingest import listing_digest
from unirg_core.ingest.folder import Folder
from unirg_core.ingest.institutions import Institutions, open_drop
from unirg_core.ingest.place import Local


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _several(folder, names=("north", "south"), *, shared=False, site=None):
    """Write a drop of several institutions, the mapping in each or one at the top."""
    for name in names:
        write_drop(folder / name, rows(4, 2), mapping={"institution": site})
        if shared:
            (folder / name / "mapping.yaml").replace(folder / "mapping.yaml")
    return folder


@pytest.mark.parametrize("shared", [False, True])
def test_a_sub_folders_name_is_the_institution(tmp_path, shared):
    drop = _several(tmp_path / "drop", shared=shared)
    (drop / "south/files/p0v0.png").unlink()
    root = ingested(of_drop(drop), tmp_path / "run")
    found = manifest(root)
    assert {row["institution"] for row in found} == {"north", "south"}
    assert len(found) == 15 and len({row["patient_id"] for row in found}) == 8, "one number at two places is two people"
    assert reasons(root) == ["The picture file is not there (south, table row 1)."]
    assert {row["source"] for row in found} == {"folder"}


def test_a_mapping_given_by_path_holds_for_all(tmp_path):
    drop = _several(tmp_path / "drop", shared=True)
    mapping = shutil.move(drop / "mapping.yaml", tmp_path / "elsewhere.yaml")
    root = ingested(of_drop(drop, mapping=str(mapping)), tmp_path / "run")
    assert {row["institution"] for row in manifest(root)} == {"north", "south"}


def test_a_column_that_names_the_institution_goes_first(tmp_path):
    drop = _several(tmp_path / "drop", site="site")
    source = open_drop(Local(drop), None)
    assert {study.institution for study in source.studies()} == {"north"}
    assert len({study.key for study in source.studies()}) == 16, "equal keys of two sub-folders stay apart"


def test_one_institution_more_leaves_the_names_of_the_others(tmp_path):
    drop = _several(tmp_path / "drop")
    before = {row["study_id"] for row in manifest(ingested(of_drop(drop), tmp_path / "one"))}
    _several(drop, ("west",))
    after = {row["study_id"] for row in manifest(ingested(of_drop(drop), tmp_path / "two"))}
    assert before < after and len(after) == 24


def test_the_pins_follow_every_sub_folder(tmp_path):
    drop = _several(tmp_path / "drop")
    before = listing_digest(of_drop(drop), tmp_path)
    assert before["count"] == 16 and before == listing_digest(of_drop(drop), tmp_path)
    (drop / "south/files/p0v0.png").write_bytes(png(pixels(77)))
    assert listing_digest(of_drop(drop), tmp_path)["digest"] != before["digest"]


def test_rows_that_are_no_study_are_told_with_their_sub_folder(tmp_path):
    drop = _several(tmp_path / "drop")
    with (drop / "south/table.csv").open("a") as stream:
        stream.write("a,b\n")
    assert [r.reason for r in open_drop(Local(drop), None).refusals()] == [
        "south: Table row 9: the line has 2 cells, the header 10."
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda drop: (drop / "south/mapping.yaml").unlink(), "south has no mapping.yaml, as other sub-folders"),
        (lambda drop: (drop / "south/table.csv").unlink(), "south/table.csv does not exist"),
        (lambda drop: shutil.rmtree(drop / "south/files"), "folder = 'files', but .*south/files is no folder"),
        (lambda drop: [(drop / n / "mapping.yaml").unlink() for n in ("north", "south")], "drop/mapping.yaml does not"),
        (
            lambda drop: (drop / "mapping.yaml").write_text(yaml.safe_dump(MAPPING | {"table": "x.csv"})),
            "x.csv does not",
        ),
    ],
)
def test_a_drop_that_is_neither_is_refused_naming_the_file(tmp_path, change, said):
    drop = _several(tmp_path / "drop")
    change(drop)
    with pytest.raises(BadInput, match=said):
        open_drop(Local(drop), None)


def test_a_drop_with_its_table_at_the_top_is_one(tmp_path):
    assert isinstance(open_drop(Local(write_drop(tmp_path / "one")), None), Folder)
    assert isinstance(open_drop(Local(_several(tmp_path / "two")), None), Institutions)


def _of_studies(folder, lines, **mapping):
    """Write a drop whose table is JSONL."""
    write_drop(folder, rows(4, 2), mapping={"table": "t.jsonl", **mapping})
    (folder / "t.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


def _lines():
    """Return a line a study, two pictures in each."""
    pictures = [f"p{patient}v{visit}.png" for patient in range(4) for visit in range(2)]
    base = rows(4, 1)
    return [{**row, "file": pictures[2 * n : 2 * n + 2], "view": ["LATERAL", "PA"]} for n, row in enumerate(base)]


@pytest.mark.parametrize("study", ["accession", None])
def test_a_line_of_jsonl_may_be_a_whole_study(tmp_path, study):
    drop = _of_studies(tmp_path / "drop", _lines(), study=study)
    source = open_drop(Local(drop), None)
    (first, *_), found = source.read([s.key for s in source.studies()]), source.studies()
    assert len(found) == 4 and [file.view for file in first.files] == ["PA", "LATERAL"]
    root = ingested(of_drop(drop), tmp_path / "run")
    assert len(manifest(root)) == 4 and len(reasons(root)) == 4
    assert all("view is lateral" in reason for reason in reasons(root))


def test_one_view_holds_for_all_pictures_of_a_line(tmp_path):
    drop = _of_studies(tmp_path / "drop", [{**line, "view": "AP"} for line in _lines()])
    source = Folder(drop)
    (study, *_) = source.read([s.key for s in source.studies()])
    assert [file.view for file in study.files] == ["AP", "AP"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"view": ["PA"] * 3}, "it names 2 files and 3 views"),
        ({"file": ["a.png", ""], "view": "PA"}, "it names no file"),
        ({"file": [], "view": "PA"}, "it names no file"),
        ({"patient": None}, "it names no patient"),
    ],
)
def test_a_line_that_cannot_be_a_study_is_told_and_the_others_are_kept(tmp_path, changed, said):
    first, *others = _lines()
    drop = _of_studies(tmp_path / "drop", [{**first, **changed}, *others])
    source = Folder(drop)
    assert len(source.studies()) >= 3
    assert [said in reason for reason in {r.reason for r in source.refusals()}] == [True]


def test_a_malformed_line_is_a_reject(tmp_path):
    drop = _of_studies(tmp_path / "drop", _lines())
    with (drop / "t.jsonl").open("a") as stream:
        stream.write('\n{"file": \n')
    assert [r.reason for r in Folder(drop).refusals()] == ["Table row 5: the line is no JSON object."]
