"""What ingest costs beside the least that the same files can cost, and beside a straightforward script.

The files: pydicom-data's RG1 (chest, 1955 x 1841, 15 bits) and RG3 (1760 x 1760, 10 bits) and phantoms of 2048 pixels,
as JPEG 2000 lossless and uncompressed, repeated to `files` of each kind (192 and 768 unless told; the same bytes under
several names, so that a drop fits on any disk); the stored side is 512 pixels. A worker imports for half a
second of computing before its first file, as long as 20 uncompressed files: a hospital's run has tens of thousands, so
the drop must not be short. The bare run's processes start in the measured time too.

1. The stage with two processes against two that only decode with the same decoders, shift to 8 bits, resize and
   encode as PNG of the same level: wall-clock time <= 1.15 (issue "Institutional data at scale"), least of `--rounds`.
2. A single-threaded pydicom and Pillow script against the stage in one process, in CPU time: >= 3 on JPEG 2000
   lossless, >= 1.5 on uncompressed. What the decoder alone takes is printed beside it: the script's time over that is
   the most that any faithful pipeline around this decoder can reach.

Exits with 1 where a ratio is missed, with 2 at a fault.
Run: OMP_NUM_THREADS=1 python benchmarks/ingest_speed.py [--files N] [--rounds N] [--kind KIND]
"""

import argparse
import csv
import io
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_modality_lut, apply_voi_lut

SIDE, PROCESSES = 512, 2
WALL, JPEG2000, UNCOMPRESSED = 1.15, 3.0, 1.5
KINDS = {"jpeg2000": ("RG1_J2KR.dcm", "RG3_J2KR.dcm"), "uncompressed": ("RG1_UNCR.dcm", "RG3_UNCR.dcm")}
FILES = {"jpeg2000": 192, "uncompressed": 768}
_MAPPING = "table: table.csv\nfolder: files\nfile: file\npatient: patient\nreport: report\nview_default: PA\n"


def contents(kind: str) -> list[bytes]:
    """Return the different files of a kind."""
    from unirg_core.ingest.phantom import World, dicom_bytes, render, studies
    from unirg_core.ingest.phantom.dicomfile import form

    found = []
    for name in KINDS[kind]:
        header = pydicom.dcmread(get_testdata_file(name, download=False))
        header.BodyPartExamined = "CHEST"  # RG3 is a leg, which ingest would refuse
        stream = io.BytesIO()
        header.save_as(stream)
        found.append(stream.getvalue())
    syntax = "jpeg2000" if kind == "jpeg2000" else "explicit"
    drawn = [study for study in studies(World(seed=7, patients=40, image_size=2048)) if form(study).bits > 8][:4]
    for study in drawn:
        found.append(dicom_bytes(study, render([study], 2048)[0], replace(form(study), syntax=syntax)))
    return found


def write_drop(folder: Path, kind: str, files: int) -> Path:
    """Write a drop of so many studies."""
    (folder / "files").mkdir(parents=True)
    different = [folder / "files" / f"{number}.dcm" for number in range(files)]
    for path, content in zip(different, contents(kind), strict=False):
        path.write_bytes(content)
    different = [path for path in different if path.exists()]
    with (folder / "table.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "patient", "report"])
        for number in range(files):
            if number >= len(different):
                os.link(different[number % len(different)], folder / "files" / f"{number}.dcm")
            rows.writerow([f"{number}.dcm", f"p{number}", "FINDINGS: Small left effusion. IMPRESSION: Effusion."])
    (folder / "mapping.yaml").write_text(_MAPPING)
    return folder


def stage(drop: Path, work: Path, processes: int) -> None:
    """Run the stage."""
    from unirg_core.files import write_json
    from unirg_core.home import home
    from unirg_core.ingest import ingest, listing_digest
    from unirg_core.keys import open_vault
    from unirg_core.params import parse, read_yaml

    values = read_yaml(Path(__file__).parent.parent / "params.yaml")
    values["ingest"] = {
        "source": "folder", "path": str(drop), "policy": "benchmark", "image_size": SIDE, "processes": processes,
        "split": {"held_out": []},
    }  # fmt: skip
    run = parse(values)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    fingerprint = open_vault("folder", home()).fingerprint
    write_json(work / "inputs.json", {"source": listing_digest(run, work), "key": {"fingerprint": fingerprint}})
    ingest(run, work)


def bare(path: Path) -> int:
    """Decode, scale, resize and encode one file, and nothing else; return the PNG's size."""
    from unirg_core.ingest.picture import compress_level
    from unirg_core.ingest.pixels import stored_bits

    header = pydicom.dcmread(path)
    values = stored_bits(header)[0]
    image = _resized(Image.fromarray((values >> (header.BitsStored - 8)).astype(np.uint8)), 3.0)
    return _png(image, compress_level=compress_level(image))


def straightforward(path: Path) -> int:
    """Do what a script of ten lines does; return the PNG's size."""
    header = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(header.pixel_array, header), header).astype(float)
    values = (values - values.min()) / (values.max() - values.min()) * 255
    if header.PhotometricInterpretation == "MONOCHROME1":
        values = 255 - values
    return _png(_resized(Image.fromarray(values.astype(np.uint8))))


