"""The figures of `reports/evaluation.json`: flat rows, each with its value, interval and number of patients."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unirg_core.evaluate.scoring import FINDING, count_sums, quantities
from unirg_core.evaluate.statistics import Interval, Quantity, estimate
from unirg_core.families import families, independent, rewarded
from unirg_core.params import Params

SUBSETS = ("in_domain", "held_out", "all")
JUDGED = "rl"
COMPARED = ("sft", "base", "template", "champion")

_DIGITS = 6
_TRAINED = ("sft",)
_FORM = ("all", "well_formed")
_MOSTLY_EQUAL, _MOSTLY_UNFORMED = 0.95, 0.5


def summarise(params: Params, table: pa.Table, texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return scores, differences, findings and text statistics of every subset.

    Parameters
    ----------
    table
        Of `scoring.score`.
    texts
        System -> its reports, in the order of the table's rows of that system.
    """
    value: dict[str, Any] = {
        "level": params.evaluate.level,
        "resamples": params.evaluate.resamples,
        "seed": params.seed,
        "systems": list(texts),
        "subsets": {},
        "scores": [],
        "differences": [],
        "findings": [],
        "reports": [],
    }
    for name in SUBSETS:
        inside = table if name == "all" else table.filter(pc.equal(table["subset"], name))
        one = inside.filter(pc.equal(inside["system"], "template"))
        people = {"studies": len(one), "patients": pc.count_distinct(one["patient_id"]).as_py()}
        value["subsets"][name] = people
        if len(one):
            _add_subset(value, params, name, inside, people)
            value["reports"] += [_text_row(name, system, _within(table, name, texts[system])) for system in texts]
    value["roles"] = _roles(params, dict.fromkeys(row["score"] for row in value["scores"]))
    value["warnings"] = list(_warnings(value))
    return value


def _warnings(value: Mapping[str, Any]) -> Iterator[str]:
    """Say of a trained system that its reports are of no use, whatever its scores."""
    form = {row["system"]: row["value"] for row in value["scores"] if (row["subset"], row["score"]) == _FORM}
    for row in value["reports"]:
        system = row["system"]
        if row["subset"] != "all" or system not in (JUDGED, *_TRAINED):
            continue
        if row["duplicate_share"] >= _MOSTLY_EQUAL and value["subsets"]["all"]["studies"] > 1:
            yield f"{system} writes nearly one report whatever it sees: {row['duplicate_share']:.0%} repeat another."
        formed = form.get(system)
        if formed is not None and formed < _MOSTLY_UNFORMED:
            yield f"{system} writes few well-formed reports: well_formed is {formed:.2f}; train it longer."


def _roles(params: Params, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Say of each score whether it was rewarded, and whether it is held out: of no rewarded family."""
    reward = rewarded(params.rl)
    return {
        name: {
            "families": list(families(name)),
            "in_reward": name in reward,
            "held_out": independent(name, reward),
        }
        for name in names
    }


def _within(table: pa.Table, subset: str, reports: Sequence[str]) -> list[str]:
    """Return the reports of a subset's studies; all systems' rows stand in the same order."""
    where = table["subset"].to_pylist()[: len(reports)]
    return [text for text, name in zip(reports, where, strict=True) if subset in (name, "all")]


def _add_subset(value: dict[str, Any], params: Params, subset: str, table: pa.Table, people: Mapping[str, int]) -> None:
    parts = {system: table.filter(pc.equal(table["system"], system)) for system in value["systems"]}
    every: dict[tuple[str, str], Quantity] = {}
    for system, part in parts.items():
        every |= {(system, name): q for name, q in quantities(part, params.evaluate.scores).items()}
    pairs = [
        ((JUDGED, name), (other, name))
        for other in COMPARED
        for system, name in every
        if system == JUDGED and other in parts
    ]
    patients = parts["template"]["patient_id"].to_pylist()
    own, differences = estimate(
        patients,
        every,
        pairs,
        level=params.evaluate.level,
        resamples=params.evaluate.resamples,
        seed=params.seed,
    )
    for (system, name), interval in own.items():
        if name.startswith(FINDING):
            finding = name.removeprefix(FINDING)
            key = {"finding": finding, "subset": subset, "system": system}
            value["findings"].append({**key, **_plain(interval), **count_sums(parts[system], finding)})
        else:
            value["scores"].append({"score": name, "subset": subset, "system": system, **_plain(interval), **people})
    for ((system, name), (other, _)), interval in differences.items():
        if not name.startswith(FINDING):
            key = {"score": name, "subset": subset, "system": system, "against": other}
            value["differences"].append({**key, **_plain(interval), **people})


def _plain(interval: Interval) -> dict[str, float | None]:
    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: None if end is None else round(end, _DIGITS) + 0.0 for name, end in ends.items()}


def _text_row(subset: str, system: str, reports: Sequence[str]) -> dict[str, Any]:
    return {"subset": subset, "system": system, **text_figures(reports)}


def text_figures(reports: Sequence[str]) -> dict[str, float]:
    """Say how much a system repeats itself (1: all reports equal but one) and how long it writes."""
    return {
        "duplicate_share": round(1 - len(set(reports)) / len(reports), _DIGITS),
        "mean_words": round(float(np.mean([len(text.split()) for text in reports])), _DIGITS),
    }
