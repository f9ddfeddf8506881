"""Counts against the truth file, and F1 from sums of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unirg_core.faults import BadInput
from unirg_core.scores.truth import CLASSES, class_f1, finding_counts, macro_f1, micro_f1

EFFUSION, PNEUMOTHORAX = CLASSES.index("Pleural Effusion"), CLASSES.index("Pneumothorax")
LEFT = {"finding": "Pleural Effusion", "side": "left", "severity": "mild", "degree": 0.4}
RIGHT = {**LEFT, "side": "right"}
HEART = {"finding": "Cardiomegaly", "side": "", "severity": "mild", "degree": 0.4}

# text, truth, with_side, expected (TP, FP, FN) of effusion
COUNTS = [
    ("Left effusion.", [LEFT], False, (1, 0, 0)),
    ("Right effusion.", [LEFT], False, (1, 0, 0)),
    ("Left effusion.", [LEFT], True, (1, 0, 0)),
    ("Right effusion.", [LEFT], True, (0, 1, 1)),
    ("Effusion.", [LEFT], True, (0, 1, 1)),
    ("Bilateral effusions.", [LEFT], True, (0, 1, 1)),
    ("Bilateral effusions.", [LEFT, RIGHT], True, (1, 0, 0)),
    ("Left effusion.", [{**LEFT, "side": ""}], True, (1, 0, 0)),
    ("Left effusion.", [{**LEFT, "side": None}], True, (1, 0, 0)),
    ("No effusion.", [LEFT], False, (0, 0, 1)),
    ("No effusion.", [], False, (0, 0, 0)),
    ("", [LEFT], False, (0, 0, 1)),
    ("Left effusion.", [], False, (0, 1, 0)),
    ("Possible left effusion.", [LEFT], False, (1, 0, 0)),
    ("Left effusion.", [HEART], False, (0, 1, 0)),
]


@pytest.mark.parametrize(("text", "truth", "with_side", "expected"), COUNTS)
def test_counts(text: str, truth: list, with_side: bool, expected: tuple[int, int, int]) -> None:
    counts = finding_counts([text], [truth], with_side=with_side)
    assert counts.shape == (1, len(CLASSES), 3)
    assert tuple(counts[0, EFFUSION]) == expected


def test_uncertain_counts_as_stated_by_switch() -> None:
    text, truth = ["Possible left effusion."], [[LEFT]]
    assert tuple(finding_counts(text, truth, uncertain=False)[0, EFFUSION]) == (0, 0, 1)


def test_findings_outside_the_classes_are_left_alone() -> None:
    counts = finding_counts(["Rib fracture. Left effusion."], [[LEFT]], ["Pneumothorax"])
    assert not counts.any()


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(BadInput, match="1 reports but truth of 2"):
        finding_counts([""], [[], []])
    with pytest.raises(BadInput, match="Dragon is no class"):
        finding_counts([""], [[]], ["Dragon"])


def test_f1_by_hand() -> None:
    sums = np.zeros((len(CLASSES), 3), int)
    sums[EFFUSION] = (3, 1, 2)  # 6 / 9
    sums[PNEUMOTHORAX] = (0, 1, 1)  # 0
    assert micro_f1(sums) == pytest.approx(6 / (6 + 5))
    assert macro_f1(sums) == pytest.approx((6 / 9 + 0) / 2)  # classes that never occur are left out
    assert np.isnan(class_f1(sums)).sum() == len(CLASSES) - 2
    assert micro_f1(np.zeros((4, 3))) == macro_f1(np.zeros((4, 3))) == 1.0


@given(arrays(np.int64, (5, 3, 3), elements=st.integers(0, 20)))
def test_resamples_are_counted_at_once_as_one_by_one(sums: np.ndarray) -> None:
    for f1 in (micro_f1, macro_f1):
        assert np.allclose(f1(sums), [float(f1(one)) for one in sums])
        assert ((f1(sums) >= 0) & (f1(sums) <= 1)).all()


def test_thousands_of_resamples_take_no_time() -> None:
    import time

    draws = np.random.default_rng(0).integers(0, 100, (5000, len(CLASSES), 3))
    began = time.process_time()
    micro_f1(draws), macro_f1(draws)
    assert time.process_time() - began < 0.5
