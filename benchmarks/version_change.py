"""How many bytes a version costs that adds 1 % of studies, against the whole dataset: real DVC, a folder as remote.

The phantom grows by 1 % of its patients (at least one). The dataset is made, versioned and pushed by the same code as a
run's, in a clone of this checkout's last commit. Written are shards whose bytes are new; pushed is what the remote's
folder grew by, manifest and assignment among it. The limit is 5 % of what the first version pushed.

Run: python benchmarks/version_change.py [--patients 1200] [--image-size 256]
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.files import file_digest
from unirg_core.runs.run import Run, Trigger, decide
from unirg_core.runs.stage import run_stage
from unirg_core.version import version

_LIMIT = 0.05


def main() -> None:
    """Print what the second version wrote and pushed, as shares of the first."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--patients", type=int, default=1200, help="of the phantom; default: 1200")
    arguments.add_argument("--image-size", type=int, default=256, help="pixels of a picture's side; default: 256")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UNIRG_HOME"] = str(Path(folder) / "home")
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(Path(__file__).resolve().parents[1]), str(clone)], check=True)
        first = _version(clone, asked.patients, asked.image_size)
        second = _version(clone, asked.patients + max(asked.patients // 100, 1), asked.image_size)
        third = _version(clone, asked.patients + max(asked.patients // 100, 1), asked.image_size, compact=1.0)
    _tell(asked, first, second, third)


def _version(clone: Path, patients: int, side: int, compact: float = 0.0) -> dict[str, object]:
    section = {"phantom": {"patients": patients, "image_size": max(side, 256)}, "image_size": side, "compact": compact}
    decision = decide(clone, params.resolve(clone, above={"ingest": section}), Trigger("command", "bench", "bench"))
    run, began, remote = decision.run, time.monotonic(), Path(os.environ["UNIRG_HOME"]) / "dvc" / "remote"
    before = _bytes(remote)
    with decision.lock:
        run_stage(run, "ingest", lambda line: None)
        data = version(run)
        records.change(run.folder, state=records.COMPLETED)
    seconds = time.monotonic() - began
    return {"studies": data["studies"], "pushed": _bytes(remote) - before, "shards": _shards(run), "seconds": seconds}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _shards(run: Run) -> dict[str, int]:
    folder = run.checkout / "data" / "studies"
    return {file_digest(path): path.stat().st_size for path in folder.iterdir()}


def _tell(asked: argparse.Namespace, first: dict, second: dict, third: dict) -> None:
    print(f"pictures of {asked.image_size} px, {first['studies']} studies, then {second['studies']}")
    whole = first["pushed"]
    for name, before, now in (("1 % more", first, second), ("compaction", second, third)):
        written = sum(size for digest, size in now["shards"].items() if digest not in before["shards"])
        total = sum(now["shards"].values())
        print(
            f"{name:11} shards written {written / 1e6:8.3f} MB = {written / total:7.2%}   pushed "
            f"{now['pushed'] / 1e6:8.3f} MB = {now['pushed'] / whole:7.2%} of {whole / 1e6:.1f} MB   "
            f"{now['seconds']:.0f} s (first version {first['seconds']:.0f} s)"
        )
    share = second["pushed"] / whole
    print(f"adding 1 % pushes {share:.2%}: {'within' if share <= _LIMIT else 'OVER'} the limit of {_LIMIT:.0%}")


if __name__ == "__main__":
    main()
