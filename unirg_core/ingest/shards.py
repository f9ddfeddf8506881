"""Write studies to Parquet shards: the same studies in the same order give the same bytes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.files import written_whole
from unirg_core.study import PICTURES

_MB = 1_000_000
_LEVEL = 15  # of zstd; half a million rows of the manifest take it half a minute
_GROUP = 2048  # rows of a long table that are held at a time
_ROOM = 0.98  # the rest is for Parquet's own pages and footer
_REPEATED = ["institution", "source", "policy_id", "sex", "view", "modality", "photometric"]
_FEW = [*_REPEATED, "split", "shard", "visit", "age", "comparison", "image_height", "image_width", "original_bits"]
_FEW += ["test_set", "finding", "side", "severity", "reason"]
_LISTS = ["labels", "sides", "severities"]


class ShardWriter:
    """Write tables one after the other into `00000.parquet`, `00001.parquet` and so on from `first`, none over a size.

    Each table that is added becomes a row group, so that a picture is read without reading the shard.
    """

    def __init__(self, folder: Path, largest_mb: int, first: int = 0) -> None:
        self._folder, self._room = folder, int(largest_mb * _MB * _ROOM)
        self._writer: pq.ParquetWriter | None = None
        self._shard, self._rows, self._bytes = first - 1, 0, 0

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None  # a closed one still holds what it knows of every row group

    def add(self, table: pa.Table) -> tuple[list[str], list[int]]:
        """Write a table of shard_schema; return the shard's name and the row in it for each of its rows."""
        names: list[str] = []
        rows: list[int] = []
        for part in self._fitting(table):
            self._make_room(part.nbytes, part.schema)
            self._writer.write_table(part, row_group_size=part.num_rows)
            names += [f"{self._shard:05d}.parquet"] * part.num_rows
            rows += range(self._rows, self._rows + part.num_rows)
            self._rows += part.num_rows
            self._bytes += part.nbytes
        return names, rows

    def _fitting(self, table: pa.Table) -> Iterator[pa.Table]:
        if table.num_rows == 0:
            return
        if table.num_rows == 1 or table.nbytes <= self._room:
            yield table
            return
        half = table.num_rows // 2
        for part in (table.slice(0, half), table.slice(half)):
            yield from self._fitting(part)

    def _make_room(self, size: int, schema: pa.Schema) -> None:
        if self._writer is not None and self._bytes + size <= self._room:
            return
        self._close()
        self._shard, self._rows, self._bytes = self._shard + 1, 0, 0
        compression = {name: "none" if name in PICTURES else "zstd" for name in schema.names}
        self._writer = pq.ParquetWriter(
            self._folder / f"{self._shard:05d}.parquet",
            schema,
            compression=compression,
            use_dictionary=_REPEATED,
            write_statistics=_REPEATED,
        )


def write_table(path: Path, table: pa.Table) -> None:
    """Write one Parquet file whole, small: it goes to the remote again with every version.

    Ids, digests and texts hardly repeat, so a dictionary of them would only be read past.
    """
    with written_whole(path) as temporary:
        pq.write_table(table, temporary, **_small(table.schema))


def write_parts(path: Path, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
    """Write a table that comes in parts, of which few are held at a time; each 2,048 rows become a row group.

    Up to so many rows the bytes are those of `write_table`.
    """
    with written_whole(path) as temporary, pq.ParquetWriter(temporary, schema, **_small(schema)) as writer:
        for group in _groups(schema, parts):
            writer.write_table(group)


def _groups(schema: pa.Schema, parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield whole groups, then what is left; of the parts that are in one, nothing is held when it is yielded."""
    waiting = schema.empty_table()
    for part in parts:
        waiting = pa.concat_tables([waiting, part])
        while waiting.num_rows >= _GROUP:
            group, waiting = waiting.slice(0, _GROUP).combine_chunks(), waiting.slice(_GROUP)
            yield group
    yield waiting.combine_chunks()


def _small(schema: pa.Schema) -> dict[str, Any]:
    repeated = [name for name in schema.names if name in _FEW] + [f"{name}.list.element" for name in _LISTS]
    floats = [field.name for field in schema if pa.types.is_float32(field.type)]
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "write_statistics": False,
        "use_dictionary": repeated,
        "column_encoding": dict.fromkeys(floats, "BYTE_STREAM_SPLIT") | _encodings(schema),
    }


def _encodings(schema: pa.Schema) -> dict[str, str]:
    """Return the encodings of columns whose values stand in order, where there is a row a study."""
    ordered = {"row": "DELTA_BINARY_PACKED", "batch": "DELTA_BINARY_PACKED", "study_id": "DELTA_BYTE_ARRAY"}
    return {name: ordered[name] for name in schema.names if name in ordered and "row" in schema.names}
