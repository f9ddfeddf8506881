"""The arms of the ablation, its statistics over pairs, and the verb on a small world."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from unirg_core import params
from unirg_core.ablation import arms, bias, roots, run, table, verb
from unirg_core.ablation.training import seconds_trained
from unirg_core.cli import training
from unirg_core.faults import BadInput
from unirg_core.files import append_line
from unirg_core.progress import METRICS

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = params.load(ROOT / "params.yaml")


def changed(name: str, base: params.Params = DEFAULT) -> params.Params:
    values = base.model_dump(mode="json", by_alias=True)
    return params.parse(params.overlay(values, arms.ARMS[name].changes(base)))


@pytest.mark.parametrize("name", arms.ARMS)
def test_an_arm_is_a_recipe_that_can_be_run(name: str) -> None:
    found = changed(name)
    assert found.ingest == DEFAULT.ingest and found.evaluate == DEFAULT.evaluate
    if arms.ARMS[name].trains == "rl":
        assert found.sft == DEFAULT.sft and arms.rl_steps(found) == arms.rl_steps(DEFAULT)
        assert found.rl.step1.prompts * found.rl.step1.rollouts == 128  # equal compute, whatever the group's size
    else:
        assert found.rl == DEFAULT.rl


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("base", ("sft", "steps"), 0),
        ("base", ("sft", "epochs"), 0.0),
        ("sft_more", ("sft", "steps"), 400 + 8 * 125),
        ("reward_bleu2", ("rl", "step1", "reward"), {"bleu2": 1.0}),
        ("reward_bleu2", ("rl", "step1", "steps"), 125),
        ("reward_bleu2", ("rl", "step2"), None),
        ("group_16", ("rl", "step2", "rollouts"), 16),
        ("group_4", ("rl", "step1", "prompts"), 32),
        ("beta_10", ("rl", "step1", "beta"), 0.1),
        ("temperature_07", ("rl", "step2", "temperature"), 0.7),
        ("advantage_group", ("rl", "step1", "advantage"), "group"),
        ("loss_dr_grpo", ("rl", "step2", "loss"), "dr_grpo"),
    ],
)
def test_what_an_arm_changes(name: str, path: tuple[str, ...], value: object) -> None:
    found: object = changed(name).model_dump(mode="json")
    for part in path:
        found = found[part]
    assert found == value


@pytest.mark.parametrize(
    ("prompts", "rollouts", "refused"),
    [
        (2, 4, "rl.step1.prompts x rl.step1.rollouts is 8; make that a multiple of 16"),  # not one whole group
        (3, 8, "rl.step1.prompts x rl.step1.rollouts is 24; make that a multiple of 16"),  # one and a half
        (2, 8, None),
        (6, 8, None),
    ],
)
def test_a_group_of_another_size_keeps_the_completions_or_is_refused(
    prompts: int, rollouts: int, refused: str | None
) -> None:
    step = DEFAULT.rl.step1.model_copy(update={"prompts": prompts, "rollouts": rollouts})
    base = DEFAULT.model_copy(update={"rl": DEFAULT.rl.model_copy(update={"step1": step})})
    if refused:
        with pytest.raises(BadInput, match=f"Arm group_16 .*{refused}"):
            changed("group_16", base)
        return
    found = changed("group_16", base).rl.step1
    assert (found.prompts * found.rollouts, found.rollouts) == (prompts * rollouts, 16)


@pytest.mark.parametrize(("prompts", "rollouts"), [(16, 8), (1, 2), (64, 8)])
def test_more_sft_is_eight_steps_for_each_of_rl_whatever_these_hold(prompts: int, rollouts: int) -> None:
    step = DEFAULT.rl.step1.model_copy(update={"prompts": prompts, "rollouts": rollouts})
    base = DEFAULT.model_copy(update={"rl": DEFAULT.rl.model_copy(update={"step1": step})})
    assert changed("sft_more", base).sft.steps == 400 + 8 * 125
    assert arms.ARMS["sft_more"].title == "more SFT, eight steps for each of RL"


def test_an_arm_brings_what_it_starts_from() -> None:
    assert [arm.name for arm in arms.chosen(("rl_only",))] == ["base", "sft", "rl_only"]
    assert [arm.name for arm in arms.chosen(("group_4",))] == ["sft", "sft_rl", "group_4"]  # held against both
    assert [arm.name for arm in arms.chosen(None)] == list(arms.ARMS)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (verb.Request(arms=("sft", "nonsense")), "There is no arm nonsense; there are base, sft,"),
        (verb.Request(arms=()), "--arms names no arm; leave it out for all of them, or name some of base, sft,"),
        (verb.Request(world=999, pairs=2), "would reach world 1000; the ablation draws worlds below 1000"),
        (verb.Request(recipe="nonsense"), "There is no recipe nonsense"),
        (verb.Request(set=("ingest.phantom.world=5",)), "--set ingest.phantom.world would change nothing here"),
        (verb.Request(set=("ingest.phantom={world: 5}",)), "--world gives that of the first one."),
        (verb.Request(set=("seed=5",)), "pair number i takes seed i; --pairs says how many there are."),
        (verb.Request(set=("model.threads=2",)), "--jobs says how many arms run at once."),
        (verb.Request(set=("rl.step1.steps=0",)), "The ablation counts steps: set sft.steps, rl.step1.steps"),
        (
            verb.Request(set=("ingest.source=openi", "ingest.path=/x", "ingest.policy=P")),
            "it needs ingest.source = phantom",
        ),
        (
            verb.Request("smoke", ("group_16",), set=("rl.step1.prompts=2",)),
            "Arm group_16 keeps the number of completions a step",
        ),
        (verb.Request(set=("ingest.source=folder",)), "it needs ingest.source = phantom"),  # and not a path first
        *((verb.Request(recipe=name), run.NEEDS) for name in ("covid-folder", "openi-cpu", "unirg-cxr-8b")),
        (verb.Request(set=("ingest=5",)), "ingest = 5 will not do"),
        (verb.Request(set=("ingest.split.held_out=[]",)), "and ingest.split.held_out"),
        (verb.Request(set=("ingest.split.test=0",)), "ingest.split.test = 0 keeps none; set it above 0."),
        (verb.Request(set=("ingest.split.validation=0",)), "Arm sft_bias chooses its bias on validation studies"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(
    request_: verb.Request, said: str, unirg_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "run_stage", lambda *_: pytest.fail("a stage was run"))
    with pytest.raises(BadInput, match=re.escape(said)):
        verb.run_and_tell(request_, ROOT, None, False)
    assert not list(unirg_home.glob("ablation/world-*"))


@pytest.mark.parametrize("given", ["", ",", " , "])
def test_an_empty_list_of_arms_does_not_mean_all(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ablate", lambda *_: pytest.fail("arms were begun"))
    with pytest.raises(BadInput, match="--arms names no arm"):
        training.ablate(arms=given)


def test_a_figure_of_no_format_is_refused() -> None:
    with pytest.raises(BadInput, match=r"--figure x\.bmp ends in no picture's format"):
        verb.run_and_tell(verb.Request(), ROOT, Path("x.bmp"), False)


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]),
        ([0.1, None, 0.3], [0.1, 0.3]),  # an arm that collapsed on a pair
        ([-0.02, 0.05, 0.01, 0.0, 0.03], [-0.02, 0.05, 0.01, 0.0, 0.03]),
    ],
)
def test_over_pairs_stands_a_t_interval(values: list[float | None], known: list[float]) -> None:
    found = table.over([None if v is None else {"value": v} for v in values], 0.95)
    reach = stats.t.ppf(0.975, len(known) - 1) * np.std(known, ddof=1) / np.sqrt(len(known))
    assert found["value"] == pytest.approx(np.mean(known), abs=1e-6)
    assert (found["low"], found["high"]) == pytest.approx((np.mean(known) - reach, np.mean(known) + reach), abs=1e-5)
    assert found["p"] == pytest.approx(stats.ttest_1samp(known, 0).pvalue, abs=1e-5)


@pytest.mark.parametrize("values", [[], [None], [0.4], [0.4, 0.4], [float("nan"), 0.4]])
def test_what_does_not_vary_has_no_interval(values: list[float | None]) -> None:
    found = table.over([None if v is None else {"value": v} for v in values], 0.95)
    assert (found["low"], found["high"], found["p"]) == (None, None, None)
    assert found["value"] == (0.4 if 0.4 in values else None)


REPORTS = ["There is a large effusion.", "There is a large effusion.", "The lungs are clear.", "The heart is normal."]


class Words:
    """A tokenizer of words."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        assert not add_special_tokens
        return {"input_ids": [self.known.setdefault(word, len(self.known)) for word in text.split()]}


