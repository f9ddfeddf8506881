"""The forms that identifiers take in a report's text, as regular expressions.

Rules prefer to miss a doubtful number over eating a measurement: `3 x 4 cm`, `T12`, `1:2` and `5/6` are none. Repeats
are bounded and anchored, so that no text takes more than linear time.
"""

import re


def _after(words: str, pattern: str) -> str:
    """Return a pattern that only holds behind one of some words, which stay (look-behinds need a fixed width)."""
    return "(?:" + "|".join(rf"(?<=\b{word} )" for word in words.split("|")) + rf"){pattern}"


_TIMES = (
    r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s?(?:[ap]\.?m\b\.?|hrs?\b|hours\b|o'clock\b)",
    r"(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?![\d:])",
    r"\b(?:1[0-2]|[1-9])\s?(?:am|pm|a\.m\.|p\.m\.|o'clock)(?!\w)",
    r"\b(?:[01]\d|2[0-3])[0-5]\d\s?(?:hrs?|hours|h)\b",
    r"(?<=\bat )(?:[01]\d|2[0-3])[0-5]\d\b(?!\s?(?:m|c|k))",
)
_PHONES = (
    r"(?<![\w.])(?:\+?\d{1,3}[-. ]?)?(?:\(\d{3}\)|\d{3})[-. ]?\d{3}[-. ]\d{4}(?!\w)(?:\s?(?:x|ext\.?)\s?\d{1,6})?",
    r"(?<![\w.+])\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}(?!\w)",
    _after(r"ext|ext\.|extension", r"\d{2,6}(?:-\d{4})?\b"),
    _after(
        r"pager|pager:|phone|phone:|beeper|bleep|tel|tel:|tel\.|fax|fax:|callback|call back|contact|text page"
        r"|mobile|cell|direct line|cell is|line is|number is",
        r"#?[\d(][\d() .-]{2,}\d",
    ),
    r"(?<![\w.-])\d{3}-\d{4}(?![\w-])",
    r"\bx\d{4,6}\b",
    r"(?<![\w./-])0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}(?![\w./-])",
)
_STREET = (
    r"(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|parkway|pkwy|highway"
    r"|hwy|square|crescent|close|way)\b\.?"
)
_ADDRESSES = (
    rf"\b\d{{1,5}}[a-z]?\s+(?:[NSEW]\.?\s+)?(?:[A-Z][\w'-]*\.?\s+){{1,3}}{_STREET}(?:,?\s+(?i:apt|suite|unit|#)\.?\s*\w+)?"
    r"(?:,\s*[A-Z][\w' -]+)?(?:,?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?)?",
    r"\b(?:[A-Z][\w'-]{1,30},? ){0,2}[A-Z]{2}\s+\d{5}(?:-\d{4})?\b",
    r"\b(?i:p\.?\s?o\.?\s+box)\s+\d+",
)
_LABELLED_ID = re.compile(
    r"\b((?:mrn|medical record|accession|acc|serial|s/n|policy|badge|specimen|licen[cs]e(?: plate)?|plate|u\.?r|hn|hrn"
    r"|zip(?: code)?|postcode|patient(?:'s)? id|pt id|patient (?:no|number)|hospital (?:no|number)|nhs"
    r"|account|case|requisition|req|order|encounter|episode|visit|chart|file|record|folder|ssn|id|ref(?:erence)?|exam"
    r"|study)(?:\s*(?:number|no|num|id|#)\b\.?)?\s*(?:is\b)?\s*[:#=.]?\s*#?\s*)"
    r"(?!(?:19|20)\d\d[-/.]\d\d?[-/.]\d|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d)((?=[\w-]*\d)[A-Z]{0,5}[-/]?\d[\w/-]{2,}|[A-Z]{1,4}\d{3,}\w*)",
    re.IGNORECASE,
)
_IDS = (
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b\d+(?:\.\d+){4,}\b",
    r"\b\d(?:\.\d+){1,3}\.\d{5,}\b",
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)",
    r"\b[A-Z]{1,4}[-/]?\d{2,4}[-/]\d{3,}\b",
    r"\b[A-Z]{1,4}-?\d{5,}\b",
    r"\b[A-Z]{2,4}-?\d{4,}\b",
    r"(?<![\w./-])(?=[\w/-]{0,30}[A-Z])(?=[A-Z/-]{0,12}\d[\w/-]{0,12}\d{3})[A-Z0-9]{1,8}(?:[-/][A-Z0-9]{1,8}){1,4}(?![\w/-])",
    r"(?<![\w./-])0\d{2,}[-/]\d{3,}(?![\w./-])",
    r"(?<![\w./-])\d{2,}[-/]\d{5,}(?![\w./-])",
    r"(?<![\w./-])\d{2}-\d{2}-\d{2}(?![\w./-])(?!\s?[cm]m\b)",
    r"(?<![\w.])\d{6,}(?![\w.]*\d)",
    r"(?<=#)\d{4,}\b",
)
_UNITS = r"(?:[\s-]?(?:one|two|three|four|five|six|seven|eight|nine))?"
_OVER_89 = rf"(?:9\d|1[0-2]\d|ninety{_UNITS}|(?:one|a) hundred(?: and)?{_UNITS})"
_AGES = (
    rf"\b{_OVER_89}(?=[\s-]*(?:years?|yrs?|y)\b[\s./-]*(?:old|o\b|of age|\w*male\b|man\b|woman\b|lady\b|gentleman\b))",
    rf"\b{_OVER_89}(?=\s?(?:yo|y/o|y\.o\.?|yof|yom|yrs?)(?!\w))",
    _after(
        "age|aged|age:|age is|age of|patient is|he is|she is|who is",
        rf"{_OVER_89}\b(?!\s?(?:%|mm|cm|kg|lbs?|bpm)|\.\d|/)",
    ),
    rf"\b{_OVER_89}(?=\s?[MF]\b)",
    rf"\b{_OVER_89}(?=[\s-](?:year|yr)s?[\s-])",
)
EMAIL = re.compile(
    r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE
)
_TOWN = r"[A-Z][\w'-]+(?:,? [A-Z][\w'-]+)*"
_SITE = (
    r"(?i:Hospitals?|Clinics?|University|Medical Cent(?:er|re)|Health System|Infirmary|Nursing Home"
    r"|Health Cent(?:er|re)|Care Home|Airport|(?:Heart|Cancer|Health|Medical|Eye) Institute|Institute|High School"
    r"|School|College|Memorial|Health ?care|Sanatorium|Hospice|Rehabilitation Cent(?:er|re)|Imaging Cent(?:er|re))"
)
_SITE_WORD = r"[A-Z][\w'.-]{0,30}"
SITE = re.compile(rf"(?<![\w'.-])((?:(?:{_SITE_WORD}|of|the|and|for)\s+){{0,5}}{_SITE_WORD})(?:\s+{_SITE}\b)+")
"""The words before a hospital, clinic or school: after the last that is no name, they are its name."""

_PLACES = (
    _after(
        "lives in|live in|living in|resident of|resides in|reside in|residing in|worked in|works in|moved to"
        "|transferred from|traveled to|travelled to|moved here from|moved from|born in|works at|returned from"
        "|native of|visiting from|trip to",
        _TOWN,
    ),
)

RULES = (
    ("id", _LABELLED_ID),
    ("address", re.compile("|".join(_ADDRESSES))),
    ("phone", re.compile("|".join(_PHONES), re.IGNORECASE)),
    ("date", None),
    ("time", re.compile("|".join(_TIMES), re.IGNORECASE)),
    ("age", re.compile("|".join(_AGES), re.IGNORECASE)),
    ("id", re.compile("|".join(_IDS))),
    ("place", re.compile("|".join(_PLACES))),
)
"""In this order, after what is known of the patient; dates have a module of their own. A rule's first group stays."""
