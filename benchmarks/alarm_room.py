"""How near a finished RL run came to each alarm: the extremes over all windows, against the bound.

    python benchmarks/alarm_room.py RUN_FOLDER [--set rl.alarms.window=5]

Reads `metrics.jsonl` of a run's folder (`$UNIRG_HOME/runs/ID`), and from its record where step 1 of RL ends and what
the bounds are. Prints, a phase and figure, the start, the windows' least and most, the bounds, and the share of the way
to the nearest bound that was used up at the worst (100 %: it rang). Exit code 2 where the folder holds no such run.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unirg_core import params
from unirg_core.faults import BadInput
from unirg_core.files import read_json, read_lines
from unirg_core.params import Alarms, Rl
from unirg_core.training.alarms import Reading, readings


def settings(run: Path, above: list[str]) -> Rl:
    """Return RL's settings as the run's record has them, with `KEY=VALUE` laid over them.

    Raises
    ------
    BadInput
        When there is no record, or it does not say at which step step 1 ends.
    """
    path = run / "record.json"
    if not path.is_file():
        raise BadInput(f"{run} is no run's folder: it holds no record.json.")
    values = params.overlay(read_json(path)["params"]["resolved"], params.assignments(above))
    found = params.parse(values, str(path)).rl
    if found.step2 and not found.step1.steps:
        raise BadInput(f"{path} counts step 1 of RL in epochs; the room is told of runs that count steps.")
    return found


def phases(lines: list[Mapping[str, Any]], borders: list[int]) -> Iterator[list[dict[str, Any]]]:
    """Yield the steps of each phase, as the trainer logs them."""
    steps = {line["step"]: line["figures"] for line in lines if line["stage"] == "rl" and "loss" in line["figures"]}
    for low, high in zip([0, *borders], [*borders, max(steps, default=0)], strict=True):
        yield [{"step": step - low, **steps[step]} for step in sorted(steps) if low < step <= high]


def used(reading: Reading) -> float:
    """Return the share of the way from the start to the nearest bound."""
    ways = [
        (reading.now - reading.start) / (bound - reading.start)
        for bound in (reading.least, reading.most)
        if bound is not None and bound != reading.start
    ]
    return max([0.0, *ways])


def worst(history: list[dict[str, Any]], bounds: Alarms) -> list[tuple[Reading, float, float]]:
    """Return for each figure its worst reading, and the least and most of all windows."""
    every = [readings(history[:end], bounds) for end in range(bounds.window + 1, len(history) + 1)]
    found = []
    for column in zip(*every, strict=True):
        values = [reading.now for reading in column]
        found.append((max(column, key=used), min(values), max(values)))
    return found


def table(run: Path, rl: Rl) -> list[str]:
    """Return the table's lines.

    Raises
    ------
    BadInput
        When no phase has more steps of RL than a window.
    """
    path, bounds = run / "metrics.jsonl", rl.alarms or Alarms()
    lines = read_lines(path) if path.is_file() else []
    said = []
    for number, history in enumerate(phases(lines, [rl.step1.steps] if rl.step2 else []), 1):
        for reading, low, high in worst(history, bounds):
            edge = " - ".join("" if bound is None else f"{bound:.3g}" for bound in (reading.least, reading.most))
            numbers = f"{reading.start:8.3g}{low:8.3g}{high:8.3g}{edge:>18}{used(reading):7.0%}"
            said.append(f"{f'step{number}':6}{reading.figure:28}{numbers}")
    if not said:
        raise BadInput(f"{path} has no phase of RL of more than {bounds.window} steps, a window of the alarms.")
    return [f"{'phase':6}{'figure':28}{'start':>8}{'least':>8}{'most':>8}{'bounds':>18}{'used':>7}", *said]


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run with a record, $UNIRG_HOME/runs/ID")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="another bound than the run's, as rl.alarms.window=5",
    )
    given = parser.parse_args()
    end("alarm_room", lambda: print("\n".join(table(given.run, settings(given.run, given.set)))))
