"""Drugs, laboratory values and microbes stay in a text though they are capitalised; names that end alike go."""

import csv

import pytest
from fixtures_drops import REAL

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known
from unirg_core.ingest.terms import is_short_form, is_term

_NOBODY = Known([])


NAMES = """Ranvir Jasvir Mahavir Manvir April Gasparin Quine Ganapathy Umapathy Pasupathy Politis Mavritis Noemia
    Euphemia Jeremia Isabella Ella Antonella Emily Fleming Clement Concepcion Thomas Chase Case Caine Mulcaine McCaine
    Masone Giasone Philips Theophil Virgil Otis Curtis Mathis Cefalu Cefola Sartan Marcus Ana Alt Bun Im Whitlock Robin
    Corbin Nicol Carol Simone Benjamin Justin Valentin Stein Bell Candida Monas Dimas Theodosis Boone"""
TERMS = """Azithromycin Vancomycin Remdesivir Lopinavir/Ritonavir Oseltamivir Amoxicillin Fluconazole Tocilizumab
    Atorvastatin Metoprolol Lisinopril Losartan Doxycycline Levofloxacin Hydroxychloroquine Imatinib Enoxaparin
    Ibuprofen Dexamethasone Prednisolone Ceftriaxone Meropenem Lidocaine Lymphocytes Neutrophils Procalcitonin Ferritin
    Hemoglobin Coronavirus Virus Adenoviruses Streptococcus Enterobacter Mycoplasma Pneumothorax Bronchitis
    Thrombosis Anemia Hypoxemia Neutropenia Cardiomegaly Cardiomyopathy LYMPHOCYTES influenza"""


@pytest.mark.parametrize("name", NAMES.split())
def test_a_name_is_no_term(name):
    assert not is_term(name) and not is_short_form(name)


@pytest.mark.parametrize("word", TERMS.split())
def test_a_term_is_told_in_any_case(word):
    assert is_term(word) and is_term(word.upper()) and is_term(word.lower())


@pytest.mark.parametrize(
    "text",
    [
        "He received Azithromycin 500 mg QD, Hydroxychloroquine and Tamiflu for a week.",
        "The tests for Influenza, Mycoplasma and the Human Immunodeficiency Virus were negative.",
        "On admission Temperature 38 C, blood pressure of 120/80 mm Hg, Glasgow Coma Scale 15, by Venturi Mask.",
        "She had high Ferritin, Procalcitonin, CRP, LDH, ALT and few Lymphocytes (see Table 1, Figs. 2 and 3).",
        "Infusion of IV Saline, then CRRT, Doxycycline with Lopinavir/Ritonavir and Acetaminophen.",
    ],
)
def test_prose_of_case_notes_keeps_its_terms(text):
    assert scrub(text, _NOBODY)[0] == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The nodule that Ranvir saw is gone.", "The nodule that [NAME] saw is gone."),
        ("The nodule that Ganapathy and Politis saw.", "The nodule that [NAME] and [NAME] saw."),
        ("Discussed with Dr. Saline at noon.", "Discussed with Dr. [NAME] at [TIME]."),
        ("Called to Nurse Mycin about it.", "Called to Nurse [NAME] about it."),
        ("It was given to Whitlock with Azithromycin.", "It was given to [NAME] with Azithromycin."),
        ("The wish of Ana, Noemia and Alt was heard.", "The wish of [NAME] and [NAME] was heard."),
    ],
)
def test_names_beside_or_like_terms_go(text, left):
    assert scrub(text, _NOBODY)[0] == left


def test_real_case_notes_keep_nearly_all_words():
    table = REAL / "covid_cxr" / "metadata.csv"
    if not table.exists():
        pytest.skip(f"{table} is not here")
    with table.open(newline="", encoding="utf-8") as stream:
        notes = {row["clinical_notes"] for row in csv.DictReader(stream)} - {""}
    names = sum(scrub(note, _NOBODY, Dates(-1234))[1]["name"] for note in notes)
    assert len(notes) > 50
    assert names <= 0.005 * sum(len(note.split()) for note in notes)
