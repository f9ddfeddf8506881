"""Drift: does this dataset differ from the one that the champion was trained on, or else from the one before it?

Every feature is compared over all studies and within each institution that both datasets have. Categories (institution,
view, sex) are compared by the population stability index and the Jensen-Shannon distance, labels by the same over
present / not present, continuous features by the Kolmogorov-Smirnov statistic. A feature has drifted where its distance
is above the threshold of `validate.drift` and above what chance alone gives for so many studies (distances.py). Drift
is told, it never stops a run; without an earlier dataset nothing is compared, and that is said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home, run_folder
from unirg_core.params import Drift, Params
from unirg_core.study import LABELS, MANIFEST
from unirg_core.validate import distances
from unirg_core.validate.tables import present
from unirg_core.wording import counted

CATEGORIES = ("institution", "view", "sex")
CONTINUOUS = ("age", "image_mean", "image_std", "report_words")
NO_BASELINE, DRIFT, NO_DRIFT = "no baseline", "drift", "no drift"

_PLAIN = (*CATEGORIES, "labels", "age", "image_mean", "image_std")
_WORDS = ("findings_words", "impression_words")
_NAMED = 5


@dataclass(frozen=True)
class Features:
    """A dataset's features: codes of categories into `names`, labels (studies, 14) bool, numbers with NaN."""

    names: Mapping[str, list[str]]
    codes: Mapping[str, np.ndarray]
    labels: np.ndarray
    numbers: Mapping[str, np.ndarray]

    def of(self, institution: str) -> np.ndarray:
        """Return which studies an institution has; empty: all."""
        codes = self.codes["institution"]
        if not institution:
            return np.ones(len(codes), bool)
        return codes == self.names["institution"].index(institution)


def features(manifest: pa.Table) -> Features:
    """Read the features of a manifest; words are counted in one that was written before they stood in it."""
    names, codes = {}, {}
    for name in CATEGORIES:
        encoded = manifest[name].fill_null("").combine_chunks().dictionary_encode()
        names[name], codes[name] = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    numbers = {name: _floats(manifest[name]) for name in CONTINUOUS[:-1]}
    return Features(names, codes, present(manifest), {**numbers, "report_words": _words(manifest)})


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)


def _words(manifest: pa.Table) -> np.ndarray:
    if _WORDS[0] in manifest.column_names:
        return sum(_floats(manifest[name].fill_null(0)) for name in _WORDS)
    texts = pc.binary_join_element_wise(*(manifest[name].fill_null("") for name in ("findings", "impression")), " ")
    return _floats(pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts))))


def compare(before: Features, now: Features, thresholds: Drift) -> list[dict[str, Any]]:
    """Compare two datasets: one row an institution (empty: all), feature and test.

    A row holds the value, its threshold, what chance alone gives (`chance`), whether it `drifted`, and both counts.
    """
    both = sorted({*before.names["institution"]} & {*now.names["institution"]})
    rows = []
    for institution in ("", *both):
        parts = before.of(institution), now.of(institution)
        for feature, test, value, chance, counts in _distances(before, now, parts, thresholds):
            threshold = getattr(thresholds, test)
            rows.append(
                {
                    "institution": institution,
                    "feature": feature,
                    "test": test,
                    "value": round(value, 6),
                    "threshold": threshold,
                    "chance": round(chance, 6),
                    "drifted": value > max(threshold, chance),
                    "n_before": counts[0],
                    "n_now": counts[1],
                }
            )
    return [row for row in rows if not (row["institution"] and row["feature"] == "institution")]


Distance = tuple[str, str, float, float, tuple[int, int]]


def _distances(
    before: Features, now: Features, parts: tuple[np.ndarray, np.ndarray], thresholds: Drift
) -> Iterator[Distance]:
    for feature in CATEGORIES:
        yield from _of_counts(feature, *_counts(before, now, parts, feature), thresholds)
    for place, label in enumerate(LABELS):
        held = [
            np.bincount(side.labels[part, place], minlength=2) for side, part in zip((before, now), parts, strict=True)
        ]
        yield from _of_counts(label, *held, thresholds)
    for feature in CONTINUOUS:
        pair = (before.numbers[feature][parts[0]], now.numbers[feature][parts[1]])
        pair = tuple(values[~np.isnan(values)] for values in pair)
        n = (len(pair[0]), len(pair[1]))
        if min(n) >= thresholds.minimum_studies:
            chance = distances.kolmogorov_smirnov_by_chance(*n, thresholds.chance)
            yield feature, "ks", distances.kolmogorov_smirnov(*pair), chance, n


