"""The tables that the expectations look at: the schemas, one row a study, and one row a label or an institution.

No report text gets into them, since their values stand in the Data Docs; a text that holds an identifier is shown as
the kind of identifier found. What is measured of a text was measured at ingest (ingest/measures.py).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.faults import BadInput
from unirg_core.params import Params, Validate
from unirg_core.study import (
    LABELS,
    LATERAL,
    MANIFEST,
    MANIFEST_SCHEMA,
    REJECTS,
    SHARD_SCHEMA,
    SPLITS,
    STUDIES,
    shard_schema,
)
from unirg_core.validate import neighbours

REQUIRED = (
    *("study_id", "patient_id", "institution", "source", "policy_id", "digest", "split", "visit", "shard", "row"),
    *("image_height", "image_width", "image_mean", "image_std", "image_saturated", "phash"),
    *("findings_words", "impression_words", "template"),
)
"""Columns that hold a value for every study; an expectation about values passes over nulls."""

_PLAIN = (
    *("study_id", "patient_id", "institution", "split", "view", "sex", "age", "visit", "prior_study_id", "digest"),
    *("image_height", "image_width", "image_mean", "image_std", "image_saturated", "phash"),
    *("findings_words", "impression_words", "english", "template", "phi_kind", "unnamed"),
)
_LISTS = ("labels", "sides", "severities")


def schema_table(root: Path) -> pd.DataFrame:
    """Compare the columns of manifest and shards with the schema: one row a file and column.

    Raises
    ------
    BadInput
        When the manifest is missing or is no Parquet file.
    """
    expected = {root / MANIFEST: MANIFEST_SCHEMA}
    expected |= dict.fromkeys(sorted((root / STUDIES).glob("*.parquet")), SHARD_SCHEMA)
    rows = []
    for path, schema in expected.items():
        found = read_schema(path)
        schema = shard_schema(True) if schema is SHARD_SCHEMA and LATERAL.name in found.names else schema
        for name in dict.fromkeys([*schema.names, *found.names]):
            pair = [_type(s, name) for s in (schema, found)]
            rows.append({"column": f"{path.name}: {name}", "expected": pair[0], "found": pair[1]})
    return pd.DataFrame(rows)


def _type(schema: pa.Schema, name: str) -> str:
    """Return a column's type in words; Parquet calls a list's child `element`, Arrow `item`."""
    return str(schema.field(name).type).replace("element:", "item:") if name in schema.names else "no such column"


def read_schema(path: Path) -> pa.Schema:
    """Return a Parquet file's schema."""
    try:
        return pq.read_schema(path)
    except FileNotFoundError:
        raise BadInput(f"{path} is missing; run ingest first.") from None
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path} is no Parquet file ({error}); run ingest again.") from None


def read_manifest(root: Path) -> pa.Table:
    """Return the manifest's columns that are looked at: no texts. A hash that is none is null."""
    manifest = pq.read_table(root / MANIFEST, columns=sorted({*REQUIRED, *_PLAIN, *_LISTS}))
    sound = pc.match_substring_regex(manifest["phash"], "^[0-9a-f]{64}$")
    hashes = pc.if_else(sound, manifest["phash"], pa.scalar(None, pa.string()))
    return manifest.set_column(manifest.column_names.index("phash"), "phash", hashes)


def studies_table(root: Path, manifest: pa.Table, params: Params) -> pd.DataFrame:
    """Return one row a study: the manifest's columns that need no neighbour, and the derived ones."""
    asked = params.validate_
    table = manifest.select(list(_PLAIN)).to_pandas()
    table[["view", "sex"]] = table[["view", "sex"]].fillna("")
    table["null_in"] = _null_in(manifest)
    table["patient_splits"] = table.groupby("patient_id")["split"].transform("nunique")
    table["held_out_in"] = _held_out_in(table, params.ingest.split.held_out)
    table["prior_fault"] = neighbours.prior_fault(table)
    table["label_fault"] = _label_fault(manifest)
    table["shard_fault"] = neighbours.shard_fault(root, manifest)
    table["digest_copy_of"] = neighbours.copies(table)
    table["report_words"] = table["findings_words"] + table["impression_words"]
    table["longest_section"] = table[["findings_words", "impression_words"]].max(axis=1)
    table["image_side"] = table[["image_height", "image_width"]].min(axis=1)
    table["image_longer"] = table[["image_height", "image_width"]].max(axis=1)
    table["report_leaks_from"] = neighbours.report_leaks(table, asked.leak_report_words)
    return table.join(neighbours.near_copies(table, asked.near_copy_bits))


