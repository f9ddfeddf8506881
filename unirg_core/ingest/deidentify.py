"""Scrub a report's text of what could name a person, in memory: what is known of him first, then what looks like it.

What is found gives way to a tag that says what stood there, as `[NAME]`; the sentence stays. Years alone and ages up to
89 stay too (45 CFR 164.514, Safe Harbor).
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial

from unirg_core.ingest.identifiers import COMMON, EMAIL, NAMED_AFTER, NAMED_BEFORE, PLAIN, RULES

PROFILE = "header: the schema's fields only (PS3.15 Annex E: all else is removed); text: Safe Harbor tags"
VERSION = "1"
RESIDUAL_RISK = (
    "Text is scrubbed by rules and by the names and ids known from table, form and header; a name that stands in none "
    "of these and in no usual phrase may stay. Pixels are not read: text burned into a picture is refused only where "
    "the DICOM header says so."
)
CATEGORIES = ("name", "id", "date", "time", "phone", "email", "address", "place", "age")

_SHORTEST_ID = 5
_SHORT_NAME = 2
_NAMES_MERGED = re.compile(r"\[NAME\](?:(?:\s*,\s*|\s+|-)(?:[A-Z]\.?\s+)?\[NAME\])+")
_INITIAL = re.compile(r"\b[A-Z]\.? (?=\[NAME\])|(?<=\[NAME\]) [A-Z]\b\.?(?!\w)")
_TAGGED = re.compile(r"\[(?:" + "|".join(c.upper() for c in CATEGORIES) + r")\]")

_FORM_NAME = re.compile(
    r"^[ \t]*(?:patient(?:'s)?(?: name)?|name|(?:referring|ordering|attending|reporting) (?:physician|doctor|provider)"
    r"|radiologist|dictated by|read by|signed by|requested by)[ \t]*:[ \t]*([A-Za-z][A-Za-z'. ,^-]{1,40})",
    re.IGNORECASE | re.MULTILINE,
)
_FORM_ID = re.compile(
    r"^[ \t]*(?:mrn|medical record(?: no\.?| number)?|patient (?:id|no\.?|number)|accession(?: no\.?| number)?)"
    r"[ \t]*[:#][ \t]*([\w/-]{4,})",
    re.IGNORECASE | re.MULTILINE,
)


class Known:
    """What is known of a patient and his doctors: (name, id, phone or place; text) pairs from table and header."""

    def __init__(self, identifiers: Iterable[tuple[str, str]]) -> None:
        whole: dict[str, list[str]] = {"id": [], "phone": [], "place": [], "name": []}
        common: list[str] = []
        short: list[str] = []
        for kind, text in identifiers:
            if kind == "name":
                tokens = [t for t in re.split(r"[\s^=,./]+", text) if len(t.strip("-'")) > 1]
                names = [t for t in tokens if t.lower() not in COMMON | PLAIN and not t.isdigit()]
                whole["name"] += [t for t in names if len(t) > _SHORT_NAME]
                short += [t.capitalize() for t in names if len(t) <= _SHORT_NAME]
                common += [t for t in tokens if t.lower() in COMMON]
            elif len(text) >= _SHORTEST_ID and (kind in ("place", "phone") or any(c.isdigit() for c in text)):
                whole[kind].append(text)
        self._patterns = [(kind, _any_of(texts, re.IGNORECASE)) for kind, texts in whole.items() if texts]
        # "Ng" is a name, "NG" a tube: so short a name counts only as names are written.
        self._patterns += [("name", _any_of(short, re.NOFLAG))] if short else []
        # A name that is also a word ("Long", "Hill") counts only as a neighbour of a name.
        near = "|".join(re.escape(t.capitalize()) + "|" + re.escape(t.upper()) for t in dict.fromkeys(common))
        self._near = (
            re.compile(rf"(?:{near})\b,?(?= (?:[A-Z]\.? )?\[NAME\])|(?<=\[NAME\] )(?:{near})\b") if near else None
        )

    def scrub(self, text: str, found: Counter[str]) -> str:
        """Return the text with what is known replaced by tags, counted in `found`."""
        for kind, pattern in self._patterns:
            text = pattern.sub(partial(_tagged, kind, found), text)
        return self._near.sub(partial(_tagged, "name", found), text) if self._near else text


def scrub(text: str, known: Known) -> tuple[str, Counter[str]]:
    """Return the text without identifiers, and how many were found by category."""
    found: Counter[str] = Counter()
    text = known.scrub(EMAIL.sub(partial(_tagged, "email", found), text), found)
    for kind, pattern in RULES:
        text = pattern.sub(partial(_tagged, kind, found), text)
    for pattern in NAMED_AFTER:
        text = pattern.sub(partial(_after_lead, found), text)
    text = NAMED_BEFORE.sub(partial(_before_degree, found), text)
    text = _INITIAL.sub("", text)
    return _NAMES_MERGED.sub("[NAME]", text), found


def form_identifiers(report: str) -> list[tuple[str, str]]:
    """Return the names and ids that a raw report's form lines (`Patient: ...`, `MRN: ...`) tell."""
    names = [("name", match[1]) for match in _FORM_NAME.finditer(report)]
    return names + [("id", match[1]) for match in _FORM_ID.finditer(report)]


def _any_of(texts: Iterable[str], flags: int) -> re.Pattern[str]:
    longest_first = sorted(set(texts), key=lambda t: (-len(t), t))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", flags)


def _tagged(kind: str, found: Counter[str], match: re.Match[str]) -> str:
    found[kind] += 1
    kept = match[1] if match.re.groups else ""
    return f"{kept}[{kind.upper()}]"


def _after_lead(found: Counter[str], match: re.Match[str]) -> str:
    """Replace the words after a title or lead, up to the first that no name has."""
    words = match[2].split(" ")
    count = next((n for n, word in enumerate(words) if _no_name(word)), len(words))
    return match[1] + _replaced(found, [], words[:count], words[count:])


def _before_degree(found: Counter[str], match: re.Match[str]) -> str:
    """Replace the words before a degree, after the last that no name has."""
    words = match[1].split(" ")
    start = max((n + 1 for n, word in enumerate(words) if _no_name(word)), default=0)
    return _replaced(found, words[:start], words[start:], [])


def _replaced(found: Counter[str], before: list[str], name: list[str], after: list[str]) -> str:
    if not any(len(word.strip(".,")) > 1 for word in name):
        return " ".join(before + name + after)
    found["name"] += 1
    comma = "," if name[-1].endswith(",") else ""
    return " ".join([*before, "[NAME]" + comma, *after])


def _no_name(word: str) -> bool:
    bare = word.strip(".,:;'-")
    return bare.lower() in PLAIN or set(bare) <= {"X"} or bool(_TAGGED.search(word))
