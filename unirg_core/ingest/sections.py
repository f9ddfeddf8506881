"""Tell the sections of a raw radiology report apart: every word ends in exactly one of them.

A heading is a known name at the start of a line (`Findings:`, `IMPRESSION -`, `HISTORY` alone), in capitals with a
colon anywhere, or capitalised with a colon after a sentence's end; the five that every report has (`Findings:` and so
on) need no sentence before them. A heading that says again what the text stands under is text (`INDICATION: INDICATION:
cough`), and so is the name of a part within the body (`Chest: ...`). A report without a heading for its body is all
findings; `FINDINGS AND IMPRESSION` is findings; an addendum is findings unless it has headings of its own. The lines of
a form (`Patient: ...`, `Exam: ...`), titles and signatures are kept apart as `other`, which is not learnt from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from unirg_core.oneline import one_line

BODY = "body"
"""Text under no heading: findings, where the report has no heading for them."""


@dataclass(frozen=True)
class Sections:
    """The sections of one report, white space collapsed; `other` holds forms, titles and signatures."""

    indication: str = ""
    comparison: str = ""
    technique: str = ""
    findings: str = ""
    impression: str = ""
    other: str = ""


_NAMES = {
    "indication": """indication|indications|clinical indication|clinical indications|history|clinical history
        |clinical information|clinical data|clinical details|clinical statement|clinical question|clinical context
        |clinical diagnosis|clinical presentation|clinical problem|clinical hx|hx|medical history|patient history
        |history and indication|indication and history|indication/history|history/indication|admitting diagnosis
        |reason for exam|reason for examination|reason for study|reason for test|reason for the exam
        |reason for the examination|reason for the study|reason for this exam|reason for this examination
        |reason for visit|reason for referral|history of present illness|referral|referral reason""",
    "comparison": """comparison|comparisons|comparision|comparison study|comparison studies|comparison film
        |comparison films|comparison exam|comparison exams|comparison examination|comparison radiograph
        |comparison radiographs|comparison date|comparison made|compared with|compared to|prior|priors|prior study
        |prior studies|prior exam|prior exams|previous|previous study|previous studies|previous exam""",
    "technique": """technique|techniques|procedure|procedure comments|view|views|projection|projections|protocol
        |technical factors|technical quality|image quality|quality|exam technique|imaging technique""",
    "findings": """finding|findings|findings and impression|findings and impressions|impression and findings
        |findings/impression|findings / impression|impression/findings|findings & impression|findings and conclusion
        |findings and conclusions|findings and recommendations|radiographic findings|radiological findings
        |radiologic findings|imaging findings|chest findings|other findings|additional findings|report|description
        |observation|observations|result|results|body of report|interpretation|addendum|addenda|final addendum
        |addendum to report|chest|lungs and pleura""",
    "impression": """impression|impressions|conclusion|conclusions|opinion|summary|assessment|diagnosis
        |final diagnosis|final impression|overall impression|diagnostic impression|radiological impression
        |impression and recommendation|impression and recommendations|impressions and recommendations
        |impression/recommendation|impression and plan|conclusion and recommendation|recommendation
        |recommendations""",
    "other": """final report|wet read|preliminary report|radiology report|amended report|revised report
        |end of impression|report status|exam|examination|exam type
        |exam date|examination date|study|study date|study type|date|date of exam|date of examination|date of study
        |date of service|date of birth|birth date|dob|d.o.b.|mrn|patient|patient name|patient id|patient's name|pt
        |patient no|patient number|hospital no|hospital number|name|medical record|medical record number|accession
        |accession number|accession no|referring physician|referring doctor|referrer|requested by|ordering physician
        |ordering provider|ordered by|dictated|dictated by|signed|signed by|electronically signed
        |electronically signed by|reported by|reported|read by|reporting radiologist|reporting physician|reader
        |radiologist|attending|attending radiologist|transcribed|transcribed by|transcription date|verified|verified by
        |approved by|authorised by|authorized by|notification|notifications|communication|end of report|department
        |institution|location|ward|address|phone|telephone|tel|fax|email|e-mail|sex|gender|age|reference|ref|id|cc
        |contact|time|facility|site|re|regarding""",
}
_SECTION = {" ".join(name.split()): section for section, names in _NAMES.items() for name in names.split("|")}
_PARTS = frozenset(("chest", "lungs and pleura"))
_ALONE = frozenset(n for n, s in _SECTION.items() if s not in ("other", "technique") and n not in ("chest", "prior"))
_TITLES = frozenset(
    (
        *("final report", "radiology report", "preliminary report", "amended report", "revised report", "wet read"),
        *("end of report", "end of impression"),
    )
)

_AT_LINE = re.compile(r"^[ \t*#_>=-]*([A-Za-z][A-Za-z'/&. -]{1,40}?)[ \t*_]*(:|[ \t]-{1,2}[ \t]|$)", re.MULTILINE)
_IN_CAPITALS = re.compile(r"(?<=\s)([A-Z][A-Z/&' ]{1,40}):")
_AFTER_SENTENCE = re.compile(r"(?<=[.!?;]\s)([A-Z][a-z]+(?:[/& ]+[A-Z]?[a-z]+){0,4}) ?:")
_ANYWHERE = re.compile(r"(?<=\s)(Findings|Impression|Indication|Comparison|Technique):")
_WITHIN = {"capitals": _IN_CAPITALS, "sentence": _AFTER_SENTENCE, "anywhere": _ANYWHERE}
_SIGNATURE = re.compile(
    r"^[ \t]*(?:(?:electronically[ ])?(?:signed|dictated|reported|read|verified|approved|interpreted|transcribed)[ ]"
    r"(?:(?:and|&)[ ]\w+[ ])?by\b|(?:[A-Z][\w.'-]*[ ]){1,4}?[A-Z][\w.'-]*,[ ]"
    r"(?:consultant|attending|staff|chief|resident)?[ ]?(?:radiologist|radiology|M\.?D|D\.?O|MBBS|FRCR)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_REDACTED = re.compile(r"(?:(?:X{3,}|_{2,})[\s.,;:/-]*)+")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_PRIOR_TO_BODY = ("indication", "comparison", "technique")


def parse(text: str) -> Sections:
    """Return the sections of a raw report; never fails, never loses or doubles a word that is not a heading."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = list(_reattributed(list(_cut(text))))
    found = {field.name: [] for field in fields(Sections)}
    for section, heading, body in pieces:
        found[section].append(f"\n\n{body}" if heading else f"\n{body}")  # a heading ends the sentence before it
    return Sections(**{name: one_line("".join(bodies)) for name, bodies in found.items()})


