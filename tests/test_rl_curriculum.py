"""The order of prompts: each form, from the seed alone; and RL follows it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures_training import quick, root_without_sft
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.files import digest_of, read_json
from unirg_core.rl import rl
from unirg_core.study import LABELS, PRESENT
from unirg_core.training.curriculum import findings, order, weights
from unirg_core.training.data import drawn_order, training_studies

EDEMA, EFFUSION, NORMAL = (LABELS.index(name) for name in ("Edema", "Pleural Effusion", "No Finding"))
FORMS = ("none", "abnormal_first", "simple_first", "rare_more")


def row(*present: int) -> dict[str, Any]:
    return {"labels": [PRESENT if place in present else 0 for place in range(len(LABELS))]}


ROWS = [row(NORMAL), row(EDEMA), row(EFFUSION), row(EDEMA, EFFUSION), row(NORMAL), row(EFFUSION)] * 3


def test_none_is_the_order_that_has_always_been() -> None:
    assert order("none", ROWS, 10, 4, 7) == drawn_order(len(ROWS), 40, 7)


@pytest.mark.parametrize("form", FORMS)
def test_an_order_follows_from_its_seed(form: str) -> None:
    assert order(form, ROWS, 6, 4, 3) == order(form, ROWS, 6, 4, 3) != order(form, ROWS, 6, 4, 4)


@given(st.sampled_from(FORMS), st.integers(1, 30), st.integers(1, 25), st.integers(0, 9))
def test_every_order_has_its_length_and_known_places(form: str, steps: int, prompts: int, seed: int) -> None:
    found = order(form, ROWS, steps, prompts, seed)
    assert len(found) == steps * prompts and set(found) <= set(range(len(ROWS)))


@pytest.mark.parametrize("form", ["none", "abnormal_first", "simple_first"])
def test_a_pass_holds_every_study_once(form: str) -> None:
    found = order(form, ROWS, 9, 4, 1)
    assert sorted(found[: len(ROWS)]) == sorted(found[len(ROWS) :]) == list(range(len(ROWS)))
    assert found[: len(ROWS)] != found[len(ROWS) :]


def test_findings_come_before_normal_studies() -> None:
    abnormal = [bool(findings(ROWS[place])) for place in order("abnormal_first", ROWS, 3, 6, 0)]
    assert abnormal == sorted(abnormal, reverse=True) and abnormal.count(True) == 12


def test_simple_studies_come_first() -> None:
    counts = [len(findings(ROWS[place])) for place in order("simple_first", ROWS, 3, 6, 0)]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 2


def test_a_study_weighs_as_its_rarest_finding() -> None:
    found = weights([row(EDEMA), row(EFFUSION), row(EFFUSION, EDEMA), row(EFFUSION), row(), row(NORMAL)])
    assert found.tolist() == [3.0, 2.0, 3.0, 2.0, 3.0, 3.0]


def test_rare_studies_come_more_often_and_never_twice_in_a_step() -> None:
    rows = [row(NORMAL)] * 18 + [row(EDEMA)] * 2
    found = np.array(order("rare_more", rows, 300, 4, 0)).reshape(300, 4)
    assert all(len(set(step)) == 4 for step in found.tolist())
    assert (found >= 18).mean() > 0.25  # a tenth of the studies
    assert len(order("rare_more", rows, 2, 50, 0)) == 100  # more prompts a step than studies


def test_a_study_without_labels_is_a_normal_one() -> None:
    assert findings({"labels": None}) == () == findings({"labels": [None] * len(LABELS)})


def test_rl_asks_in_the_order_of_its_curriculum(tmp_path: Path, run: Path) -> None:
    root = root_without_sft(tmp_path / "root")
    steps = 5
    step = {"steps": steps, "learning_rate": 1e-6, "curriculum": "abnormal_first"}
    settings = quick(root, {"rl": {"step1": step, "step2": None, "keep_completions_every": 1}})
    rl(settings, root)
    rows, prompts = training_studies(root).rows, settings.rl.step1.prompts
    ordered, shuffled = (
        [rows[place]["study_id"] for place in order(form, rows, steps, prompts, settings.seed)]
        for form in ("abnormal_first", "none")
    )
    files = sorted((run / "completions").iterdir())
    asked = [study for path in files for study in pd.read_parquet(path)["study_id"].drop_duplicates()]
    assert asked == ordered != shuffled
    assert read_json(root / "reports" / "rl.json")["step1"]["samples"] == digest_of(ordered)
