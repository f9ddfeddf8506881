"""Every score of every system on every study, as one table; and the quantities that intervals are computed of.

The table (`reports/scores.parquet`) holds the counts against the truth file beside the scores, so that all figures can
be computed again from it alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.evaluate.statistics import Quantity, mean_of
from unirg_core.models.dataset import reference
from unirg_core.scores import Score, weighted
from unirg_core.scores.truth import CLASSES, class_f1, finding_counts, macro_f1, micro_f1
from unirg_core.study import MANIFEST, TRUTH

TRUTH_SCORES = {
    "truth_micro_f1": ("truth", micro_f1),
    "truth_macro_f1": ("truth", macro_f1),
    "truth_side_micro_f1": ("truth_side", micro_f1),
}
"""Score -> the counts that it is computed of, and how."""

FINDING = "finding: "
"""Begins the name of a single class's F1 among the quantities."""

_KEYS = ("study_id", "patient_id", "institution", "subset")
_OUTCOMES = ("tp", "fp", "fn")


def truth_of(root: Path, rows: Sequence[Mapping[str, Any]]) -> tuple[list[list[dict[str, Any]]] | None, str]:
    """Return each study's rows of the truth file, or None and the reason why there are none."""
    path = root / TRUTH
    if not path.exists() or pq.read_metadata(path).num_rows == 0:
        return None, f"the source {source_of(root)} has no truth file"
    held = defaultdict(list)
    for row in pq.read_table(path).to_pylist():
        held[row["study_id"]].append(row)
    return [held[row["study_id"]] for row in rows], ""


def source_of(root: Path) -> str:
    """Return the name of the source that the manifest's studies are from."""
    return ", ".join(sorted(pc.unique(pq.read_table(root / MANIFEST, columns=["source"])["source"]).to_pylist()))


def score(
    rows: Sequence[Mapping[str, Any]],
    texts: Mapping[str, Sequence[str]],
    scores: Mapping[str, Score],
    truth: Sequence[Sequence[Mapping[str, Any]]] | None,
    told: Mapping[str, Sequence[str]] | None = None,
) -> pa.Table:
    """Score each system's reports: one row a system and study.

    Parameters
    ----------
    rows, truth
        The test studies, and what the truth file holds of each (None: there is none).
    texts
        System -> its report of each study.
    scores
        What is computed, by name.
    told
        System -> the report in each text, held against the truth; by default the texts themselves.
    """
    references, studies = [reference(row) for row in rows], [row["study_id"] for row in rows]
    scored = weighted(dict.fromkeys(scores, 1.0), scores)  # for its check that every value is a finite number
    tables = []
    for system, candidates in texts.items():
        columns: dict[str, Any] = {key: [row[key] for row in rows] for key in _KEYS}
        columns["system"] = [system] * len(rows)
        columns |= scored(candidates, references, studies)[1]
        if truth is not None:
            reports = (told or texts)[system]
            columns |= _counted("truth", finding_counts(reports, truth))
            columns |= _counted("truth_side", finding_counts(reports, truth, with_side=True))
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)


def _counted(prefix: str, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Spread counts, (studies, classes, 3), over columns."""
    names = _count_names(prefix)
    return dict(zip(names, counts.reshape(len(counts), len(names)).T.astype(np.int8), strict=True))


def _count_names(prefix: str) -> list[str]:
    return [f"{prefix}_{outcome}_{name.lower().replace(' ', '_')}" for name in CLASSES for outcome in _OUTCOMES]


def quantities(table: pa.Table, names: Sequence[str]) -> dict[str, Quantity]:
    """Return the quantities of one system's rows: mean scores and, where there are counts, F1 against the truth."""
    found = {name: mean_of(table[name].to_numpy()) for name in names}
    if _count_names("truth")[0] not in table.column_names:
        return found
    counts = {prefix: _counts(table, prefix) for prefix in ("truth", "truth_side")}
    found |= {name: Quantity(counts[prefix], partial(_from_counts, f1)) for name, (prefix, f1) in TRUTH_SCORES.items()}
    for place, name in enumerate(CLASSES):
        found[FINDING + name] = Quantity(counts["truth"][:, 3 * place : 3 * place + 3], partial(_from_counts, _only))
    return found


def _counts(table: pa.Table, prefix: str) -> np.ndarray:
    return np.stack([table[name].to_numpy() for name in _count_names(prefix)], axis=1).astype(float)


def _from_counts(f1: Any, sums: np.ndarray) -> np.ndarray:
    """Apply an F1 to summed terms, (..., classes * 3) -> (...)."""
    return f1(sums.reshape(*sums.shape[:-1], -1, 3))


def _only(sums: np.ndarray) -> np.ndarray:
    """Return the F1 of the one class that is there."""
    return class_f1(sums)[..., 0]


def count_sums(table: pa.Table, name: str) -> dict[str, int]:
    """Return a class's summed true positives, false positives and false negatives."""
    place = 3 * CLASSES.index(name)
    columns = _count_names("truth")[place : place + 3]
    return {o: int(pc.sum(table[column]).as_py() or 0) for o, column in zip(_OUTCOMES, columns, strict=True)}