def _null_in(manifest: pa.Table) -> np.ndarray:
    """Name the first required column that holds no value."""
    found = np.full(manifest.num_rows, None, dtype=object)
    for name in reversed(REQUIRED):
        if manifest[name].null_count:
            found[manifest[name].is_null().to_numpy()] = name
    return found


def _held_out_in(table: pd.DataFrame, held_out: tuple[str, ...]) -> pd.Series:
    """Name the split that a study of a held-out institution stands in, where it is not the test split."""
    wrong = table["institution"].isin(held_out) & (table["split"] != "test")
    return table["split"].astype(object).where(wrong, None)


def _label_fault(manifest: pa.Table) -> np.ndarray:
    """Name the first of labels, sides and severities that has not 14 values of its domain."""
    domains = {
        "labels": pa.array([1, 0, -1, None], pa.int8()),
        "sides": pa.array(["left", "right", "bilateral", ""]),
        "severities": pa.array(["mild", "moderate", "severe", ""]),
    }
    fault = np.full(manifest.num_rows, None, dtype=object)
    for name, domain in reversed(domains.items()):
        column = manifest[name].combine_chunks()
        known = pc.is_in(pc.list_flatten(column), value_set=domain)
        wrong = pc.list_value_length(column).fill_null(-1).to_numpy() != len(LABELS)
        wrong[pc.list_parent_indices(column).filter(pc.invert(known)).to_numpy()] = True
        fault[wrong] = name
    return fault


def present(manifest: pa.Table) -> np.ndarray:
    """Return which labels are present or uncertain, as label F1 counts them; (studies, 14) bool.

    The manifest's label lists must have 14 values. A house that writes "nodular density" is hedging, and would seem to
    have no lesions if only what is certain counted.
    """
    values = pc.list_flatten(manifest["labels"]).fill_null(0)
    return (values.to_numpy() != 0).reshape(-1, len(LABELS))


def labels_table(shown: np.ndarray, train: np.ndarray, asked: Validate) -> pd.DataFrame:
    """Return one row a label that occurs or has bounds of its own: its studies, share of training ones, and bounds.

    `shown` (studies, 14) says which labels are present in the selected studies, `train` which of them train.
    """
    share = shown[train].mean(axis=0) if train.any() else np.zeros(len(LABELS))
    bounds = [asked.prevalence.get(label, (asked.minimum_prevalence, asked.maximum_prevalence)) for label in LABELS]
    table = pd.DataFrame({"label": LABELS, "studies": shown.sum(axis=0), "train_share": share})
    table[["least", "greatest"]] = bounds
    return table[(table["studies"] > 0) | table["label"].isin(list(asked.prevalence))]


def institutions_table(selection: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Return one row an institution: its studies a split, which part it cannot play, and the shares of its templates.

    `selection` has the columns institution, split and template. Too few reports say nothing about templates: null.
    """
    held_out, asked = params.ingest.split.held_out, params.validate_
    counts = pd.crosstab(selection["institution"], selection["split"]).reindex(columns=list(SPLITS), fill_value=0)
    counts = counts.reindex(sorted({*counts.index, *held_out}), fill_value=0)
    table = counts.rename_axis("institution").reset_index()
    out = table["institution"].isin(held_out)
    table["lacks"] = None
    table.loc[~out & (table["train"] == 0), "lacks"] = "training studies"
    table.loc[out & (table["test"] == 0), "lacks"] = "test studies, though it is held out"
    same = selection.groupby(["institution", "template"]).size()
    reports = counts.sum(axis=1)
    enough = reports.where(reports >= asked.minimum_for_shares)
    repeated = same[same > 1].groupby("institution").sum().reindex(counts.index, fill_value=0)
    commonest = same.groupby("institution").max().reindex(counts.index, fill_value=0)
    table["repeated_share"] = (repeated / enough).to_numpy()
    table["commonest_share"] = (commonest / enough).to_numpy()
    return table


def reject_reasons(root: Path) -> list[str]:
    """Return why ingest rejected what it rejected: one sentence an input."""
    path = root / REJECTS
    return pq.read_table(path, columns=["reason"])["reason"].to_pylist() if path.exists() else []
