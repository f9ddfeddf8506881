"""Means with bootstrap intervals over whole patients, and paired tests between systems, corrected by Holm.

Intervals are those of `unirg_core.evaluate.statistics`: all systems and scores see the same resamples. The test of a
difference swaps the two systems' reports patient by patient (`scipy.stats.permutation_test`, samples), exactly where
there are few patients, and needs no assumption on the score's distribution; it serves means and corpus scores alike.
Holm's correction is over all comparisons of the run, every score and pair, also those whose test is undefined, so that
looking at many costs its price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unirg_core.evaluate.statistics import Quantity, estimate, mean_of, per_patient
from unirg_core.scoring.corpus import CORPUS

_DIGITS = 6
_BATCH_ENTRIES = 4_000_000
"""Swaps times patients held at once."""


@dataclass(frozen=True)
class Settings:
    """Of intervals and tests: confidence level, bootstrap resamples, swaps of a test, seed."""

    level: float = 0.95
    resamples: int = 2000
    swaps: int = 9999
    seed: int = 0


def quantities(
    scored: Mapping[str, np.ndarray], candidates: Sequence[str], references: Sequence[str]
) -> dict[str, Quantity]:
    """Return one system's quantities: the mean of each score, then the corpus scores."""
    found = {name: mean_of(values) for name, values in scored.items()}
    return found | {name: corpus(candidates, references) for name, corpus in CORPUS.items()}


def compared(
    patients: Sequence[str],
    systems: Mapping[str, Mapping[str, Quantity]],
    pairs: Sequence[tuple[str, str]],
    settings: Settings,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a row for each score and system, and one for each score and pair of systems.

    Parameters
    ----------
    patients
        The patient of each study.
    systems
        System -> its quantities, of the same names and studies.
    pairs
        (system, against): differences are the first less the second.

    Returns
    -------
    scores : list of dict
        `score`, `kind` (study or corpus), `system`, `value`, `low`, `high`.
    comparisons : list of dict
        `score`, `kind`, `system`, `against`, `difference`, `low`, `high`, `p`, `p_holm`; None where undefined.
    """
    names = list(next(iter(systems.values())))
    flat = {f"{system}\n{name}": held[name] for system, held in systems.items() for name in names}
    asked = [(f"{a}\n{name}", f"{b}\n{name}") for name in names for a, b in pairs]
    values, differences = estimate(
        patients, flat, asked, level=settings.level, resamples=settings.resamples, seed=settings.seed
    )
    scores = [
        {"score": name, "kind": _kind(name), "system": system} | _rounded(vars(values[f"{system}\n{name}"]))
        for name in names
        for system in systems
    ]
    tests = {(a, b): swap_test(patients, systems[a], systems[b], settings) for a, b in pairs}
    comparisons = []
    for name in names:
        for a, b in pairs:
            interval = differences[f"{a}\n{name}", f"{b}\n{name}"]
            row = {"score": name, "kind": _kind(name), "system": a, "against": b}
            ends = {"difference": interval.value, "low": interval.low, "high": interval.high, "p": tests[a, b][name]}
            comparisons.append(row | _rounded(ends))
    for row, corrected in zip(comparisons, holm([row["p"] for row in comparisons]), strict=True):
        row["p_holm"] = corrected
    return scores, comparisons


def _kind(name: str) -> str:
    return "corpus" if name in CORPUS else "study"


def _rounded(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, _DIGITS) for name, value in values.items()}


def swap_test(
    patients: Sequence[str], first: Mapping[str, Quantity], second: Mapping[str, Quantity], settings: Settings
) -> dict[str, float | None]:
    """Return the two-sided p-value of each quantity's difference; None for fewer than two patients or no value."""
    from scipy.stats import permutation_test

    names = list(first)
    ours = [per_patient(patients, first[name].terms) for name in names]
    theirs = [per_patient(patients, second[name].terms) for name in names]
    ends = np.cumsum([terms.shape[1] for terms in ours])
    a, b = np.concatenate(ours, axis=1), np.concatenate(theirs, axis=1)
    count, total_a, total_b, step = len(a), a.sum(axis=0), b.sum(axis=0), b - a
    if count < 2:
        return dict.fromkeys(names)

    def statistic(drawn: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
        """Return the differences where the patients of `drawn` beyond `count` are swapped: (..., n) -> (..., names)."""
        moved = (drawn >= count).astype(float) @ step
        one, two = np.split(total_a + moved, ends[:-1], axis=-1), np.split(total_b - moved, ends[:-1], axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = [first[name].value(x) - first[name].value(y) for name, x, y in zip(names, one, two, strict=True)]
        return np.stack(values, axis=-1)

    found = permutation_test(
        (np.arange(count), np.arange(count) + count),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=settings.swaps,
        batch=max(1, _BATCH_ENTRIES // count),
        rng=np.random.default_rng(settings.seed),
    )
    defined = np.isfinite(found.statistic)
    return {name: float(p) if known else None for name, p, known in zip(names, found.pvalue, defined, strict=True)}


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for the number of all comparisons by Holm's step-down method (Holm 1979).

    One without a p-value counts as one of 1 and stays None: to drop a question that has no answer would make the others
    look clearer.
    """
    order = sorted((p, place) for place, p in enumerate(values) if p is not None)
    corrected: list[float | None] = [None] * len(values)
    worst = 0.0
    for rank, (p, place) in enumerate(order):
        worst = max(worst, min(1.0, (len(values) - rank) * p))
        corrected[place] = round(worst, _DIGITS)
    return corrected
