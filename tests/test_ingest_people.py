"""Lists of people: what is refused, what they name, and what they do to splits."""

from pathlib import Path

import pytest
from fixtures_drops import manifest, of_drop, pin, reasons
from fixtures_versions import Line, drop, listed, people, splits

from unirg_core.faults import BadInput
from unirg_core.files import read_json
from unirg_core.home import home
from unirg_core.ingest import ingest, listing_digest
from unirg_core.ingest.build import patient_pseudonym
from unirg_core.ingest.people import read_people
from unirg_core.keys import open_vault


def _merge(one: int, other: int) -> dict[str, str]:
    ids = [f"MRN77{number:04d}" for number in (one, other)]
    return {"institution": "north", "patient": ids[0], "same_institution": "north", "same_patient": ids[1]}


def _pseudonym(number: int, site: str = "north") -> str:
    return patient_pseudonym(open_vault("folder", home()), site, f"MRN77{number:04d}")


def _read(folder: Path, **section):
    return read_people(of_drop(folder, **section).ingest, folder, open_vault("folder", home()))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([{"patient": "a"}], "lacks the column institution; it needs institution, patient, same_institution"),
        ([{**_merge(1, 2), "same_patient": " "}], "row 1: a needed cell is empty"),
        ([_merge(1, 2), _merge(1, 3)], "row 2: this patient is said to be two others"),
        ([_merge(1, 2), _merge(2, 3), _merge(3, 1)], "merges patients in a circle"),
        ([_merge(1, 1)], "merges patients in a circle"),
    ],
)
def test_a_merge_list_that_says_nothing_clear_is_refused(tmp_path, lines, said):
    with pytest.raises(BadInput, match=said) as fault:
        _read(tmp_path, merges=listed(tmp_path / "merges.csv", *lines))
    assert "MRN77" not in str(fault.value)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"withdrawn": {"study_id": "x"}}, "it must have one of: patient_id, institution and patient"),
        ({"frozen": {"name": "x"}}, "it must have one of: patient_id, study_id, institution and patient"),
    ],
)
def test_a_list_without_ids_is_refused(tmp_path, section, said):
    ((name, line),) = section.items()
    path = listed(tmp_path / "list.csv", line)
    given = {"split": {"frozen": {"board": path}}} if name == "frozen" else {name: path}
    with pytest.raises(BadInput, match=said):
        _read(tmp_path, **given)


def test_a_list_that_is_not_there_is_named_when_the_run_is_pinned(tmp_path):
    run = of_drop(drop(tmp_path / "drop", people(6)), merges="nowhere.csv")
    with pytest.raises(BadInput, match=r"ingest.merges = nowhere.csv, but .* is no file"):
        listing_digest(run, tmp_path)


@pytest.mark.parametrize(
    ("section", "line", "said"),
    [
        ("merges", {"institution": "north", "patient": "a"}, "lacks the column same_institution"),
        ("merges", {**_merge(1, 2), "same_patient": " "}, "row 1: a needed cell is empty"),
        ("withdrawn", {"study_id": "x"}, "it must have one of: patient_id, institution and patient"),
        ("withdrawn", {"patient_id": ""}, "has no rows below its header"),
        ("frozen", {"patient": "x"}, "it must have one of: patient_id, study_id"),
    ],
)
def test_a_list_that_will_not_do_is_told_when_the_run_is_pinned(tmp_path, section, line, said):
    path = listed(tmp_path / "list.csv", line)
    given = {"split": {"frozen": {"board": path}}} if section == "frozen" else {section: path}
    with pytest.raises(BadInput) as fault:
        listing_digest(of_drop(drop(tmp_path / "drop", people(6)), **given), tmp_path)
    assert str(tmp_path / "list.csv") in str(fault.value) and said in str(fault.value)


