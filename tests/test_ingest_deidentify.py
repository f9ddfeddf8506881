"""De-identification of text: what is taken out, what stays, and measured recall on planted forms."""

import re
import tarfile
import time
from collections import Counter
from xml.etree import ElementTree

import pytest
from fixtures_drops import REAL
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.ingest import phantom
from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import CATEGORIES, scrub, unnamed
from unirg_core.ingest.known import Known, form_identifiers
from unirg_core.ingest.sections import parse

_NOBODY = Known([])
_QUILLAN = Known(
    [
        ("name", "Zachariasen^Quillan^J"),
        ("name", "Long^Ann"),
        ("id", "PID0099887"),
        ("id", "19"),
        ("place", "Elm Row 7"),
    ]
)

_REMOVED = [
    # (text, known, what is left)
    (
        "Discussed with Dr. Maria Garcia at 14:30 on 03/04/2019.",
        _NOBODY,
        "Discussed with Dr. [NAME] at [TIME] on [DATE].",
    ),
    ("DISCUSSED WITH DR. SMITH AT 3 PM.", _NOBODY, "DISCUSSED WITH DR. [NAME] AT [TIME]."),
    ("Called to Nurse Kelly O'Neil RN at 0930 hours.", _NOBODY, "Called to Nurse [NAME] at [TIME]."),
    ("Results reported to Anna at 5 p.m.", _NOBODY, "Results reported to [NAME] at [TIME]"),
    ("Electronically signed by Peter van der Berg, MD", _NOBODY, "Electronically signed by [NAME]"),
    ("Seen with J. R. Okafor, M.D. today.", _NOBODY, "Seen with [NAME], M.D. today."),
    ("Patient John M Smith, MRN 123456, DOB 01/02/1950.", _NOBODY, "Patient [NAME], MRN [ID], DOB [DATE]."),
    ("Mr. Moore, home phone (200) 555-0123.", _NOBODY, "Mr. [NAME], home phone [PHONE]."),
    ("Callback 555-0123, ext. 4412, pager 12345.", _NOBODY, "Callback [PHONE], ext. [PHONE], pager [PHONE]."),
    ("+44 20 7946 0958", _NOBODY, "[PHONE]"),
    ("Accession: RX-2019-00123 and #88412.", _NOBODY, "Accession: [ID] and #[ID]."),
    ("SSN 123-45-6789.", _NOBODY, "SSN [ID]."),
    ("Record number C1234567.", _NOBODY, "Record number [ID]."),
    ("Write to john.smith@hospital.org.", _NOBODY, "Write to [EMAIL]."),
    ("Lives at 123 Maple Street, Springfield, IL 62704.", _NOBODY, "Lives at [ADDRESS]."),
    ("Transferred from Mercy General Hospital today.", _NOBODY, "Transferred from [PLACE] today."),
    ("CT of 12 March 2019, MRI of Jan 5, PET on 3/14.", _NOBODY, "CT of [DATE], MRI of [DATE], PET on [DATE]."),
    (
        "Since January 11, 2020; in March; 2019-03-04; 04.03.2019; 20190304",
        _NOBODY,
        "Since [DATE]; in [DATE]; [DATE]; [DATE]; [DATE]",
    ),
    ("A 93-year-old man; age 91; 104 yo", _NOBODY, "A [AGE]-year-old man; age [AGE]; [AGE] yo"),
    # known of this patient, wherever and however it stands
    ("quillan is rotated. ZACHARIASEN'S film.", _QUILLAN, "[NAME] is rotated. [NAME]'S film."),
    ("Quillan J. Zachariasen was moved.", _QUILLAN, "[NAME] was moved."),
    ("Ann Long was moved; a long line.", _QUILLAN, "[NAME] was moved; a long line."),
    ("pid0099887 / Elm Row 7", _QUILLAN, "[ID] / [PLACE]"),
]


@pytest.mark.parametrize(("text", "known", "left"), _REMOVED, ids=[text[:30] for text, _, _ in _REMOVED])
def test_identifiers_give_way_to_tags(text, known, left):
    assert scrub(text, known)[0] == left


