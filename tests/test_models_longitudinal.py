"""Priors: which study is shown beside which, never one from the future, and what the model is then given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures_dataset import studies, write_root, write_table

from unirg_core.faults import BadInput
from unirg_core.models import dataset
from unirg_core.models.longitudinal import prior, question
from unirg_core.params import Model
from unirg_core.study import SELECTION, SELECTION_SCHEMA
from unirg_core.training import data


def person(rows: list[dict[str, Any]], visits: int = 3) -> list[dict[str, Any]]:
    """Return the studies of the first patient with so many, oldest first."""
    known = [
        [row for row in rows if row["patient_id"] == name] for name in dict.fromkeys(r["patient_id"] for r in rows)
    ]
    return next(found for found in known if len(found) == visits)


def ask(root: Path, study: dict[str, Any], **settings: Any) -> Any:
    row = next(row for row in dataset.rows(root) if row["study_id"] == study["study_id"])
    return question(root, row, Model(**settings))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("prior_study_id", "s-nowhere", "names a study that the manifest does not hold"),
        ("prior_study_id", "other", "names a study of another patient"),
        ("split", "validation", "names a study in another split"),
        ("visit", 0, "names a study that is not before it"),
        ("days_since_first", -1, "names a study that is not before it"),
    ],
)
def test_what_cannot_be_a_prior_stops(tmp_path: Path, field: str, value: Any, sentence: str) -> None:
    rows = studies(12)
    later = person(rows)[1]
    later[field] = (
        next(r["study_id"] for r in rows if r["patient_id"] != later["patient_id"]) if value == "other" else value
    )
    root = write_root(tmp_path, rows)
    with pytest.raises(BadInput, match=f"manifest.parquet: prior_study_id {sentence}") as stopped:
        prior(root, later)
    assert later["study_id"] not in str(stopped.value)


def test_a_study_that_is_its_own_prior_stops(tmp_path: Path) -> None:
    rows = studies(12)
    first = person(rows)[0]
    first["prior_study_id"] = first["study_id"]
    with pytest.raises(BadInput, match="that is not before it"):
        prior(write_root(tmp_path, rows), first)


def test_the_prior_is_the_most_recent_one(tmp_path: Path) -> None:
    rows = studies(12)
    first, second, third = person(rows)
    root = write_root(tmp_path, rows)
    assert prior(root, first) is None
    assert prior(root, second)["study_id"] == first["study_id"]
    assert prior(root, third)["study_id"] == second["study_id"]


def test_a_prior_in_quarantine_is_passed_over(tmp_path: Path) -> None:
    rows = studies(12)
    first, second, third = person(rows)
    root = write_root(tmp_path, rows)
    write_table(root / SELECTION, [row for row in rows if row is not second], SELECTION_SCHEMA)
    assert prior(root, third)["study_id"] == first["study_id"]
    write_table(root / SELECTION, [row for row in rows if row not in (first, second)], SELECTION_SCHEMA)
    assert prior(root, third) is None


def test_a_lateral_prior_is_passed_over(tmp_path: Path) -> None:
    rows = studies(12)
    first, second, third = person(rows)
    second["view"] = "LATERAL"
    assert prior(write_root(tmp_path, rows), third)["study_id"] == first["study_id"]


@pytest.mark.parametrize("form", ["short", "paper"])
@pytest.mark.parametrize(
    ("shown", "pictures", "told"), [("none", 1, False), ("report", 1, True), ("image_and_report", 2, True)]
)
def test_what_is_shown_of_a_prior(tmp_path: Path, form: str, shown: str, pictures: int, told: bool) -> None:
    rows = studies(12)
    first, second, _ = person(rows)
    root = write_root(tmp_path, rows)
    asked = ask(root, second, prior=shown, prompt=form)
    assert len(asked.pictures) == pictures
    assert np.array_equal(np.asarray(asked.pictures[-1]), np.asarray(dataset.image(root, second)))
    assert (f"Prior report: {dataset.reference(first)} " in asked.prompt) == told
    assert dataset.reference(second) not in asked.prompt
    if pictures == 2:  # the older one comes first
        assert np.array_equal(np.asarray(asked.pictures[0]), np.asarray(dataset.image(root, first)))


@pytest.mark.parametrize("form", ["short", "paper"])
@pytest.mark.parametrize("shown", ["report", "image_and_report"])
def test_a_first_study_is_asked_as_without_priors(tmp_path: Path, form: str, shown: str) -> None:
    rows = studies(12)
    root = write_root(tmp_path, rows)
    first = person(rows)[0]
    plain, asked = ask(root, first, prompt=form), ask(root, first, prior=shown, prompt=form)
    assert asked.prompt == plain.prompt and len(asked.pictures) == 1


def test_a_prior_without_a_report_shows_its_picture_alone(tmp_path: Path) -> None:
    rows = studies(12)
    first, second, _ = person(rows)
    first["findings"] = first["impression"] = ""
    asked = ask(write_root(tmp_path, rows), second, prior="image_and_report")
    assert len(asked.pictures) == 2 and "Prior report" not in asked.prompt


@pytest.mark.parametrize("shown", ["none", "report", "image_and_report"])
def test_every_shown_prior_lies_before_in_the_same_split(tmp_path: Path, shown: str) -> None:
    root = write_root(tmp_path, studies(24))
    rows = dataset.rows(root)
    found = [(row, prior(root, row)) for row in rows]
    shown_ones = [(row, known) for row, known in found if known]
    assert len(shown_ones) == sum(row["prior_study_id"] is not None for row in rows) > 0
    assert all(known["visit"] < row["visit"] and known["split"] == row["split"] for row, known in shown_ones)
    assert sum(len(question(root, row, Model(prior=shown)).pictures) for row in rows) == len(rows) + (
        len(shown_ones) if shown == "image_and_report" else 0
    )


@pytest.mark.parametrize("shown", [data.supervised, data.rewarded])
def test_training_sees_both_pictures_as_squares(tmp_path: Path, shown: Any) -> None:
    root = write_root(tmp_path, studies(12, size=96))
    known = data.training_studies(root)
    places = list(range(len(known)))
    examples = list(data.sequence(known, places, shown, Model(prior="image_and_report")))
    counts = [len(example["images"]) for example in examples]
    assert counts == [1 if row["prior_study_id"] is None else 2 for row in known.rows] and set(counts) == {1, 2}
    assert {image.size for example in examples for image in example["images"]} == {(64, 64)}
    for example, count in zip(examples, counts, strict=True):
        turn = example["prompt"][0]["content"]
        assert isinstance(turn, str) if count == 1 else [p["type"] for p in turn] == ["image", "text", "image", "text"]


def test_what_think_answer_teaches(tmp_path: Path) -> None:
    root = write_root(tmp_path, studies(12))
    known = data.training_studies(root)
    plain, tags = (
        next(iter(data.sequence(known, [0], data.supervised, Model(output=output))))
        for output in ("plain", "think_answer")
    )
    report = dataset.reference(known.rows[0])
    assert plain["completion"][0]["content"] == report
    assert tags["completion"][0]["content"].startswith(f"<think>{report}</think><answer>")
    rewarded = next(iter(data.sequence(known, [0], data.rewarded, Model(output="think_answer"))))
    assert rewarded["reference"] == report
