"""Drift from the previous dataset: values by hand, thresholds, and what is said where there is none."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import small_root, studies, write_root
from hypothesis import given
from hypothesis import strategies as st

from unirg_core import params as parameters
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.ingest.measures import measures
from unirg_core.params import Drift
from unirg_core.study import LABELS, MANIFEST, MANIFEST_SCHEMA
from unirg_core.validate.distances import (
    jensen_shannon,
    jensen_shannon_by_chance,
    kolmogorov_smirnov,
    kolmogorov_smirnov_by_chance,
    psi,
    psi_by_chance,
)
from unirg_core.validate.drift import compare, features, sentence, write_drift

PARAMS = parameters.load(Path(__file__).parent.parent / "params.yaml")


@pytest.fixture(autouse=True)
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    return tmp_path / "run"


def pin(root, manifest, **others):
    pins = read_json(root / "inputs.json")
    pins["previous_dataset"] = {"digest": "d" * 64, "manifest": manifest}
    write_json(root / "inputs.json", {**pins, **others})


def drift(root):
    found = write_drift(PARAMS, root)
    assert json.loads((root / "data" / "drift.json").read_text()) == found
    return found


def features_of(rows):
    return features(pa.Table.from_pylist([{**row, **measures(row)} for row in rows], MANIFEST_SCHEMA))


@pytest.mark.parametrize("text", [None, "no parquet"])
@pytest.mark.parametrize("field", ["previous_dataset", "champion.dataset"])
def test_a_pinned_manifest_that_cannot_be_read_is_refused(tmp_path, text, field):
    root = small_root(tmp_path / "root", 6)
    path = str(tmp_path / "before.parquet")
    if text:
        (tmp_path / "before.parquet").write_text(text)
    pin(root, path, champion={"dataset": {"digest": "c", "manifest": path}} if "champion" in field else None)
    with pytest.raises(BadInput, match=rf"{field}\.manifest .*before\.parquet cannot be read.* set {field} to null"):
        write_drift(PARAMS, root)


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ({}, "drift: no earlier dataset to compare with"),
        ({"champion": {"digest": "c" * 64, "path": "x"}}, "drift: no earlier dataset to compare with"),
        ({"champion": {"digest": "c" * 64, "dataset": None}}, "drift: no earlier dataset to compare with"),
        ({"previous_dataset": {"digest": "d" * 64, "manifest": None}}, "dataset dddddddddddd is not in reach"),
    ],
)
def test_without_an_earlier_dataset_nothing_is_compared_and_that_is_said(tmp_path, run_folder, pins, said):
    root = small_root(tmp_path / "root", 6)
    write_json(root / "inputs.json", {**read_json(root / "inputs.json"), **pins})
    found = drift(root)
    assert (found["status"], found["features"]) == ("no baseline", [])
    assert said in sentence(found) and "pass" not in sentence(found)
    assert not (run_folder / "figures").exists()


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
    ("change", "drifted"),
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
def test_what_changed_is_what_has_drifted(change, drifted):
    rows = studies(90)
    before = features_of(rows)
    change(rows)
    found = compare(before, features_of(rows), PARAMS.validate_.drift)
    assert {row["feature"] for row in found if row["drifted"] and not row["institution"]} == drifted
    assert {row["institution"] for row in found if row["drifted"]} <= {"", "phantom-a", "phantom-b", "phantom-c"}


def test_what_changed_within_one_institution_is_told_of_it_alone():
    rows = studies(180)
    before = features_of(rows)
    older([row for row in rows if row["institution"] == "phantom-b"])
    found = compare(before, features_of(rows), PARAMS.validate_.drift)
    assert {(row["institution"], row["feature"]) for row in found if row["drifted"]} == {
        ("", "age"),
        ("phantom-b", "age"),
    }


def test_few_studies_are_not_compared_and_chance_does_not_count():
    rows = studies(60)
    many, few = features_of(rows), features_of(rows[:19])
    assert compare(many, few, Drift()) == []
    rng = np.random.default_rng(0)
    one, other = (features_of([rows[n] for n in rng.choice(len(rows), 25, replace=False)]) for _ in range(2))
    over = [row for row in compare(one, other, Drift()) if row["value"] > row["threshold"]]
    assert over and not any(row["drifted"] for row in over)


def test_drift_is_written_with_values_thresholds_counts_and_a_figure(tmp_path, run_folder):
    before = small_root(tmp_path / "before", 40)
    rows = studies(40)
    older(rows)
    root = write_root(tmp_path / "root", rows)
    pin(root, str(before / MANIFEST))
    found = drift(root)
    assert found["status"] == "drift"
    ages = next(row for row in found["features"] if row["feature"] == "age" and not row["institution"])
    assert (ages["test"], ages["value"], ages["threshold"], ages["n_now"]) == ("ks", 1.0, 0.1, len(rows))
    assert ages["chance"] == pytest.approx(np.sqrt(-np.log(0.0005) / 2 * 2 / len(rows)), abs=1e-6)
    assert (run_folder / "figures" / "validate_drift.png").read_bytes().startswith(b"\x89PNG")
    said = sentence(found)
    assert said.startswith("compared with dataset dddddddddddd of phantom (the previous run's): drift in age (over")
    assert "drift: drift" not in said and "age (within phantom-b)" in said


def test_the_champions_dataset_is_compared_with_first(tmp_path):
    champion, previous = small_root(tmp_path / "champion", 40, source="folder"), small_root(tmp_path / "previous", 40)
    root = small_root(tmp_path / "root", 40)
    dataset = {"digest": "c" * 64, "manifest": str(champion / MANIFEST)}
    pin(root, str(previous / MANIFEST), champion={"dataset": dataset})
    found = drift(root)
    assert found["compared_with"] == {"digest": "c" * 64, "source": "folder", "of": "champion", "studies": 79}
    assert sentence(found) == (
        "compared with dataset cccccccccccc of folder (the champion's): no drift, no feature is over its threshold"
    )


def test_institutions_that_came_and_went_are_named(tmp_path):
    before = small_root(tmp_path / "before", 40, institutions=("hospital-y", "phantom-a"))
    root = small_root(tmp_path / "root", 40, institutions=("hospital-z", "phantom-a"))
    pin(root, str(before / MANIFEST))
    assert sentence(drift(root)).endswith("; hospital-z is new; hospital-y is gone")


def test_a_manifest_from_before_words_stood_in_it_is_compared(tmp_path):
    rows = studies(40)
    root = write_root(tmp_path / "root", rows)
    older_kind = pq.read_table(root / MANIFEST).drop_columns(["findings_words", "impression_words", "phash"])
    pq.write_table(older_kind, tmp_path / "before.parquet")
    pin(root, str(tmp_path / "before.parquet"))
    words = [row for row in drift(root)["features"] if row["feature"] == "report_words"]
    assert words and all(row["value"] == 0 for row in words)


def test_a_relative_manifest_is_found_below_the_home(tmp_path):
    root = small_root(tmp_path / "root", 12)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "before.parquet").write_bytes((root / MANIFEST).read_bytes())
    pin(root, "before.parquet")
    assert drift(root)["status"] == "no drift"


def test_unknown_ages_are_left_out_and_an_empty_feature_is_not_compared():
    rows = studies(30)
    before = features_of(rows)
    for row in rows:
        row["age"] = None
    assert "age" not in {row["feature"] for row in compare(before, features_of(rows), Drift())}


def test_values_are_those_worked_out_by_hand():
    before, now = np.array([50, 50]), np.array([80, 20])
    p, q = np.array([50.5, 50.5]) / 101, np.array([80.5, 20.5]) / 101
    assert psi(before, now) == pytest.approx(((q - p) * np.log(q / p)).sum())
    middle = np.array([0.65, 0.35])
    divergence = 0.5 * sum(
        (share * np.log2(share / middle)).sum() for share in (np.array([0.5, 0.5]), np.array([0.8, 0.2]))
    )
    assert jensen_shannon(before, now) == pytest.approx(np.sqrt(divergence))
    assert kolmogorov_smirnov(np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6])) == 0.5


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.9), (0.2, 0.3, 0.5)])
def test_chance_exceeds_its_bound_about_as_often_as_asked(shares):
    """4,000 pairs of samples of one population: one in twenty is over the bound of .05, within the asymptotics."""
    rng, risk = np.random.default_rng(0), 0.05
    pairs = [(rng.multinomial(300, shares), rng.multinomial(500, shares)) for _ in range(4000)]
    for distance, bound in ((psi, psi_by_chance), (jensen_shannon, jensen_shannon_by_chance)):
        over = np.mean([distance(one, other) > bound(one, other, risk) for one, other in pairs])
        assert 0.03 < over < 0.07


def test_chance_exceeds_the_bound_of_smirnov_as_often_as_asked():
    rng = np.random.default_rng(0)
    bound = kolmogorov_smirnov_by_chance(300, 500, 0.05)
    over = np.mean([kolmogorov_smirnov(rng.normal(size=300), rng.normal(size=500)) > bound for _ in range(1000)])
    assert 0.02 < over < 0.07


COUNTS = st.tuples(*[st.integers(0, 60)] * 3).filter(any).map(np.array)


@given(COUNTS, COUNTS)
def test_both_distances_are_symmetric_finite_and_zero_for_equal_shares(before, now):
    for distance in (psi, jensen_shannon):
        assert 0 <= distance(before, now) < np.inf
        assert distance(before, before) == pytest.approx(0, abs=1e-7)
    assert jensen_shannon(before, now) == pytest.approx(jensen_shannon(now, before))
    assert jensen_shannon(before, now) <= 1 + 1e-9


def test_disjoint_categories_are_one_apart():
    assert jensen_shannon(np.array([2, 0]), np.array([0, 1])) == pytest.approx(1)
