"""The spool: what is put in comes out, half-written files do not count, and only the same folder will do."""

import threading
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest
from fixtures_drops import of_drop, pin, rows, write_drop

from unirg_core.faults import BadInput
from unirg_core.home import home
from unirg_core.ingest import spool as spools
from unirg_core.ingest.build import KEPT_SCHEMA, Batch, Reject
from unirg_core.ingest.spool import Spool, makers, shared, spooling


def _batch(number: int = 0, count: int = 3) -> Batch:
    columns = {name: [None] * count for name in KEPT_SCHEMA.names}
    columns["study_id"] = [f"{number}-{at}" for at in range(count)]
    columns["image"] = [bytes([at]) * 50 for at in range(count)]
    truth = [{"study_id": f"{number}-0", "finding": "Edema", "side": "", "severity": "mild", "degree": 0.1 + 0.2}]
    rejects = [Reject("k", "No report.", "table row 7"), Reject("l", "Empty.")]
    return Batch(pa.table(columns, schema=KEPT_SCHEMA), truth, rejects, Counter(date=2))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def test_a_batch_comes_out_as_it_went_in(spool: Spool) -> None:
    spool.put(["a", "b"], _batch())
    taken = spool.take(["a", "b"])
    for field in fields(Batch):
        assert getattr(taken, field.name) == getattr(_batch(), field.name), field.name
    assert taken.rows.schema.equals(KEPT_SCHEMA, check_metadata=True)


def test_a_batch_without_rows_keeps_its_rejects(spool: Spool) -> None:
    spool.put(["a"], Batch(rejects=[Reject("k", "Empty.")]))
    taken = spool.take(["a"])
    assert taken.rows.num_rows == 0 and taken.rejects == [Reject("k", "Empty.")]


def test_some_columns_are_read_alone(spool: Spool) -> None:
    spool.put(["a"], _batch())
    taken = spool.take(["a"], ["day", "study_id"])
    assert taken.rows.column_names == ["day", "study_id"] and taken.rows["study_id"].to_pylist()[0] == "0-0"


def test_two_that_follow_each_other_are_one_with_the_bytes_of_one(spool: Spool) -> None:
    whole = _batch(count=4)
    spool.put(["a", "b", "c", "d"], whole)
    apart = (spool.folder / spools._file(["a", "b", "c", "d"])).read_bytes()
    spool.put(["a", "b"], Batch(whole.rows.slice(0, 2), whole.truth, whole.rejects[:1], Counter(date=1)))
    spool.put(["c", "d"], Batch(whole.rows.slice(2), [], whole.rejects[1:], Counter(date=1)))
    assert spool.join(["a", "b"], ["c", "d"]) == ["a", "b", "c", "d"]
    assert (spool.folder / spools._file(["a", "b", "c", "d"])).read_bytes() == apart
    assert len(list(spool.folder.glob("*.arrow"))) == 1


@pytest.mark.parametrize("keep", [0, 8, 100, -1])
def test_a_file_that_is_cut_is_taken_away_and_not_counted(spool: Spool, keep: int) -> None:
    spool.put(["a"], _batch())
    path = next(spool.folder.glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:keep])
    assert not Spool(spool.folder, mend=True).has(["a"])
    assert not path.exists()


def test_a_whole_file_is_counted_when_the_spool_is_opened_again(spool: Spool) -> None:
    spool.put(["a"], _batch())
    again = Spool(spool.folder, mend=True)
    assert again.has(["a"]) and not again.has(["b"]) and not again.has(["a", "b"])


def test_a_failure_while_writing_leaves_nothing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        spool.put(["a"], _batch())
    assert list(spool.folder.iterdir()) == []


def test_a_file_that_another_machine_shows_late_is_waited_for(spool: Spool, tmp_path: Path) -> None:
    late = threading.Timer(0.3, spool.put, (["a"], _batch()))
    late.start()
    assert spool.take(["a"]).rows.num_rows == 3
    late.join()


def _run(tmp_path: Path, **section: object):
    run = of_drop(write_drop(tmp_path / "drop", rows(2, 1)), **section)
    pin(run, tmp_path / "run")
    return run


def _name(run, root: Path) -> str:
    with pytest.raises(KeyboardInterrupt), spooling(run, root) as opened:
        raise KeyboardInterrupt
    return opened.folder.name


def test_it_stays_after_a_bad_end_and_goes_after_a_good_one(tmp_path: Path) -> None:
    run = _run(tmp_path)
    with pytest.raises(RuntimeError), spooling(run, tmp_path / "run") as opened:
        opened.put(["a"], _batch())
        raise RuntimeError
    with spooling(run, tmp_path / "run") as opened:
        assert opened.has(["a"])
    assert not opened.folder.exists()


@pytest.mark.parametrize(
    ("section", "same"),
    [
        ({"processes": 7}, True),
        ({"executor": "dask"}, True),
        ({"shard_mb": 9}, True),
        ({"image_size": 48}, False),
        ({"policy": "consent-2"}, False),
    ],
)
def test_it_is_named_by_what_a_chunk_holds_depends_on(tmp_path: Path, section: dict, same: bool) -> None:
    run = _run(tmp_path)
    other = of_drop(tmp_path / "drop", **section)
    assert (_name(run, tmp_path / "run") == _name(other, tmp_path / "run")) is same


def test_another_drop_has_another_spool(tmp_path: Path) -> None:
    run = _run(tmp_path)
    before = _name(run, tmp_path / "run")
    (tmp_path / "drop" / "files" / "p0v0.png").write_bytes(b"changed")
    pin(run, tmp_path / "run")
    assert _name(run, tmp_path / "run") != before


def test_a_second_process_waits_until_the_first_has_ended(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run, order = _run(tmp_path), []
    with spooling(run, tmp_path / "run"):

        def second() -> None:
            with spooling(run, tmp_path / "run"):
                order.append("second")

        other = threading.Thread(target=second)
        other.start()
        other.join(0.5)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"] and "waiting for another run of the same inputs" in capsys.readouterr().out


def test_only_the_very_folder_with_the_same_makers_will_do(tmp_path: Path) -> None:
    with spooling(_run(tmp_path), tmp_path / "run") as opened:
        assert shared(opened.folder, opened.token, makers()).folder == opened.folder
        with pytest.raises(BadInput, match=r"is not the folder of that name .* mount the same \$UNIRG_HOME"):
            shared(opened.folder, "another", makers())
        with pytest.raises(BadInput, match="mount the same"):
            shared(home() / "work" / "nowhere", opened.token, makers())
        with pytest.raises(BadInput, match=r"A worker has pydicom 3\.\S+, but the run was started with 2\.4\.1"):
            shared(opened.folder, opened.token, {**makers(), "pydicom": "2.4.1"})
