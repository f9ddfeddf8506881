"""The record is canonical, whole at every moment, and holds what it was given."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import append_line, canonical_json, digest_of, folder_written_whole, read_lines, written_whole

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


def begun(folder: Path) -> dict:
    record = records.begin("r1", "key", {"code": {"commit": "c"}}, {"seed": 0}, {"kind": "command"})
    records.write(folder, record)
    return record


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"record\.json is missing"):
        records.read(tmp_path)


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text('{"state": ')
    with pytest.raises(BadInput, match=r"record\.json is not valid JSON"):
        records.read(tmp_path)


def test_a_record_says_who_what_and_with_which_versions(tmp_path: Path) -> None:
    record = begun(tmp_path)
    assert record["schema"] == "unirg.run-record/1"
    assert record["params"]["digest"] == digest_of({"seed": 0})
    assert record["environment"]["packages"]["torch"]
    assert records.read(tmp_path) == record


def test_a_record_on_disk_is_canonical(tmp_path: Path) -> None:
    begun(tmp_path)
    written = (tmp_path / "record.json").read_bytes()
    assert written == canonical_json(json.loads(written)) + b"\n"


def test_events_are_kept_in_order(tmp_path: Path) -> None:
    begun(tmp_path)
    for what in ("adopted", "resumed"):
        records.event(tmp_path, what, by="someone")
    assert [(event["what"], event["by"]) for event in records.read(tmp_path)["events"]] == [
        ("adopted", "someone"),
        ("resumed", "someone"),
    ]


@given(_JSON)
def test_equal_values_have_equal_bytes_and_digests(value: object) -> None:
    again = json.loads(canonical_json(value))
    assert again == value and canonical_json(again) == canonical_json(value)
    assert digest_of(again) == digest_of(value)


@given(
    st.lists(_JSON, max_size=4),
    st.binary(max_size=20).filter(lambda cut: b"\n" not in cut),
    st.lists(_JSON, max_size=4),
)
def test_lines_survive_a_writer_that_was_killed(
    tmp_path_factory: pytest.TempPathFactory, values: list, cut: bytes, more: list
) -> None:
    path = tmp_path_factory.mktemp("lines") / "m.jsonl"
    for value in values:
        append_line(path, value)
    with path.open("ab") as stream:
        stream.write(cut)
    assert read_lines(path) == values
    for value in more:  # whoever takes the work up goes on in the same file
        append_line(path, value)
    assert read_lines(path) == [*values, *more]


def test_writers_side_by_side_lose_no_line_to_the_one_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"a":1}\n{"a":')
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda number: append_line(path, {"a": number}), range(2, 50)))
    assert sorted(line["a"] for line in read_lines(path)) == list(range(1, 50))


def test_a_whole_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"a":1}\n{"a":{"a":2}\n')
    with pytest.raises(BadInput, match=r"m\.jsonl: line 2 is not valid JSON \(.*\); take it out"):
        read_lines(tmp_path / "m.jsonl")


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), written_whole(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with pytest.raises(RuntimeError), folder_written_whole(target) as temporary:
        (temporary / "weights").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with folder_written_whole(target) as temporary:
        (temporary / "weights").write_text("whole")
    assert (target / "weights").read_text() == "whole" and list(tmp_path.iterdir()) == [target]
