"""Each expectation has a drop that breaks it; the suite runs through Great Expectations itself."""

import json
import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import small_root, studies, write_root, write_table
from hypothesis import given
from hypothesis import strategies as st

from unirg_core import params as parameters
from unirg_core.faults import BadInput
from unirg_core.study import LABELS, MANIFEST, REJECT_SCHEMA, REJECTS, SELECTION, STUDIES
from unirg_core.validate import validate
from unirg_core.validate.expectations import suite, suite_digest
from unirg_core.validate.tables import phi_kind

PARAMS = parameters.load(Path(__file__).parent.parent / "params.yaml")


@pytest.fixture(autouse=True)
def run_folder(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    monkeypatch.setenv("UNIRG_RUN", str(folder))
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    return folder


def outcome(root, name):
    found = json.loads((root / "data" / "validation.json").read_text())
    return next(row for row in found["expectations"] if row["expectation"] == name)


def selected(root):
    return set(pq.read_table(root / SELECTION)["study_id"].to_pylist())


def first(rows, split="train"):
    return next(row for row in rows if row["split"] == split)


def later(rows):
    """Return a training study that has a prior one."""
    return next(row for row in rows if row["prior_study_id"] and row["split"] == "train")


def no_manifest(root):
    (root / MANIFEST).unlink()


def text_manifest(root):
    (root / MANIFEST).write_text("study_id,patient_id\n")


@pytest.mark.parametrize(
    ("harm", "says"), [(no_manifest, "is missing; run ingest first"), (text_manifest, "is no Parquet file")]
)
def test_a_dataset_that_cannot_be_read_is_refused(tmp_path, harm, says):
    root = small_root(tmp_path / "root", 6)
    harm(root)
    with pytest.raises(BadInput, match=says):
        validate(PARAMS, root)


def without_a_column(root):
    table = pq.read_table(root / MANIFEST)
    pq.write_table(table.drop_columns(["phash"]), root / MANIFEST)


def with_another_type(root):
    table = pq.read_table(root / MANIFEST)
    place = table.schema.names.index("age")
    pq.write_table(table.set_column(place, "age", table["age"].cast(pa.string())), root / MANIFEST)


def with_a_column_more(root):
    table = pq.read_table(root / MANIFEST)
    pq.write_table(table.append_column("name", pa.array(["X"] * len(table))), root / MANIFEST)


def shard_with_text_rows(root):
    path = next((root / STUDIES).glob("*.parquet"))
    table = pq.read_table(path)
    place = table.schema.names.index("day")
    pq.write_table(table.set_column(place, "day", table["day"].cast(pa.string())), path)


@pytest.mark.parametrize(
    ("harm", "column"),
    [
        (without_a_column, "manifest.parquet: phash"),
        (with_another_type, "manifest.parquet: age"),
        (with_a_column_more, "manifest.parquet: name"),
        (shard_with_text_rows, "00000.parquet: day"),
    ],
)
def test_a_wrong_schema_stops_before_anything_else_is_looked_at(tmp_path, harm, column):
    root = small_root(tmp_path / "root", 6)
    harm(root)
    with pytest.raises(BadInput, match="schema"):
        validate(PARAMS, root)
    found = json.loads((root / "data" / "validation.json").read_text())
    assert [row["expectation"] for row in found["expectations"]] == ["schema"]
    assert found["expectations"][0]["examples"] == [column]


def no_picture_statistics(rows):
    first(rows)["image_std"] = None


def no_policy(rows):
    first(rows)["policy_id"] = None


def same_study_id(rows):
    rows[1]["study_id"] = rows[0]["study_id"]


def unknown_split(rows):
    first(rows)["split"] = "holdout"


def patient_in_two_splits(rows):
    later(rows)["split"] = "test"


def held_out_trained(rows):
    for row in rows:
        if row["patient_id"] == next(r["patient_id"] for r in rows if r["institution"] == "phantom-c"):
            row["split"] = "train"


def prior_of_another_patient(rows):
    wrong = later(rows)
    wrong["prior_study_id"] = next(r["study_id"] for r in rows if r["patient_id"] != wrong["patient_id"])


def prior_is_later(rows):
    wrong = later(rows)
    earlier = next(r for r in rows if r["study_id"] == wrong["prior_study_id"])
    earlier["prior_study_id"], wrong["prior_study_id"] = wrong["study_id"], None


def prior_unknown(rows):
    later(rows)["prior_study_id"] = "nowhere"


def thirteen_labels(rows):
    first(rows)["labels"] = [None] * (len(LABELS) - 1)


def label_of_two(rows):
    first(rows)["labels"] = [2] + [None] * (len(LABELS) - 1)


def unknown_side(rows):
    first(rows)["sides"] = ["top"] + [""] * (len(LABELS) - 1)


def unknown_severity(rows):
    first(rows)["severities"] = ["awful"] + [""] * (len(LABELS) - 1)


def wrong_row(rows):
    first(rows)["row"] = 10_000


def unknown_shard(rows):
    first(rows)["shard"] = "00099.parquet"


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("required_values", no_picture_statistics),
        ("required_values", no_policy),
        ("study_id_unique", same_study_id),
        ("split_values", unknown_split),
        ("patient_in_one_split", patient_in_two_splits),
        ("held_out_only_tested", held_out_trained),
        ("prior_study", prior_of_another_patient),
        ("prior_study", prior_is_later),
        ("prior_study", prior_unknown),
        ("labels_domain", thirteen_labels),
        ("labels_domain", label_of_two),
        ("labels_domain", unknown_side),
        ("labels_domain", unknown_severity),
        ("shard_row", wrong_row),
        ("shard_row", unknown_shard),
    ],
)
def test_what_the_pipeline_itself_got_wrong_stops_the_run(tmp_path, name, harm):
    rows = studies(12)
    harm(rows)
    root = write_root(tmp_path / "root", rows)  # with the selection of an earlier validation
    with pytest.raises(BadInput) as fault:
        validate(PARAMS, root)
    found = outcome(root, name)
    assert not found["success"] and found["unexpected"] >= 1
    assert name in str(fault.value) and found["examples"][0] in str(fault.value)
    assert "\n" not in str(fault.value)
    assert not (root / SELECTION).exists()


