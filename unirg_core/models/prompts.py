"""What the model is asked, and the shape of what it answers.

`paper` is the text of arXiv 2601.17151 with indication, comparison, age and sex as context; the form follows which
sections the reference has. Departures, where the paper is silent: the impression-only form mirrors the findings-only
one, and an empty context reads "not available". `short` is ours: a tiny model gives its one image token only its share
of the attention, so every further word of the prompt makes it see less.

A prior report stands under `Prior report:`, as the paper says; where, it does not print: here it ends the context, or
goes before the short question. The schema `think_answer` (the idea of arXiv 2601.03321) asks for the report and its
labels in tags; its words are ours.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Any, Literal

from unirg_core.files import digest_of
from unirg_core.oneline import one_line

Form = Literal["short", "paper"]
Sections = Literal["both", "findings", "impression"]
Output = Literal["plain", "think_answer"]

PROMPT_VERSION = "1"
"""Changes with any text below; part of what identifies a prediction."""

_SHORT = {"both": "findings impression", "findings": "findings", "impression": "impression"}
_SLOTS = {
    "both": "Findings: [write the findings] Impression: [write the impression]",
    "findings": "Findings: [write the findings]",
    "impression": "Impression: [write the impression]",
}
_TAGGED = "<think>{}</think><answer>[label: present, absent or uncertain; ...]</answer>"
_SEXES = {"F": "female", "M": "male"}
_HEADING = re.compile(r"\b(findings|impression)\s*:", re.IGNORECASE)


def sections(row: Mapping[str, Any]) -> Sections:
    """Return which sections a study's reference has; without a reference both are asked for."""
    findings, impression = bool(_plain(row.get("findings"))), bool(_plain(row.get("impression")))
    if findings == impression:
        return "both"
    return "findings" if findings else "impression"


def context(row: Mapping[str, Any]) -> str:
    """Return indication, comparison, age and sex of a study, as far as they are known."""
    age, sex = row.get("age"), _SEXES.get(row.get("sex") or "", "")
    parts = [
        ("Indication", _plain(row.get("indication"))),
        ("Comparison", _plain(row.get("comparison"))),
        ("Age", "" if age is None or age != age else str(int(age))),
        ("Sex", sex),
    ]
    return " ".join(f"{name}: {value}" for name, value in parts if value) or "not available"


def prompt(
    row: Mapping[str, Any],
    form: Form = "short",
    asked: Sections | None = None,
    *,
    prior: str = "",
    output: Output = "plain",
) -> str:
    """Return the text that asks for a study's report, without the images' places.

    Parameters
    ----------
    row
        A study: `indication`, `comparison`, `age`, `sex`, and `findings`, `impression` where it has a reference.
    form
        `short` for tiny models, `paper` for the recipe's text.
    asked
        The sections to ask for; by default those that the reference has.
    prior
        The report of the patient's prior study, where it is shown and there is one.
    output
        What the answer should be: the report, or the report and its labels in tags.
    """
    asked = asked or sections(row)
    before = f"Prior report: {_plain(prior)} " if _plain(prior) else ""
    if form == "short":
        return before + _SHORT[asked] + (" labels" if output == "think_answer" else "")
    slots = _SLOTS[asked] if output == "plain" else _TAGGED.format(_SLOTS[asked])
    return (
        f"This is a radiology report generation task. Here is the context: {context(row)} {before}"
        "Given the image and the context, provide the report in the following format: "
        f"{slots} Now write the report in the format above."
    )


def identity(form: Form = "short", prior: str = "none", output: Output = "plain") -> dict[str, str]:
    """Return which prompt text a model is asked with: form, version, and SHA-256 over what it says to sample studies.

    Parameters
    ----------
    prior
        `model.prior`; with any but `none` the text with a prior report counts too.
    """
    known = {"indication": "Cough.", "comparison": "None.", "age": 63, "sex": "F"}
    reports = [""] if prior == "none" else ["", "Findings: Clear."]
    said = [
        prompt(row, form, asked, prior=report, output=output)
        for row in ({}, known)
        for asked in ("both", "findings", "impression")
        for report in reports
    ]
    return {"form": form, "version": PROMPT_VERSION, "digest": digest_of(said)}


def messages(text: str, pictures: int = 1) -> list[dict[str, Any]]:
    """Return a prompt as a conversation of one turn, the images first, for a processor's chat template.

    A line break parts two images: Qwen's models count neighbouring image tokens as one picture, and the preset's
    template, unlike theirs, puts nothing around a picture.
    """
    places = [{"type": "image"}, *([{"type": "text", "text": "\n"}, {"type": "image"}] * (pictures - 1))]
    return [{"role": "user", "content": [*places, {"type": "text", "text": text}]}]


def compose(findings: str | None, impression: str | None) -> str:
    """Return `Findings: ... Impression: ...` on one line; a missing section is omitted."""
    parts = (("Findings", _plain(findings)), ("Impression", _plain(impression)))
    return " ".join(f"{name}: {text}" for name, text in parts if text)


def split_report(text: str) -> tuple[str, str]:
    """Return (findings, impression) of a report; a text without headings is all findings.

    The first heading of each kind opens its section; what stands before any heading counts as findings.
    """
    found: dict[str, re.Match[str]] = {}
    for match in _HEADING.finditer(text):
        found.setdefault(match[1].lower(), match)
    order = sorted(found.values(), key=lambda match: match.start())
    parts = {"findings": text[: order[0].start()] if order else text, "impression": ""}
    for match, following in itertools.zip_longest(order, order[1:]):
        parts[match[1].lower()] += " " + text[match.end() : following.start() if following else len(text)]
    return _plain(parts["findings"]), _plain(parts["impression"])


def _plain(text: Any) -> str:
    """Return a text on one line, and an empty one for null or NaN."""
    return one_line(text) if isinstance(text, str) else ""
