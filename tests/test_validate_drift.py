"""Drift from the previous dataset: values by hand, thresholds, and what is said where there is none."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fixtures_dataset import small_root, studies, write_root
from hypothesis import given
from hypothesis import strategies as st

from unirg_core import params as parameters
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.params import Drift
from unirg_core.study import LABELS, MANIFEST, MANIFEST_SCHEMA
from unirg_core.validate.drift import compare, jensen_shannon, psi, write_drift

PARAMS = parameters.load(Path(__file__).parent.parent / "params.yaml")


@pytest.fixture(autouse=True)
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    return tmp_path / "run"


def pin(root, manifest):
    pins = read_json(root / "inputs.json")
    write_json(root / "inputs.json", {**pins, "previous_dataset": {"digest": "d" * 64, "manifest": manifest}})


def drift(root):
    write_drift(PARAMS, root)
    return json.loads((root / "data" / "drift.json").read_text())


@pytest.mark.parametrize("text", [None, "no parquet"])
def test_a_pinned_manifest_that_cannot_be_read_is_refused(tmp_path, text):
    root = small_root(tmp_path / "root", 6)
    if text:
        (tmp_path / "before.parquet").write_text(text)
    pin(root, str(tmp_path / "before.parquet"))
    with pytest.raises(BadInput, match=r"previous_dataset\.manifest .*before\.parquet cannot be read"):
        write_drift(PARAMS, root)


@pytest.mark.parametrize(
    ("pinned", "reason"),
    [(False, "there is no previous dataset"), (True, "the previous dataset's manifest is not in reach")],
)
def test_without_a_predecessor_drift_is_not_applicable(tmp_path, run_folder, pinned, reason):
    root = small_root(tmp_path / "root", 6)
    if pinned:
        pin(root, None)
    assert drift(root) == {"status": "not applicable", "reason": reason, "features": []}
    assert not (run_folder / "drift.png").exists()


def older(rows):
    for row in rows:
        row["age"] = 90


def darker(rows):
    for row in rows:
        row["image_mean"] /= 2


def flatter(rows):
    for row in rows:
        row["image_std"] /= 3


def wordier(rows):
    for row in rows:
        row["findings"] += " This sentence stands here for length alone."


def another_hospital(rows):
    for row in rows:
        row["institution"] = "hospital-z"


def all_ap(rows):
    for row in rows:
        row["view"] = "AP"


def all_women(rows):
    for row in rows:
        row["sex"] = "F"


def all_large_hearts(rows):
    place = LABELS.index("Cardiomegaly")
    for row in rows:
        row["labels"] = [1 if n == place else value for n, value in enumerate(row["labels"])]


@pytest.mark.parametrize(
    ("change", "features"),
    [
        (lambda rows: None, set()),
        (older, {"age"}),
        (darker, {"image_mean"}),
        (flatter, {"image_std"}),
        (wordier, {"report_words"}),
        (another_hospital, {"institution"}),
        (all_ap, {"view"}),
        (all_women, {"sex"}),
        (all_large_hearts, {"Cardiomegaly"}),
    ],
)
def test_what_changed_is_what_has_drifted(change, features):
    rows = studies(60)
    before = pa.Table.from_pylist(rows, MANIFEST_SCHEMA)
    change(rows)
    found = compare(before, pa.Table.from_pylist(rows, MANIFEST_SCHEMA), PARAMS.validate_.drift)
    assert {row["feature"] for row in found if row["drifted"]} == features


def test_drift_is_written_with_values_thresholds_counts_and_a_figure(tmp_path, run_folder):
    before = small_root(tmp_path / "before", 40)
    rows = studies(40)
    older(rows)
    root = write_root(tmp_path / "root", rows)
    pin(root, str(before / MANIFEST))
    found = drift(root)
    assert (found["status"], found["reason"]) == ("drift", "over the threshold: age")
    ages = next(row for row in found["features"] if row["feature"] == "age")
    assert (ages["test"], ages["value"], ages["threshold"], ages["n_now"]) == ("ks", 1.0, 0.1, len(rows))
    assert (run_folder / "drift.png").read_bytes().startswith(b"\x89PNG")


def test_a_relative_manifest_is_found_below_the_home(tmp_path):
    root = small_root(tmp_path / "root", 12)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "before.parquet").write_bytes((root / MANIFEST).read_bytes())
    pin(root, "before.parquet")
    assert drift(root)["status"] == "no drift"


def test_unknown_ages_are_left_out_and_an_empty_feature_is_not_compared():
    rows = studies(12)
    before = pa.Table.from_pylist(rows, MANIFEST_SCHEMA)
    for row in rows:
        row["age"] = None
    found = compare(before, pa.Table.from_pylist(rows, MANIFEST_SCHEMA), Drift())
    assert "age" not in {row["feature"] for row in found}


def test_values_are_those_worked_out_by_hand():
    before, now = ["a"] * 50 + ["b"] * 50, ["a"] * 80 + ["b"] * 20
    p, q = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    assert psi(before, now) == pytest.approx(((q - p) * np.log(q / p)).sum())
    middle = np.array([0.65, 0.35])
    divergence = 0.5 * sum(
        (share * np.log2(share / middle)).sum() for share in (np.array([0.5, 0.5]), np.array([0.8, 0.2]))
    )
    assert jensen_shannon(before, now) == pytest.approx(np.sqrt(divergence))


CATEGORIES = st.lists(st.sampled_from("abc"), min_size=1, max_size=60)


@given(CATEGORIES, CATEGORIES)
def test_both_distances_are_symmetric_finite_and_zero_for_equal_shares(before, now):
    for distance in (psi, jensen_shannon):
        assert 0 <= distance(before, now) < np.inf
        assert distance(before, before) == pytest.approx(0, abs=1e-7)
    assert jensen_shannon(before, now) == pytest.approx(jensen_shannon(now, before))
    assert jensen_shannon(before, now) <= 1 + 1e-9


def test_disjoint_categories_are_one_apart():
    assert jensen_shannon(["a", "a"], ["b"]) == pytest.approx(1)