def test_a_bias_leans_to_the_words_of_findings() -> None:
    words = Words()
    lean, known = bias.lean(REPORTS, words), words.known
    assert lean[known["large"]] > 0 > lean[known["clear."]]
    told = (2 + 1) / (10 + len(known)), (0 + 1) / (8 + len(known))  # of "large", one added to each count
    assert lean[known["large"]] == pytest.approx(np.log(told[0] / told[1]))
    assert max(map(abs, lean.values())) <= 3
    tried = bias.pushes(lean)
    assert tried["none"] == {} and len(tried) == 1 + 3 * len(bias.STRENGTHS)
    assert tried["all 0.4"][known["large"]] == pytest.approx(lean[known["large"]] * 0.4)
    assert known["clear."] not in tried["findings 0.4"] and known["large"] not in tried["normal 0.4"]


@pytest.mark.parametrize(
    ("candidate", "reference", "f1"),
    [
        ("The lungs are clear.", "The lungs are clear.", 1.0),
        ("The lungs are clear.", "Left pleural effusion.", 0.0),
        ("Left pleural effusion.", "Left pleural effusion.", 1.0),
        ("Left pleural effusion. Pneumothorax.", "Left pleural effusion.", 2 / 3),
    ],
)
def test_the_strength_is_chosen_by_micro_f1(candidate: str, reference: str, f1: float) -> None:
    assert bias.micro_f1([candidate], [reference]) == pytest.approx(f1)


