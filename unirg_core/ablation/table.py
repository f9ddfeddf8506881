"""The figures of an ablation: each arm's scores and its difference from another's, over pairs.

Within a pair two arms are compared on the same studies, with an interval over resampled patients. Over pairs, the mean
of the pairs' values has a t interval: pairs differ in world and seed, so it holds the chance of both.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.ablation import arms
from unirg_core.ablation.measure import SCORED, TEMPLATE
from unirg_core.ablation.run import Measured, Pair
from unirg_core.evaluate.scoring import quantities
from unirg_core.evaluate.statistics import Quantity, estimate
from unirg_core.params import Params

SUBSETS = ("held_out", "in_domain")
TEXTS = ("mean_words", "duplicate_share")
_DIGITS = 6
SFT = "sft"


def table(params: Params, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return every arm's figures over pairs, and of each pair.

    Returns
    -------
    dict
        `pairs`; `arms` (name, title, group, collapsed, seconds); `scores` and `differences`: rows of arm, subset,
        score, `value` with `low` and `high` (t over pairs), `p` for a difference, and `pairs`, one value each (with its
        own interval over patients), None where the arm collapsed. Differences are `against` SFT; those of arms that
        vary the recipe stand there against the recipe (`arms.RECIPE`) too.
    """
    pairs = list(dict.fromkeys(one.pair for one in measured))
    known = list(dict.fromkeys(one.arm for one in measured))
    by = {(one.arm.name, one.pair): one for one in measured}
    level = params.evaluate.level
    return {
        "level": level,
        "pairs": [{"world": pair.world, "seed": pair.seed} for pair in pairs],
        "arms": [
            {
                "arm": arm.name,
                "title": arm.title,
                "group": arm.group,
                "collapsed": sum(bool(by[arm.name, pair].collapsed) for pair in pairs),
                "seconds": [round(by[arm.name, pair].facts["seconds"], 1) for pair in pairs],
            }
            for arm in known
        ],
        "scores": list(_scores(params, by, pairs, [arm.name for arm in known])),
        "differences": [row for one, other in _contrasts(known) for row in differences(params, by, pairs, one, other)],
    }


def _contrasts(measured: Sequence[arms.Arm]) -> list[tuple[str, str]]:
    """Return (arm, what it is held against): all against SFT, those that vary the recipe against the recipe too."""
    names = [arm.name for arm in measured]
    varied = [arm.name for arm in measured if arms.varied(arm)] if arms.RECIPE in names else []
    return [(name, SFT) for name in names if name != SFT] + [(name, arms.RECIPE) for name in varied]


By = Mapping[tuple[str, Pair], Measured]


def _scores(params: Params, by: By, pairs: Sequence[Pair], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for arm in (TEMPLATE, *names):
        for subset in SUBSETS:
            found = [_own(params, by, pair, arm, subset) for pair in pairs]
            for name in next((one for one in found if one), {}):
                values = [{"value": one[name]} if one else None for one in found]
                yield {"arm": arm, "subset": subset, "score": name, **over(values, params.evaluate.level)}


def _own(params: Params, by: By, pair: Pair, arm: str, subset: str) -> dict[str, float] | None:
    """Return the values of an arm on a pair."""
    holder = by[SFT if arm == TEMPLATE else arm, pair]
    if holder.collapsed:
        return None
    part = _part(holder.folder, "arm" if arm != TEMPLATE else arm, subset)
    held = quantities(part, params.evaluate.scores)
    values = {name: float(quantity.value(quantity.terms.sum(axis=0))) for name, quantity in held.items()}
    texts = {} if arm == TEMPLATE else {name: holder.facts["texts"][subset][name] for name in TEXTS}
    return {**values, **texts}


def differences(params: Params, by: By, pairs: Sequence[Pair], arm: str, against: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each subset and score: one arm less another, of each pair and over pairs."""
    for subset in SUBSETS:
        found = [_difference(params, by, pair, arm, against, subset) for pair in pairs]
        for name in next((one for one in found if one), {}):
            values = [one[name] if one else None for one in found]
            key = {"arm": arm, "against": against, "subset": subset, "score": name}
            yield {**key, **over(values, params.evaluate.level)}


def _difference(
    params: Params, by: By, pair: Pair, arm: str, against: str, subset: str
) -> dict[str, dict[str, float | None]] | None:
    ours, theirs = by[arm, pair], by[against, pair]
    if ours.collapsed or theirs.collapsed:
        return None
    one, other = (_part(measured.folder, "arm", subset) for measured in (ours, theirs))
    if one["study_id"] != other["study_id"]:
        raise RuntimeError(f"{ours.folder} and {theirs.folder} hold scores of different studies")
    held: dict[str, Quantity] = {}
    for side, part in (("a", one), ("b", other)):
        held |= {f"{side} {name}": quantity for name, quantity in quantities(part, params.evaluate.scores).items()}
    names = [name.removeprefix("a ") for name in held if name.startswith("a ")]
    _, found = estimate(
        one["patient_id"].to_pylist(),
        held,
        [(f"a {name}", f"b {name}") for name in names],
        level=params.evaluate.level,
        resamples=params.evaluate.resamples,
        seed=pair.seed,
    )
    less = {name: _rounded(vars(found[f"a {name}", f"b {name}"])) for name in names}
    told = [measured.facts["texts"][subset] for measured in (ours, theirs)]
    return less | {name: {"value": told[0][name] - told[1][name], "low": None, "high": None} for name in TEXTS}


def _part(folder: Path, system: str, subset: str) -> pa.Table:
    scores = _read(folder / SCORED)
    return scores.filter(pc.and_(pc.equal(scores["system"], system), pc.equal(scores["subset"], subset)))


@cache
def _read(path: Path) -> pa.Table:
    return pq.read_table(path)


def over(values: Sequence[Mapping[str, float | None] | None], level: float) -> dict[str, Any]:
    """Return mean, t interval and two-sided p of the values of pairs; those that are not there are left out."""
    from scipy.stats import ttest_1samp

    known = np.array([one["value"] for one in values if one and one["value"] is not None and np.isfinite(one["value"])])
    found: dict[str, Any] = {"value": known.mean() if len(known) else None, "low": None, "high": None, "p": None}
    if len(known) > 1 and np.ptp(known) > 0:
        test = ttest_1samp(known, 0.0)
        low, high = test.confidence_interval(level)
        found |= {"low": low, "high": high, "p": test.pvalue}
    return {**_rounded(found), "pairs": [_rounded(one) if one else None for one in values]}


def _rounded(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: None if value is None or not np.isfinite(value) else round(float(value), _DIGITS)
        for name, value in values.items()
    }
