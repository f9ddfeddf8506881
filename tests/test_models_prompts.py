"""Prompts and the shape of reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.models.prompts import (
    PROMPT_VERSION,
    compose,
    context,
    identity,
    messages,
    prompt,
    sections,
    split_report,
)

PAPER = (
    "This is a radiology report generation task. Here is the context: {} Given the image and the context, provide the "
    "report in the following format: {} Now write the report in the format above."
)
BOTH = "Findings: [write the findings] Impression: [write the impression]"
FULL = {"indication": "Cough.", "comparison": "None.", "age": 63, "sex": "F", "findings": "Clear.", "impression": "Ok."}


@pytest.mark.parametrize(
    ("row", "form", "expected"),
    [
        ({}, "short", "findings impression"),  # nothing known: both sections are asked for
        ({"findings": "Clear.", "impression": ""}, "short", "findings"),
        ({"findings": None, "impression": "Ok."}, "short", "impression"),
        ({"findings": float("nan"), "impression": "Ok."}, "short", "impression"),  # NaN of a CSV is no text
        ({"findings": "  \n", "impression": "Ok."}, "short", "impression"),  # white space is no text
        (FULL, "short", "findings impression"),  # the context stays out of the short form
        ({}, "paper", PAPER.format("not available", BOTH)),
        (FULL, "paper", PAPER.format("Indication: Cough. Comparison: None. Age: 63 Sex: female", BOTH)),
        ({"age": float("nan"), "sex": "", "indication": "Fall"}, "paper", PAPER.format("Indication: Fall", BOTH)),
        (
            {"sex": "M", "findings": "Clear."},
            "paper",
            PAPER.format("Sex: male", "Findings: [write the findings]"),
        ),
        (
            {"age": 0, "impression": "Ok."},  # a newborn has an age
            "paper",
            PAPER.format("Age: 0", "Impression: [write the impression]"),
        ),
    ],
)
def test_prompt_follows_form_context_and_sections(row, form, expected):
    assert prompt(row, form) == expected


def test_asked_sections_win_over_those_of_the_reference():
    assert prompt(FULL, "short", asked="impression") == "impression"
    assert sections(FULL) == "both"


def test_context_says_nothing_unknown():
    assert context({"sex": "X", "age": None, "indication": None}) == "not available"


def test_image_comes_before_the_text():
    assert [part["type"] for part in messages("findings")[0]["content"]] == ["image", "text"]


@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_text_parts_two_pictures(pictures):
    """Qwen counts neighbouring image tokens as one picture."""
    kinds = [part["type"] for part in messages("findings", pictures)[0]["content"]]
    assert kinds == [*["image", "text"] * (pictures - 1), "image", "text"]


@pytest.mark.parametrize(
    ("form", "asked", "prior", "output", "expected"),
    [
        ("short", "both", " Clear.\n", "plain", "Prior report: Clear. findings impression"),
        ("short", "findings", "", "think_answer", "findings labels"),
        ("short", "impression", "Clear.", "think_answer", "Prior report: Clear. impression labels"),
        ("short", "both", None, "plain", "findings impression"),
        ("short", "both", float("nan"), "plain", "findings impression"),
        ("paper", "both", "Clear.", "plain", PAPER.format("not available Prior report: Clear.", BOTH)),
        (
            "paper",
            "findings",
            "",
            "think_answer",
            PAPER.format(
                "not available",
                "<think>Findings: [write the findings]</think>"
                "<answer>[label: present, absent or uncertain; ...]</answer>",
            ),
        ),
    ],
)
def test_prompt_with_a_prior_and_with_tags(form, asked, prior, output, expected):
    assert prompt({}, form, asked, prior=prior, output=output) == expected


VERSIONS = {
    "1": {
        ("short", "none", "plain"): "a888458011cf095e",
        ("short", "image_and_report", "plain"): "1860e00c09a83b4a",
        ("short", "none", "think_answer"): "4efa35d7db1573c2",
        ("paper", "none", "plain"): "28dcdb312e879663",
        ("paper", "image_and_report", "plain"): "9d00c516e6cdd152",
        ("paper", "none", "think_answer"): "c19418bb65d37f76",
    }
}
"""Version -> start of each digest. Whoever changes a text raises `PROMPT_VERSION` and adds a row; none ever changes."""


@pytest.mark.parametrize("asked", VERSIONS[PROMPT_VERSION])
def test_a_changed_prompt_has_a_new_version(asked):
    known = identity(*asked)
    assert (known["form"], known["version"]) == (asked[0], PROMPT_VERSION)
    assert known["digest"].startswith(VERSIONS[PROMPT_VERSION][asked])


def test_every_text_has_a_digest_of_its_own():
    starts = list(VERSIONS[PROMPT_VERSION].values())
    assert len(set(starts)) == len(starts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", "")),
        ("small left pleural effusion.", ("small left pleural effusion.", "")),  # no heading: all findings
        ("Findings: Clear. Impression: Normal.", ("Clear.", "Normal.")),
        ("FINDINGS:\nClear.\n\nIMPRESSION:\n1. Normal.", ("Clear.", "1. Normal.")),
        ("Impression: Normal. Findings: Clear.", ("Clear.", "Normal.")),  # either order
        ("Impression: Normal.", ("", "Normal.")),
        ("Clear lungs. Impression: Normal.", ("Clear lungs.", "Normal.")),  # the first heading is missing
        (
            "Findings: Clear. Impression: Normal. Findings: Again.",
            ("Clear.", "Normal. Findings: Again."),
        ),  # repeats stay
        ("Findings: Impression: Normal.", ("", "Normal.")),
    ],
)
def test_split_report(text, expected):
    assert split_report(text) == expected


plain = st.text(st.characters(blacklist_characters=":", blacklist_categories=["Cs"]), max_size=80)


@given(plain, plain)
def test_split_undoes_compose(findings, impression):
    composed = compose(findings, impression)
    assert split_report(composed) == (" ".join(findings.split()), " ".join(impression.split()))
    assert "\n" not in composed


@given(st.text(max_size=200))
def test_split_takes_any_text(text):
    findings, impression = split_report(text)
    assert findings == " ".join(findings.split()) and impression == " ".join(impression.split())


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        (None, None, ""),
        ("Clear.", None, "Findings: Clear."),
        (None, "Normal.", "Impression: Normal."),
        ("Clear.\n Heart  normal.", "Normal.", "Findings: Clear. Heart normal. Impression: Normal."),
        (float("nan"), "Normal.", "Impression: Normal."),
    ],
)
def test_compose_omits_what_is_missing(findings, impression, expected):
    assert compose(findings, impression) == expected
