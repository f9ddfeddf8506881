"""Shards: bounded in size, equal bytes for equal content, and every row where the manifest says."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unirg_core.files import tree_digest
from unirg_core.ingest.shards import ShardWriter
from unirg_core.study import SHARD_SCHEMA


def _table(count: int, size: int, first: int = 0) -> pa.Table:
    rows = [{"study_id": f"s{first + n:05d}", "image": bytes([n % 251]) * size} for n in range(count)]
    return pa.Table.from_pylist(rows, SHARD_SCHEMA)


def _write(folder, tables, largest_mb=1):
    folder.mkdir()
    with ShardWriter(folder, largest_mb) as shards:
        return [shards.add(table) for table in tables]


@pytest.mark.parametrize(
    ("tables", "files"),
    [
        ([], 0),
        ([_table(0, 0)], 0),
        ([_table(4, 1000)], 1),
        ([_table(4, 200_000), _table(4, 200_000, 4)], 2),
        ([_table(64, 50_000)], 4),  # one chunk that is larger than a shard is cut
        ([_table(2, 900_000)], 2),
    ],
)
def test_no_shard_is_over_its_size_and_every_row_is_where_it_was_said(tmp_path, tables, files):
    placed = _write(tmp_path / "a", tables)
    paths = sorted((tmp_path / "a").iterdir())
    assert len(paths) == files
    assert all(path.stat().st_size <= 1_000_000 for path in paths)
    read = {path.name: pq.read_table(path) for path in paths}
    for table, (names, rows) in zip(tables, placed, strict=True):
        for at, (name, row) in enumerate(zip(names, rows, strict=True)):
            assert read[name].slice(row, 1).to_pylist() == table.slice(at, 1).to_pylist()
    assert all(table.schema == SHARD_SCHEMA for table in read.values())


def test_equal_content_gives_equal_bytes(tmp_path):
    tables = [_table(16, 3000), _table(16, 3000, 16)]
    _write(tmp_path / "a", tables)
    _write(tmp_path / "b", tables)
    assert tree_digest(tmp_path / "a") == tree_digest(tmp_path / "b")
    _write(tmp_path / "c", [_table(16, 3000), _table(16, 3000, 17)])
    assert tree_digest(tmp_path / "c") != tree_digest(tmp_path / "a")


def test_pictures_hold_no_statistics(tmp_path):
    _write(tmp_path / "a", [_table(3, 100)])
    group = pq.read_metadata(tmp_path / "a" / "00000.parquet").row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert columns["image"].statistics is None and columns["image"].compression == "UNCOMPRESSED"
