"""Sections of raw reports: headings of every habit, and no word lost, doubled or reordered within its section."""

from collections import Counter
from dataclasses import astuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unirg_core.ingest.sections import Sections, _cut, cleaned, parse

_CASES = [
    # (report, sections)
    ("", {}),
    ("Lungs are clear.", {"findings": "Lungs are clear."}),
    ("FINDINGS: A.\nIMPRESSION: B.", {"findings": "A.", "impression": "B."}),
    ("Findings: A. Impression: B.", {"findings": "A.", "impression": "B."}),
    ("findings\nA.\n\nconclusion\nB.", {"findings": "A.", "impression": "B."}),
    ("FINDINGS -- A.\nOPINION - B.", {"findings": "A.", "impression": "B."}),
    ("**FINDINGS:** A.", {"findings": "** A.", "other": "**"}),
    ("FINDINGS AND IMPRESSION: A. B.", {"findings": "A. B."}),
    ("FINDINGS/IMPRESSION:\nA.", {"findings": "A."}),
    ("IMPRESSION:\n1. No effusion.\n2. Stable.", {"impression": "1. No effusion. 2. Stable."}),
    ("A clear chest. IMPRESSION: normal.", {"findings": "A clear chest.", "impression": "normal."}),
    (
        "HISTORY: cough. COMPARISON: None. FINDINGS: A.",
        {"indication": "cough.", "comparison": "None.", "findings": "A."},
    ),
    ("INDICATION: cough\n\nLungs clear.\n\nHeart big.", {"indication": "cough", "findings": "Lungs clear. Heart big."}),
    ("Indication: cough\nLungs clear.", {"indication": "cough", "findings": "Lungs clear."}),
    ("INDICATION: cough", {"indication": "cough"}),
    ("COMPARISON: ___", {"comparison": "___"}),
    ("Reason for exam: fall", {"indication": "fall"}),
    ("TECHNIQUE: PA view.\nFINDINGS: A.", {"technique": "PA view.", "findings": "A."}),
    ("Compared to the prior study, the heart is big.", {"findings": "Compared to the prior study, the heart is big."}),
    ("Findings suggest edema.", {"findings": "Findings suggest edema."}),
    ("The impression is of edema.", {"findings": "The impression is of edema."}),
    (
        "PATIENT: J Doe  MRN: 123\nEXAM: CHEST\nFINDINGS: A.\nElectronically signed by J Roe, MD on 1/2/2019",
        {"other": "J Doe. 123. CHEST. Electronically signed by J Roe, MD on 1/2/2019", "findings": "A."},
    ),
    (
        "IMPRESSION: B.\nJane Roe, consultant radiologist, 1 May",
        {"impression": "B.", "other": "Jane Roe, consultant radiologist, 1 May"},
    ),
    ("CHEST TWO VIEWS\nThe heart is big.", {"other": "CHEST TWO VIEWS", "findings": "The heart is big."}),
    ("Exam: chest\nThe heart is big.", {"other": "chest", "findings": "The heart is big."}),
    (
        "FINAL REPORT\n EXAMINATION: CHEST\n\n FINDINGS:\n\n A.\n\n IMPRESSION:\n\n B.",
        {"other": "CHEST", "findings": "A.", "impression": "B."},
    ),
    ("HEART IS BIG. IMPRESSION: BIG HEART.", {"findings": "HEART IS BIG.", "impression": "BIG HEART."}),
    ("FINDINGS: A.\r\nIMPRESSION: B.\r\n", {"findings": "A.", "impression": "B."}),
    ("FINDINGS: A.\nADDENDUM: C.", {"findings": "A. C."}),
    ("IMPRESSION: B.\nRECOMMENDATION: CT.", {"impression": "B. CT."}),
    ("IMPRESSION AND FINDINGS: A. B.", {"findings": "A. B."}),
    ("findings and impression\nA.", {"findings": "A."}),
    ("FINAL ADDENDUM\nC.\n\nFINAL REPORT\n\nFINDINGS: A.", {"findings": "C. A."}),
    ("IMPRESSION: B.\n\nADDENDUM:\nIMPRESSION: C.", {"impression": "B. C."}),
    (
        "CLINICAL HX: cough\nPROCEDURE COMMENTS: two views\nFINDINGS: A.\nEND OF IMPRESSION:",
        {"indication": "cough", "technique": "two views", "findings": "A."},
    ),
    (
        "Indication: Positive TB test Findings: A. Impression: B.",
        {"indication": "Positive TB test", "findings": "A.", "impression": "B."},
    ),
    ("comparison: ___.\nfindings: A ___ B XXXX.", {"comparison": "___.", "findings": "A ___ B XXXX."}),
    # what says again under which heading it stands is text, and so is the name of a part of the body
    ("INDICATION: INDICATION: PAIN; cough", {"indication": "INDICATION: PAIN; cough"}),
    ("INDICATION:\nINDICATION: PAIN", {"indication": "INDICATION: PAIN"}),
    ("INDICATION: Hypoxia. History: XXXX tubes", {"indication": "Hypoxia. History: XXXX tubes"}),
    ("FINDINGS:\nChest: A. Left knee: B.", {"findings": "Chest: A. Left knee: B."}),
    ("IMPRESSION: Chest: A.", {"impression": "Chest: A."}),
    ("CHEST: The heart is big.", {"findings": "The heart is big."}),
    ("FINDINGS: Chest Comparison: There is a mass.", {"findings": "Chest Comparison: There is a mass."}),
    ("COMPARISON: None. Clinical INDICATION: cough", {"comparison": "None. Clinical", "indication": "cough"}),
]