def copy_of_another(row, rows):
    row["digest"] = next(r["digest"] for r in rows if r["study_id"] != row["study_id"] and r["visit"] == 0)


QUARANTINED = [
    ("digest_unique", copy_of_another),
    ("view_frontal", {"view": "LL"}),
    ("view_frontal", {"view": ""}),
    ("view_frontal", {"view": None}),
    ("sex_values", {"sex": "female"}),
    ("age_range", {"age": 143}),
    ("age_range", {"age": -1}),
    ("report_section", {"findings": "", "impression": None}),
    ("report_section", {"findings": " ", "impression": "\n"}),
    ("report_length", {"findings": "Normal.", "impression": ""}),
    ("image_height", {"image_height": 65}),
    ("image_height", {"image_height": 3}),
    ("image_width", {"image_width": 512}),
    ("image_not_constant", {"image_std": 0.5}),
    ("image_not_saturated", {"image_saturated": 0.97}),
    ("no_phi", {"comparison": "Call (212) 555-0147."}),
    ("no_phi", {"indication": "MRN 4711 with cough."}),
]


@pytest.fixture(scope="module")
def harmed(tmp_path_factory):
    """Return a validated root where each case of QUARANTINED has harmed one study, with rows and harmed studies."""
    folder = tmp_path_factory.mktemp("harmed")
    rows = studies(75)
    spare = [row for row in reversed(rows) if row["split"] == "train"][: len(QUARANTINED)]
    for row, (_, harm) in zip(spare, QUARANTINED, strict=True):
        harm(row, rows) if callable(harm) else row.update(harm)
    root = write_root(folder / "root", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_RUN", str(folder / "run"))
        validate(PARAMS, root)
    return root, rows, [row["study_id"] for row in spare]


@pytest.mark.parametrize("case", range(len(QUARANTINED)))
def test_a_bad_study_is_left_out_for_its_reason(harmed, case):
    root, _, spare = harmed
    name, _ = QUARANTINED[case]
    left_out = json.loads((root.parent / "run" / "quarantine.json").read_text())
    assert name in left_out[spare[case]]
    assert set(left_out[spare[case]]) <= {name, "report_length"}  # an empty report is a short one too
    assert spare[case] in outcome(root, name)["examples"]


def test_the_good_studies_beside_bad_ones_stay(harmed):
    root, rows, spare = harmed
    assert selected(root) == {row["study_id"] for row in rows} - set(spare)


def test_of_copies_the_earliest_stays(tmp_path):
    rows = studies(40)
    visits = [row for row in rows if row["patient_id"] == later(rows)["patient_id"]]
    for row in visits:
        row["digest"] = "same"
    root = write_root(tmp_path / "root", rows)
    validate(PARAMS, root)
    assert [row["study_id"] in selected(root) for row in visits] == [True] + [False] * (len(visits) - 1)


def too_few_to_train_on(rows):
    return [row for row in rows if row["split"] != "train"] + [row for row in rows if row["split"] == "train"][:23]


def nobody_to_test_on(rows):
    return [row for row in rows if row["split"] != "test"]


def one_patient(rows):
    return [row for row in rows if row["patient_id"] == later(rows)["patient_id"]]


def nobody(rows):
    return []


@pytest.mark.parametrize(
    ("name", "keep", "found"),
    [
        ("minimum_studies", too_few_to_train_on, 23),
        ("minimum_studies", nobody, 0),
        ("minimum_studies", one_patient, 2),
        ("test_studies", nobody_to_test_on, 0),
    ],
)
def test_too_little_data_stops_with_the_number(tmp_path, name, keep, found):
    rows = keep([row for row in studies(60) if row["prior_study_id"] is None or keep is one_patient])
    for place, row in enumerate(rows):
        row["row"] = place
    root = write_root(tmp_path / "root", rows)
    write_table(root / REJECTS, [{"key": "k", "reason": "truncated"}] * 3, REJECT_SCHEMA)
    with pytest.raises(BadInput, match=rf"{name} expects .*found {found};.* ingest rejected 3 inputs"):
        validate(PARAMS, root)


def test_identifiers_in_many_reports_stop_the_run(tmp_path):
    rows = studies(40)
    for row in rows[::4]:
        row["findings"] = f"{row['findings']} Discussed with Dr. Meyer."
    root = write_root(tmp_path / "root", rows)
    with pytest.raises(BadInput, match="phi_share"):
        validate(PARAMS, root)
    assert outcome(root, "phi_share")["unexpected"] == len(rows[::4])


def test_no_report_text_gets_into_result_or_data_docs(tmp_path, run_folder):
    rows = studies(40)
    first(rows)["indication"] = "Call 555-123-4567 about Zebedee."
    root = write_root(tmp_path / "root", rows)
    validate(PARAMS, root)
    pages = [path.read_text() for path in (run_folder / "data_docs").rglob("*.html")]
    assert not any("Zebedee" in page or "555-123" in page for page in pages)
    assert "Zebedee" not in (root / "data" / "validation.json").read_text()


def rare_label(rows):
    first(rows)["labels"] = [None] * 11 + [1, None, None]  # a fracture, once
    return "label_prevalence", "Fracture"


def institution_only_in_test(rows):
    for row in rows:
        if row["institution"] == "phantom-b":
            row["split"] = "test"
    return "institutions", "phantom-b"


@pytest.mark.parametrize("harm", [rare_label, institution_only_in_test])
def test_a_warning_is_told_and_nothing_is_left_out(tmp_path, harm, capsys):
    rows = studies(160)
    name, example = harm(rows)
    root = write_root(tmp_path / "root", rows)
    validate(PARAMS, root)
    assert example in outcome(root, name)["examples"] and not outcome(root, name)["success"]
    assert len(selected(root)) == len(rows)
    assert f"warn: {name}" in capsys.readouterr().out


def test_a_held_out_institution_that_does_not_exist_is_warned_of(tmp_path):
    values = PARAMS.model_dump(mode="json", by_alias=True)
    values["ingest"]["split"]["held_out"] = ["phantom-c", "phantom-z"]
    root = small_root(tmp_path / "root", 40)
    validate(parameters.parse(values), root)
    assert outcome(root, "institutions")["examples"] == ["phantom-z"]


def test_a_sound_dataset_passes_whole(tmp_path):
    rows = studies(40)
    root = write_root(tmp_path / "root", rows)
    validate(PARAMS, root)
    found = json.loads((root / "data" / "validation.json").read_text())
    assert found["success"] and all(row["success"] for row in found["expectations"])
    assert len(found["expectations"]) == len(suite(PARAMS))
    assert selected(root) == {row["study_id"] for row in rows}


def test_data_docs_open_without_a_network_and_link_to_every_table(harmed):
    root, _, spare = harmed
    folder = root.parent / "run" / "data_docs"
    index = (folder / "index.html").read_text()
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == len({e.table for e in suite(PARAMS)}) and all((folder / link).is_file() for link in links)
    assert spare[1] in index and '<td class="quarantine">quarantine</td><td>view_frontal</td>' in index
    for page in folder.rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<(script|link|img)[^>]+(src|href)\s*=\s*[\"']?https?:", text)
        assert not re.search(r"url\([\"']?https?:", text)
        assert "<style>" in text
    studies_page = (folder / next(link for link in links if "/studies/" in link)).read_text()
    assert "image_std" in studies_page and "Evaluated Expectations" in studies_page


def test_equal_data_gives_equal_bytes_and_docs_do_not_pile_up(tmp_path, run_folder):
    root = small_root(tmp_path / "root", 40)
    made = []
    for _ in range(2):
        validate(PARAMS, root)
        made.append([(root / name).read_bytes() for name in (SELECTION, "data/validation.json", "data/drift.json")])
    assert made[0] == made[1]
    assert len(list((run_folder / "data_docs" / "validations" / "studies").rglob("*.html"))) == 1


def test_the_suite_digest_moves_with_a_bound():
    values = PARAMS.model_dump(mode="json", by_alias=True)
    values["validate"]["minimum_image_std"] = 3.0
    assert suite_digest(suite(parameters.parse(values))) != suite_digest(suite(PARAMS))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Reach me at jane.doe@clinic.example.", "e-mail"),
        ("SSN 123-45-6789.", "social security number"),
        ("Call (555) 123-4567.", "phone"),
        ("Call 555-123-4567.", "phone"),
        ("Call 555.123.4567.", "phone"),
        ("Call +49 89 1234567.", "phone"),
        ("Compared with 03/14/2021.", "date"),
        ("Compared with 3/14/21.", "date"),
        ("Compared with 2021-03-14.", "date"),
        ("Compared with 14.03.2021.", "date"),
        ("Compared with March 14, 2021.", "date"),
        ("Compared with 14 March 2021.", "date"),
        ("Compared with Sept 2021.", "date"),
        ("MRN: 4711.", "record number"),
        ("Accession no. 12345.", "record number"),
        ("Patient 00471188.", "long number"),
        ("Discussed with Dr. Smith.", "titled name"),
        ("Mrs Miller coughs.", "titled name"),
        ("Comparison: [DATE].", None),
        ("Compared with ___.", None),
        ("A 5 mm nodule, 3 x 4 cm mass, T10/12, 1.5 cm, ribs 4-5.", None),
        ("Two views, 65 year old. In May the 2 cm lesion. Severity 2/3.", None),
        ("Discussed with Dr. ___.", None),
        ("", None),
    ],
)
def test_identifiers_are_found_and_plain_findings_are_not(text, kind):
    assert phi_kind(text) == kind


@given(st.sampled_from(["left", "right"]), st.integers(1, 99), st.sampled_from(["cm", "mm", "degrees", "days"]))
def test_a_measure_is_never_an_identifier(side, number, unit):
    assert phi_kind(f"There is a {number}.{number % 10} {unit} opacity on the {side}, {number} {unit} before.") is None


@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_written_date_is_found(day):
    for text in (day.isoformat(), f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day:%B} {day.day}, {day.year}"):
        assert phi_kind(f"seen {text} again") == "date"
