"""What greedy reports leave on the table: thresholds on a model's own samples, of which no two decide alike."""

import numpy as np
import pytest
from fixtures_benchmarks import script

gap = script("decision_gap")


@pytest.mark.parametrize(
    ("samples", "least"),
    [
        (16, [5, 6, 7, 8, 9, 10]),
        (1, [1]),
        (3, [1, 2]),
        (100, [30, 35, 40, 45, 50, 55, 60]),
    ],
)
def test_thresholds_are_whole_numbers_of_samples_each_once(samples: int, least: list[int]) -> None:
    assert gap._thresholds(samples) == least
    decisions = {tuple(np.arange(samples + 1) >= one) for one in least}  # from no sample that states it to all of them
    assert len(decisions) == len(least)


def test_a_finding_is_stated_from_a_threshold_on() -> None:
    counts, true = np.array([[7, 8], [16, 0]]), np.array([[True, False], [True, False]])
    assert gap._figures(counts >= 7, true) == "micro F1 0.800  P 0.667  R 1.000"
    assert gap._figures(counts >= 9, true) == "micro F1 0.667  P 1.000  R 0.500"
