"""Seconds that `validate` takes on 500,000 manifest rows, with drift against as many, against its limit of 30 s.

    python benchmarks/validate_speed.py [--studies 500000] [--world-patients 350]

The dataset is drawn, seeded: ids, patients of one to six visits, eight institutions, labels, words and grey values at
random, reports' templates with a long tail, 60 shards of rows without pictures. A picture's hash is that of one of some
hundred drawn phantom pictures with 12 % of its bits turned at random, so that bands of it collide as those of
radiographs do, and 1 in 1,000 is a near copy of another. Prints process time and wall time of the whole stage (reading,
all expectations through Great Expectations, Data Docs, figures, selection, drift), of its parts, and the peak memory.
The stage runs in a process of its own, so that drawing the dataset counts in neither.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.files import write_json
from unirg_core.ingest.phantom import World, render, studies
from unirg_core.ingest.picture import perceptual_hash
from unirg_core.study import LABELS, MANIFEST, MANIFEST_SCHEMA, REJECT_SCHEMA, REJECTS, SHARD_SCHEMA, STUDIES

LIMIT = 30.0
SHARDS = 60
TURNED = 0.12
COPIES = 0.001
"""Share of studies whose picture is a near copy of another's."""


def drawn_hashes(patients: int) -> np.ndarray:
    """Return the hashes of the phantom's pictures, (n, 256) bits."""
    from PIL import Image

    population = studies(World(3, patients, 64))
    found = [perceptual_hash(Image.fromarray(_grey(render([study], 64)[0]))) for study in population]
    return np.unpackbits(np.frombuffer(bytes.fromhex("".join(found)), np.uint8).reshape(-1, 32), axis=1)


def _grey(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(255.0 * levels / levels.max()), 0, 255).astype(np.uint8)


def hashes(rng: np.random.Generator, models: np.ndarray, n: int) -> pa.Array:
    """Return n hashes as hex."""
    bits = models[rng.integers(len(models), size=n)]
    bits ^= (rng.random((n, 256), dtype=np.float32) < TURNED).view(np.uint8)
    copies = rng.integers(n, size=int(n * COPIES))
    bits[copies] = bits[rng.integers(n, size=len(copies))]
    bits[copies, rng.integers(256, size=len(copies))] ^= 1
    text = np.packbits(bits, axis=1).tobytes().hex()
    return pa.array([text[at : at + 64] for at in range(0, len(text), 64)])


