"""What changed between two manifests, in numbers, words and a figure."""

import pyarrow as pa
import pytest
from fixtures_dataset import studies
from typer.testing import CliRunner

from unirg_core.cli import app
from unirg_core.data.diff import compare, draw, in_words, learnt_a_test_patient
from unirg_core.faults import BadInput
from unirg_core.study import MANIFEST_SCHEMA


def _table(rows):
    return pa.Table.from_pylist([{name: row[name] for name in MANIFEST_SCHEMA.names} for row in rows], MANIFEST_SCHEMA)


def _compared(before, now):
    return {"versions": {"before": "one", "now": "two"}, **compare(_table(before), _table(now))}


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
    assert found["patients"] == {"before": 12, "came": 1, "went": 1, "changed": 1, "now": 12}
    assert found["by"]["institution"][went["institution"]]["went"] == 1
    assert found["by"]["view"][now[5]["view"]]["changed"] == 1
    for group in ("institution", "view", "split"):
        for kind, count in found["studies"].items():
            assert sum(counts[kind] for counts in found["by"][group].values()) == count, (group, kind)
    for counts in (counts for names in found["by"].values() for counts in names.values()):
        assert counts["before"] + counts["came"] - counts["went"] == counts["now"] or counts["changed"]


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