@pytest.mark.slow
def test_the_verb_trains_tells_and_takes_over_what_is_done(unirg_home: Path, tmp_path: Path) -> None:
    small = ("evaluate.maximum_studies=8", "model.max_new_tokens=40")
    asked = verb.Request("smoke", ("sft", "sft_bias", "sft_rl"), 1, 20, small)
    said = json.loads(verb.run_and_tell(asked, ROOT, tmp_path / "figure.png", True))
    assert [arm["arm"] for arm in said["arms"]] == ["sft", "sft_bias", "sft_rl"]
    assert said["pairs"] == [{"world": 20, "seed": 0}] and (tmp_path / "figure.png").stat().st_size > 10_000
    rows = {(row["arm"], row["subset"], row["score"]): row for row in said["scores"]}
    for arm in ("template", "sft", "sft_bias", "sft_rl"):
        assert 0 <= rows[arm, "held_out", "truth_micro_f1"]["value"] <= 1
    less = {(row["arm"], row["subset"], row["score"]): row for row in said["differences"]}
    own = [rows[arm, "held_out", "rouge_l"]["value"] for arm in ("sft_rl", "sft")]
    found = less["sft_rl", "held_out", "rouge_l"]
    assert found["value"] == pytest.approx(own[0] - own[1], abs=2e-6)
    assert found["pairs"][0]["low"] <= found["value"] <= found["pairs"][0]["high"] and found["low"] is None
    folder = unirg_home / "ablation" / "world-20" / "seed-0"
    strengths = params.read_yaml(folder / "sft_bias" / "done.json")["strengths"]
    assert strengths.keys() == bias.pushes({}).keys()
    made = {path: path.stat().st_mtime_ns for path in folder.glob("*/scores.parquet")}
    again = verb.run_and_tell(asked, ROOT, None, False)
    assert {path: path.stat().st_mtime_ns for path in made} == made and "SFT with a logit bias" in again
    less = verb.run_and_tell(
        verb.Request(**{**vars(asked), "set": (*small, "rl.step1.learning_rate=0.0001")}), ROOT, None, False
    )
    assert {path for path in made if path.stat().st_mtime_ns != made[path]} == {folder / "sft_rl" / "scores.parquet"}
    assert "SFT + RL" in less


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([], 0.0),  # a bias is no training
        ([(1, 2.0), (2, 3.0)], 5.0),
        ([(1, 2.0), (2, 3.0), (2, 4.0), (3, 1.0)], 7.0),  # cut off after step 2, which was done again
        ([(0, None), (1, 2.0)], 2.0),  # a look at the validation set has no step of its own
        ([(1, 2.0), (2, 3.0), (2, None)], 5.0),  # nor does it take the seconds of the step that it follows
        ([(1, 2.0), (2, 3.0), (3, 4.0), (1, 1.0), (2, 1.0)], 2.0),  # made anew with fewer steps
        ([(1, 9.0), (2, 9.0), (1, 1.0), (2, 1.0), (2, 3.0), (3, 1.0)], 5.0),  # which was cut off in its turn
        ([(1, 2.0), (1, 3.0), (2, 1.0)], 4.0),  # cut off before its first checkpoint
    ],
)
def test_the_seconds_of_an_arm_that_was_cut_off_are_those_of_all_its_steps(
    tmp_path: Path, lines: list[tuple[int, float | None]], seconds: float
) -> None:
    for step, spent in lines:
        append_line(tmp_path / METRICS, {"step": step, "figures": {"seconds/step": spent} if spent else {}})
    assert seconds_trained(tmp_path) == seconds
