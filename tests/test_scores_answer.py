"""The schema think_answer: what is read of well- and ill-formed texts, and what the agreement earns."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unirg_core.families import FAMILIES, independent
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES
from unirg_core.scores.answer import agreement, ill_formed, narrative, narratives, parse, read_by, tagged
from unirg_core.scores.labels import label_one
from unirg_core.scores.reward import check_names, weighted
from unirg_core.study import LABELS

REPORT = "Findings: There is a small left pleural effusion. No pneumothorax. Impression: Small left pleural effusion."
ANSWER = "Pneumothorax: absent; Pleural Effusion: present"
GOOD = f"<think>{REPORT}</think><answer>{ANSWER}</answer>"
TAGS = "each tag once and in order"


def labels(**values: int) -> tuple[int | None, ...]:
    named = {name.replace("_", " "): value for name, value in values.items()}
    return tuple(named.get(name) for name in LABELS)


@pytest.mark.parametrize(
    ("text", "said", "fault"),
    [
        ("", "", TAGS),
        ("   ", "", TAGS),
        (REPORT, REPORT, TAGS),  # a plain report keeps its text
        (f"<think>{REPORT}</think>", REPORT, TAGS),
        (f"<think>{REPORT}", REPORT, TAGS),  # cut off in the narrative
        (f"<think>{REPORT}</think><answer>Pneumo", REPORT, TAGS),  # cut off in the answer
        (f"<answer>{ANSWER}</answer>", "", TAGS),
        (f"<answer>{ANSWER}</answer><think>{REPORT}</think>", REPORT, TAGS),
        (f"{GOOD}{GOOD}", REPORT, TAGS),
        (f"<think><think>{REPORT}</think></think><answer></answer>", REPORT, TAGS),
        (f"<THINK>{REPORT}</THINK><answer></answer>", f"<THINK>{REPORT}</THINK>", TAGS),
        (f"</think>{REPORT}<think>", "", TAGS),
        (f"Well. {GOOD}", REPORT, "text outside the tags"),
        (f"{GOOD} Done.", REPORT, "text outside the tags"),
        (f"<think>{REPORT}</think> so <answer>{ANSWER}</answer>", REPORT, "text outside the tags"),
        (f"<think> \n </think><answer>{ANSWER}</answer>", "", "no report"),
        (f"<think>{REPORT}</think><answer>Pneumonitis: present</answer>", REPORT, "names no label"),
        (f"<think>{REPORT}</think><answer>Edema</answer>", REPORT, "has no value"),
        (f"<think>{REPORT}</think><answer>Edema: yes</answer>", REPORT, "has no value"),
        (f"<think>{REPORT}</think><answer>Edema: present: absent</answer>", REPORT, "has no value"),
        (f"<think>{REPORT}</think><answer>Edema: present; Edema: present</answer>", REPORT, "stands twice"),
        (f"<think>{REPORT}</think><answer>Edema: present, Fracture: absent</answer>", REPORT, "has no value"),
    ],
)
def test_ill_formed_text_keeps_its_narrative_and_has_no_labels(text: str, said: str, fault: str) -> None:
    read = parse(text)
    assert fault in read.fault
    assert read.narrative == narrative(text) == said
    assert read.values == (None,) * len(LABELS)
    assert agreement([text], [REPORT])[0] == 0.0


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("", labels()),
        (" ; ;", labels()),
        (ANSWER, labels(Pneumothorax=0, Pleural_Effusion=1)),
        ("pleural  effusion : PRESENT;\nPneumothorax:absent;", labels(Pneumothorax=0, Pleural_Effusion=1)),
        ("Edema: uncertain", labels(Edema=-1)),
    ],
)
def test_well_formed_text_is_read(answer: str, values: tuple[int | None, ...]) -> None:
    read = parse(f" <think> {REPORT} </think>\n<answer>{answer}</answer>\n")
    assert (read.narrative, read.values, read.fault) == (REPORT, values, "")


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*["<think>", "</think>", "<answer>", "</answer>"], "x", "; :"]), max_size=9).map(
        "".join
    )
)
@example("<think></think>" * 5000)
def test_any_text_is_read_and_scored(text: str) -> None:
    read = parse(text)
    assert not any(tag in read.narrative for tag in ("<think>", "</think>", "<answer>", "</answer>"))
    assert len(read.values) == len(LABELS)
    assert 0.0 <= agreement([text], [REPORT])[0] <= 1.0


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(str.strip),
    st.lists(st.sampled_from([None, 1, 0, -1]), min_size=14, max_size=14),
)
@example("a </answer> b", [1] * 14)
def test_what_is_written_is_read_again(report: str, values: list[int | None]) -> None:
    text = tagged(report, values)
    read = parse(text)
    if read.narrative:
        assert (read.values, read.fault) == (tuple(values), "")
        assert tagged(read.narrative, read.values) == text
    else:  # nothing but tags
        assert read.fault == "no report"


@pytest.mark.parametrize(
    ("told", "answered", "expected"),
    [
        (REPORT, ANSWER, 1.0),
        (REPORT, "Pleural Effusion: present", 1 / 2),  # the answer leaves one of two out
        (REPORT, "Pneumothorax: absent; Pleural Effusion: absent", 1 / 3),  # {absent, present, no pneumothorax}
        (REPORT, f"{ANSWER}; Edema: present", 2 / 3),  # the answer adds one
        (REPORT, "", 0.0),
        ("There is pulmonary edema.", "Edema: present", 0.0),  # agrees with itself, not with the reference
        ("There is pulmonary edema.", ANSWER, 0.0),  # a right answer beside another report
    ],
)
def test_agreement_is_of_all_three(told: str, answered: str, expected: float) -> None:
    found = agreement([f"<think>{told}</think><answer>{answered}</answer>"], [REPORT])
    assert found == pytest.approx([expected])


def test_the_taught_text_agrees_with_its_own_report() -> None:
    assert agreement([tagged(REPORT, label_one(REPORT).values)], [REPORT]) == [1.0]


def test_reports_that_state_nothing_agree() -> None:
    assert agreement(["<think>Cough.</think><answer></answer>"], ["Cough."]) == [1.0]


def test_plain_output_leaves_the_scores_as_they_are_and_knows_no_agreement() -> None:
    assert read_by(SCORES, "plain") is SCORES
    assert narratives([GOOD], "plain") == [GOOD]
    with pytest.raises(BadInput, match=r"agreement needs model\.output: think_answer"):
        check_names(["agreement"], read_by(SCORES, "plain"))


@pytest.mark.parametrize("name", ["rouge_l", "labels_f1", "well_formed", "finding_credit"])
def test_other_scores_read_the_narrative_alone(name: str) -> None:
    known = read_by(SCORES, "think_answer")
    assert np.array_equal(known[name]([GOOD, REPORT], [REPORT] * 2), SCORES[name]([REPORT] * 2, [REPORT] * 2))
    assert pickle.loads(pickle.dumps(known[name]))([GOOD], [REPORT]) == SCORES[name]([REPORT], [REPORT])


def test_a_score_computes_where_it_did() -> None:
    def far(candidates: list[str], references: list[str]) -> np.ndarray:
        return np.ones(len(candidates))

    far.place = "service"
    known = read_by({"far": far, "near": SCORES["bleu2"]}, "think_answer")
    assert (known["far"].place, known["near"].place) == ("service", "here")


def test_agreement_is_a_reward_like_any_other() -> None:
    total, parts = weighted({"agreement": 1.0, "rouge_l": 0.5}, read_by(SCORES, "think_answer"))(
        [GOOD, ""], [REPORT] * 2
    )
    assert total == pytest.approx([1.5, 0.0])
    assert parts["agreement"].tolist() == [1.0, 0.0]
    assert FAMILIES["agreement"] == ("labels",)
    assert not independent("labels_f1", frozenset({"agreement"})) and independent("rouge_l", frozenset({"agreement"}))


def test_the_share_of_ill_formed_texts() -> None:
    assert ill_formed([GOOD, REPORT, ""]) == pytest.approx(2 / 3)
    assert ill_formed([]) == 0.0
