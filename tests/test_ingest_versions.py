"""Versions by change: what stays, what is written, and the rule of each thing that can happen to a study."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures_drops import manifest, of_drop, pin, pixels, png, reasons
from fixtures_versions import Line, drop, kept, listed, people, shard_digests, splits, version_of

from unirg_core.faults import BadInput
from unirg_core.files import read_json, tree_digest, write_json
from unirg_core.ingest import ingest
from unirg_core.ingest.assignment import ASSIGNMENT_SCHEMA

_MORE = {"date": "2019-03-20", "accession": "LATE1", "file": "north-late.png"}


def assignment(root):
    return pa.concat_tables([pq.read_table(path) for path in sorted((root / "data/assignment").iterdir())])


def test_a_first_version_writes_everything_into_one_batch(tmp_path):
    root = Line(tmp_path).then(people(8))
    rows = assignment(root)
    assert rows.schema.equals(ASSIGNMENT_SCHEMA)
    assert set(rows["batch"].to_pylist()) == {0} and rows.num_rows == 8
    assert {row["study_id"]: (row["shard"], row["row"], row["split"]) for row in rows.to_pylist()} == {
        row["study_id"]: (row["shard"], row["row"], row["split"]) for row in manifest(root)
    }


def test_new_studies_go_to_new_shards_and_old_bytes_stay(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8))
    table = [*people(8), {**people(1)[0], **_MORE}, *people(9)[8:]]  # one of a known patient, one of a new one
    second = line.then(table)
    before, now = shard_digests(first), shard_digests(second)
    assert before.items() < now.items() and sorted(now) == ["00000.parquet", "00001.parquet"]
    assert pq.read_metadata(second / "data/studies/00001.parquet").num_rows == 2
    old, new = assignment(first), assignment(second)
    assert (first / "data/assignment/00000.parquet").read_bytes() == (
        second / "data/assignment/00000.parquet"
    ).read_bytes()
    assert new.slice(0, old.num_rows).equals(old) and new["batch"].to_pylist()[old.num_rows :] == [1, 1]
    returned = [row for row in manifest(second) if row["visit"] == 1]
    assert [(row["shard"], row["prior_study_id"] is not None) for row in returned] == [("00001.parquet", True)]
    assert splits(first).items() <= splits(second).items()


def test_the_manifest_leads_to_every_row_whatever_happened(tmp_path):
    line = Line(tmp_path)
    line.then(people(70))
    amended = [{**row, "report": row["report"] + " Addendum: stable."} for row in people(75)[60:]]
    root = line.then([*people(50), *amended])
    for row in manifest(root):
        stored = pq.read_table(root / "data/studies" / row["shard"]).slice(row["row"], 1).to_pylist()[0]
        assert (stored["study_id"], stored["digest"]) == (row["study_id"], row["digest"])


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8))
    second = line.then(people(12))
    again = version_of(of_drop(tmp_path / "drop"), tmp_path / "again", first)
    assert tree_digest(again / "data") == tree_digest(second / "data")


def test_nothing_new_is_the_same_dataset(tmp_path):
    line = Line(tmp_path)
    first, second = line.then(people(8)), line.then(people(8))
    assert shard_digests(first) == shard_digests(second)
    assert tree_digest(first / "data/assignment") == tree_digest(second / "data/assignment")
    assert manifest(first) == manifest(second)


def test_a_study_that_vanished_leaves_the_manifest_and_not_its_shard(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8))
    second = line.then(people(7))
    assert shard_digests(first) == shard_digests(second) and len(manifest(second)) == 7
    third = line.then(people(8))  # and when it comes again it is where it was
    assert manifest(third) == manifest(first) and shard_digests(third) == shard_digests(first)


def test_an_amended_report_is_a_new_row_and_the_old_one_is_superseded(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8))
    table = people(8)
    table[3]["report"] = table[3]["report"].replace("No acute disease", "Effusion")
    second = line.then(table)
    changed = [row for row in manifest(second) if row["shard"] == "00001.parquet"]
    assert len(changed) == 1 and changed[0]["impression"] == "Effusion."
    old = next(row for row in manifest(first) if row["study_id"] == changed[0]["study_id"])
    assert old["digest"] != changed[0]["digest"] and len(manifest(second)) == 8
    third = line.then(people(8))  # the amendment is taken back: the first row is in use again
    assert manifest(third) == manifest(first) and sorted(shard_digests(third)) == ["00000.parquet"]


def test_an_earlier_study_that_arrives_late_orders_the_patient_anew(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8, 2))
    late = {**people(1)[0], "date": "2018-05-05", "accession": "OLD1", "file": "north-old.png"}
    second = line.then([*people(8, 2), late])
    new = next(row for row in manifest(second) if row["shard"] == "00001.parquet")
    his = sorted((row for row in manifest(second) if row["patient_id"] == new["patient_id"]), key=lambda r: r["day"])
    assert his[0] == new and [row["visit"] for row in his] == [0, 1, 2]
    assert [row["prior_study_id"] for row in his] == [None, his[0]["study_id"], his[1]["study_id"]]
    assert his[0]["day"] < his[1]["day"] < his[2]["day"]
    assert shard_digests(first).items() < shard_digests(second).items()


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_study_that_repeats_another_of_the_patient_is_rejected_and_the_one_taken_first_stays(tmp_path, place):
    line = Line(tmp_path)
    first = line.then(people(8))
    copy = {**people(1)[0], "accession": f"AGAIN-{place}", "file": "north-copy.png", "date": "2019-06-06"}
    original = {"north-copy.png": (tmp_path / "drop/files/north-p0v0.png").read_bytes()}
    second = line.then([copy, *people(8)] if place == "first" else [*people(8), copy], original)
    assert manifest(second) == manifest(first)
    assert ["same picture and report" in reason for reason in reasons(second)] == [True]
    other = {**copy, "report": "FINDINGS: Effusion on the left."}  # the same picture read again is no repetition
    assert len(manifest(line.then([*people(8), other], original))) == 9


def test_what_an_amended_study_said_before_may_come_under_another_id_once_the_amendment_stands(tmp_path):
    line = Line(tmp_path)
    line.then(people(8))
    original = {"north-copy.png": (tmp_path / "drop/files/north-p0v0.png").read_bytes()}
    amended = [{**people(1)[0], "report": "FINDINGS: Effusion on the left."}, *people(8)[1:]]
    line.then(amended)
    copy = {**people(1)[0], "accession": "AGAIN", "file": "north-copy.png"}
    assert len(manifest(line.then([*amended, copy], original))) == 9


def test_two_that_repeat_each_other_in_one_drop_leave_one(tmp_path):
    copy = {**people(1)[0], "accession": "AGAIN", "file": "north-copy.png"}
    table = [*people(8), copy]
    picture = png(pixels(1))
    root = Line(tmp_path).then(table, {"north-copy.png": picture, "north-p0v0.png": picture})
    assert len(manifest(root)) == 8 and len(reasons(root)) == 1


def test_who_has_withdrawn_is_gone_from_shards_and_assignment_and_the_others_stay(tmp_path):
    line = Line(tmp_path, shard_mb=1)
    first = line.then(people(8, 2))
    gone = manifest(first)[0]["patient_id"]
    second = line.then(people(8, 2), withdrawn=listed(tmp_path / "gone.csv", {"patient_id": gone}))
    shards = [pq.read_table(path) for path in (second / "data/studies").iterdir()]
    stored = [row for shard in shards for row in shard.to_pylist()]
    assert gone not in {row["patient_id"] for row in [*stored, *assignment(second).to_pylist(), *manifest(second)]}
    kept_rows = {row["study_id"]: row["digest"] for row in manifest(first) if row["patient_id"] != gone}
    assert {row["study_id"]: row["digest"] for row in manifest(second)} == kept_rows
    assert "00000.parquet" not in shard_digests(second) and any("withdrawn" in reason for reason in reasons(second))


def test_a_superseded_row_of_who_has_withdrawn_is_purged_too(tmp_path):
    line = Line(tmp_path)
    line.then(people(8))
    table = people(8)
    table[0]["report"] += " Amended."
    second = line.then(table)
    gone = next(row["patient_id"] for row in manifest(second) if row["shard"] == "00001.parquet")
    third = line.then(table, withdrawn=listed(tmp_path / "gone.csv", {"patient_id": gone}))
    assert not shard_digests(third).items() & shard_digests(second).items()  # both shards held a row of his
    assert gone not in assignment(third)["patient_id"].to_pylist()


def test_compaction_is_asked_for_and_gathers_what_is_in_use(tmp_path):
    line = Line(tmp_path)
    for count in (8, 9, 10):
        line.then(people(count))
    assert len(shard_digests(line.roots[-1])) == 3
    compact = line.then(people(10), compact=1.0)
    assert sorted(shard_digests(compact)) == ["00003.parquet"]
    strip = ("shard", "row")
    plain = [[{k: v for k, v in row.items() if k not in strip} for row in manifest(r)] for r in line.roots[-2:]]
    assert plain[0] == plain[1]
    assert shard_digests(line.then(people(10))) == shard_digests(compact)  # and it is over when it is not asked for


def test_another_size_of_picture_writes_all_anew_and_keeps_every_split(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(12))
    second = line.then(people(12), image_size=40)
    assert sorted(shard_digests(second)) == ["00001.parquet"]
    assert splits(first) == splits(second)


def test_a_lost_shard_of_the_version_before_stops_the_run_with_the_remedy(tmp_path):
    line = Line(tmp_path)
    first = line.then(people(8))
    root = tmp_path / "lost"
    run = of_drop(drop(tmp_path / "drop", people(9)))
    pin(run, root)
    files = {**kept(first)["files"], "data/manifest.parquet": "0" * 32}
    write_json(root / "inputs.json", {**read_json(root / "inputs.json"), "previous_dataset": {"files": files}})
    with pytest.raises(BadInput, match="earlier dataset could not be pulled from the DVC remote"):
        ingest(run, root)
    assert not (root / "data/manifest.parquet").exists()