def manifest(rng: np.random.Generator, models: np.ndarray, n: int) -> pa.Table:
    """Return a manifest that meets every expectation but those about near copies and templates."""
    visits = rng.integers(1, 7, size=n)
    patient = np.repeat(np.arange(n), visits)[:n]
    first = np.r_[True, patient[1:] != patient[:-1]]
    visit = np.arange(n) - np.flatnonzero(first)[np.cumsum(first) - 1]
    institution = rng.choice(8, p=np.array([30, 20, 15, 12, 10, 8, 4, 1]) / 100, size=n)[patient]
    split = np.where(institution == 7, 0, np.where(rng.random(n) < 0.15, 0, np.where(rng.random(n) < 0.06, 1, 2)))
    split = np.where(institution == 7, 0, split[patient])
    ids = np.array([f"{number:024x}" for number in range(n)], object)
    shown = rng.random((n, 14)) < np.linspace(0.02, 0.4, 14)
    lists = pa.array(np.arange(0, 14 * n + 1, 14), pa.int32())
    size = -(-n // SHARDS)
    words = rng.gamma(6, 6, size=(2, n)).astype(np.int32) + 2
    repeated = rng.random(n) < 0.24
    templates = np.where(repeated, rng.zipf(1.3, n).clip(max=10**9), 10**9 + np.arange(n))
    words[:, repeated] = words[:, repeated].clip(max=35)
    columns = {
        "study_id": ids,
        "patient_id": ids[patient],
        "institution": np.array([f"hospital-{letter}" for letter in "abcdefgh"], object)[institution],
        "source": ["folder"] * n,
        "policy_id": ["drawn"] * n,
        "sex": np.array(["F", "M", ""], object)[rng.choice(3, p=[0.48, 0.48, 0.04], size=n)],
        "age": pa.array(rng.integers(18, 91, size=n), mask=rng.random(n) < 0.02),
        "view": np.array(["PA", "AP"], object)[rng.integers(2, size=n)],
        "image_height": np.full(n, 512),
        "image_width": rng.integers(400, 513, size=n),
        "findings": ["The lungs are clear. The heart is normal in size. No pleural effusion or pneumothorax."] * n,
        "impression": ["No acute cardiopulmonary abnormality."] * n,
        "digest": [f"{number:064x}" for number in rng.permutation(n).tolist()],
        "visit": visit,
        "days_since_first": visit * 100,
        "prior_study_id": pa.array(np.r_[ids[:1], ids[:-1]], mask=first),
        "split": np.array(["test", "validation", "train"], object)[split],
        "labels": pa.ListArray.from_arrays(lists, pa.array(shown.astype(np.int8).ravel(), mask=~shown.ravel())),
        "sides": pa.ListArray.from_arrays(lists, pa.array(np.array(["", "left"], object)[shown.view(np.int8)].ravel())),
        "severities": pa.ListArray.from_arrays(lists, pa.array([""] * (14 * n))),
        "image_mean": rng.normal(120, 15, n),
        "image_std": rng.normal(55, 8, n).clip(5),
        "image_saturated": rng.random(n) * 0.2,
        "phash": hashes(rng, models, n),
        "findings_words": words[0],
        "impression_words": words[1],
        "english": rng.normal(0.5, 0.05, n).clip(0.25),
        "template": [f"{number:016x}" for number in templates.tolist()],
        "shard": np.array([f"{number:05d}.parquet" for number in range(SHARDS)], object)[np.arange(n) // size],
        "row": np.arange(n) % size,
    }
    empty = pa.nulls(n)
    made = [pa.array(columns.get(field.name, empty)).cast(field.type) for field in MANIFEST_SCHEMA]
    assert len(LABELS) == 14
    return pa.table(made, schema=MANIFEST_SCHEMA)


def write(root: Path, table: pa.Table) -> None:
    """Write a dataset root: manifest, shards without pictures, no rejects."""
    (root / STUDIES).mkdir(parents=True)
    rows = table.append_column("image", pa.nulls(table.num_rows, pa.binary())).select(SHARD_SCHEMA.names)
    size = -(-table.num_rows // SHARDS)
    for number in range(SHARDS):
        pq.write_table(rows.slice(number * size, size), root / STUDIES / f"{number:05d}.parquet")
    pq.write_table(table, root / MANIFEST, compression="zstd")
    pq.write_table(REJECT_SCHEMA.empty_table(), root / REJECTS)


def staged(root: Path) -> dict:
    """Run the stage here, timed, and return seconds of its parts and the peak memory."""
    from unirg_core import params as parameters
    from unirg_core.validate import inspector, neighbours, run

    took: dict[str, float] = {}

    def timed(module: object, name: str, says: str) -> None:
        work = getattr(module, name)

        def measured(*arguments: object, **named: object) -> object:
            began = time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                took[says] = took.get(says, 0.0) + time.process_time() - began

        setattr(module, name, measured)

    timed(inspector.Inspector, "__init__", "load Great Expectations")
    timed(inspector.Inspector, "check", "expectations by Great Expectations")
    timed(inspector.Inspector, "write_docs", "Data Docs")
    timed(run.tables, "read_manifest", "read the manifest")
    timed(run.tables, "studies_table", "work over rows (near copies included)")
    timed(neighbours, "near_copies", "near copies alone")
    timed(run.figures, "draw", "figures")
    timed(run, "write_drift", "drift")
    values = parameters.load(Path(__file__).parents[1] / "params.yaml").model_dump(mode="json", by_alias=True)
    values["ingest"]["split"]["held_out"] = ["hospital-h"]
    values["ingest"]["image_size"] = 512
    params = parameters.parse(values)
    began = time.perf_counter()
    run.validate(params, root)
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": time.process_time(), "peak": peak, "parts": took}


def main() -> None:
    """Draw, run and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--studies", type=int, default=500_000, help="rows of the manifest; default: 500000")
    asked.add_argument("--world-patients", type=int, default=350, help="drawn patients, for the hashes; default: 350")
    asked.add_argument("--root", type=Path, help=argparse.SUPPRESS)  # the measured process itself
    options = asked.parse_args()
    if options.root:
        print("found " + json.dumps(staged(options.root)))
        return
    models = drawn_hashes(options.world_patients)
    with tempfile.TemporaryDirectory() as folder:
        root, before = Path(folder) / "root", Path(folder) / "before.parquet"
        write(root, manifest(np.random.default_rng(1), models, options.studies))
        pq.write_table(manifest(np.random.default_rng(2), models, options.studies), before)
        pinned = {"previous_dataset": {"digest": "0" * 64, "manifest": str(before)}, "champion": None}
        write_json(root / "inputs.json", pinned)
        environment = {**os.environ, "UNIRG_RUN": str(root / "run"), "UNIRG_HOME": folder}
        command = [sys.executable, __file__, "--root", str(root)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told, _, found = done.stdout.rpartition("found ")
    print(told)
    report(json.loads(found), options.studies, len(models))


def report(found: dict, n: int, pictures: int) -> None:
    """Print what was found."""
    print(f"{n:,} manifest rows, drift against as many; hashes from {pictures} phantom pictures")
    for name, seconds in sorted(found["parts"].items(), key=lambda pair: -pair[1]):
        print(f"  {name}: {seconds:.1f} s of process time")
    print(f"validate: {found['cpu']:.1f} s of process time (imports included), {found['wall']:.1f} s wall")
    print(f"limit {LIMIT:.0f} s: {found['wall'] / LIMIT:.2f} x of it by wall, peak memory {found['peak']:,.0f} MiB")


if __name__ == "__main__":
    main()
