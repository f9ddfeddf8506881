"""Drops for tests: DICOM files and pictures with a table and a mapping, and ingest run on them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from unirg_core.files import write_json
from unirg_core.home import home
from unirg_core.ingest import ingest, listing_digest
from unirg_core.keys import open_vault
from unirg_core.params import Params, parse, read_yaml

REPOSITORY = Path(__file__).parent.parent
REAL = REPOSITORY.parent / "shared" / "data"
COLUMNS = ("file", "patient", "accession", "date", "sex", "age", "view", "site", "report", "person")
MAPPING = {
    "table": "table.csv",
    "folder": "files",
    "file": "file",
    "patient": "patient",
    "study": "accession",
    "date": "date",
    "sex": "sex",
    "age": "age",
    "view": "view",
    "institution": "site",
    "report": "report",
    "scrub": "person",
}


def pixels(seed: int = 0, shape: tuple[int, int] = (80, 64), most: int = 255) -> np.ndarray:
    """Return a smooth picture with some noise, 0 to `most`."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
    values = 0.5 + 0.4 * np.sin(5 * down + seed) * np.cos(4 * across) + rng.normal(0, 0.02, shape)
    return np.clip(np.rint(values * most), 0, most).astype(np.uint8 if most < 256 else np.uint16)


def png(values: np.ndarray) -> bytes:
    """Return a PNG of 8 or 16 bits."""
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def dicom(values: np.ndarray, syntax: str = ExplicitVRLittleEndian, **header: Any) -> bytes:
    """Return a DICOM file of grey values; `header` adds elements, None removes one."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid(entropy_srcs=["test"])
    data.Modality, data.BodyPartExamined, data.ViewPosition = "CR", "CHEST", "PA"
    data.PatientName, data.PatientID = "Zachariasen^Quillan", "PID0099887"
    data.PatientSex, data.PatientAge, data.StudyDate = "F", "061Y", "20190304"
    data.Rows, data.Columns = values.shape[-2:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = values.dtype.itemsize * 8
    data.BitsStored = data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(values.dtype.kind == "i")
    data.PixelData = values.tobytes()
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    for name, value in header.items():
        if value is None:
            del data[name]
        else:
            setattr(data, name, value)
    data.HighBit = data.BitsStored - 1
    if syntax != ExplicitVRLittleEndian:
        data.compress(syntax, generate_instance_uid=False)
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def rows(patients: int = 6, visits: int = 2) -> list[dict[str, str]]:
    """Return table rows of a drop, one file a study."""
    return [
        {
            "file": f"p{patient}v{visit}.png",
            "patient": f"MRN77{patient:04d}",
            "accession": f"ACC55{patient:04d}{visit}",
            "date": f"2019-0{visit + 1}-1{patient % 9}",
            "sex": "FM"[patient % 2],
            "age": str(40 + patient),
            "view": "PA",
            "site": "north",
            "report": f"INDICATION: Cough.\nFINDINGS: Clear lungs. Image {patient}.\nIMPRESSION: No acute disease.",
            "person": "Zachariasen, Quillan",
        }
        for patient in range(patients)
        for visit in range(visits)
    ]


def write_drop(
    folder: Path,
    table: list[dict[str, str]] | None = None,
    files: Mapping[str, bytes | None] | None = None,
    mapping: Mapping[str, Any] | None = None,
) -> Path:
    """Write a drop; `files` replaces a file's bytes (None: it is missing), `mapping` fields (None: left out)."""
    table = rows() if table is None else table
    (folder / "files").mkdir(parents=True, exist_ok=True)
    with (folder / "table.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    for number, row in enumerate(table):
        content = (files or {}).get(row["file"], b"plain")
        if content == b"plain":
            content = png(pixels(number))
        if content is not None and "/" not in row["file"]:
            (folder / "files" / row["file"]).write_bytes(content)
    values = {name: value for name, value in {**MAPPING, **(mapping or {})}.items() if value is not None}
    (folder / "mapping.yaml").write_text(yaml.safe_dump(values))
    return folder


def params(**section: Any) -> Params:
    """Return the repository's parameters with an ingest section laid over them: one process, pictures of 32 pixels."""
    values = read_yaml(REPOSITORY / "params.yaml")
    split = {"held_out": [], "validation": 0.1, "test": 0.2}
    base = {"processes": 1, "image_size": 32, "split": split}
    values["ingest"] = {**base, **section}
    return parse(values)


def of_drop(folder: Path, **section: Any) -> Params:
    """Return parameters that take a folder drop."""
    return params(**{"source": "folder", "path": str(folder), "policy": "consent-1", **section})


def pin(run: Params, root: Path) -> None:
    """Write the pins of a run, as its start does."""
    root.mkdir(parents=True, exist_ok=True)
    vault = open_vault(run.ingest.source, home())
    write_json(root / "inputs.json", {"source": listing_digest(run, root), "key": {"fingerprint": vault.fingerprint}})


def ingested(run: Params, root: Path) -> Path:
    """Pin and ingest; return the root."""
    pin(run, root)
    ingest(run, root)
    return root


def manifest(root: Path) -> list[dict[str, Any]]:
    """Return the manifest's rows."""
    return pq.read_table(root / "data" / "manifest.parquet").to_pylist()


def reasons(root: Path) -> list[str]:
    """Return the reasons of all rejects, sorted."""
    return sorted(pq.read_table(root / "data" / "rejects.parquet")["reason"].to_pylist())
