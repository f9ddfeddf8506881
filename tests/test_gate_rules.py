"""The gate as a table: each kind of rule, what its verdict is, and what the run's verdict becomes."""

import json

import pytest

from unirg_core import families
from unirg_core import params as parameters
from unirg_core.evaluate.scoring import TRUTH_SCORES
from unirg_core.faults import BadInput
from unirg_core.files import file_digest, read_json, write_json
from unirg_core.gate import gate, judge
from unirg_core.params import Rule

REWARDED = {"finding_credit", "well_formed"}
SCORES = ("truth_micro_f1", "rouge_l", "well_formed", "finding_credit", "labels_f1", "radcliq")


def evaluation(people=None, absent_scores=None, champion=False, **values):
    """Return an evaluation where RL has 0.6 of everything and is 0.05 [0.01, 0.09] above all others.

    `people` maps subsets to patients; `values` sets (value, low, high) of a score, as truth_micro_f1=(...), or of a
    difference, as rouge_l_sft=(...).
    """
    patients = {"in_domain": 80, "held_out": 200, "all": 280} | (people or {})
    absent = {"systems": {} if champion else {"champion": "there is no champion yet"}, "scores": absent_scores or {}}
    scores, differences = [], []
    for name in SCORES:
        for subset in patients:
            if name in absent["scores"] or not patients[subset]:
                continue
            key = {"score": name, "subset": subset, "system": "rl"}
            scores.append(key | row(values.get(name, (0.6, 0.5, 0.7))))
            for other in ("sft", "base", "template", *(["champion"] if champion else [])):
                found = values.get(f"{name}_{other}", (0.05, 0.01, 0.09))
                differences.append(key | {"against": other} | row(found))
    subsets = {name: {"studies": 2 * count, "patients": count} for name, count in patients.items()}
    return {"subsets": subsets, "scores": scores, "differences": differences, "absent": absent}


def row(values):
    return dict(zip(("value", "low", "high"), values, strict=True))


def rule(score="truth_micro_f1", subset="held_out", against="absolute", at_least=0.0, by="value"):
    return Rule(score=score, subset=subset, against=against, at_least=at_least, by=by)


def radcliq(at_most, by="value", against="absolute"):
    return Rule(score="radcliq", subset="held_out", against=against, at_most=at_most, by=by)


NO_TRUTH = {"truth_micro_f1": "the source folder has no truth file"}
NOBODY_IN_DOMAIN = {"people": {"in_domain": 0, "all": 200}, "absent_scores": NO_TRUTH}

