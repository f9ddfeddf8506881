"""What is measured of a report's text once, at ingest, so that validating half a million studies reads no text again.

The measures stand in the manifest as columns; none of them holds a word of the text.

`english` is a cheap, deterministic check of the language, no classifier: the share of a report's words that stand in a
short list of English function words and of the commonest English words of chest reports. Words that other languages
share (pleural, normal, pneumothorax) are not in the list. Terse or misspelt English scores lower than prose, so the
bound in `validate.minimum_english` is low; a report of fewer than eight words is not judged.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

TEXTS = ("indication", "comparison", "findings", "impression")
REPORT = ("findings", "impression")

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
PHI: Mapping[str, re.Pattern[str]] = {
    "e-mail": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,}", re.I),
    "social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "phone": re.compile(r"(?:\(\d{3}\)\s?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b|\+\d{1,3}[ .-]?\(?\d[\d ().-]{6,}\d"),
    "date": re.compile(
        r"\b\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})\b|\b\d{4}([/.-])\d{1,2}\2\d{1,2}\b"
        rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b|\b{_MONTH}\s+(?:19|20)\d\d\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}\b",
        re.I,
    ),
    "record number": re.compile(r"\b(?:mrn|accession|patient id|record number)\b\W{0,3}(?:no\W{0,2})?\d{3,}", re.I),
    "long number": re.compile(r"\b\d{6,}\b"),
    "titled name": re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+[A-Z][a-z]+"),
}
"""Kinds of identifier that must be gone after de-identification; the order is that of the reported kind. Written apart
from the rules that scrub, so that a fault in those does not hide itself."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    """abnormalities abnormality about above acute after air airspace and angle angles appear appears are area areas
    as at base bases basilar be been below blunting bones both bowel but by cardiac cardiomegaly cardiopulmonary
    catheter change changed changes chest clear compared comparison consistent contours disease due effusion
    effusions elevated elevation enlarged enlargement evidence evidenced exam examination finding findings fluid
    for found free from given great has have healed heart hemithorax if increased interstitial interval it its
    large left likely limits line lines lobe low lower lung lungs marked may mild mildly moderate new nodules not
    noted opacities opacity or osseous otherwise overlying pacemaker patient prior process redemonstrated remain
    remains rib ribs right scarring seen severe shadow shown shows side sided sides since size slight slightly
    small spine stable structures than that the there these they thickening this those tiny tip to tube unchanged
    underlying unremarkable upper view views visualized well were when which widened wires with within without
    worse worsening zone zones"""
)
"""Left out, as words of German, Dutch, French, Spanish, Italian or Portuguese too: a, in, is, no, normal, of, on, over,
was and the names of most findings."""

_WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER = re.compile(r"\[[A-Z ]+\]|\bX{2,}\b")  # what de-identification left
_FEWEST_WORDS = 8
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TEMPLATE_BYTES = 8


def measures(texts: Mapping[str, str | None], *, moved_dates: bool = False) -> dict[str, Any]:
    """Return the manifest's columns about a study's texts; `moved_dates`: dates were moved and are no identifiers.

    Returns
    -------
    dict
        `findings_words`, `impression_words`; `english` (share, None where too short); `template` (a hash that reports
        share which are equal up to numbers, case and spacing); `phi_kind` (kind of identifier found, or None).
    """
    report = " ".join(texts.get(name) or "" for name in REPORT)
    return {
        **{f"{name}_words": len((texts.get(name) or "").split()) for name in REPORT},
        "english": english(report),
        "template": template(report),
        "phi_kind": phi_kind("\n".join(texts.get(name) or "" for name in TEXTS), moved_dates),
    }


def english(text: str) -> float | None:
    """Return the share of a text's words that are in the English list; None below eight words of ASCII letters."""
    words = _WORD.findall(_PLACEHOLDER.sub(" ", text).lower())
    if len(words) < _FEWEST_WORDS and text.isascii():
        return None
    return sum(word in _ENGLISH for word in words) / len(words) if words else None


def template(text: str) -> str:
    """Return 16 hex digits that two texts share when they are equal up to numbers, case and spacing."""
    plain = " ".join(_NUMBER.sub("#", text.lower()).split())
    return hashlib.blake2b(plain.encode(), digest_size=_TEMPLATE_BYTES).hexdigest()


def phi_kind(text: str, moved_dates: bool = False) -> str | None:
    """Return the first kind of identifier that a text still holds, or None; a date that was moved looks like one."""
    return next((kind for kind, p in PHI.items() if not (moved_dates and kind == "date") and p.search(text)), None)
