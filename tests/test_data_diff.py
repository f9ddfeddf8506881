"""What changed between two manifests, in numbers, words and a figure."""

import pyarrow as pa
import pytest
from fixtures_dataset import studies
from typer.testing import CliRunner

from unirg_core.cli import app
from unirg_core.data.diff import compare, draw, in_words, learnt_a_test_patient
from unirg_core.faults import BadInput
from unirg_core.study import LABELS, MANIFEST_SCHEMA


def _table(rows):
    return pa.Table.from_pylist([{name: row[name] for name in MANIFEST_SCHEMA.names} for row in rows], MANIFEST_SCHEMA)


def _compared(before, now):
    return {"versions": {"before": "one", "now": "two"}, **compare(_table(before), _table(now))}


def _adds_up(found):
    """Hold that what was, came and went makes what is: of studies, patients and each name of each group."""
    for counts in (found["studies"], *(counts for names in found["by"].values() for counts in names.values())):
        gained = counts.get("gained", 0) - counts.get("lost", 0)
        assert counts["before"] + counts["came"] - counts["went"] + gained == counts["now"], counts
    people = found["patients"]
    joined = people["merged"] - people["parted"]
    assert people["before"] + people["came"] - people["went"] - joined == people["now"], people


def _as(rows, ids, **changed):
    """Return the rows with other patient ids, as a merge leaves them: with another digest."""
    new = {row["study_id"]: {"patient_id": ids[row["patient_id"]], "digest": "e" * 64, **changed}
           for row in rows if row["patient_id"] in ids}  # fmt: skip
    return [{**row, **new.get(row["study_id"], {})} for row in rows]


def _ids(rows, *splits):
    return [
        next(row["patient_id"] for row in rows[at * 6 :] if row["split"] == split) for at, split in enumerate(splits)
    ]


@pytest.mark.parametrize(
    ("ids", "merged", "parted", "came", "went"),
    [
        # (patient before -> patient now, by their place in the list)
        ({0: 1}, 1, 0, 0, 0),
        ({0: 2, 1: 2}, 2, 0, 0, 0),
        ({0: "new"}, 0, 0, 0, 0),  # he is called otherwise, and is the same
        ({0: "new", 1: "new"}, 1, 0, 0, 0),
    ],
)
def test_merged_patients_are_told_and_neither_came_nor_went(ids, merged, parted, came, went):
    before = studies(12)
    names = list(dict.fromkeys(row["patient_id"] for row in before))
    now = _as(before, {names[one]: names[other] if isinstance(other, int) else other for one, other in ids.items()})
    found = _compared(before, now)
    people = found["patients"]
    assert [people[kind] for kind in ("merged", "parted", "came", "went")] == [merged, parted, came, went]
    _adds_up(found)
    assert (f"{merged} merged into another" in in_words(found)) == bool(merged)
    back = _compared(now, before)
    assert (back["patients"]["merged"], back["patients"]["parted"]) == (0, merged)
    _adds_up(back)
    assert (f"{merged} parted from another" in in_words(back)) == bool(merged)


def test_a_merge_beside_a_newcomer_and_one_who_left_adds_up():
    before, now = studies(12), studies(14)
    names = list(dict.fromkeys(row["patient_id"] for row in before))
    now = [row for row in _as(now, {names[3]: names[4]}) if row["patient_id"] != names[0]]
    people = _compared(before, now)["patients"]
    assert (people["came"], people["went"], people["merged"], people["now"]) == (2, 1, 1, 12)
    _adds_up(_compared(before, now))


def test_a_tested_patient_who_is_trained_on_under_another_id_is_a_fault():
    before = studies(12)
    one, other = _ids(before, "test", "train")
    found = _compared(before, _as(before, {one: other}, split="train"))
    assert found["moved"] == {"test to train": 1} and learnt_a_test_patient(found)
    assert not learnt_a_test_patient(_compared(before, _as(before, {other: one}, split="test")))


