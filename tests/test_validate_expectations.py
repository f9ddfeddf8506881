"""Each expectation has a drop that breaks it; the suite runs through Great Expectations itself."""

import contextlib
import csv
import io
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures_dataset import small_root, studies, write_root, write_table

from unirg_core import params as parameters
from unirg_core.faults import BadInput
from unirg_core.params.severities import EXPECTATIONS
from unirg_core.study import LABELS, MANIFEST, QUARANTINE, REJECT_SCHEMA, REJECTS, SELECTION, STUDIES
from unirg_core.validate import validate
from unirg_core.validate.expectations import suite, suite_digest
from unirg_core.validate.inspector import Inspector
from unirg_core.validate.run import inspect, sentence

PARAMS = parameters.resolve(
    Path(__file__).parent.parent,
    above={"validate": {"severity": {"english": "quarantine", "names_known": "quarantine"}}},
)


@pytest.fixture(autouse=True)
def run_folder(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    monkeypatch.setenv("UNIRG_RUN", str(folder))
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))
    return folder


def outcome(root, name):
    found = json.loads((root / "data" / "validation.json").read_text())
    return next(row for row in found["expectations"] if row["expectation"] == name)


def quarantined(root):
    """Return study -> reason, and hold that the file for people and the one for stages say the same."""
    table = pq.read_table(root / QUARANTINE).to_pylist()
    with (root.parent / "run" / "quarantine.csv").open(newline="") as stream:
        assert list(csv.DictReader(stream)) == table
    return {row["study_id"]: row["reason"] for row in table}


def changed(**values):
    """Return the parameters with other values in their validate section."""
    asked = PARAMS.model_dump(mode="json", by_alias=True)
    asked["validate"].update(values)
    return parameters.parse(asked)


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


def patient_in_two_splits(row, rows):
    row["split"] = "validation"


def held_out_trained(row, rows):
    held_out = next(r for r in rows if r["institution"] == "phantom-c")
    for visit in rows:
        if visit["patient_id"] == held_out["patient_id"]:
            visit["split"] = "train"
    return held_out["study_id"]


def same_study_id(row, rows):
    row["study_id"] = next(r["study_id"] for r in rows if r["split"] == "test" and r["visit"] == 0)
    return row["study_id"]


def prior_of_another_patient(row, rows):
    row["prior_study_id"] = next(r["study_id"] for r in rows if r["patient_id"] != row["patient_id"])


def prior_is_later(row, rows):
    earlier = next(r for r in rows if r["study_id"] == row["prior_study_id"])
    earlier["prior_study_id"], row["prior_study_id"] = row["study_id"], None
    return earlier["study_id"]


BLANK = [""] * (len(LABELS) - 1)
CONSTRUCTED = [
    ("required_values", {"image_std": None}, "image_std"),
    ("required_values", {"phash": "0123456789abcdef"}, "phash"),  # of a manifest of an earlier kind
    ("required_values", {"policy_id": None}, "policy_id"),
    ("required_values", {"day": 3, "patient_id": None}, "patient_id"),
    ("study_id_unique", same_study_id, ""),
    ("split_values", {"split": "holdout"}, "holdout"),
    ("patient_in_one_split", patient_in_two_splits, "2"),
    ("held_out_only_tested", held_out_trained, "train"),
    ("prior_study", prior_of_another_patient, "another patient's"),
    ("prior_study", prior_is_later, "not earlier"),
    ("prior_study", {"prior_study_id": "nowhere"}, "not in the dataset"),
    ("labels_domain", {"labels": [None] * (len(LABELS) - 1)}, "labels"),
    ("labels_domain", {"labels": None}, "labels"),
    ("labels_domain", {"labels": [2] + [None] * (len(LABELS) - 1)}, "labels"),
    ("labels_domain", {"sides": ["top", *BLANK]}, "sides"),
    ("labels_domain", {"severities": ["awful", *BLANK]}, "severities"),
    ("shard_row", {"row": 10_000}, "00000.parquet"),
    ("shard_row", {"shard": "00099.parquet"}, "00099.parquet"),
]


@pytest.fixture(scope="module")
def misconstructed(tmp_path_factory):
    """Return what is found of rows where each case of CONSTRUCTED has harmed one study, and the harmed studies."""
    rows = studies(120)
    spare = [row for row in rows if row["split"] == "train" and row["prior_study_id"] and row["visit"] == 1]
    harmed = []
    for row, (_, harm, _) in zip(spare, CONSTRUCTED, strict=False):
        harmed.append(harm(row, rows) if callable(harm) else row.update(harm))
        harmed[-1] = harmed[-1] or row["study_id"]
    assert len(harmed) == len(CONSTRUCTED)
    root = write_root(tmp_path_factory.mktemp("misconstructed") / "root", rows)
    return inspect(PARAMS, root, Inspector()), harmed


