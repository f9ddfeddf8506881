"""The weighted reward: names, sums, pairs scored once, and failures that never pass as a number."""

import numpy as np
import pytest

from unirg_core.faults import BadInput
from unirg_core.scores import SCORES, check_names, weighted
from unirg_core.scores.reward import ScoreFault

TEXTS = ["Left effusion.", "No effusion.", "Left effusion."]
REFERENCES = ["Left effusion.", "Left effusion.", "Left effusion."]


def test_sums_what_the_scores_give() -> None:
    weights = {"labels_f1": 1.0, "rouge_l": 0.25, "bleu2": 0.0}
    total, components = weighted(weights)(TEXTS, REFERENCES)
    assert list(components) == list(weights)
    for name, values in components.items():
        assert np.array_equal(values, SCORES[name](TEXTS, REFERENCES))
    assert np.allclose(total, components["labels_f1"] + 0.25 * components["rouge_l"])
    assert total[0] == total[2] > total[1]


def test_names_are_checked_before_anything_runs() -> None:
    with pytest.raises(BadInput, match=r"blue2 is no score; there are bleu2, .*error_count, .*well_formed"):
        weighted({"blue2": 1.0})
    check_names(SCORES)
    with pytest.raises(BadInput, match="radgraph_f1"):
        check_names(["bleu2", "radgraph_f1"])


def test_identical_pairs_are_scored_once() -> None:
    asked = []

    def counting(candidates, references):
        asked.extend(candidates)
        return np.zeros(len(candidates))

    weighted({"counting": 1.0}, {"counting": counting})(TEXTS, REFERENCES)
    assert asked == ["Left effusion.", "No effusion."]


def _nan(candidates, references):
    return np.array([np.nan if text.startswith("No") else 1.0 for text in candidates])


def _raises(candidates, references):
    if any(text.startswith("No") for text in candidates):
        raise RuntimeError("out of ink")
    return np.ones(len(candidates))


# Trap 7: TRL counts a reward of None as 0; here each of these stops the work and names score and sample.
@pytest.mark.parametrize(
    ("score", "message"),
    [
        (_nan, "broken gave nan for sample 1"),
        (lambda c, r: [np.inf] * len(c), "broken gave inf for sample 0"),
        (lambda c, r: None, "broken gave nan for sample 0"),
        (lambda c, r: [1.0, None], "broken gave nan for sample 1"),
        (lambda c, r: [1.0], "broken gave 1 values for 2 samples"),
        (_raises, "broken failed at sample 1: out of ink"),
    ],
)
def test_a_failed_score_stops_the_work(score, message: str) -> None:
    with pytest.raises(ScoreFault, match=message):
        weighted({"broken": 0.5}, {"broken": score})(TEXTS, REFERENCES)


def test_nothing_to_score() -> None:
    total, components = weighted({"bleu2": 1.0})([], [])
    assert len(total) == len(components["bleu2"]) == 0