def test_labels_that_turned_are_counted_by_study_and_by_label():
    before = studies(12)
    now = [dict(row) for row in before]
    now[0]["labels"] = [1] * len(LABELS)
    now[1]["labels"] = [None] * len(LABELS)
    now[2]["labels"] = [0 if value is None else value for value in now[2]["labels"]]  # said to be absent: not counted
    found = _compared(before, now)
    turned = [sum(value == 1 for value in before[at]["labels"]) for at in (0, 1)]
    assert found["relabelled"] == (turned[0] < len(LABELS)) + (turned[1] > 0) > 0
    rows = found["by"]["label"].values()
    assert sum(counts["gained"] for counts in rows) == len(LABELS) - turned[0]
    assert sum(counts["lost"] for counts in rows) == turned[1]
    assert all("changed" not in counts for counts in rows)
    assert f"Of those in both, {found['relabelled']} gained or lost a label." in in_words(found)
    _adds_up(found)


def test_equal_manifests_differ_in_nothing():
    found = _compared(studies(12), studies(12))
    assert found["studies"] == {"before": 24, "came": 0, "went": 0, "changed": 0, "now": 24}
    assert found["moved"] == {} and not learnt_a_test_patient(found)
    assert "0 studies came, 0 went, 0 changed; 24 became 24." in in_words(found)
    assert "changed their split: none" in in_words(found)


def test_what_came_went_and_changed_is_counted_by_group():
    before, now = studies(12), studies(13)
    went = now.pop(0)
    now[5] = {**now[5], "digest": "f" * 64}
    found = _compared(before, now)
    assert found["studies"] == {"before": 24, "came": 1, "went": 1, "changed": 1, "now": 24}
    people = {"before": 12, "came": 1, "went": 1, "merged": 0, "parted": 0, "changed": 1, "now": 12}
    assert found["patients"] == people
    assert found["by"]["institution"][went["institution"]]["went"] == 1
    assert found["by"]["view"][now[5]["view"]]["changed"] == 1
    for group in ("institution", "view", "split"):
        for kind, count in found["studies"].items():
            assert sum(counts[kind] for counts in found["by"][group].values()) == count, (group, kind)
    _adds_up(found)


def test_labels_are_counted_where_they_are_present():
    before = studies(12)
    found = _compared([], before)["by"]["label"]
    for name, counts in found.items():
        assert counts["came"] == counts["now"] and counts["before"] == counts["went"] == 0, name
    present = sum(value == 1 for row in before for value in row["labels"])
    assert sum(counts["now"] for counts in found.values()) == present


@pytest.mark.parametrize(
    ("split", "to", "bad"),
    [("test", "train", True), ("test", "validation", True), ("train", "validation", False), ("train", "test", False)],
)
def test_a_patient_who_moved_is_told_and_from_test_it_is_a_fault(split, to, bad):
    before = studies(12)
    who = next(row["patient_id"] for row in before if row["split"] == split)
    now = [{**row, "split": to} if row["patient_id"] == who else row for row in before]
    found = _compared(before, now)
    assert found["moved"] == {f"{split} to {to}": 1} and learnt_a_test_patient(found) == bad
    assert f"1 from {split} to {to}" in in_words(found)


def test_a_figure_of_no_known_format_is_refused_before_anything_is_compared():
    said = CliRunner().invoke(app, ["data", "diff", "a", "b", "--figure", "diff.txt"])
    assert isinstance(said.exception, BadInput) and "diff.txt ends in no picture's format" in str(said.exception)


@pytest.mark.parametrize(("before", "now"), [(studies(12), studies(15)), ([], studies(3)), (studies(3), [])])
def test_the_figure_is_drawn_whatever_there_is(tmp_path, before, now):
    draw(_compared(before, now), tmp_path / "deep" / "diff.png")
    assert (tmp_path / "deep" / "diff.png").read_bytes().startswith(b"\x89PNG")
