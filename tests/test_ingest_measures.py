"""Measures of a text: identifiers that are left, the share of English, templates that are equal up to numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest.measures import english, measures, phi_kind, template

GERMAN = "Kein Nachweis eines Pneumothorax. Herz normal gross. Lungen frei, keine Ergüsse."
ENGLISH = "The lungs are clear. No pleural effusion or pneumothorax. The heart is normal in size."


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        "Stable cardiomegaly. No acute cardiopulmonary process identified today.",
        "Marked interstitial edema. Endotracheal tube. Dr. [NAME] notified at [TIME] on [DATE] of both findings.",
        "HEART SIZE AND MEDIASTINAL CONTOURS WITHIN NORMAL LIMITS. LUNGS CLEAR.",
    ],
)
def test_english_reports_have_many_english_words(text):
    assert english(text) >= 0.3


@pytest.mark.parametrize(
    "text",
    [
        GERMAN,
        "Pas d'épanchement pleural. Le coeur est de taille normale. Poumons clairs sans foyer.",
        "No se observa derrame pleural. Silueta cardíaca normal. No hay consolidación ni neumotórax.",
        "Geen pleuravocht. Het hart is normaal van grootte. Er is geen pneumothorax of infiltraat.",
        "Non si osserva versamento pleurico. Il cuore è nei limiti. Polmoni chiari.",
        "Ausência de derrame pleural. Coração de tamanho normal. Pulmões sem alterações.",
        "双肺纹理清晰，心影不大，膈面光滑。",
        "Легкие без очаговых теней. Сердце не расширено.",
    ],
)
def test_reports_of_other_languages_have_none(text):
    assert english(text) < 0.1


@pytest.mark.parametrize(
    "text", ["", "No change.", "12 3 4 5 6 7 8 9 10 11", "XXXX XXXX XXXX XXXX [NAME] [DATE] clear."]
)
def test_too_few_words_are_not_judged(text):
    assert english(text) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A 5 mm nodule.", "A 12 mm nodule.", True),
        ("A 5 mm nodule.", "A 1.5 mm nodule.", True),
        ("A 5 mm nodule.", "a 5 MM   nodule. ", True),
        ("A 5 mm nodule.", "A 5 cm nodule.", False),
        ("A nodule.", "A 5 nodule.", False),
        ("", "Clear.", False),
    ],
)
def test_a_template_is_what_stands_between_the_numbers(one, other, same):
    assert (template(one) == template(other)) == same


def test_every_section_is_measured_and_the_empty_ones_count_nothing():
    found = measures({"indication": "Call 555-123-4567.", "comparison": None, "findings": ENGLISH, "impression": None})
    assert (found["findings_words"], found["impression_words"], found["phi_kind"]) == (15, 0, "phone")
    assert found["template"] == template(f"{ENGLISH} ") and found["english"] == english(ENGLISH)


def test_a_date_that_was_moved_is_no_identifier_and_a_phone_still_is():
    assert measures({"findings": "Compared with 03/14/2021."}, moved_dates=True)["phi_kind"] is None
    assert measures({"findings": "On 03/14/2021 call 555-123-4567."}, moved_dates=True)["phi_kind"] == "phone"


@given(st.text(max_size=300))
def test_any_text_can_be_measured(text):
    found = measures({"findings": text})
    assert found["english"] is None or 0 <= found["english"] <= 1
    assert len(found["template"]) == 16


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
