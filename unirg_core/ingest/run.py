"""The stage: raw studies through worker processes into shards, manifest, rejects, truth and de-identification report.

Studies are taken in the order of their keyed ids, in chunks that do not depend on the number of processes, and results
are written in that order: any number of processes gives the same bytes. Few chunks are under way at once, so memory
stays flat. The manifest is written last: where it stands, the dataset is complete.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from unirg_core.faults import BadInput
from unirg_core.files import folder_written_whole, write_json
from unirg_core.home import die_with, home
from unirg_core.ingest.build import Batch, Builder, Reject, merged
from unirg_core.ingest.deid_report import deid_report
from unirg_core.ingest.manifest import complete
from unirg_core.ingest.opening import open_pinned, open_source
from unirg_core.ingest.shards import ShardWriter, write_table
from unirg_core.ingest.splits import assign
from unirg_core.ingest.workers import Workers
from unirg_core.keys import Vault, open_vault
from unirg_core.params import Ingest, Params
from unirg_core.progress import Progress, say
from unirg_core.study import MANIFEST, PICTURES, REJECT_SCHEMA, REJECTS, STUDIES, TRUTH, TRUTH_SCHEMA, shard_schema
from unirg_core.wording import commonest, counted

_CHUNK = 64
_DEID = "data/deid.json"
_COMMONEST = 3


def ingest(params: Params, root: Path) -> None:
    """Make the dataset of a checkout from the source that its parameters name.

    Raises
    ------
    BadInput
        When the source cannot be read, is not what was pinned, or nothing usable or no split comes of it.
    """
    source, vault = open_pinned(params, root)
    _clear(root)
    listed = sorted((vault.pseudonym("study", study.key), study.key) for study in source.studies())
    chunks = [[key for _, key in listed[at : at + _CHUNK]] for at in range(0, len(listed), _CHUNK)]
    rejects = [Reject(vault.pseudonym("row", r.key), r.reason) for r in source.refusals()]
    progress = Progress("ingest", len(listed), "studies")
    whole = _Collected(rejects)
    with folder_written_whole(root / STUDIES) as folder, ShardWriter(folder, params.ingest.shard_mb) as shards:
        for chunk, batch in zip(chunks, _batches(params.ingest, root, vault, chunks), strict=True):
            whole.add(batch, *shards.add(batch.rows.select(shard_schema(params.ingest.lateral).names)))
            progress.step(len(chunk))
    write_table(root / REJECTS, whole.reject_table())
    manifest = _manifest(whole, params, vault, root)
    write_table(root / TRUTH, pa.Table.from_pylist(whole.truth, TRUTH_SCHEMA))
    reasons, marks = [reject.reason for reject in whole.rejects], manifest["burned_in"].to_pylist()
    write_json(root / _DEID, deid_report(params.ingest.deid, whole.found, reasons, marks))
    write_table(root / MANIFEST, manifest)
    vault.seal()
    taken, lost = counted(manifest.num_rows, "study"), counted(len(whole.rejects), "file")
    say("ingest", f"{taken} taken, {lost} rejected ({root / REJECTS}).")
    for reason in commonest(reject.reason for reject in whole.rejects):
        say("ingest", f"rejected: {reason}")


class _Collected:
    """What the parent keeps of all batches: everything but the pictures."""

    def __init__(self, rejects: list[Reject]) -> None:
        self.rejects, self.truth, self.found = rejects, [], Counter()
        self._tables: list[pa.Table] = []

    def add(self, batch: Batch, shards: list[str], rows: list[int]) -> None:
        """Keep a batch and where its rows were written."""
        table = batch.rows.drop_columns([name for name in PICTURES if name in batch.rows.column_names])
        table = table.append_column("shard", pa.array(shards, pa.string()))
        self._tables.append(table.append_column("row", pa.array(rows, pa.int32())))
        self.rejects += batch.rejects
        self.truth += batch.truth
        self.found.update(batch.found)

    def table(self) -> pa.Table | None:
        """Return all rows, in order; None where there are none."""
        tables = [table for table in self._tables if table.num_rows]
        return pa.concat_tables(tables) if tables else None

    def reject_table(self) -> pa.Table:
        """Return the rejects, in the order of their keys."""
        rows = sorted({(reject.key, reject.sentence) for reject in self.rejects})
        return pa.Table.from_pylist([{"key": key, "reason": reason} for key, reason in rows], REJECT_SCHEMA)


def _clear(root: Path) -> None:
    """Take away the manifest first, so that no old one vouches for new data, then what a killed run left half done."""
    (root / MANIFEST).unlink(missing_ok=True)
    for left in (root / STUDIES).parent.glob(".*.tmp"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _manifest(whole: _Collected, params: Params, vault: Vault, root: Path) -> pa.Table:
    kept = whole.table()
    if kept is None:
        raise BadInput(_nothing(whole.rejects, root))
    pairs = zip(kept["patient_id"].to_pylist(), kept["institution"].to_pylist(), strict=True)
    return complete(kept, assign(dict(pairs), params.ingest.split, vault.fraction))


def _nothing(rejects: Sequence[Reject], root: Path) -> str:
    """Say that all was rejected, by which reasons, and where they stand."""
    reasons = Counter(reject.reason for reject in rejects).most_common(_COMMONEST)
    told = "; ".join(f"{count} x {reason.rstrip('.')}" for reason, count in reasons) or "the source is empty"
    return (
        f"Nothing of the source is usable: {len(rejects)} files were rejected ({told}). All reasons: {root / REJECTS}."
    )


def _batches(params: Ingest, root: Path, vault: Vault, chunks: Sequence[list[str]]) -> Iterator[Batch]:
    """Yield the batch of each chunk, in order."""
    if params.processes == 1 or len(chunks) < 2:
        work = _Work(params, root)
        yield from map(work.do, chunks)
        return
    processes = min(params.processes, len(chunks))
    arguments = (params, root.absolute(), home(), os.getpid())
    yield from Workers(processes, _do, _start, arguments, partial(_lost, vault), merged).in_order(chunks)


def _lost(vault: Vault, key: str) -> Batch:
    reason = "Reading the study ended its process: its file is damaged, or memory ran out."
    return Batch(rejects=[Reject(vault.pseudonym("study", key), reason)])


class _Work:
    """A process's own source and vault."""

    def __init__(self, params: Ingest, root: Path) -> None:
        self._source = open_source(params, root)
        self._builder = Builder(self._source.name, open_vault(params.source, home()), params)

    def do(self, keys: list[str]) -> Batch:
        """Read and build some studies."""
        return self._builder.batch(self._source.read(keys))


_worker: dict[str, Any] = {}  # of a worker process: what it was started with, and its source once it has opened it


def _start(params: Ingest, root: Path, state: Path, parent: int) -> None:
    die_with(parent)
    os.environ["UNIRG_HOME"] = str(state)
    _worker["arguments"] = (params, root)


def _do(keys: list[str]) -> Batch:
    if "work" not in _worker:
        _worker["work"] = _Work(*_worker["arguments"])
    return _worker["work"].do(keys)
