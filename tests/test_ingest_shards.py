"""Shards: bounded in size, equal bytes for equal content, and every row where the manifest says."""

from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unirg_core.files import tree_digest
from unirg_core.ingest.shards import ShardWriter, write_parts, write_table
from unirg_core.study import REJECT_SCHEMA, SHARD_SCHEMA


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


@pytest.mark.parametrize("parts", [[], [0], [64] * 40, [2047, 1], [2048], [1, 2048, 5000, 0], [9000]])
def test_a_table_in_parts_is_the_whole_one_in_row_groups(tmp_path, parts):
    ends = [sum(parts[:at]) for at in range(len(parts) + 1)]
    rows = [{"key": f"k{number:06d}", "reason": f"reason {number % 7}"} for number in range(ends[-1])]
    whole = pa.Table.from_pylist(rows, REJECT_SCHEMA)
    cut = (whole.slice(begin, end - begin) for begin, end in pairwise(ends))
    write_parts(tmp_path / "parts.parquet", REJECT_SCHEMA, cut)
    write_table(tmp_path / "whole.parquet", whole)
    assert pq.read_table(tmp_path / "parts.parquet").equals(whole)
    told = pq.read_metadata(tmp_path / "parts.parquet")
    counts = [told.row_group(at).num_rows for at in range(told.num_row_groups)]
    assert counts[:-1] == [2048] * (ends[-1] // 2048) and (counts[-1:] or [0]) == [ends[-1] % 2048]
    if 0 < ends[-1] < 2048:
        assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_pictures_hold_no_statistics(tmp_path):
    _write(tmp_path / "a", [_table(3, 100)])
    group = pq.read_metadata(tmp_path / "a" / "00000.parquet").row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert columns["image"].statistics is None and columns["image"].compression == "UNCOMPRESSED"