@pytest.mark.parametrize(("report", "expected"), _CASES)
def test_sections(report, expected):
    assert parse(report) == Sections(**expected)


_HEADINGS = st.sampled_from(
    (
        *("FINDINGS:", "Findings:", "IMPRESSION:", "INDICATION:", "COMPARISON:", "Technique:", "PATIENT:", "Exam:"),
        *("Clinical History: ", "Chest: ", "COMPARISON : ", "___", "XXXX", "INDICATION: INDICATION: "),
        *("FINDINGS AND IMPRESSION:", "ADDENDUM:", "Electronically signed by", "Impression\n", "MRN:", "Results -- "),
        *("\n\n", "\n", ". ", " "),
    )
)
_REPORTS = st.lists(_HEADINGS | st.text(max_size=30), max_size=25).map("".join)


def words(text):
    """Count the words of a text, but for the full stops that stand for line breaks."""
    return Counter(bare for word in text.split() if (bare := word.rstrip(".")))


@given(_REPORTS)
@example("FINDINGS:Impression\nFINDINGS:")
@example("INDICATION: a\n\n\nb\nIMPRESSION:")
@example("PATIENT: a\x1cb\x85c\n\u2028d")
def test_every_word_that_is_no_heading_ends_in_one_section(report):
    report = report.replace("\r\n", "\n").replace("\r", "\n")
    pieces = list(_cut(report))
    assert "".join(heading + body for _, heading, body in pieces) == report
    said = " ".join(body for _, _, body in pieces)
    assert words(" ".join(astuple(parse(report)))) == words(said)


@given(st.sampled_from(["a b.", "c d e."]), st.sampled_from(["f g.", "1. h 2. i."]), st.sampled_from(("\n ", "\n\n")))
def test_composed_sections_come_back(findings, impression, between):
    parsed = parse(f"Findings: {findings}{between}Impression: {impression}")
    assert (parsed.findings, parsed.impression) == (findings, impression)


@pytest.mark.parametrize(
    ("section", "text", "kept"),
    [
        ("findings", "None", ""),
        ("findings", "nan", ""),
        ("impression", " n/a. ", ""),
        ("indication", "___", ""),
        ("comparison", "None.", "None."),
        ("indication", "XXXX.", ""),
        ("findings", "XXXX, XXXX; ___", ""),
        ("comparison", "XXXX, XXXX.", "XXXX, XXXX."),
        ("comparison", "___.", "___."),
        ("comparison", "-", ""),
        ("impression", "XXXX pneumothorax.", "XXXX pneumothorax."),
        ("impression", "None acute.", "None acute."),
    ],
)
def test_placeholders_are_emptied(section, text, kept):
    assert getattr(cleaned(Sections(**{section: text})), section) == kept
