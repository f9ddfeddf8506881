"""Rows and pictures as training and evaluation read them."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import SHARD, small_root, studies, write_root, write_table

from unirg_core.faults import BadInput
from unirg_core.models import dataset
from unirg_core.study import MANIFEST, SELECTION, SELECTION_SCHEMA, STUDIES


def test_unknown_split_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no split training; there are train, validation, test"):
        dataset.rows(small_root(tmp_path, 3), "training")


@pytest.mark.parametrize(("missing", "stage"), [(MANIFEST, "ingest"), (SELECTION, "validate")])
def test_missing_table_names_the_stage_that_makes_it(tmp_path, missing, stage):
    root = small_root(tmp_path, 3)
    (root / missing).unlink()
    with pytest.raises(BadInput, match=rf"{missing} is missing; run `unirg {stage}` first"):
        dataset.rows(root)


def test_table_that_is_no_parquet_is_refused(tmp_path):
    root = small_root(tmp_path, 3)
    (root / MANIFEST).write_bytes(b"study_id,split\n")
    with pytest.raises(BadInput, match="can't be read as Parquet"):
        dataset.rows(root)


def test_missing_shard_is_named(tmp_path):
    root = small_root(tmp_path, 3)
    row = dataset.rows(root)[0]
    (root / STUDIES / SHARD).unlink()
    with pytest.raises(BadInput, match=f"{SHARD} is missing; the manifest names it"):
        dataset.image(root, row)


def test_row_beyond_the_shard_is_refused(tmp_path):
    root = small_root(tmp_path, 3)
    with pytest.raises(BadInput, match="fewer rows than the manifest says"):
        dataset.image(root, {"shard": SHARD, "row": 1000})


def test_broken_picture_is_named(tmp_path):
    broken = studies(3)
    broken[1]["image"] = b"\x89PNG but no more"
    root = write_root(tmp_path, broken)
    with pytest.raises(BadInput, match="row 1: the picture can't be read"):
        dataset.image(root, {"shard": SHARD, "row": 1})


def test_rows_are_the_selected_ones_in_order(tmp_path):
    all_studies = studies(12)
    root = write_root(tmp_path, all_studies)
    left_out = all_studies[3]["study_id"]
    kept = [row for row in all_studies if row["study_id"] != left_out]
    write_table(root / SELECTION, kept[::-1], SELECTION_SCHEMA)
    assert [row["study_id"] for row in dataset.rows(root)] == [row["study_id"] for row in kept]


@pytest.mark.parametrize("splits", ["train", ("train", "validation"), ("test",)])
def test_rows_of_splits(tmp_path, splits):
    all_studies = studies(24)
    rows = dataset.rows(write_root(tmp_path, all_studies), splits)
    wanted = [splits] if isinstance(splits, str) else splits
    assert {row["split"] for row in rows} == set(wanted)
    assert len(rows) == sum(study["split"] in wanted for study in all_studies)


def test_rows_hold_the_asked_columns_only(tmp_path):
    rows = dataset.rows(small_root(tmp_path, 3), columns=("study_id", "findings"))
    assert set(rows[0]) == {"study_id", "findings"}


def test_picture_is_the_shards_over_row_groups(tmp_path):
    root = small_root(tmp_path, 12)
    shard = root / STUDIES / SHARD
    table = pq.read_table(shard)
    before = [np.asarray(dataset.image(root, row)) for row in dataset.rows(root)]
    pq.write_table(table, shard, row_group_size=5)  # rewritten: the cache must not answer for the old file
    after = [dataset.image(root, row) for row in dataset.rows(root)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert after[0].mode == "RGB" and after[0].size == (64, 64)
    assert len({image.tobytes() for image in after}) == len(after)


def test_rewritten_shard_shows_its_new_pictures(tmp_path):
    root = small_root(tmp_path, 6)
    row = dataset.rows(root)[0]
    before = dataset.image(root, row).tobytes()
    small_root(tmp_path, 6, seed=1)
    assert dataset.image(root, row).tobytes() != before


def test_reference_is_composed(tmp_path):
    row = {"findings": "Clear.", "impression": ""}
    assert dataset.reference(row) == "Findings: Clear."