def _resized(image: Image.Image, gap: float | None = None) -> Image.Image:
    scale = SIDE / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=gap)


def _png(image: Image.Image, **how: int) -> int:
    stream = io.BytesIO()
    image.save(stream, "PNG", **how)
    return len(stream.getvalue())


def decode_only(path: Path) -> int:
    """Read and decode one file; return its number of pixels."""
    from unirg_core.ingest.pixels import stored_bits

    return stored_bits(pydicom.dcmread(path))[0].size


def in_processes(files: list[Path]) -> None:
    """Run `bare` on all files in processes of its own."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        list(pool.map(bare, files, chunksize=16))


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall-clock and CPU seconds, those of ended child processes with it."""
    began, before = time.monotonic(), _cpu()
    work()
    wall = time.monotonic() - began
    while active_children():  # their time is counted once they have ended
        time.sleep(0.05)
    return wall, _cpu() - before


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def each(function: Callable[[Path], int], files: list[Path]) -> None:
    """Call a function on each file."""
    for path in files:
        function(path)


def main(count: int | None, rounds: int, kinds: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UNIRG_HOME"] = str(Path(folder) / "home")
        missed = 0
        for kind in kinds:
            least = {"jpeg2000": JPEG2000, "uncompressed": UNCOMPRESSED}[kind]
            drop = write_drop(Path(folder) / kind, kind, count or FILES[kind])
            missed += _beside_the_least(kind, drop, Path(folder) / "work", rounds)
            missed += _beside_a_script(kind, drop, Path(folder) / "work", least)
    return int(missed > 0)


def _beside_the_least(kind: str, drop: Path, work: Path, rounds: int) -> bool:
    files = sorted((drop / "files").iterdir())
    took = [
        (seconds(partial(stage, drop, work, PROCESSES)), seconds(partial(in_processes, files))) for _ in range(rounds)
    ]
    (wall, cpu), (bare_wall, bare_cpu) = (tuple(map(min, zip(*one, strict=True))) for one in zip(*took, strict=True))
    print(
        f"{kind}: {len(files)} files on {PROCESSES} processes: stage {wall:.1f} s, bare {bare_wall:.1f} s wall, "
        f"ratio {wall / bare_wall:.2f} (limit {WALL}); CPU {cpu:.1f} s and {bare_cpu:.1f} s, ratio {cpu / bare_cpu:.2f}"
    )
    return wall / bare_wall > WALL


def _beside_a_script(kind: str, drop: Path, work: Path, least: float) -> bool:
    files = sorted((drop / "files").iterdir())
    for function in (straightforward, decode_only):
        function(files[0])  # imports are not what is measured
    script, decoding = (seconds(partial(each, f, files))[1] for f in (straightforward, decode_only))
    cpu = seconds(partial(stage, drop, work, 1))[1]
    own, other, alone = (1000 * value / len(files) for value in (cpu, script, decoding))
    print(
        f"{kind}: one core: stage {own:.0f} ms, script {other:.0f} ms a file, ratio {other / own:.2f} (wanted {least})"
        f"; the decoder alone {alone:.0f} ms, so at most {other / alone:.2f}"
    )
    return other / own < least


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, help="of each kind; default: 192 and 768")
    parser.add_argument("--rounds", type=int, default=2, help="of which the least counts; default: 2")
    parser.add_argument("--kind", choices=tuple(KINDS), action="append", help="repeatable; default: both")
    asked = parser.parse_args()
    end("ingest_speed", lambda: main(asked.files, asked.rounds, asked.kind or tuple(KINDS)))
