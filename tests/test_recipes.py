"""Recipes: each resolves, the paper's numbers are where it says, and every departure has its reason beside it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from unirg_core import params
from unirg_core.families import held_out
from unirg_core.faults import BadInput
from unirg_core.recipes import left_open, left_to_you, names, summary
from unirg_core.recipes.departures import departures, rows
from unirg_core.recipes.paper import CHOSEN, STATED
from unirg_core.recipes.printing import listing, shown

ROOT = Path(__file__).resolve().parents[1]
OURS = ("unirg-cxr-8b", "unirg-cxr-8b-lora", "continue-unirg-cxr", "qwen3-vl-2b-lora")


def resolved(recipe: str, above: dict | None = None) -> params.Params:
    return params.resolve(ROOT, recipe, params.overlay(left_open(ROOT, recipe), above or {}))


def standing(recipe: str) -> dict[str, str]:
    return {row.path: row.standing for row in rows(resolved(recipe))}


@pytest.mark.parametrize("recipe", names(ROOT))
def test_a_recipe_resolves_says_what_it_is_for_and_holds_a_score_out(recipe: str) -> None:
    found = resolved(recipe)
    assert held_out(found)
    assert summary(ROOT, recipe).endswith(".") and len(summary(ROOT, recipe)) > 30


def test_the_papers_recipe_departs_in_nothing_and_makes_our_choices() -> None:
    found = rows(resolved("unirg-cxr-8b"))
    assert {row.standing for row in found} == {"paper", "ours", "free"}
    assert sum(row.standing == "paper" for row in found) == len(STATED)
    assert sum(row.standing == "ours" for row in found) == len(CHOSEN)


@pytest.mark.parametrize(
    ("path", "value"),
    [  # the figures of arXiv 2601.17151 as a reader of its text would check them
        (("sft", "learning_rate"), 5e-5),
        (("sft", "batch_size"), 256),
        (("sft", "epochs"), 3),
        (("rl", "step1", "rollouts"), 16),
        (("rl", "step1", "learning_rate"), 5e-6),
        (("rl", "step1", "beta"), 0),
        (("rl", "step1", "reward", "bertscore"), 0.370),
        (("rl", "step1", "reward", "sembscore"), 0.253),
        (("rl", "step1", "reward", "radgraph_f1"), 0.377),
        (("rl", "step2", "reward", "judge"), 0.5),
        (("rl", "step2", "beta"), 0.03),
        (("model", "image_size"), 512),
        (("model", "prior"), "image_and_report"),
    ],
)
def test_the_papers_figures(path: tuple[str, ...], value: float | str) -> None:
    found = yaml.safe_load((ROOT / "recipes" / "unirg-cxr-8b.yaml").read_text())
    for part in path:
        found = found[part]
    assert found == value


@pytest.mark.parametrize(
    ("above", "path", "expected"),
    [
        ({"rl": {"step1": {"rollouts": 8}}}, "rl.step1.rollouts", "departs"),
        ({"rl": {"step1": {"rollouts": 8}}}, "rl.step1.completions", "departs"),
        ({"rl": {"step1": {"rollouts": 8, "prompts": 32}}}, "rl.step1.completions", "paper"),
        ({"rl": {"step1": {"clip_high": 0.3}}}, "rl.step1.clip_high", "changed"),
        ({"rl": {"step1": {"reward": {"bertscore": 0.37, "sembscore": 0.253, "radgraph_f1": 0.377}}}},
         "rl.step1.reward", "paper"),  # a weight of zero left out is the same reward
        ({"rl": {"step2": None}}, "rl.step2", "departs"),
        ({"sft": {"steps": 10}}, "sft.epochs", "free"),  # steps decide
        ({"sft": {"epochs": 0}}, "sft.learning_rate", "free"),  # there is no SFT
        ({"model": {"max_new_tokens": 100}}, "model.max_new_tokens", "free"),
    ],
)  # fmt: skip
def test_a_standing_is_computed(above: dict, path: str, expected: str) -> None:
    assert {row.path: row.standing for row in rows(resolved("unirg-cxr-8b", above))}[path] == expected


def _lines(recipe: str) -> dict[str, str]:
    """Map each path that a recipe sets to its line."""
    text = (ROOT / "recipes" / f"{recipe}.yaml").read_text()
    lines, found = text.splitlines(), {}

    def walk(node: yaml.Node, below: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                path = f"{below}.{key.value}" if below else key.value
                found[path] = lines[key.start_mark.line]
                walk(value, path)

    walk(yaml.compose(text), "")
    return found


@pytest.mark.parametrize("recipe", OURS)
def test_each_departure_has_its_reason_beside_it(recipe: str) -> None:
    lines = _lines(recipe)
    lines |= {path.replace(".prompts", ".completions"): line for path, line in lines.items()}
    for row in rows(resolved(recipe)):
        if row.standing in ("departs", "changed"):
            if row.value == "(absent)":
                continue  # a judge that is not set up: the reward's line says why
            assert " # " in lines[row.path], f"{recipe}: {row.path} departs without a reason"


@pytest.mark.parametrize("recipe", OURS[1:])
def test_the_others_depart(recipe: str) -> None:
    assert {"paper", "departs"} <= set(standing(recipe).values())


def test_what_the_reward_needs_is_set_up_at_addresses_to_replace() -> None:
    found = resolved("unirg-cxr-8b")
    assert set(found.scores.service.scores) == {"bertscore", "sembscore", "radgraph_f1"}
    assert found.scores.judge.base_url.startswith("http://127.0.0.1")
    assert found.scores.judge.maximum_calls >= 563_494 * 16


@pytest.mark.parametrize("recipe", ["unirg-cxr-8b", "unirg-cxr-8b-lora"])
def test_a_digest_that_nobody_has_filled_in_is_refused_before_a_run(recipe: str) -> None:
    """The recipe pins nothing, so a service with weights is another than the pinned one, and the sentence says so."""
    from unirg_core.scores.service import Service

    class Served(Service):
        def _ask(self, *_args, **_kwargs):
            return {"pairs": 8, "scores": {name: {"digest": "a" * 64} for name in self._pins}}

    settings = resolved(recipe).scores.service
    with pytest.raises(BadInput, match=r"pins None; start the service with the pinned weights, or pin these"):
        _ = Served(settings.url, settings.scores)["bertscore"]


def test_a_recipe_without_its_scores_is_refused_by_name(tmp_path: Path) -> None:
    from unirg_core.scores import check_names
    from unirg_core.scores.configured import configured

    reward = resolved("unirg-cxr-8b").rl.step2.reward
    with pytest.raises(BadInput, match=r"bertscore needs scores\.service in params\.yaml"):
        check_names(reward, configured(params.Scores()))


def test_the_list_names_each_recipe_with_its_purpose() -> None:
    assert [line.split()[0] for line in listing(ROOT, False).splitlines()] == ["default", *names(ROOT)]
    assert json.loads(listing(ROOT, True))["smoke"].startswith("The whole way, quickly")


def test_what_is_shown_marks_departures_and_says_what_is_left_open() -> None:
    text = shown(ROOT, "qwen3-vl-2b-lora", False)
    assert re.search(r"^! model\.base +Qwen/Qwen3-VL-2B-Instruct +paper: Qwen/Qwen3-VL-8B-Instruct", text, re.MULTILINE)
    assert "Left to you: ingest.path, ingest.policy" in text
    told = json.loads(shown(ROOT, "qwen3-vl-2b-lora", True))
    assert told["left_open"] == {"ingest": {"path": "DROP", "policy": "POLICY"}}
    departed = {row["path"] for row in told["parameters"] if row["standing"] == "departs"}
    assert departed == {row.path for row in departures(resolved("qwen3-vl-2b-lora"))}


@pytest.mark.parametrize(("recipe", "once"), [("claim", True), ("openi-cpu", True), ("default", False)])
def test_a_step_that_is_left_out_departs_once(recipe: str, once: bool) -> None:
    found = [row for row in departures(resolved(recipe)) if row.path.startswith("rl.step2")]
    assert ([(row.path, row.value) for row in found] == [("rl.step2", None)]) == once
    assert all(row.value != "(absent)" for row in found)


@pytest.mark.parametrize(
    ("recipe", "above", "said"),
    [
        (
            "qwen3-vl-2b-lora",
            {},
            "ingest.path, ingest.policy (--path DROP, --set ingest.policy=ID-OF-YOUR-LEGAL-BASIS)",
        ),
        ("covid-folder", {}, "ingest.path (--path DROP)"),  # its policy is set
        ("covid-folder", {"ingest": {"path": "/drop"}}, ""),
        ("smoke", {}, ""),
        (None, {"ingest": {"source": "folder", "path": "/drop"}}, "ingest.policy (--set ingest.policy=ID-OF-YOUR-"),
    ],
)
def test_what_is_left_open_is_told_with_the_option_that_gives_it(recipe: str | None, above: dict, said: str) -> None:
    told = left_to_you(left_open(ROOT, recipe, above))
    assert told.startswith(said) and bool(told) == bool(said)


def test_the_default_is_a_recipe_by_name_too() -> None:
    assert params.resolve(ROOT, params.DEFAULT) == params.resolve(ROOT)


def test_what_is_set_lies_over_what_is_shown() -> None:
    assert re.search(r"^! sft\.steps +7 ", shown(ROOT, "default", False, {"sft": {"steps": 7}}), re.MULTILINE)
    assert "Left to you" not in shown(ROOT, "default", False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "There is no recipe nonsense; there are: default, claim, continue-unirg-cxr"),
        ([], 0, "unirg-cxr-8b-lora"),
        (["smoke"], 0, "! sft.steps"),
        (["default"], 0, "recipe default"),
        (["openi-cpu", "--set", "rl.step2.steps=3"], 2, "rl.step2.reward is missing; add it, as {micro_gain"),
        (["--set", "sft.steps=7"], 0, "recipe default"),
        (["smoke", "--set", "sft.nonsense=1"], 2, "sft.nonsense is not a parameter"),
        (["smoke", "--set", "ingest=5"], 2, "ingest = 5 will not do"),
    ],
)
def test_the_verb(arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unirg_core", "recipe", "show", *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
