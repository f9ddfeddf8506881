"""A small dataset root for tests: shards, manifest, selection, truth and pins, of random pictures and plain reports.

`studies(...)` gives the rows (the manifest's columns plus `image` and `truth`), which a test may break as it likes;
`write_root(folder, rows)` writes what ingest and validate would leave; `small_root` does both.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from unirg_core.files import write_json
from unirg_core.ingest.assignment import ASSIGNMENT_SCHEMA
from unirg_core.ingest.measures import TEXTS, measures
from unirg_core.study import (
    LABELS,
    MANIFEST,
    MANIFEST_SCHEMA,
    REJECT_SCHEMA,
    REJECTS,
    SELECTION,
    SELECTION_SCHEMA,
    SHARD_SCHEMA,
    STUDIES,
    TRUTH,
    TRUTH_SCHEMA,
)

FINDINGS = ("Cardiomegaly", "Pleural Effusion", "Pneumothorax", "Consolidation")
INSTITUTIONS = ("phantom-a", "phantom-b", "phantom-c")
SHARD = "00000.parquet"


def small_root(folder: Path, patients: int = 24, **options: Any) -> Path:
    """Write a dataset of `patients` patients with one to three visits each, and return the folder."""
    return write_root(folder, studies(patients, **options))


def studies(
    patients: int = 24,
    *,
    seed: int = 0,
    size: int = 64,
    institutions: tuple[str, ...] = INSTITUTIONS,
    held_out: tuple[str, ...] = ("phantom-c",),
    source: str = "phantom",
) -> list[dict[str, Any]]:
    """Return study rows: the manifest's columns plus `image` (PNG bytes) and `truth` (the study's truth rows)."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        institution = institutions[number % len(institutions)]
        place = number // len(institutions)
        split = (
            "test" if institution in held_out else ("test", "train", "train", "train", "validation", "train")[place % 6]
        )
        prior = None
        days = 0
        person = {"patient_id": f"p{seed:02d}{number:04d}", "sex": "FM"[number % 2], "age": int(rng.integers(20, 90))}
        for visit in range(1 + number % 3):
            row = _study(rng, {**person, "institution": institution, "split": split, "source": source}, visit, size)
            row.update(visit=visit, days_since_first=days, day=100 + days, prior_study_id=prior, row=len(rows))
            rows.append(row)
            prior, days = row["study_id"], days + int(rng.integers(1, 200))
    return rows


def _study(rng: np.random.Generator, person: Mapping[str, Any], visit: int, size: int) -> dict[str, Any]:
    study_id = f"s{person['patient_id'][1:]}-{visit}"
    truth = [_truth(rng, study_id, finding) for finding in FINDINGS if rng.random() < 0.3]
    findings, impression = _report(truth)
    pixels = _pixels(rng, truth, size)
    return {
        **person,
        "study_id": study_id,
        "policy_id": "synthetic",
        "view": "PA" if rng.random() < 0.7 else "AP",
        "modality": "DX",
        "image": png(pixels),
        "image_height": pixels.shape[0],
        "image_width": pixels.shape[1],
        "original_bits": 12,
        "photometric": "MONOCHROME2",
        "indication": "Cough.",
        "comparison": "Prior study." if visit else "None.",
        "findings": findings,
        "impression": impression,
        "digest": hashlib.sha256(study_id.encode()).hexdigest(),
        **_labels(truth),
        "image_mean": float(pixels.mean()),
        "image_std": float(pixels.std()),
        "image_saturated": float(np.isin(pixels, (0, 255)).mean()),
        "burned_in": "",
        "phash": hashlib.sha256(pixels.tobytes()).hexdigest(),
        **measures({"indication": "Cough.", "findings": findings, "impression": impression}),
        "unnamed": None,
        "shard": SHARD,
        "truth": truth,
    }


def _truth(rng: np.random.Generator, study_id: str, finding: str) -> dict[str, Any]:
    side = "" if finding == "Cardiomegaly" else str(rng.choice(["left", "right"]))
    degree = float(rng.random())
    severity = "mild" if degree < 0.4 else "moderate" if degree < 0.8 else "severe"
    return {"study_id": study_id, "finding": finding, "side": side, "severity": severity, "degree": degree}


def _report(truth: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    phrases = [" ".join(f"{t['severity']} {t['side']} {t['finding'].lower()}".split()) for t in truth]
    if not phrases:
        return "The lungs are clear. The heart is normal in size.", "No acute abnormality."
    return " ".join(f"There is {p}." for p in phrases), f"{phrases[0].capitalize()}."


def _labels(truth: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    known = {t["finding"]: t for t in truth}
    values = [1 if label in known or (label == "No Finding" and not known) else None for label in LABELS]
    return {
        "labels": values,
        "sides": [known.get(label, {}).get("side", "") for label in LABELS],
        "severities": [known.get(label, {}).get("severity", "") for label in LABELS],
    }


def _pixels(rng: np.random.Generator, truth: Iterable[Mapping[str, Any]], size: int) -> np.ndarray:
    """Draw noise with a bright square for each finding, so that a model has something to see."""
    pixels = rng.normal(90, 20, (size, size))
    for finding in truth:
        top = FINDINGS.index(finding["finding"]) * size // len(FINDINGS)
        left = size // 2 if finding["side"] == "left" else 0
        pixels[top : top + size // 5, left : left + size // 3] += 90
    return np.clip(pixels, 1, 254).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """Return an 8-bit grey PNG of an array (height, width)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write_root(folder: Path, rows: list[dict[str, Any]], pins: Mapping[str, Any] | None = None) -> Path:
    """Write rows as a dataset root: everything that ingest and validate leave, and `inputs.json`."""
    rows = [{**row, **measures({name: row[name] for name in TEXTS})} for row in rows]
    (folder / STUDIES).mkdir(parents=True, exist_ok=True)
    write_table(folder / STUDIES / SHARD, rows, SHARD_SCHEMA)
    write_table(folder / MANIFEST, rows, MANIFEST_SCHEMA)
    write_table(folder / SELECTION, rows, SELECTION_SCHEMA)
    write_table(folder / TRUTH, [t for row in rows for t in row["truth"]], TRUTH_SCHEMA)
    write_table(folder / REJECTS, [], REJECT_SCHEMA)
    write_json(folder / "data" / "deid.json", {"studies": len(rows)})
    write_json(folder / "data" / "splits.json", {"batch": 0, "test_sets": {}})
    (folder / "data" / "assignment").mkdir(exist_ok=True)
    pq.write_table(ASSIGNMENT_SCHEMA.empty_table(), folder / "data" / "assignment" / "00000.parquet")
    write_json(folder / "inputs.json", {**inputs(rows), **(pins or {})})
    return folder


def inputs(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the pins of a dataset that has neither champion nor predecessor."""
    return {
        "source": {"kind": rows[0]["source"] if rows else "phantom", "digest": "0" * 64, "count": len(rows)},
        "key": {"fingerprint": "0" * 64},
        "base_model": {"name": "unirg-tiny", "digest": "0" * 64},
        "champion": None,
        "previous_dataset": None,
    }


def write_table(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """Write the schema's columns of the rows as Parquet."""
    columns = [{name: row[name] for name in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(columns, schema), path)