@pytest.mark.parametrize("case", range(len(CONSTRUCTED)), ids=[f"{name}-{said}" for name, _, said in CONSTRUCTED])
def test_what_the_pipeline_itself_got_wrong_is_found(misconstructed, case):
    found, harmed = misconstructed
    name, _, said = CONSTRUCTED[case]
    outcome = next(o for o in found.outcomes if o.expectation.name == name)
    assert not outcome.success and outcome in found.stops
    values = [value for study, value in outcome.found if study == harmed[case]]
    assert values and (not said or said in values)


@pytest.mark.parametrize("name", ["split_values", "shard_row"])
def test_it_stops_the_run_in_one_sentence(tmp_path, name):
    rows = studies(12)
    first(rows).update(next(harm for other, harm, _ in CONSTRUCTED if other == name))
    root = write_root(tmp_path / "root", rows)  # with the selection of an earlier validation
    with pytest.raises(BadInput) as fault:
        validate(PARAMS, root)
    found = outcome(root, name)
    assert not found["success"] and found["unexpected"] == 1
    said = f"{name} expects that {found['says']}: 1 of {len(rows)} does not ({found['examples'][0]})"
    assert said in str(fault.value) and str(fault.value).endswith("data_docs/index.html.")
    assert "\n" not in str(fault.value)
    assert not (root / SELECTION).exists()


def copy_of_another(row, rows):
    row["digest"] = next(r["digest"] for r in rows if r["study_id"] != row["study_id"] and r["visit"] == 0)


def picture_of_a_test_study(row, rows):
    row["phash"] = flipped(next(r for r in rows if r["split"] == "test")["phash"], 8)


def flipped(phash, bits):
    """Return a hash that differs in its lowest `bits` bits."""
    return f"{int(phash, 16) ^ (2**bits - 1):064x}"


QUARANTINED = [
    ("digest_unique", copy_of_another, "found s"),
    ("view_frontal", {"view": "LL"}, "found LL"),
    ("view_frontal", {"view": ""}, "PA or AP"),
    ("view_frontal", {"view": None}, "PA or AP"),
    ("sex_values", {"sex": "female"}, "found female"),
    ("age_range", {"age": 143}, "found 143"),
    ("age_range", {"age": -1}, "found -1"),
    ("report_section", {"findings": "", "impression": None}, "findings or impression is there"),
    ("report_section", {"findings": " ", "impression": "\n"}, "findings or impression is there"),
    ("report_length", {"findings": "Normal.", "impression": ""}, "at least 2 words, found 1"),
    ("section_length", {"findings": "The lungs are clear. " * 501}, "at most 2,000 words each, found 2004"),
    ("english", {"findings": "Herz normal gross. Kein Nachweis eines Pneumothorax oder Ergusses."}, "20% of the words"),
    ("image_size", {"image_height": 65}, "at most 64 pixels, found 65"),
    ("image_size", {"image_width": 512}, "found 512"),
    ("image_not_tiny", {"image_height": 3}, "at least 16 pixels, found 3"),
    ("image_not_constant", {"image_std": 0.5}, "spread by at least 2, found 0.5"),
    ("image_not_saturated", {"image_saturated": 0.97}, "90% of the pixels are black or white, found 0.97"),
    ("image_leak", picture_of_a_test_study, "within 8 of 256 bits of one in it, found s"),
    ("names_known", {"unnamed": "capitals"}, "found capitals"),
    ("names_known", {"unnamed": "small letters"}, "found small letters"),
    ("no_phi", {"comparison": "Compared with 03/14/2021."}, "found date"),
    ("no_phi", {"indication": "MRN 4711 with cough."}, "found record number"),
]


@pytest.fixture(scope="module")
def harmed(tmp_path_factory):
    """Return a validated root where each case of QUARANTINED has harmed one study, with rows and harmed studies."""
    folder = tmp_path_factory.mktemp("harmed")
    rows = studies(90)
    spare = [row for row in reversed(rows) if row["split"] == "train"][: len(QUARANTINED)]
    for row, (_, harm, _) in zip(spare, QUARANTINED, strict=True):
        harm(row, rows) if callable(harm) else row.update(harm)
    root = write_root(folder / "root", rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_RUN", str(folder / "run"))
        validate(PARAMS, root)
    return root, rows, [row["study_id"] for row in spare]


@pytest.mark.parametrize(
    "case", range(len(QUARANTINED)), ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(QUARANTINED)]
)
def test_a_bad_study_is_left_out_for_its_reason(harmed, case):
    root, _, spare = harmed
    name, _, said = QUARANTINED[case]
    reasons = quarantined(root)[spare[case]].split("; ")
    named = {reason.partition(": ")[0] for reason in reasons}
    assert name in named and named <= {name, "report_length"}  # an empty report is a short one too
    assert said in next(reason for reason in reasons if reason.startswith(name))
    assert spare[case] in outcome(root, name)["examples"]