@pytest.mark.parametrize(
    "text",
    [
        "T12 compression, 3 x 4 cm, 1:2, 5/6 ribs, ratio 16.2/24.7.",
        "The 5-10 mm nodule in the right upper lobe, image 34, is unchanged since 2015.",
        "ET tube 3.5 cm above the carina. NG tube in place. Patient rotated.",
        "A 72-year-old woman, COVID-19 positive, SpO2 85 %, 89 years old.",
        "Mild cardiomegaly may be present. March-like gait. No acute disease.",
        "Left-sided PICC with its tip at the cavoatrial junction. Dr. notified.",
        "The patient was discussed with the referring physician by telephone.",
        "Kerley B lines. Swan-Ganz catheter. Bochdalek hernia. Chilaiditi sign.",
        "Findings discussed with the ED. Results were called to the floor.",
        "Comparison: None. Prior XXXX, XXXX. Discussed with XXXX at XXXX.",
        "Long-standing opacity, 19 mm; small left effusion.",
        "2 views of the chest. Volume 450 ml, 120 kVp, 3 mAs.",
    ],
)
def test_what_is_no_identifier_stays(text):
    assert scrub(text, _QUILLAN) == (text, Counter())


def test_a_forms_own_lines_tell_whom_to_look_for():
    form = "Patient name: Ferelith Ogilvy\nMRN: AB-4711x\nReferring physician: Dr. Tosh\n"
    report = form + "FINDINGS: Ferelith rotated. OGILVY; AB-4711x; Tosh."
    assert scrub(parse(report).findings, Known(form_identifiers(report)))[0] == "[NAME] rotated. [NAME]; [ID]; [NAME]."


def _planted(world: int, patients: int):
    """Yield (clean report, kept raw sections, planted identifiers that stand in them, identifiers known) of a world."""
    population = phantom.studies(phantom.World(world, patients, 64))
    visits = {(s.institution, s.patient, s.visit): s for s in population}
    for study in population:
        prior = visits.get((study.institution, study.patient, study.visit - 1))
        written = phantom.report(study, prior)
        sections = parse(written.text)
        kept = " | ".join((sections.indication, sections.comparison, sections.findings, sections.impression))
        there = [p for p in phantom.planted_phi(study, prior) if p.where == "report" and p.text in kept]
        yield written, kept, there, (("name", study.name), ("id", study.patient))


@pytest.mark.parametrize("knows", [True, False], ids=["names known", "rules alone"])
def test_recall_on_planted_forms(knows):
    planted = missed = 0
    for _, kept, there, identifiers in _planted(world=7, patients=700):
        left, _ = scrub(kept, Known(identifiers) if knows else _NOBODY)
        planted += len(there)
        missed += sum(p.text in left for p in there)
    assert planted > 500
    assert missed <= 0.005 * planted, f"recall {1 - missed / planted:.4f} on {planted} planted forms"


def test_clean_sections_of_the_phantom_lose_nothing():
    words = lost = 0
    for written, _, _, identifiers in _planted(world=8, patients=300):
        for text in (written.indication, written.comparison, written.findings, written.impression):
            left, _ = scrub(text, Known(identifiers))
            words += len(text.split())
            lost += abs(len(text.split()) - len(left.split())) + left.count("[")
    assert words > 10_000
    assert lost <= 0.001 * words


def test_sections_of_the_phantom_come_back_from_its_filed_text():
    wrong = total = 0
    for written, _, _, _ in _planted(world=9, patients=200):
        found = parse(written.text)
        total += 1
        wrong += not (found.findings.startswith(written.findings) and found.impression.startswith(written.impression))
    assert total > 300 and wrong == 0


def test_real_reports_that_are_clean_already_keep_their_words():
    archive = REAL / "iu_xray" / "NLMCXR_reports.tgz"
    if not archive.exists():
        pytest.skip(f"{archive} is not here")
    words, tags = 0, Counter()
    with tarfile.open(archive) as reports:
        for member in list(reports)[::4]:
            if member.name.endswith(".xml"):
                for section in ElementTree.parse(reports.extractfile(member)).iter("AbstractText"):
                    words += len((section.text or "").split())
                    tags += scrub(section.text or "", _NOBODY)[1]
    assert words > 30_000
    assert tags.total() <= 0.0025 * words, tags


