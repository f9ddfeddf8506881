"""What follows from a study's neighbours: visit, days and prior, never from the future."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.build import KEPT_SCHEMA
from unirg_core.ingest.manifest import complete
from unirg_core.study import MANIFEST_SCHEMA


def _kept(studies: list[tuple[str, str, int | None]]) -> pa.Table:
    """Return kept rows of (study, patient, day); nothing else matters here."""
    rows = [{"study_id": study, "patient_id": patient, "day": day} for study, patient, day in studies]
    table = pa.Table.from_pylist(rows, KEPT_SCHEMA).drop_columns(["image"])
    table = table.append_column("shard", pa.array(["00000.parquet"] * len(rows), pa.string()))
    return table.append_column("row", pa.array(range(len(rows)), pa.int32()))


def _completed(studies: list[tuple[str, str, int | None]]) -> dict[str, dict]:
    splits = {patient: "train" for _, patient, _ in studies}
    return {row["study_id"]: row for row in complete(_kept(studies), splits).to_pylist()}


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


def test_the_manifest_has_its_schema():
    assert complete(_kept([("s", "p", 5)]), {"p": "test"}).schema == MANIFEST_SCHEMA
