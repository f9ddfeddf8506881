"""The room that a run left to its alarms, told from its record and its figures."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fixtures_benchmarks import script

from unirg_core import params
from unirg_core.faults import BadInput
from unirg_core.files import append_line, write_json

ROOT = Path(__file__).resolve().parents[1]
STEADY = {
    "loss": 0.1,
    "entropy": 1.0,
    "reports/distinct_share": 0.8,
    "reports/template_share": 0.1,
    "completions/mean_length": 40.0,
    "completions/clipped_ratio": 0.0,
}


@pytest.fixture(scope="module")
def room() -> ModuleType:
    return script("alarm_room")


def run_of(folder: Path, steps: int, **rl: Any) -> Path:
    """Write a run whose reports are half as long from step 9 on, and longer by half from step 11 on."""
    values = params.overlay(params.read_yaml(ROOT / "params.yaml"), {"rl": rl})
    write_json(folder / "record.json", {"params": {"resolved": values}})
    for step in range(1, steps + 1):
        length = 40.0 if step < 9 else 20.0 if step < 11 else 60.0
        figures = {**STEADY, "completions/mean_length": length}
        append_line(folder / "metrics.jsonl", {"stage": "rl", "step": step, "figures": figures})
    return folder


def lengths(room: ModuleType, run: Path, *above: str) -> list[list[str]]:
    lines = room.table(run, room.settings(run, list(above)))
    return [line.split() for line in lines if "mean_length" in line]


def test_the_steps_of_the_run_part_its_phases(room: ModuleType, tmp_path: Path) -> None:
    run = run_of(tmp_path, 20, step1={"steps": 10}, step2={"steps": 10})
    (one, two) = lengths(room, run)
    assert (one[0], one[2:5]) == ("step1", ["40", "32", "40"])  # the last window: three of 40, two of 20
    assert (two[0], two[2:5], two[-1]) == ("step2", ["60", "60", "60"], "0%")  # step 2 has a start of its own
    alone = run_of(tmp_path / "alone", 20, step1={"steps": 20}, step2=None)
    assert [row[0] for row in lengths(room, alone)] == ["step1"]


def test_bounds_are_the_runs_own_unless_others_are_asked_for(room: ModuleType, tmp_path: Path) -> None:
    run = run_of(tmp_path, 10, step1={"steps": 10}, step2=None, alarms={"length": {"least": 0.5, "most": 2}})
    assert lengths(room, run)[0][-1] == "40%"  # from 40 to 32, and the bound is 20
    assert lengths(room, run, "rl.alarms.length.least=0.6")[0][-1] == "50%"


@pytest.mark.parametrize(
    ("steps", "rl", "said"),
    [
        (5, {}, "no phase of RL of more than 5 steps"),
        (0, {}, "no phase of RL"),
        (20, {"step1": {"steps": 0, "epochs": 1}}, "counts step 1 of RL in epochs"),
    ],
)
def test_a_run_without_a_reading_is_refused(
    room: ModuleType, tmp_path: Path, steps: int, rl: dict[str, Any], said: str
) -> None:
    run = run_of(tmp_path, steps, **rl)
    with pytest.raises(BadInput, match=said):
        room.table(run, room.settings(run, []))
