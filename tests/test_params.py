"""params.yaml is refused with the path of the field and the remedy, or it is whole."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unirg_core import params
from unirg_core.families import held_out, independent, rewarded
from unirg_core.faults import BadInput
from unirg_core.recipes import left_open

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("rl.step1.stepz=3", "rl.step1.stepz is not a parameter; perhaps steps is meant"),
        ("frobnicate=1", "frobnicate is not a parameter; here stand seed, launch"),
        ("rl.step1.steps=-1", "rl.step1.steps = -1 will not do: give 0 or more"),
        ("sft.batch_size=many", "sft.batch_size = many will not do"),
        ("sft.learning_rate=.nan", "sft.learning_rate"),
        ("ingest.source=folder", "source folder needs a path; give --path"),
        ("ingest={source: folder, path: /drop}", "policy says synthetic, but a drop is not; name its consent"),
        ("ingest.path=/drop", "source phantom is drawn and takes no path"),
        ("ingest.phantom.world=1000", "ingest.phantom: world 1000 is none to develop on: take one below 1000"),
        ("ingest.phantom.confirming=true", "ingest.phantom: world 0 confirms nothing: worlds 1000 to 1999 are kept"),
        ("ingest.phantom={world: 1004, confirming: true}", "opens worlds that every look at has to be logged first"),
        ("ingest.split.test=0.95", "leave nothing to train on"),
        ("rl.step1.reward={}", "reward is empty; name at least one score"),
        ("rl.step1.clip_high=0.1", "clip_high is below clip_low"),
        ("rl.step1.reward={a: 0}", "reward is empty"),
        ("rl.step1.reward.bleu2=1", "a reward is set as a whole"),
        ("rl.step1.reward={labels_f1: -1}", "reward.labels_f1 = -1 would train the model to be wrong"),
        ("rl.step1.reward={radcliq: 1}", "radcliq is the better the lower; give a weight below zero"),
        ("gate.rules=[]", "gate.rules"),
        (
            "gate.rules=[{score: radcliq, subset: all, at_least: 0}]",
            "at_least would ask radcliq to be bad, which is the",
        ),
        ("gate.rules=[{score: rouge_l, subset: all, at_most: 0}]", "at_most would ask rouge_l to be bad, which is the"),
        (
            "gate.rules=[{score: rouge_l, subset: al, at_least: 0}]",
            "gate.rules.0.subset = al will not do: give in_domain",
        ),
        ("gate.rules=[{score: radcliq, subset: all}]", "at_most is missing; set the bound of radcliq"),
        ("gate.rules=[{score: rouge_l, subset: all}]", "at_least is missing; set the bound of rouge_l"),
        ("gate.rules=[{score: well_formed, subset: all, at_least: 0.5}]", "only by scores that are in the reward"),
        (
            "gate.rules=[{score: labels_f1, subset: all, at_least: 0.5}]",
            "or of its families (form, labels); add a rule",
        ),
        (
            "gate.rules=[{score: rouge_l, subset: all, at_least: 0.5}]",
            "never look at the truth file, although the rewa",
        ),
        ("gate.rules=[{score: rouge_9, subset: all, at_least: 0}]", "gate.rules.0.score = rouge_9 is not evaluated"),
        ("rl.step1.weights=standardised", "changes nothing, because no rewarded score has a published mean"),
        ("rl.step1.weights=normal", "rl.step1.weights = normal will not do"),
        ("rl.step1.curriculum=hard_first", "rl.step1.curriculum = hard_first will not do"),
        ("rl.step1.resample_zero_spread={factor: 1}", "rl.step1.resample_zero_spread.factor = 1 will not do"),
        ("rl.select=best", "rl: select: best needs validate_every, which is 0; set it, as validate_every: 10"),
        ("sft.patience=2", "sft: patience: 2 needs validate_every"),
        (
            "sft={validate_every: 5, select_by: reward}",
            "select_by: reward is not validated; there are rouge_l, labels_f1",
        ),
        ("rl.alarms.entropy.least=2", "rl.alarms.entropy.least = 2 will not do"),
        ("rl.alarms.patience=2", "rl.alarms.patience is not a parameter"),
        ("rl.score_processes=-1", "rl.score_processes = -1 will not do"),
        ("gate=", "gate"),
        ("register.name=a b", "register.name"),
        ("approve.mode=maybe", "approve.mode = maybe will not do"),
        ("approve.wait_hours=0", "approve.wait_hours = 0 will not do"),
        ("approve.wait_hours=9000", "approve.wait_hours = 9000 will not do: give 8760 or less"),
    ],
)
def test_a_bad_value_is_refused_with_its_path_and_the_remedy(assignment: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        params.resolve(ROOT, above=params.assignments([assignment]))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["rl.step1.steps=[1", "rl.step1={steps: 2", "a='x"])
def test_an_assignment_that_is_no_yaml_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="is not valid YAML; check its brackets and quotes"):
        params.assignments([text])


@pytest.mark.parametrize("text", ["steps", "=3", " =3"])
def test_an_assignment_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(BadInput, match="is not of the form key=value"):
        params.assignments([text])


@pytest.mark.parametrize(("text", "said"), [("a: [", "is not valid YAML at line"), ("- 1", "must hold a mapping")])
def test_a_broken_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadInput, match=said):
        params.load(tmp_path / "params.yaml")


def test_an_unknown_recipe_lists_those_that_exist() -> None:
    with pytest.raises(BadInput, match=r"There is no recipe nonsense; there are: .*smoke"):
        params.resolve(ROOT, "nonsense")


@pytest.mark.parametrize("recipe", [None, *sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))])
def test_every_recipe_resolves(recipe: str | None) -> None:
    above = left_open(ROOT, recipe)
    resolved = params.resolve(ROOT, recipe, above)
    assert params.parse(yaml.safe_load(params.dump(resolved))) == resolved


def test_what_is_left_out_is_what_params_yaml_says() -> None:
    assert params.Rl() == params.resolve(ROOT).rl


def test_a_reward_is_replaced_and_not_merged() -> None:
    resolved = params.resolve(ROOT, above=params.assignments(["rl.step1.reward={finding_credit: 2}"]))
    assert resolved.rl.step1.reward == {"finding_credit": 2}


TRUTHS = ("truth_micro_f1", "truth_macro_f1", "truth_side_micro_f1")


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ({}, ("bleu2", "rouge_l", *TRUTHS)),  # labels_f1 reads what the rewarded finding_credit reads
        ({"rl": {"step2": None, "step1": {"reward": {"rouge_l": 1}}}}, ("labels_f1", "well_formed", *TRUTHS)),
        # in the reward with a weight of zero, as BLEU in the paper: it pulls nothing
        (
            {"rl": {"step2": None, "step1": {"reward": {"well_formed": 1, "bleu2": 0}}}},
            ("labels_f1", "bleu2", "rouge_l", *TRUTHS),
        ),
        # step 2 alone rewards it: the model that is judged has learnt from both steps
        ({"rl": {"step1": {"reward": {"well_formed": 1}}}}, ("bleu2", "rouge_l", *TRUTHS)),
        # a drop has no truth file
        ({"ingest": {"source": "folder", "path": "/drop", "policy": "irb"}}, ("bleu2", "rouge_l")),
    ],
)
def test_what_is_rewarded_leaves_the_held_out_scores_by_itself(above: dict, expected: tuple[str, ...]) -> None:
    assert held_out(params.resolve(ROOT, above=above)) == expected


def test_a_drop_is_judged_by_a_held_out_score_that_it_has() -> None:
    """Rules against a truth file that does not exist never apply, so they hold nothing out."""
    drop = {"ingest": {"source": "folder", "path": "/drop", "policy": "irb"}}
    rules = {"gate": {"rules": [{"score": "truth_micro_f1", "subset": "all", "at_least": 0.1}]}}
    params.resolve(ROOT, above=rules)
    with pytest.raises(BadInput, match=r"add a rule with one that is held out: bleu2, rouge_l\.$"):
        params.resolve(ROOT, above={**drop, **rules})
    assert params.resolve(ROOT, above=drop)


def test_a_drop_whose_reward_takes_every_evaluated_family_is_refused_with_scores_of_others() -> None:
    drop = {"ingest": {"source": "folder", "path": "/drop", "policy": "irb"}}
    with pytest.raises(BadInput, match=r"families \(form, labels, text\); add one of another: .*radgraph_f1.*semantic"):
        params.resolve(ROOT, above={**drop, "rl": {"step2": {"reward": {"bleu2": 1, "labels_f1": 1}}}})


@pytest.mark.parametrize(
    ("name", "reward", "expected"),
    [
        ("labels_f1", ["finding_credit"], False),
        ("chexbert_f1", ["labels_f1"], False),
        ("entity_f1", ["finding_credit"], False),  # its words are found by the labeler
        ("radgraph_f1", ["finding_credit"], True),
        ("radgraph_f1", ["radcliq"], False),
        ("rouge_l", ["radcliq"], False),
        ("judge", ["radcliq", "labels_f1"], True),
        ("truth_micro_f1", ["finding_credit"], True),
        ("mine", ["yours"], True),
        ("mine", ["mine"], False),
    ],
)
def test_scores_of_one_family_do_not_judge_each_other(name: str, reward: list[str], expected: bool) -> None:
    assert independent(name, frozenset(reward)) is expected


def test_what_either_step_weighs_is_rewarded() -> None:
    assert rewarded(params.resolve(ROOT).rl) == {"micro_gain", "well_formed", "error_count"}


_VALUES = st.recursive(
    st.integers() | st.text(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
_TREES = st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(_TREES, _TREES)
def test_an_overlay_wins_and_is_idempotent(below: dict, above: dict) -> None:
    once = params.overlay(below, above)
    assert params.overlay(once, above) == once
    assert params.overlay({}, above) == above
    assert set(once) == set(below) | set(above)


@given(st.integers(), st.lists(st.sampled_from(["seed", "sft", "rl"]), min_size=1, max_size=3))
def test_an_assignment_nests_as_its_name_says(value: int, path: list[str]) -> None:
    nested = params.assignments([f"{'.'.join(path)}={value}"])
    for part in path:
        nested = nested[part]
    assert nested == value


GATES = re.findall(r"```yaml\n(gate:\n.*?)```", (ROOT / "docs/own-data.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("gate", GATES)
def test_the_gate_that_the_docs_offer_for_a_drop_holds(gate: str) -> None:
    drop = {"ingest": {"source": "folder", "path": "drop", "policy": "IRB-1", "split": {"held_out": []}}}
    found = params.resolve(ROOT, above=params.overlay(drop, yaml.safe_load(gate)))
    assert {rule.score for rule in found.gate.rules} & set(held_out(found))
    assert len(GATES) == 1


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ({}, "unirg-cxr-phantom"),
        ({"ingest": {"source": "folder", "path": "drop", "policy": "IRB-1"}}, "unirg-cxr"),
        ({"register": {"name": "site-a"}}, "site-a"),
    ],
)
def test_a_drawn_champion_never_meets_a_hospitals(above: dict, name: str) -> None:
    assert params.resolve(ROOT, above=above).model_name == name