CASES = [
    # rules, evaluation, each rule's verdict, the run's verdict, a part of its reason
    ([rule(at_least=0.5)], {}, ["passed"], "passed", "1 passed"),
    ([rule(at_least=0.6)], {}, ["passed"], "passed", ""),  # the bound itself is enough
    ([rule(at_least=0.61)], {}, ["failed"], "failed", "0.6000 [0.5000, 0.7000], at least 0.61 is asked"),
    ([rule(at_least=0.55, by="lower")], {}, ["failed"], "failed", "its lower end counts"),
    ([rule(at_least=0.5, by="lower")], {}, ["passed"], "passed", ""),
    ([radcliq(0.6)], {}, ["passed"], "passed", ""),
    ([radcliq(0.59), rule()], {}, ["failed", "passed"], "failed", "0.6000 [0.5000, 0.7000], at most 0.59 is asked"),
    ([radcliq(0.65, "lower"), rule()], {}, ["failed", "passed"], "failed", "its upper end counts"),
    ([radcliq(0.7, "lower")], {}, ["passed"], "passed", ""),
    ([radcliq(0.0, against="sft"), rule()], {}, ["failed", "passed"], "failed", "radcliq of rl less sft"),
    ([radcliq(0.0, "lower", "sft")], {"radcliq_sft": (-0.5, -0.6, -0.4)}, ["passed"], "passed", ""),
    ([radcliq(0.1, "lower")], {"radcliq": (0.0, None, None)}, ["inconclusive"], "inconclusive", "upper end of the"),
    ([rule(against="sft")], {}, ["passed"], "passed", ""),
    ([rule(against="sft")], {"truth_micro_f1_sft": (-0.01, -0.1, 0.1)}, ["failed"], "failed", "less sft"),
    ([rule(against="sft", at_least=-0.02)], {"truth_micro_f1_sft": (-0.01, -0.1, 0.1)}, ["passed"], "passed", ""),
    ([rule(against="template", by="lower")], {}, ["passed"], "passed", ""),
    ([rule(against="base", at_least=0.02, by="lower")], {}, ["failed"], "failed", "less base"),
    ([rule(against="champion")], {}, ["not applicable"], "inconclusive: no rule applies", "there is no champion yet"),
    ([rule(against="champion"), rule()], {}, ["not applicable", "passed"], "passed", "1 of 2 rules apply"),
    ([rule(against="champion")], {"champion": True}, ["passed"], "passed", ""),
    (
        [rule(against="champion"), rule()],
        {"champion": True, "truth_micro_f1_champion": (-0.2, -0.3, -0.1)},
        ["failed", "passed"],
        "failed",
        "less champion",
    ),
    ([rule()], {"absent_scores": NO_TRUTH}, ["not applicable"], "inconclusive: no rule applies", "no truth file"),
    ([rule(), rule("rouge_l")], {"absent_scores": NO_TRUTH}, ["not applicable", "passed"], "passed", ""),
    ([rule(), rule("rouge_l", "in_domain")], {"people": {"held_out": 0}}, ["not applicable", "passed"], "passed", ""),
    ([rule()], {"people": {"held_out": 0}}, ["not applicable"], "inconclusive: no rule applies", "no test study in"),
    (
        [rule("rouge_l", "in_domain")],
        {"people": {"in_domain": 6}},
        ["inconclusive"],
        "inconclusive: n too small",
        "inconclusive: n too small (6 test patients in in_domain, 50 needed)",
    ),
    ([rule("rouge_l", "in_domain")], {"people": {"in_domain": 50}}, ["passed"], "passed", ""),
    (
        [rule(), rule("rouge_l", "in_domain")],
        {"people": {"in_domain": 6}},
        ["passed", "inconclusive"],
        "inconclusive: n too small",
        "6 test patients in in_domain",
    ),
    (  # small numbers are the better reason than an empty subset
        [rule(), rule("rouge_l", "in_domain")],
        {"people": {"in_domain": 6, "held_out": 0}},
        ["not applicable", "inconclusive"],
        "inconclusive: n too small",
        "6 test patients in in_domain",
    ),
    (  # and than a truth file that is not there
        [rule(subset="in_domain"), rule(against="champion", subset="all")],
        {"people": {"in_domain": 6, "held_out": 0, "all": 6}, "absent_scores": NO_TRUTH},
        ["not applicable", "not applicable"],
        "inconclusive: n too small",
        "6 test patients in all",
    ),
    (  # what failed on enough patients has failed, whatever else is open
        [rule(at_least=0.9), rule("rouge_l", "in_domain")],
        {"people": {"in_domain": 6}},
        ["failed", "inconclusive"],
        "failed",
        "1 failed, 1 inconclusive",
    ),
    (  # a rule that does not apply needs nobody
        [rule(against="champion", subset="in_domain"), rule()],
        {"people": {"in_domain": 6}},
        ["not applicable", "passed"],
        "passed",
        "",
    ),
    ([rule()], {"truth_micro_f1": (None, None, None)}, ["inconclusive"], "inconclusive", "could not be computed"),
    ([rule(by="lower")], {"truth_micro_f1": (0.6, None, None)}, ["inconclusive"], "inconclusive", "lower end of the"),
    ([rule(by="value")], {"truth_micro_f1": (0.6, None, None)}, ["passed"], "passed", ""),
    (
        [rule("well_formed"), rule("finding_credit", "all")],
        {},
        ["passed", "passed"],
        "inconclusive: judged by the reward alone",
        "was in the reward",
    ),
    (  # the score outside the reward did not apply, so none was judged
        [rule("well_formed"), rule()],
        {"absent_scores": NO_TRUTH},
        ["passed", "not applicable"],
        "inconclusive: judged by the reward alone",
        "was in the reward",
    ),
    (  # kin of the reward: label F1 rises with label-wise credit whatever the model sees
        [rule("labels_f1", "all"), rule("rouge_l", "in_domain"), rule("well_formed")],
        NOBODY_IN_DOMAIN,
        ["passed", "not applicable", "passed"],
        "inconclusive: judged by the reward alone",
        "or is of its families",
    ),
    (  # the same, and a failure is one by whatever score
        [rule("labels_f1", "all", at_least=0.9), rule("rouge_l", "in_domain")],
        NOBODY_IN_DOMAIN,
        ["failed", "not applicable"],
        "failed",
        "labels_f1 of rl on all",
    ),
    ([rule("labels_f1", "all"), rule("rouge_l")], NOBODY_IN_DOMAIN, ["passed", "passed"], "passed", "2 passed"),
    ([rule("well_formed", at_least=0.9), rule()], {}, ["failed", "passed"], "failed", "well_formed of rl"),
    ([rule("well_formed"), rule()], {}, ["passed", "passed"], "passed", "2 passed"),
]


@pytest.mark.parametrize(("rules", "found", "each", "verdict", "reason"), CASES)
def test_verdicts(rules, found, each, verdict, reason):
    result = judge(rules, evaluation(**found), 50, REWARDED)
    assert [line["verdict"] for line in result["rules"]] == each
    assert result["verdict"] == verdict
    assert reason in result["reason"]