def test_a_list_is_part_of_what_is_pinned(tmp_path):
    path = listed(tmp_path / "merges.csv", _merge(1, 2))
    run = of_drop(drop(tmp_path / "drop", people(6)), merges=path)
    root = tmp_path / "run"
    pin(run, root)
    listed(Path(path), _merge(1, 3))
    with pytest.raises(BadInput, match="the source has changed since the run was pinned"):
        ingest(run, root)


def test_a_chain_of_merges_ends_at_the_last_id(tmp_path):
    found = _read(tmp_path, merges=listed(tmp_path / "merges.csv", _merge(1, 2), _merge(2, 3)))
    assert {found.one(_pseudonym(number)) for number in (1, 2, 3)} == {_pseudonym(3)}
    assert found.one(_pseudonym(4)) == _pseudonym(4)


def test_two_ids_become_one_patient_with_one_split_and_one_order(tmp_path):
    table = people(9)
    table[1]["date"] = "2019-05-05"
    merges = listed(tmp_path / "merges.csv", _merge(1, 2))
    root = Line(tmp_path).then(table, merges=merges)
    his = [row for row in manifest(root) if row["patient_id"] == _pseudonym(2)]
    assert sorted(row["visit"] for row in his) == [0, 1] and len({row["split"] for row in his}) == 1
    assert _pseudonym(1) not in splits(root)
    later = max(his, key=lambda row: row["visit"])
    assert later["prior_study_id"] == min(his, key=lambda row: row["visit"])["study_id"]
    assert read_json(root / "data/splits.json")["merged"] == [[_pseudonym(1), _pseudonym(2)]]


def _number_in(root: Path, split: str) -> int:
    return next(number for number in range(30) if splits(root)[_pseudonym(number)] == split)


def test_a_merge_with_a_tested_patient_keeps_him_tested(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(30))
    tested = _number_in(first, "test")
    new = {**people(1)[0], "patient": "MRN770099", "accession": "NEW", "file": "north-new.png"}
    into_new = {**_merge(tested, 99), "same_patient": "MRN770099"}
    second = line.then([*people(30), new], merges=listed(tmp_path / "merges.csv", into_new))
    assert splits(second)[_pseudonym(99)] == "test" and _pseudonym(tested) not in splits(second)
    rest = {who: split for who, split in splits(first).items() if who != _pseudonym(tested)}
    assert rest.items() <= splits(second).items()


def test_a_merge_of_a_tested_with_a_trained_patient_is_refused_or_he_is_left_out(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(30))
    pair = _merge(_number_in(first, "train"), _number_in(first, "test"))
    merges = listed(tmp_path / "merges.csv", pair)
    with pytest.raises(BadInput, match=r"trained on them: 1 under another id.*clash=leave_out"):
        line.then(people(30), merges=merges)
    split = {"held_out": [], "test": 0.2, "clash": "leave_out"}
    second = line.then(people(30), merges=merges, split=split)
    assert len(manifest(second)) == 28 and sum("left out whole" in reason for reason in reasons(second)) == 2
    third = line.then(people(30), merges=merges, split=split)
    assert manifest(third) == manifest(second)


@pytest.mark.parametrize("column", ["patient_id", "study_id", "raw"])
def test_a_frozen_list_names_patients_in_any_of_three_ways(tmp_path, column):
    first = Line(tmp_path / "one").then(people(30))
    trained = next(row for row in manifest(first) if row["split"] == "train")
    number = next(n for n in range(30) if _pseudonym(n) == trained["patient_id"])
    line = {"institution": "north", "patient": f"MRN77{number:04d}"} if column == "raw" else {column: trained[column]}
    frozen = {"board": listed(tmp_path / "board.csv", line)}
    root = Line(tmp_path / "two").then(people(30), split={"held_out": [], "test": 0.2, "frozen": frozen})
    assert splits(root)[trained["patient_id"]] == "test"
    said = read_json(root / "data/splits.json")
    assert {k: said["test_sets"]["board"][k] for k in ("patients", "studies")} == {"patients": 1, "studies": 1}
    assert said["rules"]["test by frozen"]["patients"] == 1
