"""What follows from a study's neighbours: visit, prior and split; added when all studies are known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from unirg_core.study import MANIFEST_SCHEMA


def complete(kept: pa.Table, splits: Mapping[str, str]) -> pa.Table:
    """Return the manifest: the kept rows (all columns but the derived ones of time and split) in their order."""
    rows = kept.select(["study_id", "patient_id", "day"]).to_pylist()
    order = _in_time(rows)
    derived = {name: [order[row["study_id"]][name] for row in rows] for name in ("visit", "days_since_first", "prior")}
    columns = {name: kept[name] for name in kept.column_names}
    columns["visit"] = derived["visit"]
    columns["days_since_first"] = derived["days_since_first"]
    columns["prior_study_id"] = derived["prior"]
    columns["split"] = [splits[row["patient_id"]] for row in rows]
    return pa.table([_column(columns[field.name], field) for field in MANIFEST_SCHEMA], schema=MANIFEST_SCHEMA)


def _column(values: Any, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    return values.cast(field.type) if isinstance(values, pa.ChunkedArray) else pa.array(values, field.type)


def _in_time(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each study's place among its patient's.

    Studies of the same day count as two visits, in the order of their ids, but neither is the other's prior: nothing
    tells which came first. One without a day comes last and has no prior and no distance.
    """
    by_patient: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_patient[row["patient_id"]].append(row)
    placed: dict[str, dict[str, Any]] = {}
    for studies in by_patient.values():
        studies.sort(key=lambda row: (row["day"] is None, row["day"] or 0, row["study_id"]))
        first = studies[0]["day"]
        earlier: Mapping[str, Any] | None = None  # the last study of the last day before this one's
        for visit, row in enumerate(studies):
            before = studies[visit - 1] if visit else None
            if before is not None and before["day"] != row["day"]:
                earlier = before
            dated = row["day"] is not None
            placed[row["study_id"]] = {
                "visit": visit,
                "days_since_first": row["day"] - first if dated else None,
                "prior": earlier["study_id"] if earlier is not None and dated else None,
            }
    return placed
