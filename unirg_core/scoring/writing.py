"""Write rows as CSV, JSONL or Parquet, by the name's ending, batch by batch and whole or not at all."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from unirg_core.faults import BadInput
from unirg_core.files import written_whole

TABLES = (".csv", ".jsonl", ".parquet")
FIGURES = (".png", ".pdf", ".svg")

Write = Callable[[pa.RecordBatch], None]


def check_table_name(path: Path) -> None:
    """Refuse an output whose ending names no format, before any work is done."""
    if path.suffix.lower() not in TABLES:
        raise BadInput(f"--output {path} ends in no known format; let it end in {', '.join(TABLES)}.")


def check_figure(path: Path) -> None:
    """Refuse a figure whose ending names no picture's format, before any work is done."""
    if path.suffix.lower() not in FIGURES:
        raise BadInput(f"--figure {path} ends in no picture's format; let it end in {', '.join(FIGURES)}.")


def check_writable(option: str, path: Path) -> None:
    """Refuse an output that cannot be written, before any work is done; no folder is made and no file stays.

    Raises
    ------
    BadInput
        Naming the option and what stands in the way: a folder of that name, a file where a folder would have to be, no
        right to write, a disk that is full or a name that is too long.
    """
    with told(option, path):
        if path.is_dir():
            raise BadInput(f"{option} {path} is a folder; name a file.")
        folder = next(folder for folder in path.absolute().parents if folder.exists())
        if not folder.is_dir():
            raise BadInput(f"{option} {path} cannot be written: {folder} is a file, no folder; name another place.")
        trial = folder / f".{path.name}.{os.getpid()}.tmp"  # the name that `written_whole` will take
        trial.touch(exist_ok=False)
        trial.unlink()


@contextmanager
def told(option: str, path: Path) -> Iterator[None]:
    """Turn what the file system says of an output into one sentence that names the option."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise BadInput(f"{option} {path} cannot be written: {why}; name another place, or mend this one.") from error


def check_not_read(output: Path, *inputs: Path) -> None:
    """Refuse to write over a file that is read."""
    if output.resolve() in [path.resolve() for path in inputs]:
        raise BadInput(f"{output} would be written over, but it is read here too; name another file.")


@contextmanager
def table_writer(path: Path, schema: pa.Schema) -> Iterator[Write]:
    """Yield a function that appends a batch; the file appears under its name when all are written.

    A null is an empty cell in CSV and `null` in JSONL.
    """
    check_table_name(path)
    kinds = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    with written_whole(path) as temporary, kinds[path.suffix.lower()](temporary, schema) as write:
        yield write


@contextmanager
def _csv(path: Path, schema: pa.Schema) -> Iterator[Write]:
    from pyarrow import csv

    with csv.CSVWriter(path, schema, write_options=csv.WriteOptions(quoting_style="needed")) as writer:
        yield writer.write_batch


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Iterator[Write]:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema) as writer:
        yield writer.write_batch


@contextmanager
def _jsonl(path: Path, schema: pa.Schema) -> Iterator[Write]:
    with path.open("w", encoding="utf-8") as stream:

        def write(batch: pa.RecordBatch) -> None:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())

        yield write