@pytest.mark.parametrize(
    "text", ["A", "A ", "MacMac", "O'", "1-", "a@", "Dr. ", "van de ", "Jan ", "lives in Aa ", "\n "]
)
def test_no_text_takes_long(text):
    report = text * (20_000 // len(text))
    began = time.process_time()
    scrub(report, _QUILLAN)
    form_identifiers(report)
    parse(report)
    assert time.process_time() - began < 2


@given(st.text(st.characters(exclude_categories=("Co", "Cs")), max_size=200))
def test_any_text_can_be_scrubbed_and_is_clean_after_once(text):
    left, found = scrub(text, _QUILLAN)
    assert set(found) <= set(CATEGORIES)
    if not found:
        assert left.split() == text.split()


_TAGLESS = re.compile(r"(?<![\w\[])\w+(?![\w\]])")

_ADVERSARIAL = [
    # (text, what is left)
    ("DISCUSSED WITH DR O'NEILL-VAN DYKE BY PHONE.", "DISCUSSED WITH DR [NAME] BY PHONE."),
    ("seen with dr. o'brien and mr. smith", "seen with dr. [NAME] and mr. [NAME]"),
    ("Dr. Long was told; a long line, Long-standing.", "Dr. [NAME] was told; a long line, Long-standing."),
    ("Dr. Small and Dr. May agree.", "Dr. [NAME] and Dr. [NAME] agree."),
    ("Dr. Foley placed the Foley catheter.", "Dr. [NAME] placed the Foley catheter."),
    ("Called to Will Chen at the bedside.", "Called to [NAME] at the bedside."),
    ("Read by: María Núñez-Łukasz", "Read by: [NAME]"),
    ("Agree with Wojciechowski.", "Agree with [NAME]."),
    ("Images were shown to van der Meer, PA-C.", "Images were shown to [NAME]."),
    ("Ivy Underhill, RN was told (charge nurse).", "[NAME] was told (charge nurse)."),
    ("Her daughter Ivy (guardian) agrees.", "Her daughter [NAME] (guardian) agrees."),
    ("Prior at St. Elsewhere General Hospital.", "Prior at [PLACE]."),
    ("She is ninety-two years old, he is 91.", "She is [AGE] years old, he is [AGE]."),
    ("Serial number AB1234567, IP 10.1.2.33.", "Serial number [ID], IP [ID]."),
]


@pytest.mark.parametrize(("text", "left"), _ADVERSARIAL, ids=[text[:30] for text, _ in _ADVERSARIAL])
def test_hard_names_and_numbers_are_found(text, left):
    assert scrub(text, _NOBODY)[0] == left


_OF_ONE_CASE = [
    ("SISTER OF KAREN BLOOM PRESENT.", "SISTER OF [NAME] PRESENT."),
    ("WIFE OF MR. JOHN WHITLOCK AT BEDSIDE.", "WIFE OF MR. [NAME] AT BEDSIDE."),
    ("FOLLOWED BY WHITLOCK AT CLINIC.", "FOLLOWED BY [NAME] AT CLINIC."),
    ("COUGH. PATIENT IS CLOSELY FOLLOWED BY JANE WHITLOCK.", "COUGH. PATIENT IS CLOSELY FOLLOWED BY [NAME]."),
    ("UNDER THE CARE OF WHITLOCK SINCE THEN.", "UNDER THE CARE OF [NAME] SINCE THEN."),
    ("followed by jane whitlock, md for cough", "followed by [NAME], md for cough"),
    ("under the care of whitlock m.d.", "under the care of [NAME] m.d."),
    ("under the care of dr. whitlock", "under the care of dr. [NAME]"),
    ("sister of mrs. whitlock present", "sister of mrs. [NAME] present"),
]


@pytest.mark.parametrize(("text", "left"), _OF_ONE_CASE, ids=[text[:30] for text, _ in _OF_ONE_CASE])
def test_names_in_capitals_and_small_letters_are_found_behind_kin_and_care(text, left):
    assert scrub(text, _NOBODY)[0] == left


@pytest.mark.parametrize(
    ("texts", "names", "case"),
    [
        ({"findings": "THE LUNGS ARE CLEAR."}, [], "capitals"),
        ({"findings": "The lungs are clear.", "impression": "NO ACUTE DISEASE"}, [], "capitals"),
        ({"findings": "the lungs are clear on PA view."}, [], "small letters"),
        ({"findings": "The lungs are clear.", "indication": "cough, fever, chills"}, [], "mixed"),
        ({"findings": "CLEAR.", "impression": "normal"}, [], "mixed"),
        ({"findings": ""}, [], "mixed"),
        ({"findings": "THE LUNGS ARE CLEAR."}, [("id", "PID0099887"), ("place", "Elm Row 7")], "capitals"),
        ({"findings": "THE LUNGS ARE CLEAR."}, [("name", "Anonymous^Patient")], "capitals"),
        ({"findings": "THE LUNGS ARE CLEAR."}, [("name", "Ng^Ann")], None),
    ],
)
def test_the_case_of_a_report_is_told_where_no_name_is_known(texts, names, case):
    assert unnamed(texts, Known(names)) == case


@pytest.mark.parametrize(
    "text",
    [
        "PNEUMONIA FOLLOWED BY EMPYEMA. SURGERY, FOLLOWED BY RADIATION. EFFUSION WAS FOLLOWED BY CT.",
        "FOLLOWED BY PRIMARY CARE. FOLLOWED BY HOSPICE. UNDER THE CARE OF ONCOLOGY. FOLLOWED BY WOUND CARE TEAM.",
        "MOTHER OF TWO. SISTER OF THE PATIENT PRESENT. UNDER THE CARE OF THE HOSPITALIST.",
        "seen by a nurse rn, followed by icu md, with his md",
        "Swan-Ganz, Kerley B lines, Hodgkin lymphoma, Ghon complex, Bochdalek hernia, Dobhoff tube, Port-A-Cath.",
        "Chiari malformation, tetralogy of Fallot, per Fleischner criteria, after Whipple and Nissen.",
        "PATIENT INTUBATED. ENDOTRACHEAL TUBE ABOVE CARINA. RESULTS CALLED TO THE FLOOR.",
        "Discussed with the Emergency Department physician and the ICU team at the time of dictation.",
        "L1-L2, C5/6, 1000-1200 ml, ratio 0.55, DLP 456.7 mGy-cm, SID 180 cm, 14 French, BP 140/90, SpO2 95% on 2L.",
        "Patient is 95% saturated; he is 93 kg. Between 3 and 4 weeks.",
        "Impression: 1. Stable Cardiomegaly. 2. No Pneumothorax. PA and Lateral views of the Chest.",
        "Heart Size Normal. Lungs Clear Bilaterally. Osseous Structures Intact. Aorta Tortuous And Calcified.",
        "An outside hospital; the university hospital; General Hospital rules.",
    ],
)
def test_eponyms_measures_and_capitals_stay(text):
    assert scrub(text, _NOBODY) == (text, Counter())


@given(st.text("abcdeABCDE .,:'-/()0123456789\n[]XNDrM", max_size=150), st.sampled_from([None, -400]))
def test_scrubbing_again_brings_nothing_back_and_nothing_grows_without_bound(text, shift):
    once, _ = scrub(text, _QUILLAN, Dates(shift))
    again, _ = scrub(once, _QUILLAN, Dates(None if shift is None else 0))
    assert not Counter(_TAGLESS.findall(again)) - Counter(_TAGLESS.findall(once))
    assert len(once) <= 4 * len(text) + 16


def test_time_is_linear():
    report = "Dr. Maria Garcia (ICU fellow) was told on 03/04/2019 at 14:30, MRN 123456, by Jane Roe, RN. "
    seconds = []
    for times in (100, 400):
        began = time.process_time()
        scrub(report * times, _QUILLAN, Dates(-100))
        seconds.append(time.process_time() - began)
    assert seconds[1] < 12 * seconds[0] + 0.05
