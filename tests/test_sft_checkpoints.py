"""Half-written checkpoints, segments, and the order of consumption."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.files import digest_of, read_lines
from unirg_core.training.checkpoints import is_whole, mark_whole, newest_whole
from unirg_core.training.data import drawn_order
from unirg_core.training.segments import Log, consumed

FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json")


def _checkpoint(folder: Path, step: int, *, whole: bool = True) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    for name in FILES:
        (path / name).write_bytes(name.encode() * 10)
    if whole:
        mark_whole(path)
    return path


def _truncate(path: Path) -> None:
    (path / "optimizer.pt").write_bytes(b"half")


def _lose(path: Path) -> None:
    (path / "rng_state.pth").unlink()


def _add(path: Path) -> None:
    (path / "stray.tmp").write_text("")


def _spoil_marker(path: Path) -> None:
    (path / "whole.json").write_text('{"model.safe')


@pytest.mark.parametrize("spoil", [_truncate, _lose, _add, _spoil_marker])
def test_a_checkpoint_that_is_not_whole_is_removed_and_the_one_before_taken(tmp_path: Path, spoil) -> None:
    before, last = _checkpoint(tmp_path, 9), _checkpoint(tmp_path, 10)
    spoil(last)
    assert newest_whole(tmp_path) == before
    assert not last.exists()


def test_one_without_its_marker_does_not_count(tmp_path: Path) -> None:
    _checkpoint(tmp_path, 2, whole=False)
    assert newest_whole(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_the_newest_is_by_number_and_not_by_name(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        _checkpoint(tmp_path, step)
    assert newest_whole(tmp_path).name == "checkpoint-100"


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert newest_whole(tmp_path / "none") is None
    assert not is_whole(tmp_path / "none")


@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 5))
def test_the_order_takes_every_study_once_before_any_twice(count: int, wanted: int, seed: int) -> None:
    order = drawn_order(count, wanted, seed)
    assert len(order) == wanted
    assert order == drawn_order(count, wanted, seed)
    for start in range(0, wanted, count):
        part = order[start : start + count]
        assert len(set(part)) == len(part)
        assert set(part) <= set(range(count))


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    assert drawn_order(7, 30, 1)[:10] == drawn_order(7, 10, 1)


def _log(tmp_path: Path) -> Log:
    return Log("sft", "sft", tmp_path / "work", ("a", "b", "c", "d", "e", "f"), 2)


def _lines(folder: Path) -> list[tuple]:
    names = ("start", "end", "resumed_from", "outcome", "killed")
    return [tuple(line[name] for name in names) for line in read_lines(folder / "segments.jsonl")]


def test_a_killed_process_gets_its_segment_from_the_next(tmp_path: Path, run: Path) -> None:
    _log(tmp_path).begin(0)
    second = _log(tmp_path)
    second.begin(1)
    second.end(3)
    assert _lines(run) == [(0, 1, None, "killed", True), (1, 3, 1, "finished", False)]
    samples = [line["samples"] for line in read_lines(run / "segments.jsonl")]
    assert samples == [digest_of(["a", "b"]), digest_of(["c", "d", "e", "f"])]


def test_each_of_many_kills_at_one_checkpoint_is_told(tmp_path: Path, run: Path) -> None:
    for start in (0, 0, 0, 1, 1, 1, 1):
        _log(tmp_path).begin(start)
    _log(tmp_path).end(3)
    first, again = (0, 0, None, "killed", True), (0, 0, 0, "killed", True)
    later = (1, 1, 1, "killed", True)
    assert _lines(run) == [first, again, (0, 1, 0, "killed", True), *[later] * 3, (1, 3, 1, "finished", False)]


@pytest.mark.parametrize("outcome", ["failed", "collapsed"])
def test_what_its_own_error_ends_was_not_killed(tmp_path: Path, run: Path, outcome: str) -> None:
    _log(tmp_path).begin(0)
    for told in (outcome, "failed"):  # an error that passes through twice is told once
        _log(tmp_path).broke(2, told)
    assert _lines(run) == [(0, 2, None, outcome, False)]
    second = _log(tmp_path)
    second.begin(2)
    second.end(3)
    assert _lines(run) == [(0, 2, None, outcome, False), (2, 3, 2, "finished", False)]


def test_another_run_that_goes_on_tells_how_the_process_before_ended(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _log(tmp_path).begin(0)
    _log(tmp_path).broke(3, "collapsed")
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "other"))
    _log(tmp_path).begin(2)
    told = (0, 3, None, "collapsed", False)
    assert _lines(tmp_path / "other") == [told]
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "third"))
    _log(tmp_path).begin(2)
    _log(tmp_path).end(4)
    assert _lines(tmp_path / "third") == [told, (2, 2, 2, "killed", True), (2, 4, 2, "finished", False)]
    assert [line["run"] for line in read_lines(tmp_path / "third" / "segments.jsonl")] == [run.name, "other", "third"]
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "fourth"))
    _log(tmp_path).end(4)  # finds the phase done
    assert _lines(tmp_path / "fourth") == _lines(tmp_path / "third")


@pytest.mark.parametrize("way", ["killed", "finished", "failed"])
def test_a_segment_is_written_once(tmp_path: Path, run: Path, way: str) -> None:
    """As if the process had died between the line and its note."""
    closing = {
        "killed": lambda log: log.begin(3),
        "finished": lambda log: log.end(3),
        "failed": lambda log: log.broke(3, "failed"),
    }[way]
    note = tmp_path / "work" / "segment.json"
    _log(tmp_path).begin(0)
    left = note.read_bytes()
    closing(_log(tmp_path))
    note.write_bytes(left)
    closing(_log(tmp_path))
    assert note.exists() == (way != "finished")
    assert len(read_lines(run / "segments.jsonl")) == 1


def test_consumed_depends_on_the_order() -> None:
    assert consumed(["a", "b"], 1, 0, 2) != consumed(["b", "a"], 1, 0, 2)