def test_the_good_studies_beside_bad_ones_stay(harmed):
    root, rows, spare = harmed
    assert set(quarantined(root)) == set(spare)
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
    write_table(root / REJECTS, [{"key": "k", "reason": "truncated"}], REJECT_SCHEMA)
    said = rf"{name} expects .*found {found};.* ingest rejected 1 input .* and no studies are in quarantine\."
    with pytest.raises(BadInput, match=said):
        validate(PARAMS, root)
    assert not (root / SELECTION).exists()


def test_reasons_of_rejects_are_counted(tmp_path, capsys):
    root = small_root(tmp_path / "root", 40)
    reasons = [f"The view is lateral ({place})." for place in "abc"] + ["The picture file is empty."]
    write_table(root / REJECTS, [{"key": reason, "reason": reason} for reason in reasons], REJECT_SCHEMA)
    validate(PARAMS, root)
    told = capsys.readouterr().out
    assert "rejected by ingest: 3 x The view is lateral\n" in told
    assert "rejected by ingest: 1 x The picture file is empty\n" in told
    assert f"{len(selected(root))} studies selected, none in quarantine" in told


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
    first(rows, "test")["labels"] = [None] * 11 + [1, None, None]  # a fracture, never trained on
    return "Fracture"


def label_of_everyone(rows):
    for row in rows:
        row["labels"] = [None, 1] + [None] * 12
    return "Cardiomegaly"


def institution_only_in_test(rows):
    for row in rows:
        if row["institution"] == "phantom-b":
            row["split"] = "test"
    return "phantom-b"


def nearly_the_same_picture(rows):
    earlier, copy = [row for row in rows if row["split"] == "train"][:2]
    copy["phash"] = flipped(earlier["phash"], 8)
    return max(earlier, copy, key=lambda row: (row["visit"], row["study_id"]))["study_id"]


def long_report_in_train_and_test(rows):
    report = "There is a 5 mm nodule in the left upper lobe, and nothing else that was not there before. " * 5
    first(rows, "test").update(findings=report)
    first(rows).update(findings=report.replace("5", "7"), impression=first(rows, "test")["impression"])
    return first(rows)["study_id"]


def one_report_for_all(rows):
    for number, row in enumerate(row for row in rows if row["institution"] == "phantom-c"):
        row.update(findings=f"Normal chest, {number} views.", impression="")
    return "phantom-c"


def few_reports(rows):
    kinds = [
        f"The {word} is clear and of normal size."
        for word in ["heart", "lung", "chest", "spine", "aorta", "hilum", "apex"]
    ]
    kinds += [
        f"No {word} is seen." for word in ["mass", "node", "edema", "fracture", "tube", "line", "lesion", "nodule"]
    ]
    for number, row in enumerate(row for row in rows if row["institution"] == "phantom-a"):
        row.update(findings=kinds[number % len(kinds)], impression="")
    return "phantom-a"


WARNED = [
    ("templates_repeated", few_reports),
    ("template_commonest", one_report_for_all),
    ("institutions", institution_only_in_test),
    ("label_common", label_of_everyone),
    ("label_rare", rare_label),
    ("image_near_copy", nearly_the_same_picture),
    ("report_leak", long_report_in_train_and_test),
]
"""In this order: what all studies of an institution have comes before what a single one has."""


@pytest.fixture(scope="module")
def warned(tmp_path_factory):
    """Return a validated root where every case of WARNED has happened, its rows, the examples and what was said."""
    folder = tmp_path_factory.mktemp("warned")
    rows = studies(320)
    examples = [harm(rows) for _, harm in WARNED]
    root = write_root(folder / "root", rows)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as told:
        patch.setenv("UNIRG_RUN", str(folder / "run"))
        validate(PARAMS, root)
    return root, rows, examples, told.getvalue()


@pytest.mark.parametrize("case", range(len(WARNED)), ids=[name for name, _ in WARNED])
def test_a_warning_is_told_and_nothing_is_left_out(warned, case):
    root, rows, examples, told = warned
    name = WARNED[case][0]
    assert examples[case] in outcome(root, name)["examples"] and not outcome(root, name)["success"]
    assert f"warn: {name}" in told
    assert len(selected(root)) == len(rows)


def one_bit_more(rows):
    earlier, copy = [row for row in rows if row["split"] == "train"][:2]
    copy["phash"] = flipped(earlier["phash"], 9)