@pytest.mark.parametrize(("rules", "found", "each", "verdict", "reason"), CASES)
def test_every_rule_says_value_interval_n_and_why(rules, found, each, verdict, reason):
    for line in judge(rules, evaluation(**found), 50, REWARDED)["rules"]:
        told = {"score", "subset", "against", "at_least", "by", "value", "low", "high", "in_reward", "held_out"}
        assert told <= line.keys()
        assert line["studies"] == 2 * line["patients"]
        assert line["reason"].endswith(".") and line["score"] in line["reason"]
        if line["verdict"] in ("passed", "failed"):
            assert f"{line['value']:.4f}" in line["reason"] and f"{line['patients']} patients" in line["reason"]


@pytest.mark.parametrize(
    ("score", "reward", "in_reward", "held_out"),
    [
        ("well_formed", {"well_formed"}, True, False),
        ("labels_f1", {"micro_gain"}, False, False),
        ("entity_f1", {"micro_gain"}, False, False),  # it finds its words with the labeler's lexicon
        ("bertscore", {"radcliq"}, False, False),
        ("bertscore", {"micro_gain"}, False, True),
        ("truth_micro_f1", {"micro_gain", "rouge_l"}, False, True),
        ("rouge_l", set(), False, True),
    ],
)
def test_every_rule_says_whether_its_score_is_held_out(score, reward, in_reward, held_out):
    found = evaluation(absent_scores={score: "it is not asked here"})
    line = judge([rule(score)], found, 50, reward)["rules"][0]
    assert (line["in_reward"], line["held_out"]) == (in_reward, held_out)


def test_a_score_that_was_not_evaluated_is_refused_by_its_path():
    with pytest.raises(BadInput, match=r"gate\.rules\.1\.score = rouge_x was not evaluated; name one of .*rouge_l"):
        judge([rule(), rule("rouge_x")], evaluation(), 50, REWARDED)


def test_a_rule_on_a_score_that_will_not_be_evaluated_is_refused_before_anything_runs():
    with pytest.raises(BadInput, match=r"gate\.rules\.1\.score = rouge_x is not evaluated; name one of .*rouge_l"):
        params(rule(), rule("rouge_x"))


def test_the_truth_scores_that_may_be_judged_are_those_that_are_computed():
    assert tuple(TRUTH_SCORES) == families.TRUTH_SCORES


def params(*rules, minimum=50):
    values = {
        "gate": {"minimum_patients": minimum, "rules": [r.model_dump() for r in rules]},
        "rl": {"step1": {"steps": 1, "reward": {"finding_credit": 1.0}}, "step2": None},
    }
    return parameters.parse(values)


def test_without_an_evaluation_there_is_nothing_to_judge(tmp_path):
    with pytest.raises(BadInput, match=r"reports/evaluation\.json is missing"):
        gate(params(rule()), tmp_path)


@pytest.mark.parametrize(("at_least", "verdict"), [(0.5, "passed"), (0.9, "failed")])
def test_a_verdict_is_always_written_and_never_raised(tmp_path, at_least, verdict, capsys):
    write_json(tmp_path / "reports" / "evaluation.json", evaluation())
    returned = gate(params(rule(at_least=at_least)), tmp_path)
    written = read_json(tmp_path / "reports" / "verdict.json")
    assert written == json.loads(json.dumps(returned))
    assert written["verdict"] == verdict
    assert written["evaluation"] == file_digest(tmp_path / "reports" / "evaluation.json")
    assert f"[gate] {verdict}: " in capsys.readouterr().out


def test_equal_evaluations_give_equal_bytes(tmp_path):
    write_json(tmp_path / "reports" / "evaluation.json", evaluation())
    made = []
    for _ in range(2):
        gate(params(rule(), rule("rouge_l", against="champion")), tmp_path)
        made.append((tmp_path / "reports" / "verdict.json").read_bytes())
    assert made[0] == made[1]


def test_the_second_step_s_reward_counts_as_reward(tmp_path):
    write_json(tmp_path / "reports" / "evaluation.json", evaluation(absent_scores=NO_TRUTH))
    step = {"steps": 1, "reward": {"finding_credit": 1.0}}
    values = {
        "gate": {"rules": [rule().model_dump(), rule("rouge_l").model_dump()]},
        "rl": {"step1": step, "step2": {"steps": 1, "reward": {"rouge_l": 1.0}}},
    }
    assert gate(parameters.parse(values), tmp_path)["verdict"] == "inconclusive: judged by the reward alone"


def test_the_minimum_is_the_parameter_s(tmp_path):
    write_json(tmp_path / "reports" / "evaluation.json", evaluation(people={"held_out": 6}))
    assert gate(params(rule(), minimum=6), tmp_path)["verdict"] == "passed"
    assert gate(params(rule(), minimum=7), tmp_path)["verdict"] == "inconclusive: n too small"
