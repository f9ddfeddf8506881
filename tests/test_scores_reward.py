"""The weighted reward: names, sums, pairs scored once, and failures that never pass as a number."""

import hashlib

import numpy as np
import pytest

from unirg_core.families import FAMILIES
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES, check_names, radcliq, weighted
from unirg_core.scores.reward import ScoreFault, measured, on_raw, text_id

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
        (_raises, "broken failed at sample 1, text 32aedc5eb10c: RuntimeError: out of ink"),
    ],
)
def test_a_failed_score_stops_the_work(score, message: str) -> None:
    with pytest.raises(ScoreFault, match=message):
        weighted({"broken": 0.5}, {"broken": score})(TEXTS, REFERENCES)


def test_a_failed_score_is_told_with_the_study_where_studies_are_known() -> None:
    with pytest.raises(ScoreFault, match=f"gave nan for study S-2, text {text_id(TEXTS[1])}"):
        weighted({"broken": 0.5}, {"broken": _nan})(TEXTS, REFERENCES, ["S-1", "S-2", "S-3"])


def test_a_text_id_is_the_start_of_its_sha256() -> None:
    assert text_id("Left effusion.") == hashlib.sha256(b"Left effusion.").hexdigest()[:12]
    assert text_id("\udc80")  # a lone surrogate has no UTF-8, and is named all the same


@pytest.mark.parametrize("guilty", [0, 1, 77, 255])
def test_the_text_that_makes_a_score_fail_is_found_by_halves(guilty: int) -> None:
    calls = 0

    def fragile(candidates, references):
        nonlocal calls
        calls += 1
        if f"text {guilty}" in candidates:
            raise BadInput("The judge gave no answer.")
        return np.ones(len(candidates))

    texts = [f"text {i}" for i in range(256)]
    with pytest.raises(ScoreFault, match=rf"failed at sample {guilty}, text \w+: The judge gave no answer\.$"):
        measured("fragile", fragile, texts, texts)
    assert calls <= 12  # 1 + log2(256), and two to be sure


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (lambda batch: True, "failed at sample 0, text .* and at others: OSError"),
        (lambda batch: len(batch) > 1, "failed at no single text of the batch from sample 0, text .* on: OSError"),
    ],
)
def test_a_service_that_is_down_is_not_blamed_on_one_text(fails, said: str) -> None:
    def down(candidates, references):
        if fails(candidates):
            raise OSError("no route")
        return np.ones(len(candidates))

    with pytest.raises(ScoreFault, match=said):
        measured("down", down, ["a", "b", "c"], ["r"] * 3)


def test_the_search_for_a_text_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unirg_core.scores.reward._SEARCH_SECONDS", 0.0)
    with pytest.raises(ScoreFault, match=r"failed at one of 2 texts from sample 0, text \w+ on: RuntimeError"):
        weighted({"broken": 0.5}, {"broken": _raises})(TEXTS, REFERENCES)


@pytest.mark.parametrize("quoted", [str, repr])
def test_what_a_score_says_of_a_text_is_taken_out(quoted) -> None:
    text = "Jane Roe's heart\nis enlarged."

    def chatty(candidates, references):
        raise ValueError(f"no label in {quoted(candidates[0])} of {quoted(references[0])}")

    with pytest.raises(ScoreFault) as stopped:
        measured("chatty", chatty, [text], ["Normal heart."])
    assert "Jane" not in str(stopped.value) and "Normal" not in str(stopped.value)
    assert f"(text {text_id(text)})" in str(stopped.value)


PARTS = {"radgraph_f1": 0, "bertscore": 1, "sembscore": 2, "bleu2": 3}
V1 = {
    "radgraph_f1": 0.37708368261038905,
    "bertscore": 0.37030009974480316,
    "sembscore": 0.25261621789593225,
    "bleu2": -4.315048405024756e-12,
}


def test_standardised_weights_of_the_paper_give_exactly_radcliq() -> None:
    table = np.random.default_rng(0).uniform(-0.2, 1, (5, 4))
    rows = {f"report {i}": row for i, row in enumerate(table)}
    scores = {name: lambda c, r, at=at: np.array([rows[text][at] for text in c]) for name, at in PARTS.items()}
    total, components = weighted(V1, scores, standardised=True)(list(rows), ["reference"] * 5)
    assert np.allclose(total, -radcliq(*table.T), atol=1e-9)
    assert np.array_equal(components["bertscore"], table[:, 1])  # a component stays the score itself


def test_standardised_shares_are_those_of_the_recipe() -> None:
    applied, _ = on_raw({name: weight for name, weight in V1.items() if name != "bleu2"})
    shares = np.array(list(applied.values())) / sum(applied.values())
    assert np.allclose(shares, [0.320, 0.424, 0.256], atol=5e-4)


def test_a_score_without_a_published_scale_keeps_its_weight() -> None:
    assert on_raw({"judge": 0.5, "well_formed": 1.0}) == ({"judge": 0.5, "well_formed": 1.0}, 0.0)


def test_every_score_has_a_family() -> None:
    assert set(SCORES) <= set(FAMILIES)
    assert all(FAMILIES.values())


def test_nothing_to_score() -> None:
    total, components = weighted({"bleu2": 1.0})([], [])
    assert len(total) == len(components["bleu2"]) == 0
