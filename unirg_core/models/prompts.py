"""What the model is asked, and the shape of what it answers.

`paper` is the text of arXiv 2601.17151 with indication, comparison, age and sex as context; the form follows which
sections the reference has. Departures, where the paper is silent: the impression-only form mirrors the findings-only
one, and an empty context reads "not available". `short` is ours: a tiny model gives its one image token only its share
of the attention, so every further word of the prompt makes it see less.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Any, Literal

Form = Literal["short", "paper"]
Sections = Literal["both", "findings", "impression"]

PROMPT_VERSION = "1"
"""Changes with any text below; part of what identifies a prediction."""

_SHORT = {"both": "findings impression", "findings": "findings", "impression": "impression"}
_SLOTS = {
    "both": "Findings: [write the findings] Impression: [write the impression]",
    "findings": "Findings: [write the findings]",
    "impression": "Impression: [write the impression]",
}
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


def prompt(row: Mapping[str, Any], form: Form = "short", asked: Sections | None = None) -> str:
    """Return the text that asks for a study's report, without the image's place.

    Parameters
    ----------
    row
        A study: `indication`, `comparison`, `age`, `sex`, and `findings`, `impression` where it has a reference.
    form
        `short` for tiny models, `paper` for the recipe's text.
    asked
        The sections to ask for; by default those that the reference has.
    """
    asked = asked or sections(row)
    if form == "short":
        return _SHORT[asked]
    return (
        f"This is a radiology report generation task. Here is the context: {context(row)} "
        "Given the image and the context, provide the report in the following format: "
        f"{_SLOTS[asked]} Now write the report in the format above."
    )


def messages(text: str) -> list[dict[str, Any]]:
    """Return a prompt as a conversation of one turn, the image first, for a processor's chat template."""
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]


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
    """Return a text with single spaces, and an empty one for null or NaN."""
    return " ".join(text.split()) if isinstance(text, str) else ""
