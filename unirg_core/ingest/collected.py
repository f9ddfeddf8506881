"""What the parent keeps of all batches while they stream by: names, days and digests, no texts or pictures."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from unirg_core.ingest.arrivals import Places
from unirg_core.ingest.assignment import row_key
from unirg_core.ingest.build import KEPT_SCHEMA, Batch, Reject
from unirg_core.ingest.cells import Unread
from unirg_core.ingest.deid_report import deid_report
from unirg_core.params import Deid
from unirg_core.study import REJECT_SCHEMA, TRUTH_SCHEMA

_KEPT = ("study_id", "patient_id", "institution", "day", "digest", "content", "published", "burned_in", "unnamed")
_TOGETHER = 64  # small tables that are made one: each has an overhead


class Collected:
    """What is kept of the rows, truth, rejects, and counts of what was scrubbed."""

    def __init__(self, rejects: list[Reject], unread: Mapping[str, Unread] | None = None) -> None:
        self.rejects, self._unread = rejects, unread or {}
        self._found: Counter[str] = Counter()
        self._rows = _Growing(KEPT_SCHEMA.empty_table().select(_KEPT))
        self._truth = _Growing(TRUTH_SCHEMA.empty_table())

    def add(self, batch: Batch) -> None:
        """Keep of a batch what is kept."""
        rows = batch.rows.select(_KEPT)
        short = pa.array([row_key("", digest) for digest in rows["digest"].to_pylist()], pa.string())
        self._rows.add(rows.set_column(_KEPT.index("digest"), "digest", short))
        self._truth.add(pa.Table.from_pylist(batch.truth, TRUTH_SCHEMA))
        self.rejects += batch.rejects
        self._found.update(batch.found)

    def table(self, places: Places) -> pa.Table:
        """Hand over what is kept of all rows, in order, with their places; the digests are beginnings."""
        kept = self._rows.whole()
        for name, values in places.columns().items():
            kept = kept.append_column(name, values)
        return kept

    def reject_table(self) -> pa.Table:
        """Return the rejects, in the order of their keys."""
        rows = sorted({(reject.key, reject.sentence) for reject in self.rejects})
        return pa.Table.from_pylist([{"key": key, "reason": reason} for key, reason in rows], REJECT_SCHEMA)

    def truth_table(self, studies: pa.ChunkedArray) -> pa.Table:
        """Hand over the truth of the studies that were taken."""
        truth = self._truth.whole()
        return truth.filter(pc.is_in(truth["study_id"], value_set=studies.combine_chunks()))

    def report(self, settings: Deid, taken: pa.Table) -> dict[str, Any]:
        """Return the de-identification report on what was read and what of it is taken."""
        reasons = (reject.reason for reject in self.rejects)
        marks, unnamed = (taken[name].to_pylist() for name in ("burned_in", "unnamed"))
        return deid_report(settings, self._found, reasons, marks, unnamed, self._unread)


class _Growing:
    """A table that grows by small ones, which are copied: a column of a chunk holds the memory of the whole chunk."""

    def __init__(self, empty: pa.Table) -> None:
        self._large, self._small = [empty], []

    def add(self, table: pa.Table) -> None:
        if table.num_rows:
            self._small.append(table.take(pa.array(range(table.num_rows))))
        if len(self._small) == _TOGETHER:
            self._join()

    def whole(self) -> pa.Table:
        """Hand over all, and begin anew."""
        self._join()
        whole, self._large = pa.concat_tables(self._large), self._large[:1]
        return whole

    def _join(self) -> None:
        if self._small:
            self._large.append(pa.concat_tables(self._small).combine_chunks())
            self._small = []