def cleaned(sections: Sections) -> Sections:
    """Empty the sections that only hold a placeholder, as `None` or `nan` in published tables."""
    emptied = {f.name: "" for f in fields(Sections) if _is_placeholder(f.name, getattr(sections, f.name))}
    return replace(sections, **emptied)


def _is_placeholder(name: str, text: str) -> bool:
    """Tell whether a section says nothing; of a comparison, a redaction alone still says that there was one."""
    if _REDACTED.fullmatch(text):
        return name != "comparison"
    bare = text.strip(" .-_*").lower()
    return bare in ("", "nan", "n/a", "na", "null") or (bare in ("none", "none given") and name != "comparison")


def _cut(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (section, heading, body) pieces that join to the text again; `body` where no heading stands."""
    headings = _headings(text)
    ends = [start for start, _, _ in headings] + [len(text)]
    if ends[0]:
        yield BODY, "", text[: ends[0]]
    for (start, end, section), stop in zip(headings, ends[1:], strict=True):
        yield section, text[start:end], text[end:stop]


@dataclass(frozen=True)
class _Heading:
    start: int
    end: int
    section: str
    name: str
    at: str = "line"  # or capitals, sentence, anywhere: what makes it a heading


def _headings(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, section) of all headings, in order and without overlap."""
    kept: list[_Heading] = []
    for heading in sorted(_candidates(text).values(), key=lambda h: h.start):
        if kept and (heading.start < kept[-1].end or _is_text(heading, kept[-1], text)):
            continue
        kept.append(heading)
    return [(heading.start, heading.end, heading.section) for heading in kept]


def _candidates(text: str) -> dict[int, _Heading]:
    """Return what looks like a heading, by where it starts."""
    found = {}
    for match in _AT_LINE.finditer(text):
        name, mark = " ".join(match[1].lower().split()), match[2]
        if name in _SECTION and (mark or name in _ALONE or name in _TITLES):
            found[match.start(1)] = _Heading(match.start(1), match.end(), _SECTION[name], name)
    for match in _SIGNATURE.finditer(text):
        found.setdefault(match.start(), _Heading(match.start(), match.start(), "other", "signature"))
    for at, pattern in _WITHIN.items():
        for match in pattern.finditer(text):
            offset, name = _known_suffix(match[1])
            if name:
                start = match.start(1) + offset
                found.setdefault(start, _Heading(start, match.end(), _SECTION[name], name, at))
    return found


def _is_text(heading: _Heading, before: _Heading, text: str) -> bool:
    """Tell whether what looks like a heading belongs to the text under the heading before it."""
    in_body = before.section in ("findings", "impression")
    if in_body and (heading.name in _PARTS or (heading.at == "anywhere" and heading.section in _PRIOR_TO_BODY)):
        return True
    if heading.section == "other" or heading.section != before.section:
        return False
    repeated = heading.name == before.name and not text[before.end : heading.start].strip()
    return repeated or heading.at != "line"


def _known_suffix(text: str) -> tuple[int, str]:
    """Return where in `text` its longest known ending begins and that name; empty for none."""
    for word in re.finditer(r"\S+", text):
        name = " ".join(text[word.start() :].lower().split())
        if name in _SECTION:
            return word.start(), name
    return 0, ""


def _reattributed(pieces: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Give text that stands under no heading for the body its section.

    A form's entry ends with its line. Where no heading says findings, those are the paragraphs after the indication,
    comparison or technique, else the lines after their first one, and whatever stands under no heading at all.
    """
    sections = {section for section, _, _ in pieces}
    headed = "findings" in sections
    bodiless = not headed and "impression" not in sections
    for section, heading, body in pieces:
        if section == BODY:
            yield from _unheaded(body, headed)
        elif section == "other":
            line, newline, rest = body.partition("\n")
            yield section, heading, line
            yield from _unheaded(newline + rest, headed or "impression" in sections)
        elif section in _PRIOR_TO_BODY and not headed:
            yield from _split_body(section, heading, body, at_line=bodiless)
        else:
            yield section, heading, body


def _unheaded(body: str, headed: bool) -> Iterator[tuple[str, str, str]]:
    for line in body.splitlines():
        title = "." not in line and not any(letter.islower() for letter in line)
        yield "other" if headed or title else "findings", "", line


def _split_body(section: str, heading: str, body: str, *, at_line: bool) -> Iterator[tuple[str, str, str]]:
    gap = _PARAGRAPH.search(body.strip("\n")) or (at_line and re.search(r"\n", body.strip("\n")))
    if not gap:
        yield section, heading, body
        return
    body = body.strip("\n")
    yield section, heading, body[: gap.start()]
    yield from _unheaded(body[gap.start() :], False)