def _counts(
    before: Features, now: Features, parts: tuple[np.ndarray, np.ndarray], feature: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each category of either dataset occurs in both."""
    names = sorted({*before.names[feature], *now.names[feature]})
    found = []
    for side, part in zip((before, now), parts, strict=True):
        own = np.bincount(side.codes[feature][part], minlength=len(side.names[feature]))
        counts = np.zeros(len(names), np.int64)
        counts[[names.index(name) for name in side.names[feature]]] = own
        found.append(counts)
    held = (found[0] + found[1]) > 0
    return found[0][held], found[1][held]


def _of_counts(feature: str, before: np.ndarray, now: np.ndarray, thresholds: Drift) -> Iterator[Distance]:
    n = (int(before.sum()), int(now.sum()))
    if min(n) < thresholds.minimum_studies:
        return
    risk = thresholds.chance
    yield feature, "psi", distances.psi(before, now), distances.psi_by_chance(before, now, risk), n
    chance = distances.jensen_shannon_by_chance(before, now, risk)
    yield feature, "jensen_shannon", distances.jensen_shannon(before, now), chance, n


def write_drift(params: Params, root: Path) -> dict[str, Any]:
    """Compare the manifest with that of the champion's dataset, or else the previous one; write `data/drift.json`.

    The pinned path of a manifest starts at UNIRG_HOME where it is relative. A figure goes to the run's folder.

    Raises
    ------
    BadInput
        When `inputs.json` pins a manifest that is not there or is none.
    """
    value = _drift(params, root)
    write_json(root / "data" / "drift.json", value)
    if value["features"]:
        from unirg_core.validate.figures import draw_drift

        draw_drift(value, run_folder() / "figures" / "validate_drift.png")
    return value


def _drift(params: Params, root: Path) -> dict[str, Any]:
    pins = read_json(root / "inputs.json")
    baseline, field = _baseline(pins)
    if baseline is None:
        return {"status": NO_BASELINE, "reason": "no earlier dataset to compare with", "features": []}
    if not baseline.get("manifest"):
        reason = f"the manifest of dataset {baseline['digest'][:12]} is not in reach, so nothing is compared"
        return {"status": NO_BASELINE, "reason": reason, "features": []}
    earlier = _read(home() / baseline["manifest"], field)
    own = pq.read_table(root / MANIFEST, columns=[*_PLAIN, "source", *_WORDS])
    before, now = features(earlier), features(own)
    rows = compare(before, now, params.validate_.drift)
    return {
        "status": DRIFT if any(row["drifted"] for row in rows) else NO_DRIFT,
        "reason": _reason(rows),
        "compared_with": {
            "digest": baseline["digest"],
            "source": " and ".join(sorted(pc.unique(earlier["source"]).to_pylist())),
            "of": "champion" if field.startswith("champion") else "previous run",
            "studies": earlier.num_rows,
        },
        "new_institutions": sorted({*now.names["institution"]} - {*before.names["institution"]}),
        "gone_institutions": sorted({*before.names["institution"]} - {*now.names["institution"]}),
        "features": rows,
    }


def _baseline(pins: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str]:
    """Return what is pinned to compare with, and its place in inputs.json."""
    champion = (pins.get("champion") or {}).get("dataset")
    if champion and champion.get("manifest"):
        return champion, "champion.dataset"
    return pins.get("previous_dataset"), "previous_dataset"


def _read(path: Path, field: str) -> pa.Table:
    try:
        words = _WORDS if _WORDS[0] in pq.read_schema(path).names else ("findings", "impression")
        return pq.read_table(path, columns=[*_PLAIN, "source", *words])
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(
            f"inputs.json: {field}.manifest {path} cannot be read as a manifest ({error}); "
            f"pull that dataset or set {field} to null."
        ) from None


def _reason(rows: list[dict[str, Any]]) -> str:
    """Say what drifted: over all studies by name, within institutions by count."""
    drifted = [row for row in rows if row["drifted"]]
    if not drifted:
        return "no drift, no feature is over its threshold" if rows else "no drift told, too few studies to compare"
    parts = []
    for institution in dict.fromkeys(row["institution"] for row in drifted):
        names = list(dict.fromkeys(row["feature"] for row in drifted if row["institution"] == institution))
        others = f" and {counted(len(names) - _NAMED, 'other')}" if len(names) > _NAMED else ""
        where = f"within {institution}" if institution else "over all studies"
        parts.append(f"{', '.join(names[:_NAMED])}{others} ({where})")
    return f"drift in {'; '.join(parts)}"


def sentence(value: Mapping[str, Any]) -> str:
    """Say in one sentence what was compared with what, and what came of it."""
    if value["status"] == NO_BASELINE:
        return f"drift: {value['reason']}"
    against = value["compared_with"]
    whose = "the champion's" if against["of"] == "champion" else "the previous run's"
    moved = [
        *(f"{name} is new" for name in value["new_institutions"]),
        *(f"{name} is gone" for name in value["gone_institutions"]),
    ]
    told = "; ".join([value["reason"], *moved])
    return f"compared with dataset {against['digest'][:12]} of {against['source']} ({whose}): {told}"