def test_what_is_just_within_its_bounds_is_not_told(tmp_path):
    rows = studies(40)
    one_bit_more(rows)
    later(rows).update(age=90, image_std=2.0, image_saturated=0.9, image_height=16, image_width=64)
    first(rows).update(findings="Clear lungs.", impression="", sex="", age=0)
    report = "word of the lungs and heart " * 13  # 78 words, two fewer than a copy has
    first(rows, "test").update(findings=report, impression="")
    first(rows, "validation").update(findings=report, impression="")
    root = write_root(tmp_path / "root", rows)
    validate(PARAMS, root)
    assert [row["expectation"] for row in json.loads((root / "data/validation.json").read_text())["expectations"]
            if not row["success"]] == []  # fmt: skip


def test_a_label_can_have_bounds_of_its_own(tmp_path):
    bounds = {"Cardiomegaly": (0.6, 0.9), "Consolidation": (0.0, 0.1), "Pleural Other": (0.01, 0.1)}  # the last: never
    root = small_root(tmp_path / "root", 60)
    found = {o.expectation.name: o for o in inspect(changed(prevalence=bounds), root, Inspector()).outcomes}
    assert found["label_rare"].ids == ("Cardiomegaly", "Pleural Other")
    assert found["label_common"].ids == ("Consolidation",)


def lateral(rows):
    first(rows)["view"] = "LL"


@pytest.mark.parametrize(
    ("name", "level", "harm"),
    [
        ("view_frontal", "stop", lateral),
        ("view_frontal", "warn", lateral),
        ("image_near_copy", "quarantine", nearly_the_same_picture),
        ("patient_in_one_split", "quarantine", lambda rows: patient_in_two_splits(later(rows), rows)),
    ],
)
def test_a_severity_can_be_changed(tmp_path, name, level, harm):
    rows = studies(60)
    harm(rows)
    root = write_root(tmp_path / "root", rows)
    found = inspect(changed(severity={name: level}), root, Inspector())
    outcome = next(o for o in found.outcomes if o.expectation.name == name)
    assert sentence(outcome).startswith(f"{level}: {name} expects")
    assert bool(found.stops) == (level == "stop")
    assert set(found.left_out) == (set(outcome.ids) if level == "quarantine" else set())
    assert found.selected.sum() == len(rows) - len(found.left_out)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"severity": {"view_frontral": "warn"}}, "view_frontral is no expectation; they are: schema, required_values"),
        ({"severity": {"schema": "warn"}}, "schema cannot be warn, since later stages rest on it; it takes stop"),
        ({"severity": {"shard_row": "warn"}}, "later stages rest on it; it takes stop or quarantine"),
        ({"severity": {"minimum_studies": "quarantine"}}, "about the dataset as a whole; it takes stop or warn"),
        ({"severity": {"view_frontal": "loud"}}, "loud"),
        ({"prevalence": {"Pneumonitis": [0, 1]}}, "Pneumonitis is no label; the labels are: Enlarged"),
        ({"prevalence": {"Edema": [0.5, 0.1]}}, "least share of Edema, 0.5, is above its greatest, 0.1"),
        ({"near_copy_bits": 25}, "near_copy_bits"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(values, said):
    with pytest.raises(BadInput, match=said):
        changed(**values)


def test_every_expectation_has_a_severity_and_every_severity_an_expectation():
    assert {e.name for e in suite(PARAMS)} == set(EXPECTATIONS)
    own = parameters.load(Path(__file__).parent.parent / "params.yaml")
    assert all(e.severity == EXPECTATIONS[e.name][0] for e in suite(own))


def test_every_expectation_has_data_that_breaks_it():
    """The tables of cases above, and the tests of their own for schema, phi_share and the fewest studies."""
    tried = {"schema", "phi_share", "minimum_studies", "test_studies"}
    assert tried | {name for name, *_ in [*QUARANTINED, *WARNED, *CONSTRUCTED]} == set(EXPECTATIONS)


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
    pictures = re.findall(r'src="([^"]+)"', index)
    assert [Path(link).name for link in pictures] == [
        "validate_prevalence.png", "validate_reports.png", "validate_pictures.png"
    ] and all((folder / link).is_file() for link in pictures)  # fmt: skip
    assert "drift: no earlier dataset to compare with" in index
    assert spare[1] in index and '<td class="quarantine">quarantine</td><td>view_frontal</td>' in index
    for page in folder.rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<(script|link|img)[^>]+(src|href)\s*=\s*[\"']?https?:", text)
        assert not re.search(r"url\([\"']?https?:", text)
        assert "<style>" in text
    studies_page = (folder / next(link for link in links if "/studies/" in link)).read_text()
    assert "image_std" in studies_page and "Evaluated Expectations" in studies_page
    assert "Data asset: studies" in studies_page


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
