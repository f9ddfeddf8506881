"""Groups without spread give way to further prompts: which, how many, and the same ones after a kill."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures_training import digests, killed_child, quick, root_with_sft, state_in, trajectory, without_outputs

from unirg_core.files import append_line, digest_of, read_json, read_lines
from unirg_core.rl import rl
from unirg_core.training.resampling import NOTE, Resampler, Reserve, consumed_order, forget_after
from unirg_core.training.rewards import Rewards

RESAMPLED: dict[str, Any] = {
    "model": {"max_new_tokens": 3},
    "rl": {
        "step1": {"steps": 5, "prompts": 3, "reward": {"rouge_l": 1.0}, "resample_zero_spread": {"factor": 3}},
        "step2": None,
        "keep_completions_every": 1,
    },
}


def reserve(order: Sequence[int] = (0, 1), factor: float = 3.0) -> Reserve:
    def shown(place: int) -> dict[str, Any]:
        return {"study_id": f"s{place}", "reference": "an effusion"}

    return Reserve(order, 8, 2, factor, 5, shown)


@pytest.mark.parametrize(("factor", "count"), [(1.5, 1), (2.0, 2), (3.0, 4), (16.0, 6)])
def test_what_stands_by_is_bounded_and_never_planned(factor: float, count: int) -> None:
    places = reserve((0, 1, 2, 3), factor).places(2)
    assert len(places) == len(set(places)) == count
    assert not {2, 3} & set(places)
    assert places == reserve((0, 1, 2, 3), factor).places(2)


def test_other_steps_have_other_prompts_standing_by() -> None:
    assert len({tuple(reserve((0, 1) * 9).places(step)) for step in range(1, 9)}) > 1


class Writer:
    """Writes reports for examples: of useful studies two that differ, of others two that are the same."""

    def __init__(self, useful: set[str]) -> None:
        self.useful, self.asked = useful, 0

    def made(self, examples: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
        texts = [
            "an effusion" if row["study_id"] in self.useful and place % 2 else f"nothing at {row['study_id']}"
            for place, row in enumerate(examples)
        ]
        ids = [[len(text)] for text in texts]
        return ids, ids, None, [[{"content": text}] for text in texts], None, {}, [["picture"]] * len(ids), []

    def more(self, examples: list[dict[str, Any]]) -> tuple[list[Any], tuple[Any, ...]]:
        self.asked += len(examples) // 2
        return [f"prompt of {row['study_id']}" for row in examples], self.made(examples)


def resampled(useful: set[str], folder: Path) -> tuple[list[str], list[Any], Any, dict[str, float], Writer]:
    writer, told = Writer(useful), {}
    inputs = [row for study in ("s0", "s1") for row in [{"study_id": study, "reference": "an effusion"}] * 2]
    prompts: list[Any] = ["planned"] * 4
    resampler = Resampler(reserve(), Rewards({"rouge_l": 1.0}), 2, folder)
    made = resampler(1, inputs, prompts, writer.made(inputs), writer.more, told.__setitem__)
    return [row["study_id"] for row in inputs], prompts, made, told, writer


def test_groups_with_spread_stay_as_they_are(tmp_path: Path) -> None:
    studies, prompts, _, told, writer = resampled({"s0", "s1"}, tmp_path)
    assert studies == ["s0", "s0", "s1", "s1"] and prompts == ["planned"] * 4
    assert writer.asked == 0 and not (tmp_path / NOTE).exists()
    assert told == {"resampling/without_spread": 0, "resampling/replaced": 0, "resampling/tried": 0}


def test_a_dead_group_is_replaced_whole_by_the_first_that_has_spread(tmp_path: Path) -> None:
    waiting = [f"s{place}" for place in reserve().places(1)]
    studies, prompts, made, told, writer = resampled({"s0", waiting[2]}, tmp_path)
    assert studies == ["s0", "s0", waiting[2], waiting[2]]
    assert prompts == ["planned"] * 2 + [f"prompt of {waiting[2]}"] * 2
    assert [message[0]["content"] for message in made[3]] == [
        "nothing at s0",
        "an effusion",
        f"nothing at {waiting[2]}",
        "an effusion",
    ]
    assert writer.asked == 3
    assert told == {"resampling/without_spread": 0.5, "resampling/replaced": 0.5, "resampling/tried": 3}
    assert consumed_order(tmp_path, ["s0", "s1"], 2) == ["s0", waiting[2]]


def test_where_nothing_has_spread_the_planned_prompts_stay_and_are_counted(tmp_path: Path) -> None:
    studies, prompts, _, told, writer = resampled(set(), tmp_path)
    assert studies == ["s0", "s0", "s1", "s1"] and prompts == ["planned"] * 4
    assert writer.asked == 4  # factor 3 of two prompts
    assert told == {"resampling/without_spread": 1, "resampling/replaced": 0, "resampling/tried": 4}


def test_what_a_killed_process_has_noted_of_later_steps_is_forgotten(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        append_line(tmp_path / NOTE, {"step": step, "place": 0, "study": f"n{step}"})
    assert consumed_order(tmp_path, list("abcdef"), 2) == ["n1", "b", "n2", "d", "n3", "f"]
    forget_after(tmp_path, 2)
    assert consumed_order(tmp_path, list("abcdef"), 2) == ["n1", "b", "n2", "d", "e", "f"]
    forget_after(tmp_path, 0)
    assert consumed_order(tmp_path, list("ab"), 2) == ["a", "b"]


def test_without_a_note_the_planned_studies_were_consumed(tmp_path: Path) -> None:
    assert consumed_order(tmp_path, ["a", "b"], 1) == ["a", "b"]
    forget_after(tmp_path, 0)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_with_sft(tmp_path_factory.mktemp("resampling"))


@pytest.fixture(scope="module")
def undisturbed(root: Path) -> tuple[list[str], dict[str, Any], pd.DataFrame, list[dict[str, float]]]:
    """Return digests, facts, kept completions and figures of a run that nobody killed."""
    with state_in(root):
        rl(quick(root, RESAMPLED), root)
        kept = pd.concat(pd.read_parquet(path) for path in sorted((root / "run/completions").iterdir()))
        lines = read_lines(root / "run" / "metrics.jsonl")
        told = [line["figures"] for line in lines if line["stage"] == "rl"]
    return digests(root, "rl"), read_json(root / "reports" / "rl.json")["step1"], kept, told


def test_what_was_replaced_is_learnt_from_and_told(root: Path, undisturbed: tuple) -> None:
    _, facts, kept, told = undisturbed
    replaced = [figures["resampling/replaced"] for figures in told]
    assert max(replaced) > 0
    for figures, step in zip(told, facts["trajectory"], strict=True):
        left = figures["resampling/without_spread"] - figures["resampling/replaced"]
        assert step["frac_reward_zero_std"] == pytest.approx(left, abs=1e-6)
    studies = [one for _, step in kept.groupby("step") for one in step["study_id"].iloc[::4]]
    assert facts["samples"] == digest_of(studies)  # the digest follows what was learnt from, not what was planned


def test_without_it_the_planned_studies_are_learnt_from(root: Path, undisturbed: tuple, run: Path) -> None:
    above = {**RESAMPLED, "rl": {**RESAMPLED["rl"]}}
    above["rl"]["step1"] = {**RESAMPLED["rl"]["step1"], "resample_zero_spread": None}
    rl(quick(root, above), root)
    assert read_json(root / "reports" / "rl.json")["step1"]["samples"] != undisturbed[1]["samples"]
    assert max(entry["frac_reward_zero_std"] for entry in trajectory(root, "rl", "step1")) > 0


@pytest.mark.slow
@pytest.mark.parametrize("call", [2, 4])
def test_a_killed_run_replaces_the_same_groups(root: Path, undisturbed: tuple, run: Path, call: int) -> None:
    without_outputs(root, "rl")
    killed_child("rl", root, RESAMPLED, "unirg_core.training.watch:Watch.on_log", call)
    rl(quick(root, RESAMPLED), root)
    assert digests(root, "rl") == undisturbed[0]
    segments = read_lines(run / "segments.jsonl")
    assert [(s["start"], s["end"], s["killed"]) for s in segments][-1][1:] == (5, False)
