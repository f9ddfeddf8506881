"""What follows from a study's neighbours: visit and prior; added, with place and split, when all studies are known."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unirg_core.study import MANIFEST_SCHEMA

DERIVED = ("visit", "days_since_first", "prior_study_id", "split", "shard", "row")
"""The columns that do not follow from the study alone."""

STORED = tuple(name for name in MANIFEST_SCHEMA.names if name not in DERIVED)
"""The others."""


def neighbours(kept: pa.Table) -> pa.Table:
    """Return visit, days_since_first and prior_study_id of rows that have study_id, patient_id and day.

    Studies of the same day count as two visits, in the order of their ids, but neither is the other's prior: nothing
    tells which came first. One without a day comes last and has no prior and no distance.
    """
    keys = [(name, "ascending") for name in ("patient_id", "day", "study_id")]
    order = pc.sort_indices(kept, keys).to_numpy()  # no day comes last
    day = kept["day"].cast(pa.int64()).fill_null(np.iinfo(np.int64).max).to_numpy()[order]
    dated = kept["day"].is_valid().to_numpy()[order]
    patient = kept["patient_id"].combine_chunks().dictionary_encode().indices.to_numpy()[order]
    place = np.arange(len(order))
    another = np.diff(patient, prepend=-1) != 0
    start = _latest(place, another)
    day_start = _latest(place, another | (np.diff(day, prepend=-1) != 0))
    earlier = order[day_start - 1]
    none = ~dated | (day_start == start)
    back = np.empty_like(order)
    back[order] = place
    studies = kept["study_id"].combine_chunks()
    return pa.table(
        {
            "visit": (place - start)[back],
            "days_since_first": pa.array((day - day[start])[back], pa.int64(), mask=~dated[back]),
            "prior_study_id": studies.take(pa.array(earlier[back], mask=none[back])),
        }
    )


def _latest(place: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Return for each place the latest one, up to it, at which something begins."""
    return np.maximum.accumulate(np.where(begins, place, 0))


def completed(parts: Iterable[pa.Table], taken: pa.Table) -> Iterator[pa.Table]:
    """Yield the manifest in parts.

    Parameters
    ----------
    parts
        All rows, taken or not, in order, with the columns STORED.
    taken
        The rows that are taken, in the same order, with study_id and the columns DERIVED.
    """
    at = 0
    for part in parts:
        window = taken.slice(at, part.num_rows)
        rows = part.filter(pc.is_in(part["study_id"], value_set=window["study_id"].combine_chunks()))
        its = window.slice(0, rows.num_rows)
        at += rows.num_rows
        columns = {**{name: rows[name] for name in STORED}, **{name: its[name] for name in DERIVED}}
        yield pa.table([columns[field.name].cast(field.type) for field in MANIFEST_SCHEMA], schema=MANIFEST_SCHEMA)
