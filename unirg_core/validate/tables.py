"""The tables that the expectations look at: the manifest's columns, and what only a look over several rows can tell.

No report text gets into them, since their values stand in the Data Docs: a text that holds an identifier is shown as
the kind of identifier found.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.faults import BadInput
from unirg_core.params import Params
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

TEXTS = ("indication", "comparison", "findings", "impression")
REPORT = ("findings", "impression")
REQUIRED = (
    *("study_id", "patient_id", "institution", "source", "policy_id", "digest", "split", "visit", "shard", "row"),
    *("image_height", "image_width", "image_mean", "image_std", "image_saturated"),
)
"""Columns that hold a value for every study; an expectation about values passes over nulls."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
PHI: Mapping[str, re.Pattern[str]] = {
    "e-mail": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.I),
    "social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "phone": re.compile(r"(?:\(\d{3}\)\s?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b|\+\d{1,3}[ .-]?\(?\d[\d ().-]{6,}\d"),
    "date": re.compile(
        r"\b\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})\b|\b\d{4}([/.-])\d{1,2}\2\d{1,2}\b"
        rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b|\b{_MONTH}\s+(?:19|20)\d\d\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}\b",
        re.I,
    ),
    "record number": re.compile(r"\b(?:mrn|accession|patient id|record number)\b\W{0,3}(?:no\W{0,2})?\d{3,}", re.I),
    "long number": re.compile(r"\b\d{6,}\b"),
    "titled name": re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+[A-Z][a-z]+"),
}
"""Kinds of identifier that must be gone after de-identification; the order is that of the reported kind."""


def phi_kind(text: str) -> str | None:
    """Return the first kind of identifier that a text still holds, or None."""
    return next((kind for kind, pattern in PHI.items() if pattern.search(text)), None)


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


def studies_table(root: Path, manifest: pa.Table, params: Params) -> pd.DataFrame:
    """Return one row a study: the manifest's columns that need no neighbour, and the derived ones."""
    plain = ["study_id", "patient_id", "institution", "split", "view", "sex", "age", "visit"]
    plain += ["image_height", "image_width", "image_std", "image_saturated", "digest", "prior_study_id"]
    table = manifest.select(plain).to_pandas()
    table[["view", "sex"]] = table[["view", "sex"]].fillna("")
    table["null_in"] = _null_in(manifest)
    texts = {name: [text or "" for text in manifest[name].to_pylist()] for name in TEXTS}
    table["patient_splits"] = table.groupby("patient_id")["split"].transform("nunique")
    table["held_out_in"] = _held_out_in(table, params.ingest.split.held_out)
    table["digest_copy_of"] = _copies(table)
    table["prior_fault"] = _prior_fault(table)
    table["label_fault"] = _label_fault(manifest)
    table["sections"] = [sum(bool(text.strip()) for text in pair) for pair in _rows(texts, REPORT)]
    table["report_words"] = [len(" ".join(pair).split()) for pair in _rows(texts, REPORT)]
    table["phi_kind"] = [phi_kind("\n".join(parts)) for parts in _rows(texts, TEXTS)]
    table["shard_fault"] = _shard_fault(root, manifest)
    return table


def _rows(texts: Mapping[str, list[str]], names: tuple[str, ...]) -> zip:
    return zip(*(texts[name] for name in names), strict=True)


def _null_in(manifest: pa.Table) -> list[str | None]:
    """Name the first required column that holds no value."""
    found: list[str | None] = [None] * manifest.num_rows
    for name in reversed(REQUIRED):
        if manifest[name].null_count:
            empty = manifest[name].is_null().to_pylist()
            found = [name if null else before for null, before in zip(empty, found, strict=True)]
    return found


def _held_out_in(table: pd.DataFrame, held_out: tuple[str, ...]) -> pd.Series:
    """Name the split that a study of a held-out institution stands in, where it is not the test split."""
    wrong = table["institution"].isin(held_out) & (table["split"] != "test")
    return table["split"].where(wrong, None)


