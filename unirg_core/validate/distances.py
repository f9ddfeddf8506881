"""How far two samples lie apart, and how far chance alone puts two samples of these sizes from one population.

The last is what a small institution needs: between two draws of thirty studies a distance of .3 means nothing. For
categories, the population stability index and (with base 2, squared, times 8 ln 2) the Jensen-Shannon distance are near
chi-squared with one degree of freedom less than there are categories, times 1/n + 1/m (Yurdakul 2018 for the index);
for the Kolmogorov-Smirnov statistic it is Smirnov's asymptotic bound. Studies count as independent, which a patient's
visits are not: the chance of a false alarm is somewhat higher than asked.
"""

import numpy as np

_SMOOTHING = 0.5
"""Added to every category's count, so that one that is new or gone gives a large index and not an infinite one."""


def psi(before: np.ndarray, now: np.ndarray) -> float:
    """Return the population stability index of two arrays of counts: sum of (q - p) ln(q / p) over the categories."""
    p, q = _shares(before + _SMOOTHING), _shares(now + _SMOOTHING)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(before: np.ndarray, now: np.ndarray) -> float:
    """Return the Jensen-Shannon distance with base 2 of two arrays of counts: 0 equal shares, 1 disjoint ones."""
    from scipy.spatial.distance import jensenshannon

    return float(np.nan_to_num(jensenshannon(_shares(before), _shares(now), base=2)))  # a rounding below 0 gives NaN


def kolmogorov_smirnov(before: np.ndarray, now: np.ndarray) -> float:
    """Return the largest distance between the empirical distributions of two samples."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(before, now, method="asymp").statistic)


def psi_by_chance(before: np.ndarray, now: np.ndarray, risk: float) -> float:
    """Return the index that two samples of one population exceed with probability `risk`."""
    return float(_chi_squared(before, now, risk) * (1 / before.sum() + 1 / now.sum()))


def jensen_shannon_by_chance(before: np.ndarray, now: np.ndarray, risk: float) -> float:
    """Return the distance that two samples of one population exceed with probability `risk`."""
    return float(np.sqrt(psi_by_chance(before, now, risk) / (8 * np.log(2))))


def kolmogorov_smirnov_by_chance(before: int, now: int, risk: float) -> float:
    """Return the statistic that samples of these sizes of one population exceed with probability `risk`."""
    return float(np.sqrt(-np.log(risk / 2) / 2 * (1 / before + 1 / now)))


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum()


def _chi_squared(before: np.ndarray, now: np.ndarray, risk: float) -> float:
    from scipy.stats import chi2

    held = int(((before + now) > 0).sum())
    return float(chi2.isf(risk, held - 1)) if held > 1 else 0.0
