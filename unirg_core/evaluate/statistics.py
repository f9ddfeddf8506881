"""Patient-clustered paired bootstrap: studies of one patient are no independent evidence, so whole patients are drawn.

A quantity is a function of sums over studies (a mean: score and count; micro F1: true and false positives and false
negatives), so that each resample needs the drawn patients' sums alone. All quantities of a subset see the same
resamples, which pairs every difference. Percentile intervals by `scipy.stats.bootstrap`; seeded.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_BATCH_ENTRIES = 4_000_000
"""Resample times patients held at once."""

Value = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Quantity:
    """What each study adds, (studies, terms), and the value of summed terms: (..., terms) -> (...)."""

    terms: np.ndarray
    value: Value


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its percentile interval; None where there is none."""

    value: float | None
    low: float | None
    high: float | None


def mean_of(scores: np.ndarray) -> Quantity:
    """Return the mean over studies as a quantity."""
    return Quantity(np.stack([scores, np.ones(len(scores))], axis=1), lambda sums: sums[..., 0] / sums[..., 1])


def per_patient(patients: Sequence[str], terms: np.ndarray) -> np.ndarray:
    """Sum each patient's studies: (studies, terms) -> (patients, terms), patients in sorted order."""
    names, place = np.unique(np.asarray(patients), return_inverse=True)
    sums = np.zeros((len(names), terms.shape[1]))
    np.add.at(sums, place, terms)
    return sums


def estimate(
    patients: Sequence[str],
    quantities: Mapping[str, Quantity],
    pairs: Sequence[tuple[str, str]],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> tuple[dict[str, Interval], dict[tuple[str, str], Interval]]:
    """Return each quantity, and each pair's difference (first less second), with its interval.

    Parameters
    ----------
    patients
        The patient of each study.
    quantities, pairs
        Quantities over the same studies, by name; the pairs to compare.
    level, resamples, seed
        Of the intervals. Fewer than two patients have values but no intervals.
    """
    if not quantities:
        return {}, {}
    names = list(quantities)
    sums = {name: per_patient(patients, quantities[name].terms) for name in names}
    ends = np.cumsum([sums[name].shape[1] for name in names])
    columns = {name: slice(end - sums[name].shape[1], end) for name, end in zip(names, ends, strict=True)}
    every = np.concatenate([sums[name] for name in names], axis=1)

    def values(totals: np.ndarray) -> np.ndarray:
        own = {name: quantities[name].value(totals[..., columns[name]]) for name in names}
        return np.stack([*own.values(), *(own[a] - own[b] for a, b in pairs)])

    with np.errstate(invalid="ignore", divide="ignore"):
        found = values(every.sum(axis=0))
        low, high = _ends(every, values, level, resamples, seed)
    intervals = [Interval(*map(_number, row)) for row in zip(found, low, high, strict=True)]
    return dict(zip(names, intervals, strict=False)), dict(zip(pairs, intervals[len(names) :], strict=True))


def _ends(every: np.ndarray, values: Value, level: float, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.stats import DegenerateDataWarning, bootstrap

    count = len(every)
    if count < 2:
        nothing = np.full(values(every.sum(axis=0)).shape, np.nan)
        return nothing, nothing

    def statistic(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        """Return the values of resamples: (..., patients drawn) -> (values, ...)."""
        return values(_times_drawn(drawn, count) @ every)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # a score that all resamples give alike is no fault
        interval = bootstrap(
            (np.arange(count),),
            statistic,
            n_resamples=resamples,
            batch=max(1, _BATCH_ENTRIES // count),
            vectorized=True,
            axis=-1,
            confidence_level=level,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return interval.low, interval.high


def _times_drawn(drawn: np.ndarray, count: int) -> np.ndarray:
    """Count how often each patient was drawn: (..., draws) of indices -> (..., patients)."""
    flat = drawn.reshape(-1, drawn.shape[-1])
    places = flat + count * np.arange(len(flat))[:, None]
    return np.bincount(places.ravel(), minlength=count * len(flat)).reshape(*drawn.shape[:-1], count).astype(float)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
