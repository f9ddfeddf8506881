"""Drift: does this dataset differ from the one that the champion's predecessor was trained on?

Categories (institution, view, sex) are compared by the population stability index and by the Jensen-Shannon distance
(base 2), labels by the same over present / not present, continuous features by the two-sample Kolmogorov-Smirnov
statistic. A feature has drifted when its value is above the threshold of `validate.drift`; drift is told, it never
stops a run.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home, run_folder
from unirg_core.params import Drift, Params
from unirg_core.progress import say
from unirg_core.study import LABELS, MANIFEST

CATEGORIES = ("institution", "view", "sex")
CONTINUOUS = ("age", "image_mean", "image_std", "report_words")

_SMOOTHING = 0.5
"""Added to every category's count, so that one that is new or gone gives a large index and not an infinite one."""


def psi(before: Sequence[str], now: Sequence[str]) -> float:
    """Return the population stability index: sum of (q - p) ln(q / p) over the categories of both samples."""
    p, q = _shares(before, now, _SMOOTHING)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(before: Sequence[str], now: Sequence[str]) -> float:
    """Return the Jensen-Shannon distance with base 2: 0 for equal shares, 1 for disjoint categories."""
    from scipy.spatial.distance import jensenshannon

    p, q = _shares(before, now, 0.0)
    return float(np.nan_to_num(jensenshannon(p, q, base=2)))  # a rounding below zero under its root gives NaN


def _shares(before: Sequence[str], now: Sequence[str], added: float) -> tuple[np.ndarray, np.ndarray]:
    counts = [Counter(before), Counter(now)]
    names = sorted({*counts[0], *counts[1]})
    held = np.array([[count[name] + added for name in names] for count in counts], float)
    p, q = held / held.sum(axis=1, keepdims=True)
    return p, q


def compare(before: pa.Table, now: pa.Table, thresholds: Drift) -> list[dict[str, Any]]:
    """Compare two manifests: one row a feature and test."""
    return [
        {
            "feature": feature,
            "test": test,
            "value": round(value, 6),
            "threshold": threshold,
            "drifted": value > threshold,
            "n_before": counts[0],
            "n_now": counts[1],
        }
        for feature, test, value, threshold, counts in _tests(before, now, thresholds)
    ]


def _tests(
    before: pa.Table, now: pa.Table, thresholds: Drift
) -> Iterator[tuple[str, str, float, float, tuple[int, int]]]:
    from scipy.stats import ks_2samp

    for feature in (*CATEGORIES, *LABELS):
        pair = (_categories(before, feature), _categories(now, feature))
        counts = (len(pair[0]), len(pair[1]))
        if min(counts):
            yield feature, "psi", psi(*pair), thresholds.psi, counts
            yield feature, "jensen_shannon", jensen_shannon(*pair), thresholds.jensen_shannon, counts
    for feature in CONTINUOUS:
        pair = (_numbers(before, feature), _numbers(now, feature))
        counts = (len(pair[0]), len(pair[1]))
        if min(counts):
            yield feature, "ks", float(ks_2samp(*pair).statistic), thresholds.ks, counts


def _categories(table: pa.Table, feature: str) -> list[str]:
    if feature not in LABELS:
        return [value or "" for value in table[feature].to_pylist()]
    place = LABELS.index(feature)
    return ["present" if values[place] == 1 else "not present" for values in table["labels"].to_pylist()]


def _numbers(table: pa.Table, feature: str) -> np.ndarray:
    if feature == "report_words":
        texts = zip(table["findings"].to_pylist(), table["impression"].to_pylist(), strict=True)
        return np.array([len(f"{findings or ''} {impression or ''}".split()) for findings, impression in texts])
    return table[feature].drop_null().to_numpy()


def write_drift(params: Params, root: Path) -> None:
    """Compare the manifest with the previous dataset's and write `data/drift.json` and a figure.

    The pinned path of the previous manifest starts at UNIRG_HOME where it is relative.

    Raises
    ------
    BadInput
        When `inputs.json` pins a previous manifest that is not there or is no manifest.
    """
    pinned = read_json(root / "inputs.json").get("previous_dataset")
    if not pinned or not pinned.get("manifest"):
        reason = "there is no previous dataset" if not pinned else "the previous dataset's manifest is not in reach"
        write_json(root / "data" / "drift.json", {"status": "not applicable", "reason": reason, "features": []})
        say("validate", f"drift: not applicable, {reason}")
        return
    rows = compare(_read(home() / pinned["manifest"]), pq.read_table(root / MANIFEST), params.validate_.drift)
    drifted = sorted({row["feature"] for row in rows if row["drifted"]})
    value = {
        "status": "drift" if drifted else "no drift",
        "reason": f"over the threshold: {', '.join(drifted)}" if drifted else "no feature is over its threshold",
        "previous": pinned["digest"],
        "features": rows,
    }
    write_json(root / "data" / "drift.json", value)
    _draw(rows, run_folder() / "drift.png")
    say("validate", f"drift: {value['status']}, {value['reason']}")


def _read(path: Path) -> pa.Table:
    needed = [*CATEGORIES, "labels", "age", "image_mean", "image_std", "findings", "impression"]
    try:
        return pq.read_table(path, columns=needed)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(
            f"inputs.json: previous_dataset.manifest {path} cannot be read as a manifest ({error}); "
            "pull that dataset or set previous_dataset to null."
        ) from None


def _draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.22 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    names = [f"{row['feature']} ({row['test']})" for row in rows]
    colours = ["tab:red" if row["drifted"] else "tab:blue" for row in rows]
    ratios = [row["value"] / row["threshold"] for row in rows]
    axes.barh(names, ratios, color=colours)
    axes.axvline(1, color="black", linewidth=1, linestyle="--")
    axes.set_xscale("symlog", linthresh=2)  # a new institution would dwarf all else
    axes.set_xlim(0, 1.1 * max(2, *ratios))
    axes.set_xlabel("distance / threshold, logarithmic beyond 2")
    axes.xaxis.set_major_formatter("{x:g}")
    figure.suptitle("Drift from the previous dataset (red: over the threshold)")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(labelsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