def _copies(table: pd.DataFrame) -> pd.Series:
    """Name the first study with the same digest; None for the first itself, which stays."""
    ordered = table.sort_values(["digest", "visit", "study_id"], kind="stable")
    first = ordered.groupby("digest")["study_id"].transform("first")
    return first.where(ordered["digest"].duplicated(), None).reindex(table.index)


def _prior_fault(table: pd.DataFrame) -> pd.Series:
    """Say what is wrong with a study's prior: absent, another patient's, or not earlier."""
    known = table.drop_duplicates("study_id").set_index("study_id")
    prior = table["prior_study_id"]
    fault = pd.Series(None, index=table.index, dtype=object)
    fault[prior.map(known["visit"]).to_numpy() >= table["visit"].to_numpy()] = "not earlier"
    fault[prior.map(known["patient_id"]).to_numpy() != table["patient_id"].to_numpy()] = "another patient's"
    fault[~prior.isin(known.index)] = "not in the dataset"
    return fault.where(prior.notna(), None)


def _label_fault(manifest: pa.Table) -> list[str | None]:
    """Name the first of labels, sides and severities that has not 14 values of its domain."""
    domains = {
        "labels": pa.array([1, 0, -1, None], pa.int8()),
        "sides": pa.array(["left", "right", "bilateral", ""]),
        "severities": pa.array(["mild", "moderate", "severe", ""]),
    }
    faults: list[str | None] = [None] * manifest.num_rows
    for name, domain in domains.items():
        column = manifest[name].combine_chunks()
        known = pc.is_in(pc.list_flatten(column), value_set=domain)
        wrong = set(pc.list_parent_indices(column).filter(pc.invert(known)).to_pylist())
        lengths = pc.list_value_length(column).to_pylist()
        for row, length in enumerate(lengths):
            if faults[row] is None and (length != len(LABELS) or row in wrong):
                faults[row] = name
    return faults


def _shard_fault(root: Path, manifest: pa.Table) -> list[str | None]:
    """Say where the manifest's shard and row do not lead to the study."""
    held: dict[str, list[str]] = {}
    for name in pc.unique(manifest["shard"]).to_pylist():
        path = root / STUDIES / str(name)
        held[name] = pq.read_table(path, columns=["study_id"])["study_id"].to_pylist() if path.is_file() else []
    places = zip(*(manifest[name].to_pylist() for name in ("study_id", "shard", "row")), strict=True)
    return [None if row in range(len(held[shard])) and held[shard][row] == key else shard for key, shard, row in places]


def labels_table(manifest: pa.Table, selected: set[str]) -> pd.DataFrame:
    """Return one row a label that occurs at all: in how many selected studies, and its share of the training ones."""
    keep = manifest.filter(pc.is_in(manifest["study_id"], value_set=pa.array(sorted(selected), pa.string())))
    present = [[value == 1 for value in values] for values in keep["labels"].to_pylist()]
    frame = pd.DataFrame(present, columns=list(LABELS), dtype=bool)
    train = frame[[split == "train" for split in keep["split"].to_pylist()]]
    share = train.mean() if len(train) else train.sum().astype(float)
    table = pd.DataFrame({"studies": frame.sum(), "train_share": share}).rename_axis("label").reset_index()
    return table[table["studies"] > 0]


def institutions_table(selection: pd.DataFrame, held_out: tuple[str, ...]) -> pd.DataFrame:
    """Return one row an institution with its studies a split and, where it lacks some, which part it cannot play.

    `selection` has the columns institution and split.
    """
    counts = pd.crosstab(selection["institution"], selection["split"]).reindex(columns=list(SPLITS), fill_value=0)
    counts = counts.reindex(sorted({*counts.index, *held_out}), fill_value=0)
    table = counts.rename_axis("institution").reset_index()
    out = table["institution"].isin(held_out)
    table["lacks"] = None
    table.loc[~out & (table["train"] == 0), "lacks"] = "training studies"
    table.loc[out & (table["test"] == 0), "lacks"] = "test studies, though it is held out"
    return table


def rejected(root: Path) -> int:
    """Return how many inputs ingest rejected."""
    path = root / REJECTS
    return pq.read_metadata(path).num_rows if path.exists() else 0
