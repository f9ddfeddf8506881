"""Completions that are kept: which steps, what stands in them, and what leaves the run's folder."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fixtures_training import quick, root_with_sft, trajectory

from unirg_core.rl import rl
from unirg_core.training.completions import Batch, Kept, examples, figures, sampled

TEXTS = ["clear", "clear", "", "an effusion", "clear", "edema"]


def batch(step: int = 1, rank: int = 0, texts: list[str] = TEXTS) -> Batch:
    count = len(texts)
    studies = ["s1"] * (count // 2) + ["s2"] * (count - count // 2)
    references = ["r1"] * (count // 2) + ["r2"] * (count - count // 2)
    reward = [n / 10 for n in range(count)]
    return Batch(step, studies, references, texts, [len(t) for t in texts], {"rouge_l": reward}, reward, rank)


def test_figures_are_shares_of_the_completions() -> None:
    assert figures(batch()) == {
        "reports/distinct_share": 4 / 6,
        "reports/template_share": 0.5,
        "reports/empty_share": 1 / 6,
        "reports/mean_words": 1.0 - 1 / 6 + 1 / 6,
    }


def test_examples_are_the_commonest_texts_with_a_reference_of_their_own() -> None:
    assert examples(batch(), 2) == [
        {"completion": "clear", "share": 0.5, "reference": "r1"},
        {"completion": "", "share": 1 / 6, "reference": "r1"},
    ]


@pytest.mark.parametrize(
    ("every", "steps", "kept"),
    [
        (0, 7, []),
        (3, 7, [1, 3, 6, 7]),
        (1, 3, [1, 2, 3]),
        (50, 4, [1, 4]),
    ],
)
def test_the_first_every_nth_and_the_last_step_are_kept(run: Path, every: int, steps: int, kept: list[int]) -> None:
    keep = Kept("step1", steps, every)
    for step in range(1, steps + 1):
        keep(batch(step))
    assert [path.name for path in sorted(run.rglob("*"))][1:] == [f"step1-{step:05d}.parquet" for step in kept]
    assert keep.last.step == steps


@pytest.mark.parametrize(
    ("every", "done", "kept"),
    [
        (3, 5, [1, 3, 5]),
        (3, 6, [1, 3, 6]),
        (50, 1, [1]),
        (0, 5, []),
        (3, 0, []),  # a phase that was over already
    ],
)
def test_the_last_step_is_the_one_that_was_done_and_not_the_planned(
    run: Path, every: int, done: int, kept: list[int]
) -> None:
    keep = Kept("step1", 7, every)
    for step in range(1, done + 1):
        keep(batch(step))
    keep.end()
    assert [path.name for path in sorted(run.rglob("*.parquet"))] == [f"step1-{step:05d}.parquet" for step in kept]


def test_each_process_writes_a_file_of_its_own(run: Path) -> None:
    for rank in (0, 1):
        Kept("step2", 1, 1)(batch(rank=rank))
    names = sorted(path.name for path in (run / "completions").iterdir())
    assert names == ["step2-00001-process1.parquet", "step2-00001.parquet"]


@pytest.mark.parametrize("texts", [True, False])
def test_what_is_shown_holds_texts_only_where_they_may_leave_the_folder(run: Path, texts: bool) -> None:
    Kept("step1", 1, 1)(batch())
    rows = sampled(run, texts=texts)
    if texts:
        assert [(r["study_id"], r["reference"], r["completion"], r["reward"]) for r in rows] == [
            ("s1", "r1", "", 0.2),
            ("s2", "r2", "edema", 0.5),
        ]
    else:
        (row,) = rows
        assert row == {
            "phase": "step1",
            "step": 1,
            "completions": 6,
            "distinct": 4,
            "mean tokens": 5.2,
            "mean reward": 0.25,
        }


def test_a_folder_without_files_shows_nothing(tmp_path: Path) -> None:
    assert sampled(tmp_path, texts=True) == []


def test_the_files_of_a_run_agree_with_its_report(tmp_path_factory: pytest.TempPathFactory, run: Path) -> None:
    root = root_with_sft(tmp_path_factory.mktemp("kept"))
    above: dict[str, Any] = {"rl": {"keep_completions_every": 2}}
    rl(quick(root, above), root)
    names = sorted(path.name for path in (run / "completions").iterdir())
    assert names == [f"step1-0000{n}.parquet" for n in (1, 2, 4)] + [f"step2-0000{n}.parquet" for n in (1, 2, 3)]
    for entry in trajectory(root, "rl", "step1"):
        if entry["step"] != 3:
            kept = pd.read_parquet(run / "completions" / f"step1-0000{entry['step']}.parquet")
            assert len(kept) == 8 and kept["study_id"].nunique() == 2
            assert kept["reward"].mean() == pytest.approx(entry["reward"], abs=1e-5)
            assert kept["reward/rouge_l"].mean() == pytest.approx(entry["rewards/rouge_l/mean"], abs=1e-5)
            assert kept["tokens"].mean() == entry["completions/mean_length"]
    assert not list(root.rglob("*completions*"))
