"""Whether memory is flat in the number of studies: peak RSS of parent and workers at 2,000 and at 20,000 studies.

    python benchmarks/ingest_memory.py [--few N] [--many N] [--executor processes|dask] [--source folder|phantom]

A drop of small PNG pictures with a report of about 600 letters each, two visits a patient, is ingested by two workers
in a process of its own; every process's high-water mark (VmHWM of /proc) is read four times a second. Limit: 1.10
between the two sizes, for the parent and for the worst worker. Exits with 1 above it, with 2 at a fault.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

LIMIT = 1.10
COLUMNS = ("file", "patient", "accession", "date", "sex", "age", "view", "site", "report", "person")
SENTENCES = (
    "The lungs are clear of consolidation, and no pleural effusion or pneumothorax is seen.",
    "Heart size is at the upper limit of normal; the mediastinal contour is unremarkable.",
    "There is a small left pleural effusion with adjacent atelectasis, unchanged in extent.",
    "Mild degenerative change of the thoracic spine without an acute osseous abnormality.",
    "A right internal jugular line ends in the superior vena cava; no complication is seen.",
)


def drop(folder: Path, studies: int) -> Path:
    """Write a drop whose pictures are a few hundred bytes each."""
    from fixtures_drops import MAPPING, pixels, png
    from yaml import safe_dump

    (folder / "files").mkdir(parents=True)
    pictures = [png(pixels(seed, (48, 40))) for seed in range(16)]
    with (folder / "table.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for number in range(studies):
            name = f"{number:06d}.png"
            (folder / "files" / name).write_bytes(pictures[number % len(pictures)])
            writer.writerow(_row(number, name))
    (folder / "mapping.yaml").write_text(safe_dump(MAPPING))
    return folder


def _row(number: int, name: str) -> dict[str, str]:
    patient, visit = divmod(number, 2)
    said = " ".join(SENTENCES[(number + at) % len(SENTENCES)] for at in range(5))
    return {
        "file": name,
        "patient": f"MRN{patient:08d}",
        "accession": f"ACC{number:08d}",
        "date": f"2019-0{visit + 1}-1{patient % 9}",
        "sex": "FM"[patient % 2],
        "age": str(20 + patient % 70),
        "view": "PA",
        "site": ("north", "south")[patient % 2],
        "report": f"INDICATION: Cough.\nFINDINGS: {said}\nIMPRESSION: {SENTENCES[number % len(SENTENCES)]}",
        "person": "Zachariasen, Quillan",
    }


def stage(folder: Path, source: str, executor: str, studies: int) -> None:
    """Ingest in this process; the parent of its workers is measured from outside."""
    from fixtures_drops import ingested, of_drop, params

    section = {"processes": 2, **({} if executor == "processes" else {"executor": executor})}
    if source == "folder":
        run = of_drop(folder / "drop", **section)
    else:
        run = params(phantom={"world": 0, "patients": max(6, int(studies / 1.9)), "image_size": 64}, **section)
    ingested(run, folder / "run")


def measured(studies: int, source: str, executor: str) -> dict[str, float]:
    """Return the peaks in MB of the parent and of the largest worker, the wall time and the studies taken."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if source == "folder":
            drop(folder / "drop", studies)
        command = [sys.executable, __file__, "--stage", name, "--source", source, "--executor", executor]
        own = {"UNIRG_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
        began = time.monotonic()
        child = subprocess.Popen(
            [*command, "--few", str(studies)], env={**os.environ, **own}, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        parent, workers = _watched(child)
        if child.returncode:
            raise SystemExit(f"the stage ended with {child.returncode}")
        taken = pq.read_metadata(folder / "run/data/manifest.parquet").num_rows
    return {"studies": taken, "parent": parent, "worker": max(workers), "seconds": time.monotonic() - began}


def _watched(child: subprocess.Popen) -> tuple[float, list[float]]:
    from unirg_core.home import descendants

    peaks: dict[int, float] = {}
    while child.poll() is None:
        for pid in (child.pid, *descendants(child.pid)):
            peaks[pid] = max(peaks.get(pid, 0.0), _high_water(pid))
        time.sleep(0.25)
    parent = peaks.pop(child.pid)
    return parent, [peak for peak in peaks.values() if peak > 30]  # less is the resource tracker, or one just starting


def _high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main(few: int, many: int, source: str, executor: str) -> int:
    """Print peaks, ratios and bytes a study; return 1 over the limit."""
    one, other = (measured(studies, source, executor) for studies in (few, many))
    for found in (one, other):
        print(json.dumps({name: round(value, 1) for name, value in found.items()}))
    ratios = {}
    for who in ("parent", "worker"):
        ratios[who] = other[who] / one[who]
        each = (other[who] - one[who]) * 1024**2 / (other["studies"] - one["studies"])
        print(f"{who}: {one[who]:.1f} -> {other[who]:.1f} MB, ratio {ratios[who]:.3f}, {each:.0f} bytes a study")
    print(f"limit {LIMIT:.2f} ({executor}, {source})")
    return 0 if max(ratios.values()) <= LIMIT else 1


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=2000, help="studies of the smaller drop; default: 2000")
    parser.add_argument("--many", type=int, default=20000, help="studies of the larger one; default: 20000")
    parser.add_argument("--source", default="folder", choices=["folder", "phantom"], help="default: folder")
    parser.add_argument("--executor", default="processes", choices=["processes", "dask"], help="default: processes")
    parser.add_argument("--stage", type=Path, help=argparse.SUPPRESS)  # the measured process itself
    asked = parser.parse_args()
    if asked.stage:
        stage(asked.stage, asked.source, asked.executor, asked.few)
    else:
        end("ingest_memory", lambda: main(asked.few, asked.many, asked.source, asked.executor))
