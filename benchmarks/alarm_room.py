"""How near a finished RL run came to each alarm: the extremes over all windows, against the bound.

    python benchmarks/alarm_room.py RUN_FOLDER [--borders 75] [--set rl.alarms.window=5]

Reads `metrics.jsonl` of a run's folder (`$UNIRG_HOME/runs/ID`). `--borders` are the last steps of phases that another
follows. Prints, a phase and figure, the start, the windows' least and most, the bounds, and the share of the way to the
nearest bound that was used up at the worst (100 %: it rang).
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unirg_core import params
from unirg_core.files import read_lines
from unirg_core.params import Alarms
from unirg_core.training.alarms import Reading, readings

ROOT = Path(__file__).parents[1]


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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--borders", type=int, nargs="*", default=[75])
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    bounds = params.resolve(ROOT, above=params.assignments(given.set)).rl.alarms or Alarms()
    said = [f"{'phase':6}{'figure':28}{'start':>8}{'least':>8}{'most':>8}{'bounds':>18}{'used':>7}"]
    for number, history in enumerate(phases(read_lines(given.run / "metrics.jsonl"), given.borders), 1):
        for reading, low, high in worst(history, bounds):
            edge = " - ".join("" if bound is None else f"{bound:.3g}" for bound in (reading.least, reading.most))
            numbers = f"{reading.start:8.3g}{low:8.3g}{high:8.3g}{edge:>18}{used(reading):7.0%}"
            said.append(f"{f'step{number}':6}{reading.figure:28}{numbers}")
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
