"""What the parent keeps of all batches while they stream by: everything but the pictures."""

from collections import Counter
from typing import Any

import pyarrow as pa

from unirg_core.ingest.build import KEPT_SCHEMA, Batch, Reject
from unirg_core.ingest.deid_report import deid_report
from unirg_core.params import Deid
from unirg_core.study import PICTURES, REJECT_SCHEMA, TRUTH_SCHEMA


class Collected:
    """Rows without pictures, truth, rejects, and counts of what was scrubbed."""

    def __init__(self, rejects: list[Reject]) -> None:
        self.rejects = rejects
        self._truth: list[dict[str, Any]] = []
        self._found: Counter[str] = Counter()
        self._tables: list[pa.Table] = []

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        self._tables.append(_without_pictures(batch.rows))
        self.rejects += batch.rejects
        self._truth += batch.truth
        self._found.update(batch.found)

    def table(self, places: list[tuple[str, int]]) -> pa.Table:
        """Return all rows, in order, with their places."""
        empty = _without_pictures(KEPT_SCHEMA.empty_table())
        kept = pa.concat_tables([empty, *(table for table in self._tables if table.num_rows)])
        kept = kept.append_column("shard", pa.array([name for name, _ in places], pa.string()))
        return kept.append_column("row", pa.array([row for _, row in places], pa.int32()))

    def reject_table(self) -> pa.Table:
        """Return the rejects, in the order of their keys."""
        rows = sorted({(reject.key, reject.sentence) for reject in self.rejects})
        return pa.Table.from_pylist([{"key": key, "reason": reason} for key, reason in rows], REJECT_SCHEMA)

    def truth_table(self, studies: set[str]) -> pa.Table:
        """Return the truth of the studies that were taken."""
        return pa.Table.from_pylist([row for row in self._truth if row["study_id"] in studies], TRUTH_SCHEMA)

    def report(self, settings: Deid, manifest: pa.Table) -> dict[str, Any]:
        """Return the de-identification report on what was read and what of it is in the manifest."""
        reasons = [reject.reason for reject in self.rejects]
        return deid_report(settings, self._found, reasons, manifest["burned_in"].to_pylist())


def _without_pictures(rows: pa.Table) -> pa.Table:
    return rows.drop_columns([name for name in PICTURES if name in rows.column_names])
