"""The stage: raw studies through worker processes into shards, manifest, rejects, truth and de-identification report.

Studies are taken in the order of their keyed ids, in chunks that do not depend on the number of processes, and results
are written in that order: any number of processes gives the same bytes. Few chunks are under way at once, so memory
stays flat. The manifest is written last: where it stands, the dataset is complete.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from unirg_core.faults import BadInput
from unirg_core.files import folder_written_whole, write_json
from unirg_core.ingest.batches import batches
from unirg_core.ingest.build import Batch, Reject
from unirg_core.ingest.deidentify import CATEGORIES, PROFILE, RESIDUAL_RISK, VERSION
from unirg_core.ingest.manifest import complete
from unirg_core.ingest.opening import open_pinned
from unirg_core.ingest.shards import ShardWriter, write_table
from unirg_core.ingest.splits import assign
from unirg_core.ingest.spool import Spool, spooling
from unirg_core.keys import Vault
from unirg_core.params import Params
from unirg_core.progress import Progress, say
from unirg_core.study import MANIFEST, REJECT_SCHEMA, REJECTS, SHARD_SCHEMA, STUDIES, TRUTH, TRUTH_SCHEMA

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
    listed, rejects, vault = _listed(params, root)
    with spooling(params, root) as spool:
        _ingest(params, root, vault, listed, rejects, spool)


def _listed(params: Params, root: Path) -> tuple[list[str], list[Reject], Vault]:
    """Return the keyed names of all studies, in order, and what the source itself refused; the source is let go."""
    source, vault = open_pinned(params, root)
    names = sorted(vault.pseudonym("study", study.key) for study in source.studies())
    return names, [Reject(vault.pseudonym("row", r.key), r.reason) for r in source.refusals()], vault


def _ingest(params: Params, root: Path, vault: Vault, listed: list[str], rejects: list[Reject], spool: Spool) -> None:
    _clear(root)
    chunks = [listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK)]
    progress = Progress("ingest", len(listed), "studies")
    whole = _Collected(rejects)
    with folder_written_whole(root / STUDIES) as folder, ShardWriter(folder, params.ingest.shard_mb) as shards:
        for chunk, batch in zip(chunks, batches(params.ingest, root, spool, chunks), strict=True):
            whole.add(batch, *shards.add(batch.rows.select(SHARD_SCHEMA.names)))
            progress.step(len(chunk))
    write_table(root / REJECTS, whole.reject_table())
    manifest = _manifest(whole, params, vault, root)
    write_table(root / TRUTH, pa.Table.from_pylist(whole.truth, TRUTH_SCHEMA))
    write_json(root / _DEID, _report(whole))
    write_table(root / MANIFEST, manifest)
    vault.seal()
    say("ingest", f"{manifest.num_rows} studies taken, {len(whole.rejects)} files rejected ({root / REJECTS}).")


class _Collected:
    """What the parent keeps of all batches: everything but the pictures."""

    def __init__(self, rejects: list[Reject]) -> None:
        self.rejects, self.truth, self.found = rejects, [], Counter()
        self._tables: list[pa.Table] = []

    def add(self, batch: Batch, shards: list[str], rows: list[int]) -> None:
        """Keep a batch and where its rows were written."""
        table = batch.rows.drop_columns(["image"])
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


def _report(whole: _Collected) -> dict[str, Any]:
    burned = sum("burned into" in reject.reason for reject in whole.rejects)
    return {
        "profile": PROFILE,
        "version": VERSION,
        "removed_from_text": {name: whole.found[name] for name in CATEGORIES},
        "refused": {"burned_in_annotation": burned},
        "residual_risk": RESIDUAL_RISK,
    }
