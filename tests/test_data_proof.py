"""The proof over all versions: what it counts, and every way in which a history can break it."""

from pathlib import Path

import pytest

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.data.looks import _counted, looks
from unirg_core.data.looks import in_words as looks_in_words
from unirg_core.data.proof import Seen, check, in_words
from unirg_core.data.versions import lines, versions
from unirg_core.files import write_json
from unirg_core.home import home


def _seen(name, splits, merged=()):
    return Seen(name, {patient: frozenset(its.split()) for patient, its in splits.items()}, merged)


@pytest.mark.parametrize(
    ("history", "violated"),
    [
        ([], []),
        ([_seen("v0", {"a": "train", "b": "test"})], []),
        ([_seen("v0", {"a": "train"}), _seen("v1", {"a": "validation", "b": "test"})], []),
        # within one version
        ([_seen("v0", {"a": "train test"})], ["a"]),
        # from test to train, and through a version in which he was absent
        ([_seen("v0", {"a": "test"}), _seen("v1", {"a": "train"})], ["a"]),
        ([_seen("v0", {"a": "test"}), _seen("v1", {"b": "test"}), _seen("v2", {"a": "train"})], ["a"]),
        # from train to test, and from validation, by which checkpoints were chosen
        ([_seen("v0", {"a": "train"}), _seen("v1", {"a": "test"})], ["a"]),
        ([_seen("v0", {"a": "validation"}), _seen("v1", {"a": "test"})], ["a"]),
        # two ids that a later version knows to be one patient; chains of them; and pairs that change nothing
        ([_seen("v0", {"a": "test", "b": "train"}), _seen("v1", {"c": "train"}, [("b", "a")])], ["a"]),
        ([_seen("v0", {"a": "test", "c": "train"}, [("a", "b")]), _seen("v1", {}, [("b", "c")])], ["a"]),
        ([_seen("v0", {"a": "train", "b": "train", "c": "test"}, [("b", "a")])], []),
    ],
)
def test_nobody_may_be_tested_on_and_learnt_from(history, violated):
    found = check(history)
    assert [violation["patient_id"] for violation in found["violations"]] == violated
    assert found["versions"] == [seen.name for seen in history]


def test_a_violation_names_the_versions_on_both_sides():
    found = check([_seen("v0", {"a": "test"}), _seen("v1", {"a": "train"}), _seen("v2", {"a": "train", "b": "test"})])
    assert found["violations"] == [{"patient_id": "a", "tested": ["v0"], "trained": ["v1", "v2"]}]
    assert (found["patients"], found["tested"], found["trained"]) == (2, 2, 1)
    said = in_words([{"line": "folder", **found}])
    assert "folder: 3 versions, 2 patients; 2 were tested on, 1 trained on or chosen by, 1 both." in said
    assert "a was tested on in v0, trained on in v1, v2." in said


def test_one_version_of_one_patient_is_said_so():
    found = check([_seen("v0", {"a": "test"})])
    assert "folder: 1 version, 1 patient; 1 were tested on" in in_words([{"line": "folder", **found}])


def test_without_a_version_nothing_is_claimed():
    assert "nothing to prove" in in_words([])


def _record(run, how, **sets):
    size = {name: {"studies": n, "patients": n, "digest": "d"} for name, n in sets.items()}
    stages = {"refused": {}, None: {"validate": {}}}.get(how, {"validate": {}, "evaluate": {"how": how}})
    return {
        "run": run,
        "state": "failed" if how == "refused" else "running",
        "data": {"test_sets": size},
        "stages": stages,
    }


def test_looks_are_evaluations_that_ran_on_a_version_that_holds_the_set():
    history = [_record("r1", "ran", own=9), _record("r2", "cached", own=9), _record("r3", None, own=10, board=4)]
    found = _counted("folder", [*history, _record("r4", "ran", own=11, board=4)], limit=2)
    told = [(row["test_set"], row["studies"], row["looks"], row["first"], row["due"]) for row in found]
    assert told == [("own", 11, 2, "r1", True), ("board", 4, 1, "r3", False)]
    said = looks_in_words(found)
    assert said.startswith("folder\n") and "due for renewal" in said.splitlines()[2]


def test_a_version_that_was_refused_is_neither_a_look_nor_a_size():
    history = [_record("r1", "refused", own=90, other=3), _record("r2", "ran", own=9), _record("r3", "refused", own=1)]
    found = _counted("folder", history, limit=2)
    assert [(row["test_set"], row["studies"], row["looks"], row["first"]) for row in found] == [("own", 9, 1, "r2")]


def test_without_a_version_there_is_no_set():
    assert looks_in_words([]) == "No version with test sets yet."


@pytest.mark.parametrize(
    "above",
    [
        {"sft": {"steps": -1}},
        {"rl": {"renamed_since": 3}},
        {"ingest": {"renamed_since": 3}},
        {"ingest": {"shard_mb": 0}},
    ],
)
def test_versions_of_another_code_stand_in_their_line(above):
    root = Path(__file__).resolve().parents[1]
    plain = params.resolve(root).model_dump(mode="json", by_alias=True)
    for number, values in enumerate((plain, params.overlay(plain, above))):
        record = _record(f"r{number}", "ran", own=9)
        record |= {
            "params": {"resolved": values},
            "inputs": {"source": {"kind": "phantom"}, "key": {"fingerprint": "k"}},
        }
        record["data"]["digest"] = f"d{number}"
        record["stages"]["ingest"] = {"outs": {"data/manifest.parquet": "m"}}
        folder = home() / "runs" / f"r{number}"
        records.write(folder, record)
        write_json(folder / "inputs.json", record["inputs"])
    (its,) = lines(versions(root)).values()
    assert [version.name for version in its] == ["r0", "r1"]
    assert [row["looks"] for row in looks(root)] == [2]
