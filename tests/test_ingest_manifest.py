"""What follows from a study's neighbours: visit, days and prior, never from the future."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.build import KEPT_SCHEMA
from unirg_core.ingest.manifest import STORED, completed, neighbours
from unirg_core.study import MANIFEST_SCHEMA


def _kept(studies: list[tuple[str, str, int | None]]) -> pa.Table:
    """Return kept rows of (study, patient, day); nothing else matters here."""
    rows = [{"study_id": study, "patient_id": patient, "day": day} for study, patient, day in studies]
    table = pa.Table.from_pylist(rows, KEPT_SCHEMA).drop_columns(["image"])
    table = table.append_column("shard", pa.array(["00000.parquet"] * len(rows), pa.string()))
    return table.append_column("row", pa.array(range(len(rows)), pa.int32()))


def _manifest(kept: pa.Table, left_out: tuple[str, ...] = (), parts: int = 3) -> pa.Table:
    """Return the manifest of rows that come in parts of so many."""
    taken = kept.filter(pa.array([study not in left_out for study in kept["study_id"].to_pylist()], pa.bool_()))
    beside = neighbours(taken).append_column("split", pa.array(["train"] * taken.num_rows, pa.string()))
    for name in beside.column_names:
        taken = taken.append_column(name, beside[name])
    stored = [kept.select(STORED).slice(at, parts) for at in range(0, kept.num_rows, parts)]
    return pa.concat_tables(completed(stored, taken))


def _completed(studies: list[tuple[str, str, int | None]]) -> dict[str, dict]:
    return {row["study_id"]: row for row in _manifest(_kept(studies)).to_pylist()}


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        # study -> (visit, days since the first, prior)
        ([("s", "p", 5)], {"s": (0, 0, None)}),
        ([("b", "p", 9), ("a", "p", 5)], {"a": (0, 0, None), "b": (1, 4, "a")}),
        ([("a", "p", 5), ("b", "q", 9)], {"a": (0, 0, None), "b": (0, 0, None)}),
        # the same day: two visits, neither is the other's prior
        ([("a", "p", 5), ("b", "p", 5), ("c", "p", 7)], {"a": (0, 0, None), "b": (1, 0, None), "c": (2, 2, "b")}),
        ([("a", "p", 1), ("b", "p", 5), ("c", "p", 5)], {"a": (0, 0, None), "b": (1, 4, "a"), "c": (2, 4, "a")}),
        # without a day: last, and no claim about time
        ([("a", "p", None), ("b", "p", -3)], {"b": (0, 0, None), "a": (1, None, None)}),
        ([("a", "p", None), ("b", "p", None)], {"a": (0, None, None), "b": (1, None, None)}),
    ],
)
def test_the_place_among_a_patients_studies(studies, expected):
    rows = _completed(studies)
    found = {name: (row["visit"], row["days_since_first"], row["prior_study_id"]) for name, row in rows.items()}
    assert found == expected


_STUDIES = st.lists(st.tuples(st.sampled_from("pqr"), st.none() | st.integers(-50, 50)), min_size=1, max_size=20)


@given(_STUDIES)
def test_a_prior_is_an_earlier_study_of_the_same_patient(drawn):
    studies = [(f"s{number:02d}", patient, day) for number, (patient, day) in enumerate(drawn)]
    rows = _completed(studies)
    assert list(rows) == [study for study, _, _ in studies], "the order of the rows has changed"
    for row in rows.values():
        if row["prior_study_id"] is not None:
            prior = rows[row["prior_study_id"]]
            assert prior["patient_id"] == row["patient_id"] and prior["day"] < row["day"]
            assert prior["visit"] < row["visit"]
    for patient in "pqr":
        visits = sorted(row["visit"] for row in rows.values() if row["patient_id"] == patient)
        assert visits == list(range(len(visits)))


@pytest.mark.parametrize("parts", [1, 2, 7, 64])
@pytest.mark.parametrize("left_out", [(), ("a",), ("b", "c"), ("a", "e"), ("d",)])
def test_rows_in_parts_find_what_was_derived_of_them(left_out, parts):
    kept = _kept([("a", "p", 1), ("b", "q", 5), ("c", "q", 7), ("d", "p", 9), ("e", "p", None)])
    found = _manifest(kept, left_out, parts)
    assert found.schema == MANIFEST_SCHEMA
    assert found["study_id"].to_pylist() == [study for study in "abcde" if study not in left_out]
    assert [row["row"] for row in found.to_pylist()] == ["abcde".index(row["study_id"]) for row in found.to_pylist()]
