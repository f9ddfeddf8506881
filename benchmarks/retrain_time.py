"""Time the whole way in a fresh clone and home against its limits, and print what RL brought.

Run: python benchmarks/retrain_time.py [--recipe smoke]
Limits (two cores, installation left out): the default 12 minutes, smoke one minute, a repeat with nothing changed 10 s.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from unirg_core.files import read_json

ROOT = Path(__file__).resolve().parents[1]
LIMITS = {None: 720.0, "smoke": 60.0}
REPEAT_LIMIT = 10.0


def main() -> None:
    """Run the way once and once more, and print seconds, ratios and differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=["smoke"], default=None, help="in place of the default")
    recipe = parser.parse_args().recipe
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        arguments = ["retrain", *(["--recipe", recipe] if recipe else [])]
        first = timed(clone, home, arguments)
        again = timed(clone, home, arguments)
        show("first run", first, LIMITS[recipe])
        show("nothing changed", again, REPEAT_LIMIT)
        tell(home)


def timed(clone: Path, home: Path, arguments: list[str]) -> float:
    """Return the seconds of one command; its lines pass through. A gate that rejects (1) is a result too."""
    environment = {**os.environ, "UNIRG_HOME": str(home), "PYTHONPATH": str(clone)}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "unirg_core", *arguments], cwd=clone, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)
    return time.perf_counter() - began


def show(what: str, seconds: float, limit: float) -> None:
    """Print seconds and their share of the limit."""
    print(f"{what}: {seconds:.1f} s, {seconds / limit:.2f} of the limit of {limit:.0f} s")


def tell(home: Path) -> None:
    """Print the seconds of each stage, and RL less SFT where nobody trained."""
    record = next(
        record
        for record in (read_json(path) for path in sorted(home.glob("runs/*/record.json")))
        if record["state"] == "completed"
    )
    for stage, outcome in record["stages"].items():
        print(f"  {stage}: {outcome['seconds']} s")
    for row in record["scores"]["differences"]:
        if row["subset"] == "held_out" and row["against"] == "sft" and row["value"] is not None:
            ends = "" if row["low"] is None else f" [{row['low']:+.3f}, {row['high']:+.3f}]"
            print(f"  RL less SFT, held out, {row['score']}: {row['value']:+.3f}{ends}, {row['patients']} patients")
    print(f"  gate: {record['verdict']['verdict']}")


if __name__ == "__main__":
    main()
