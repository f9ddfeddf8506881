"""The lateral column: there only where it is asked for, the study's first lateral picture, null where there is none."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures_drops import dicom, ingested, manifest, of_drop, params, pixels, png, reasons, rows, write_drop
from PIL import Image

from unirg_core.files import tree_digest
from unirg_core.ingest.picture import decode_picture, store
from unirg_core.study import LATERAL, SHARD_SCHEMA, shard_schema
from unirg_core.validate.tables import schema_table

_SIDE = png(pixels(50))


def _study(*views: str, patient: int = 0) -> list[dict[str, str]]:
    """Return the rows of one study, a picture each."""
    (row,) = rows(1, 1)
    return [
        {**row, "patient": f"MRN{patient}", "accession": f"A{patient}", "file": f"{patient}-{number}.png", "view": view}
        for number, view in enumerate(views)
    ]


def _drop(tmp_path, *studies: list[dict[str, str]], **files: bytes | None):
    table = [row for study in studies for row in study] + _study("PA", patient=8) + _study("PA", patient=9)
    table += _study("PA", patient=7)
    return write_drop(
        tmp_path / "drop", table, {f"{name[1]}-{name[3]}.png": content for name, content in files.items()}
    )


def _shards(root) -> list[dict]:
    return [row for path in sorted((root / "data/studies").iterdir()) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize(
    ("views", "files", "told"),
    [
        # bad input first: what of a study's laterals cannot be taken is told, the study stays
        (("PA", "LATERAL"), {"f0_1": b"x"}, ["The file is neither DICOM"]),
        (("PA", "LATERAL"), {"f0_1": None}, ["The picture file is not there"]),
        (("PA", "LATERAL"), {"f0_1": dicom(pixels(), BurnedInAnnotation="YES")}, ["burned into"]),
        (("PA", "OBLIQUE", "PA"), {}, ["Another frontal picture", "The view is other"]),
    ],
)
def test_a_lateral_that_cannot_be_taken_is_told_and_null(tmp_path, views, files, told):
    root = ingested(of_drop(_drop(tmp_path, _study(*views), **files), lateral=True), tmp_path / "run")
    assert len(manifest(root)) == 4
    found = reasons(root)
    assert len(found) == len(told) and all(said in reason for said, reason in zip(told, found, strict=True))
    assert [row["lateral"] for row in _shards(root)] == [None] * 4


def test_a_study_without_a_frontal_picture_is_not_taken(tmp_path):
    root = ingested(of_drop(_drop(tmp_path, _study("LATERAL")), lateral=True), tmp_path / "run")
    assert len(manifest(root)) == 3
    assert reasons(root) == ["The view is lateral, and the study has no frontal picture (PA, AP) (table row 1)."]


def test_the_first_lateral_is_kept_as_the_frontal_picture_is(tmp_path):
    drop = _drop(tmp_path, _study("L", "PA", "LATERAL", "LL"), f0_0=_SIDE)
    root = ingested(of_drop(drop, lateral=True), tmp_path / "run")
    told = reasons(root)
    assert len(told) == 2 and all("Another lateral picture of the study was taken" in reason for reason in told)
    kept = [row["lateral"] for row in _shards(root) if row["lateral"] is not None]
    assert kept == [store(decode_picture(_SIDE).grey, 32).png]
    assert max(np.asarray(Image.open(io.BytesIO(kept[0]))).shape) == 32
    for path in (root / "data/studies").iterdir():
        assert pq.read_schema(path).equals(shard_schema(True))
    assert LATERAL.name not in pq.read_schema(root / "data/manifest.parquet").names


def test_the_view_of_a_file_can_tell_the_lateral_and_its_names_are_scrubbed(tmp_path):
    side = dicom(pixels(3), ViewPosition="LL", PatientName="Featherstone^Una")
    table = _study("", "")
    for row in table:
        row["report"] = "FINDINGS: Clear lungs. Featherstone was moved. IMPRESSION: No acute disease."
    drop = _drop(tmp_path, table, f0_0=dicom(pixels(2)), f0_1=side)
    root = ingested(of_drop(drop, lateral=True), tmp_path / "run")
    assert not reasons(root) and sum(row["lateral"] is not None for row in _shards(root)) == 1
    assert not [row for row in manifest(root) if "featherstone" in row["findings"].lower()]


def test_without_being_asked_for_it_changes_nothing(tmp_path):
    drop = _drop(tmp_path, _study("PA", "LATERAL"), f0_1=_SIDE)
    plain, asked = (ingested(of_drop(drop, lateral=on), tmp_path / str(on)) for on in (False, True))
    for path in (plain / "data/studies").iterdir():
        assert pq.read_schema(path).equals(SHARD_SCHEMA)
    assert [reason for reason in reasons(plain) if "view is lateral; only frontal" in reason]
    digests = [{row["study_id"]: row["digest"] for row in manifest(root)} for root in (plain, asked)]
    changed = {study for study in digests[0] if digests[0][study] != digests[1][study]}
    assert len(changed) == 1, "a study's digest holds its lateral picture, and no other study's changes"


def test_the_phantom_has_none_and_any_number_of_processes_gives_the_same_bytes(tmp_path):
    world = {"phantom": {"world": 3, "patients": 40, "image_size": 64}, "split": {"held_out": ["phantom-c"]}}
    one, two = (ingested(params(**world, processes=count, lateral=True), tmp_path / str(count)) for count in (1, 2))
    assert tree_digest(one / "data") == tree_digest(two / "data")
    assert {row["lateral"] for row in _shards(one)} == {None}


def test_validation_knows_the_column(tmp_path):
    root = ingested(of_drop(_drop(tmp_path, _study("PA", "LATERAL")), lateral=True), tmp_path / "run")
    table = schema_table(root)
    assert table["column"].str.endswith(": lateral").sum() == 1
    assert (table["expected"] == table["found"]).all()
