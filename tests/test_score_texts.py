"""Which text is compared: fields by role, the two settings, `None` and `nan` as the board writes them."""

import json
from pathlib import Path

import pytest
from fixtures_score import write_rows
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.scoring.reading import Row, read_rows
from unirg_core.scoring.texts import Report, candidate_text, context_of, missing, reference_text, reports

HERE = Path("f.json")


def one(role: str = "reference", column: str | None = None, **fields: object) -> Report:
    return next(reports(HERE, [Row("s", fields)], role, column))


@pytest.mark.parametrize(
    ("fields", "findings_setting", "both_setting"),
    [
        ({"section_findings": "A.", "section_impression": "B."}, "A.", "Findings: A. Impression: B."),
        ({"section_findings": "A.", "section_impression": "None"}, "A.", "Findings: A. Impression: None"),
        ({"section_findings": None, "section_impression": "B."}, "", "Findings: None Impression: B."),
        ({"section_findings": float("nan"), "section_impression": "B."}, "", "Findings: None Impression: B."),
        ({"section_findings": "nan", "section_impression": " "}, "", ""),
        ({"findings": "A.", "impression": ""}, "A.", "Findings: A. Impression: None"),
        ({"impression": "B."}, "", "Findings: None Impression: B."),
        ({"text": "Findings: A. Impression: B."}, "A.", "Findings: A. Impression: B."),
        ({"text": "FINDINGS:A.\nIMPRESSION:B."}, "A.", "FINDINGS:A. IMPRESSION:B."),
        ({"text": "Clear  lungs."}, "Clear lungs.", "Clear lungs."),
        ({"text": "Impression: B."}, "", "Impression: B."),
        ({"report": "R.", "section_findings": "A."}, "A.", "Findings: A. Impression: None"),
        ({"model_prediction": "M.", "text": "R."}, "R.", "R."),
    ],
)
def test_what_a_reference_is(fields: dict, findings_setting: str, both_setting: str) -> None:
    report = one(**fields)
    assert reference_text(report, "findings") == findings_setting
    assert reference_text(report, "findings+impression") == both_setting


@pytest.mark.parametrize(
    ("fields", "findings_setting", "both_setting"),
    [
        ({"model_prediction": "Findings:A.Impression:B.", "section_findings": "R."}, "A.", "Findings:A.Impression:B."),
        ({"model_prediction": None}, "", ""),
        ({"findings": "A.", "impression": "None"}, "A.", "Findings: A."),
        ({"findings": "", "impression": "B."}, "", "Impression: B."),
        ({"text": "Clear lungs."}, "Clear lungs.", "Clear lungs."),
    ],
)
def test_what_a_candidate_is(fields: dict, findings_setting: str, both_setting: str) -> None:
    report = one("candidate", **fields)
    assert candidate_text(report, "findings") == findings_setting
    assert candidate_text(report, "findings+impression") == both_setting


def test_a_references_file_is_no_candidate() -> None:
    with pytest.raises(BadInput, match=r"holds references .* but no model_prediction"):
        one("candidate", section_findings="A.", report="Findings: A.")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"x": 1}], "study 0 holds no report: of .* there is none, only x"),
        ([{}], "there is none, and no other field either; rename a field"),
        ([{"text": "a"}, {"report": "b"}], "study 1 has no text; add it"),
        ([{"model_prediction": "a"}, {"text": "b"}], "study 1 has no model_prediction; add it"),
        ([{"text": 5}], "study 0: text is 5, which is no text"),
        ([{"findings": {"a": 1}}], "findings is {'a': 1}, which is no text"),
    ],
)
def test_fields_that_will_not_do(rows: list[dict], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        list(reports(HERE, [Row(str(n), fields) for n, fields in enumerate(rows)], "candidate"))


def test_a_named_column_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="study s has no words; add it"):
        one(column="words", text="A.")


@pytest.mark.parametrize(
    ("fields", "context"),
    [
        ({"context": "Indication: cough."}, "Indication: cough."),
        ({"indication": "cough", "comparison": ""}, "Indication: cough Comparison: nan"),
        ({"indication": float("nan"), "comparison": "None."}, "Indication: nan Comparison: None."),
        ({"context": "nan"}, ""),
        ({}, ""),
    ],
)
def test_what_a_model_is_told(fields: dict, context: str) -> None:
    assert context_of(fields) == context


@pytest.mark.parametrize("value", [None, float("nan"), "", "  ", "None", "nan", "NaN", "null"])
def test_what_is_missing(value: object) -> None:
    assert missing(value)


@pytest.mark.parametrize("value", ["None.", "No nan", 0, 1, False, "normal"])
def test_what_is_not_missing(value: object) -> None:
    assert not missing(value)


@pytest.mark.parametrize("field", ["patient_id", "subject_id"])
def test_patients_are_known_by_either_name_and_by_number(field: str) -> None:
    assert one(text="A.", **{field: 17}).patient_id == "17"


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_csv_jsonl_and_json_hold_the_same_reports(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("same")
    rows = [{"study_id": f"s{n}", "text": text} for n, text in enumerate(texts)]
    (folder / "r.json").write_text(json.dumps({row["study_id"]: {"text": row["text"]} for row in rows}))
    paths = [write_rows(folder / "r.csv", rows), write_rows(folder / "r.jsonl", rows), folder / "r.json"]
    read = [[(r.study_id, r.written) for r in reports(p, read_rows(p), "candidate")] for p in paths]
    assert read[0] == read[1] == read[2]
    assert [name for name, _ in read[0]] == [row["study_id"] for row in rows]


@given(st.binary(max_size=200), st.sampled_from(["csv", "jsonl", "json"]))
def test_any_bytes_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"r.{kind}"
    path.write_bytes(content)
    try:
        assert list(reports(path, read_rows(path), "reference"))
    except BadInput as refused:
        assert path.name in str(refused)
