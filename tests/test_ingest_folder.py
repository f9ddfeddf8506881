"""A folder drop: which rows make a study, which picture is taken, what the table says of it."""

import pytest
from fixtures_drops import COLUMNS, dicom, ingested, manifest, of_drop, pixels, png, reasons, rows, write_drop

from unirg_core.ingest.folder import Folder
from unirg_core.ingest.mapping import age_of, frontal_or_other


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _row(**changed: str) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), **rows(1, 1)[0], **changed}


def _studies(tmp_path, table, mapping=None):
    source = Folder(write_drop(tmp_path / "drop", table, mapping=mapping))
    return list(source.read([study.key for study in source.studies()])), source.refusals()


@pytest.mark.parametrize(
    ("table", "mapping", "files"),
    [
        # (rows, mapping, the files of each study, the preferred first)
        ([_row(file="a"), _row(file="b")], {}, [["a", "b"]]),
        ([_row(file="a", view="L"), _row(file="b", view="AP"), _row(file="c", view="PA")], {}, [["c", "b", "a"]]),
        ([_row(file="a"), _row(file="b", accession="2")], {}, [["a"], ["b"]]),
        ([_row(file="a"), _row(file="b", patient="2")], {}, [["a"], ["b"]]),
        ([_row(file="a"), _row(file="b", site="south")], {}, [["a"], ["b"]]),
        ([_row(file="a"), _row(file="b")], {"study": None}, [["a"], ["b"]]),
        ([_row(file="a", accession=""), _row(file="b", accession="")], {}, [["a"], ["b"]]),
        ([_row(file="a"), _row(file="b", age="7")], {"study": ["accession", "age"]}, [["a"], ["b"]]),
    ],
)
def test_rows_that_agree_in_the_study_columns_are_one_study(tmp_path, table, mapping, files):
    found, refused = _studies(tmp_path, table, mapping)
    assert [[file.key.rsplit("\x1f")[-1] for file in study.files] for study in found] == files
    assert not refused


def test_a_file_that_stands_twice_is_taken_once(tmp_path):
    found, refused = _studies(tmp_path, [_row(), _row(), _row()])
    assert [len(study.files) for study in found] == [1]
    assert [r.reason for r in refused] == [
        f"Table row {n}: the same file stands in the study twice; the first row was taken." for n in (2, 3)
    ]


def test_the_preferred_rows_report_is_taken_unless_it_has_none(tmp_path):
    table = [_row(file="a", view="L", report="lateral's"), _row(file="b", report="")]
    (study,), _ = _studies(tmp_path, table)
    assert study.report == "lateral's"
    (study,), _ = _studies(tmp_path, [table[0], {**table[1], "report": "own"}])
    assert study.report == "own"


def test_sections_that_the_table_tells_apart_are_taken_as_they_are(tmp_path):
    mapping = {"report": None, "findings": "report", "impression": "person", "indication": "sex", "scrub": None}
    (study,), _ = _studies(tmp_path, [_row(report="IMPRESSION: not parsed", person="B.", sex="cough")], mapping)
    assert (study.sections.findings, study.sections.impression) == ("IMPRESSION: not parsed", "B.")
    assert study.sections.indication == "cough" and study.sections.comparison == ""


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        # (date, offset) of a patient's studies -> days, equal up to a shift
        ([("2019-01-01", ""), ("2019-03-01", "")], [0, 59]),
        ([("2019-01-01", "5"), ("2019-03-01", "9")], [0, 4]),
        ([("2019-01-01", "5"), ("2019-03-01", "")], [0, 59]),  # one study without an offset: dates for all of them
        ([("", "5"), ("2019-03-01", "")], [None, 0]),
        ([("20190301", "-3"), ("2019-03-01", "4.0")], [0, 7]),
        ([("x", "y"), ("March 2019", "")], [None, None]),
    ],
)
def test_days_come_from_offsets_or_dates_and_never_from_both(tmp_path, cells, days):
    table = [_row(file=str(n), accession=str(n), date=date, age=offset) for n, (date, offset) in enumerate(cells)]
    found, _ = _studies(tmp_path, table, {"offset": "age", "age": None})
    first = next((study.day for study in found if study.day is not None), 0)
    assert [None if study.day is None else study.day - first for study in found] == days


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("55", 55),
        ("55.0", 55),
        ("055Y", 55),
        ("018M", 1),
        ("90+", 90),
        ("101", 90),
        ("", None),
        ("old", None),
        ("999", None),
    ],
)
def test_ages(text, age):
    assert age_of(text) == age


@pytest.mark.parametrize(
    ("text", "view"),
    [
        *[(text, "PA") for text in ("PA", "pa", "CHEST PA", "postero-anterior PA", "Posteroanterior")],
        *[(text, "AP") for text in ("AP", "AP SUPINE", "ap_portable")],
        *[(text, "LATERAL") for text in ("L", "LL", "Lateral", "PA and lateral")],
        ("", ""),
        ("oblique", "OTHER"),
    ],
)
def test_views(text, view):
    assert frontal_or_other(text) == view


def test_pictures_and_dicom_go_together_and_every_file_is_accounted_for(tmp_path):
    table = rows(5, 2)
    table[1]["view"] = ""
    table[2]["view"] = "lat"
    table.append({**table[0], "file": "second.png"})
    files = {"p0v1.png": dicom(pixels(5, most=4095), BitsStored=12, ViewPosition="AP"), "p1v1.png": png(pixels(3))[:90]}
    root = ingested(of_drop(write_drop(tmp_path / "drop", table, files), policy="consent-7"), tmp_path / "run")
    found = manifest(root)
    assert len(found) + len(reasons(root)) == len(table)
    assert sorted(reason.split(" (")[0] for reason in reasons(root)) == [
        "Another frontal picture of the study was taken",
        "The picture is cut short or damaged",
        "The view is lateral; only frontal pictures",
    ]
    taken = {row["modality"]: row for row in found}
    assert taken["CR"]["view"] == "AP" and taken["CR"]["original_bits"] == 12
    assert {row["institution"] for row in found} == {"north"} and {row["policy_id"] for row in found} == {"consent-7"}
    assert {row["sex"] for row in found} == {"F", "M"} and {row["source"] for row in found} == {"folder"}


def test_the_day_of_a_dicom_counts_only_where_the_table_has_none(tmp_path):
    table = rows(4, 2)
    files = {row["file"]: dicom(pixels(n), StudyDate=f"2020010{n + 1}") for n, row in enumerate(table)}
    drop = write_drop(tmp_path / "drop", table, files, {"date": None})
    days = [row["days_since_first"] for row in manifest(ingested(of_drop(drop), tmp_path / "a"))]
    assert sorted(days) == [0] * 4 + [1] * 4
    drop = write_drop(tmp_path / "drop", table, files)
    days = [row["days_since_first"] for row in manifest(ingested(of_drop(drop), tmp_path / "b"))]
    assert sorted(days)[:4] == [0] * 4 and set(days) == {0, 31}
