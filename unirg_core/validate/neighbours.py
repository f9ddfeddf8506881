"""What only a look at other studies can tell: copies, leaks from training to test, priors, places in the shards."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.study import STUDIES
from unirg_core.validate.hashes import near_pairs, parsed

_NOBODY = np.iinfo(np.int64).max


def copies(table: pd.DataFrame) -> pd.Series:
    """Name the first study with the same digest; None for the first itself, which stays."""
    ordered = table.iloc[_by_time(table)]
    first = ordered.groupby("digest")["study_id"].transform("first").astype(object)
    return first.where(ordered["digest"].duplicated(), None).reindex(table.index)


def near_copies(table: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Name for each study an earlier one with nearly the same picture, and for what is not tested one that is.

    Parameters
    ----------
    table
        Columns study_id, visit, split and phash (64 hex digits, or null: no copy of anything).
    bits
        In how many of 256 bits two copies may differ.

    Returns
    -------
    DataFrame
        `near_copy_of` (the earliest such study) and `leaks_from` (of a training or validation study: the earliest
        test study of nearly the same picture); None where there is none.
    """
    order = _by_time(table)
    rank = np.empty(len(table), np.int64)
    rank[order] = np.arange(len(table))
    group, unique = pd.factorize(table["phash"])  # equal hashes are one; null is -1, the place behind the last
    tested = (table["split"] == "test").to_numpy()
    known = group >= 0
    earliest = _least(group[known], rank[known], len(unique) + 1)
    earliest_tested = _least(group[known & tested], rank[known & tested], len(unique) + 1)
    around, around_tested = earliest.copy(), earliest_tested.copy()
    for one, other in near_pairs(parsed(unique), bits):
        for held, near in ((earliest, around), (earliest_tested, around_tested)):
            np.minimum.at(near, one, held[other])
            np.minimum.at(near, other, held[one])
    nearest, nearest_tested = around[group], np.where(tested, _NOBODY, around_tested[group])
    names = table["study_id"].to_numpy(object)[order]
    return pd.DataFrame(
        {
            "near_copy_of": _named(names, np.where(nearest < rank, nearest, _NOBODY)),
            "leaks_from": _named(names, nearest_tested),
        },
        index=table.index,
        dtype=object,
    )


def _by_time(table: pd.DataFrame) -> np.ndarray:
    """Return the places of the studies in the order of visit and id."""
    return np.lexsort([pd.factorize(table["study_id"], sort=True)[0], table["visit"].fillna(0)])


def _least(group: np.ndarray, rank: np.ndarray, groups: int) -> np.ndarray:
    least = np.full(groups, _NOBODY)
    np.minimum.at(least, group, rank)
    return least


def _named(names: np.ndarray, rank: np.ndarray) -> np.ndarray:
    found = np.full(len(rank), None, dtype=object)
    there = rank < _NOBODY
    found[there] = names[rank[there]]
    return found


def report_leaks(table: pd.DataFrame, words: int) -> np.ndarray:
    """Name for what is not tested the first test study whose report is equal up to numbers, if it has `words` words.

    `table` has the columns study_id, split, template and report_words.
    """
    long = (table["report_words"] >= words).to_numpy()
    tested = (table["split"] == "test").to_numpy()
    first = table[long & tested].groupby("template")["study_id"].min()
    at = first.index.get_indexer(table["template"])
    leaks = long & ~tested & (at >= 0)
    found = np.full(len(table), None, dtype=object)
    found[leaks] = first.to_numpy(object)[at[leaks]]
    return found


def prior_fault(table: pd.DataFrame) -> np.ndarray:
    """Say what is wrong with a study's prior: absent, another patient's, or not earlier."""
    studies = pd.Index(table["study_id"])
    at = studies.drop_duplicates().get_indexer(table["prior_study_id"])
    first = np.flatnonzero(~studies.duplicated())
    there = table["prior_study_id"].notna().to_numpy()
    found = there & (at >= 0)
    place = first[np.where(found, at, 0)] if len(first) else np.zeros(len(table), np.int64)
    visit = table["visit"].to_numpy(np.float64, na_value=np.nan)
    patient = pd.factorize(table["patient_id"])[0]
    fault = np.full(len(table), None, dtype=object)
    fault[found & ~(visit[place] < visit)] = "not earlier"
    fault[found & (patient[place] != patient)] = "another patient's"
    fault[there & (at < 0)] = "not in the dataset"
    return fault


def shard_fault(root: Path, manifest: pa.Table) -> np.ndarray:
    """Name the shard where the manifest's shard and row do not lead to the study."""
    shards = manifest["shard"].fill_null("").combine_chunks().dictionary_encode()
    names = shards.dictionary.to_pylist()
    held = [_held(root / STUDIES / name) for name in names]
    sizes = np.array([len(ids) for ids in held], np.int64)
    shard = shards.indices.to_numpy()
    row = manifest["row"].fill_null(-1).to_numpy()
    inside = (row >= 0) & (row < sizes[shard]) if len(names) else np.zeros(0, bool)
    right = np.zeros(len(row), bool)
    if inside.any():
        place = (np.cumsum(sizes) - sizes)[shard[inside]] + row[inside]
        there = pa.chunked_array(held, pa.string()).combine_chunks().take(pa.array(place))
        right[inside] = pc.equal(there, manifest["study_id"].combine_chunks().filter(inside)).fill_null(False)
    return np.where(right, None, np.array(names, object)[shard]) if len(names) else np.zeros(0, object)


def _held(path: Path) -> pa.Array:
    if not path.is_file():
        return pa.array([], pa.string())
    return pq.read_table(path, columns=["study_id"])["study_id"].combine_chunks()
