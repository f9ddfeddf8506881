"""What neighbours tell: near copies against a plain version, leaks, priors, places in shards."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import small_root
from hypothesis import given, settings
from hypothesis import strategies as st

from unirg_core.study import MANIFEST, STUDIES
from unirg_core.validate.neighbours import near_copies, prior_fault, report_leaks, shard_fault

HASHES = st.one_of(st.none(), st.sets(st.integers(0, 15), max_size=5))
STUDY = st.tuples(HASHES, st.sampled_from(["train", "validation", "test"]), st.integers(0, 2))


def table(studies):
    """Return a table of (bits of the hash that are set, split, visit)."""
    hexes = [None if bits is None else f"{sum(1 << 16 * bit for bit in bits):064x}" for bits, _, _ in studies]
    return pd.DataFrame(
        {
            "study_id": [f"s{number:03d}" for number in range(len(studies))],
            "split": [split for _, split, _ in studies],
            "visit": [visit for _, _, visit in studies],
            "phash": pd.Series(hexes, dtype=object),
        }
    )


def plain(studies, bits):
    """Return near copies and leaks by looking at every pair."""
    names = [(visit, f"s{number:03d}") for number, (_, _, visit) in enumerate(studies)]
    copies, leaks = [], []
    for own, (bits_own, split, _) in zip(names, studies, strict=True):
        near = [
            (other, studies[number][1])
            for number, other in enumerate(names)
            if None not in (bits_own, studies[number][0]) and len(bits_own ^ studies[number][0]) <= bits
        ]
        copies.append(min((other for other, _ in near if other < own), default=(0, None))[1])
        tested = [other for other, where in near if where == "test"]
        leaks.append(None if split == "test" else min(tested, default=(0, None))[1])
    return copies, leaks


@settings(deadline=None, max_examples=60)
@given(st.lists(STUDY, max_size=25), st.integers(0, 6))
def test_near_copies_and_leaks_are_those_of_every_pair(studies, bits):
    found = near_copies(table(studies), bits)
    assert (found["near_copy_of"].tolist(), found["leaks_from"].tolist()) == plain(studies, bits)


def test_an_index_of_any_kind_is_kept():
    studies = table([({1}, "train", 0), ({1}, "test", 0), ({9}, "train", 0)])
    studies.index = [7, 3, 5]
    found = near_copies(studies, 0)
    assert found.loc[7, "leaks_from"] == "s001" and found.loc[3, "near_copy_of"] == "s000"
    assert found.loc[5].isna().all()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("train", "t", 80), ("test", "t", 80)], ["s1", None]),
        ([("train", "t", 79), ("test", "t", 79)], [None, None]),
        ([("train", "t", 80), ("train", "t", 80)], [None, None]),
        ([("train", "t", 80), ("test", "u", 80)], [None, None]),
        ([("test", "t", 99), ("validation", "t", 99), ("test", "t", 99)], [None, "s0", None]),
        ([], []),
    ],
)
def test_a_long_report_of_a_test_study_leaks(rows, found):
    frame = pd.DataFrame(rows, columns=["split", "template", "report_words"])
    frame["study_id"] = [f"s{number}" for number in range(len(rows))]
    assert report_leaks(frame, 80).tolist() == found


@pytest.mark.parametrize(
    ("prior", "fault"),
    [
        (None, None),
        ("a0", None),
        ("a2", "not earlier"),
        ("a1", "not earlier"),
        ("b0", "another patient's"),
        ("z9", "not in the dataset"),
    ],
)
def test_a_prior_is_the_same_patients_and_earlier(prior, fault):
    studies = [("a0", "a", 0, None), ("a1", "a", 1, prior), ("a2", "a", 2, "a1"), ("b0", "b", 0, None)]
    frame = pd.DataFrame(studies, columns=["study_id", "patient_id", "visit", "prior_study_id"])
    assert prior_fault(frame).tolist() == [None, fault, None, None]


def moved(manifest, rows):
    return manifest.set_column(manifest.schema.names.index("row"), "row", pa.array(rows, pa.int32()))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda rows: rows, 0),
        (lambda rows: rows[1:] + rows[:1], "all"),
        (lambda rows: [*rows[:-1], len(rows)], 1),
        (lambda rows: [-1, *rows[1:]], 1),
        (lambda rows: [None, *rows[1:]], 1),
        (lambda rows: [rows[1], rows[0], *rows[2:]], 2),
    ],
)
def test_a_place_in_a_shard_holds_the_study(tmp_path, change, wrong):
    root = small_root(tmp_path / "root", 9)
    manifest = pq.read_table(root / MANIFEST)
    found = shard_fault(root, moved(manifest, change(manifest["row"].to_pylist())))
    assert (found != np.array(None)).sum() == (manifest.num_rows if wrong == "all" else wrong)


def test_a_shard_that_is_gone_or_named_wrongly_holds_nothing(tmp_path):
    root = small_root(tmp_path / "root", 9)
    manifest = pq.read_table(root / MANIFEST)
    next((root / STUDIES).glob("*.parquet")).unlink()
    assert set(shard_fault(root, manifest)) == {"00000.parquet"}
    assert len(shard_fault(root, manifest.slice(0, 0))) == 0
