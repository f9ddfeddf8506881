"""The view in MLflow stands a kill between any two instructions, and two first runs at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.files import append_line
from unirg_core.register import client
from unirg_core.register.tracking import Curves, _experiment, open_run
from unirg_core.runs.run import Run

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def begun(tmp_path: Path) -> Run:
    """Return a run that has begun and written two points of a curve."""
    run = Run("20260101-000000-abc", tmp_path / "begun")
    values = params.resolve(ROOT).model_dump(mode="json", by_alias=True)
    inputs = {"code": {"commit": "c", "dirty": False}}
    records.write(run.folder, records.begin(run.id, "k", inputs, values, {"kind": "command"}))
    for step in (1, 2):
        point(run, step)
    return run


def point(run: Run, step: int) -> None:
    line = {"stage": "sft", "step": step, "time": 1.0 + step, "figures": {"loss": float(step)}}
    append_line(run.folder / "metrics.jsonl", line)


def shown(run: Run) -> list[int]:
    return [found.step for found in client().get_metric_history(open_run(run), "sft/loss")]


def test_a_mark_that_a_kill_left_empty_sends_the_points_again_and_none_twice(begun: Run) -> None:
    Curves(begun).flush()
    (begun.folder / "metrics.mark").write_text("")
    point(begun, 3)
    Curves(begun).flush()
    assert shown(begun) == [1, 2, 3]


def test_a_mark_is_never_there_by_half(begun: Run) -> None:
    """The mark of the last flush is replaced, not written over: whoever holds it open still reads all of it."""
    Curves(begun).flush()
    with (begun.folder / "metrics.mark").open() as held:
        point(begun, 3)
        Curves(begun).flush()
        now = (begun.folder / "metrics.mark").read_text()
        assert 0 < int(held.read()) < int(now)
    assert list(begun.folder.glob(".*")) == []


def test_two_first_runs_at_once_share_one_experiment() -> None:
    stores = [client() for _ in range(8)]
    together = threading.Barrier(len(stores))

    def first(store: object) -> str:
        together.wait()
        return _experiment(store)

    with ThreadPoolExecutor(len(stores)) as runs:
        found = set(runs.map(first, stores))
    assert len(found) == 1
