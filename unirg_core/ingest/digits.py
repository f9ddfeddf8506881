"""What holds a digit stays only where it reads as a measure, a count, a level or a known short form; all else goes.

Asked last, when dates, times, phones, ids, ages and rooms that show themselves have gone: what is left and is no
number of a report's own is somebody's number.
"""

import re
from collections import Counter
from functools import partial

from unirg_core.ingest.signs import (
    BARE,
    SURE,
    UNIT_AHEAD,
    counts,
    goes_on,
    is_item,
    is_labelled,
    is_level,
    is_ordinal,
    tells_itself,
)

_DIGIT = re.compile(r"\d")
_NO_AGE = re.compile(
    rf"\s?-?(?!(?:years?|yrs?|y)\b){SURE}|\s?[x×%]|\s?-?(?:years?|yrs?|y)\s*(?:ago|prior|before|earlier|later"
    rf"|after|hx|history|smok\w*|pack"
    r"|since|follow)",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"(9\d|1[01]\d)(?:['’]?s|(?:st|nd|rd|th)|-?(?:yo|y/?o|y|yrs?|years?|yof|yom|f|m|/[fm])(?:[-/].*)?)?", re.IGNORECASE
)
_RATED = re.compile(
    r"\b(?:hr|pulse|rates?|bp|sats?|spo2|sao2|o2|saturat\w+|weigh\w*|wt|kg|temp\w*|degrees?|images?|series|slices?"
    r"|glucose|pressure|systolic"
    r"|diastolic|map|score|percent|sodium|chloride|mcv|creatinine|ef|fio2|angle|cobb|kvp?|mas?|dose|flow|volume"
    r"|level|hgb|sugar|bs|bgl"
    r"|count|number|total|minutes?|nodes?|room air|oxygen|x|times|average|mean|range|size|area|ratio|weight|thickness"
    r"|distance|sum|gap|reading|value|density"
    r"|attenuation|window|width|length|depth|diameter|duration|cohort|sample|wbc|crp|hb|hct|inr"
    r"|measur\w+)\b[^.;]{0,24}$"
    r"|\b(?:approximately|about|over|under|than|or|to|by)\s[^\w.;]{0,3}$",
    re.IGNORECASE,
)
_CHUNK = re.compile(r"\[[A-Z]{2,7}\]|[\w.:/#^+'’%°=~*×<>≤≥±&@\\,µμ–-]+")
_STAMP = re.compile(r"(?:(?<=\[NAME\] )|(?<=\[PLACE\] ))(?:[01]\d|2[0-3])[0-5]\d(?=[.,;)]|$)(?!\.\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MINUTES = re.compile(r"\d\d[0-5]\d")
_DATED = re.compile(
    r"(?:\b(?:in|of|since|years?|from|until|till|through|by|before|after|circa|ca|c|and|or|to|for|during|late|early"
    r"|mid|about"
    r"|around|approximately|than|dated|prior|comparison|previous|last|old|edition|guidelines?|criteria|version|vs"
    r"|versus"
    r"|copyright|al|society|committee|statement|covid|spring|summer|autumn|fall|winter|date|born|dob|yr|annual|season"
    r"|the|on"
    r"|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sept?\w*|oct\w*|nov\w*|dec\w*|easter|christmas|s/p|post|hx"
    r"|h/o|x"
    r"|cabg|pci|mi|tb|cva|mva|mvc|mvr|avr|tavr|pe|dvt|bmt|hiv|ct|mr|mri|pet|cxr|cta|us|echo|x-?rays?|films?|study"
    r"|studies|exams?"
    r"|scan|xrt|rt|chemo\w*|radiation|radiotherapy|surgery|repair|replacement|transplant\w*|resection|bypass|implant\w*"
    r"|placement|fracture|fx|pneumonia|cancer|ca|lymphoma|stroke|accident|biopsy|graft|stent\w*|pacemaker|icd|aicd|port"
    r"|removed|placed|repaired|resected|operated|treated|implanted|inserted|replaced|performed|fused|pinned|plated|stented"
    r"|disease|operation|treatment|therapy|removal|excision|ablation|cath\w*|dialysis|diagnos\w+|sarcoid\w*|procedure"
    r"|\w+(?:ectomy|otomy|ostomy|plasty|scopy|graphy|gram|oma|itis|osis|desis|emia|ized"
    r"|ised))\b[.,:]?\s?[(\[]?|\d[,;/–-]?\s?"
    r"|[,;:(/'’–©-]\s?|\[(?:DATE|NAME|PLACE|TIME|AGE)\],?\s?|^\s*|[.!?]\s+)$",
    re.IGNORECASE,
)
"""What a year stands behind."""

_UNTIMED = re.compile(
    r"\s?[-–/]\s?\d|\s(?:images?|views?|cells?|patients|guidelines?|criteria|edition|mg|ml|cc|mm|cm|g)\b", re.IGNORECASE
)
_PARTS = re.compile(r"(?:[^,;=:&<>/.-]|(?<![A-Za-z])/(?![A-Za-z])|(?<![a-z]{3})-|\.(?![A-Za-z]))+")
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3])[.:][0-5]\d")
_HOUR = re.compile(r"1[0-2]|[1-9]|(?:[01]\d|2[0-3])[0-5]\d")
_AT = re.compile(r"(?:\b(?:at|by|till?|until|before|after|around|about|from|since)|@) ?$", re.IGNORECASE)
_BEFORE = 40  # characters that hold the sign before a number
_ITEMS_DIGITS = 2
_EDGES = ".,:;'’#=*~\\/&@^-–"
_LOCAL = re.compile(
    r"(?<![\w.,/:-])(?:[2-9]\d\d \d{4}|\d{4} \d{3,4}|\d{5} \d{3,6}|\d{3} \d{2} \d{2}|\d{2} \d{2} \d{2} \d{2})"
    r"(?![\w/:-]|[.,]\d)"
)
_SPACED = re.compile(r"(?<![\w.,/:-])\d{2,4}(?: \d{2,4}){2,5}(?![\w/:-]|[.,]\d)")
_SPACED_LETTERS = re.compile(
    r"(?<![\w.,/:-])[A-Z]{1,3} \d{1,3}(?: \d{2,3}){1,3}(?: [A-Z])?(?![\w/:-]|[.,]\d)"
    r"|(?<![\w-])[A-Z]{2}\d{2} [A-Z]{3}(?![\w-])"
)


def unread_numbers(text: str, found: Counter[str]) -> str:
    """Return the text without the numbers that are none of a report's own, counted in `found`."""
    text = _STAMP.sub(partial(_stamp, found), text)
    text = _SPACED_LETTERS.sub(partial(_spaced, found), text)
    text = _LOCAL.sub(partial(_spaced, found), _SPACED.sub(partial(_spaced, found), text))
    return _CHUNK.sub(_Numbers(found).kept, text)


def _stamp(found: Counter[str], _: re.Match[str]) -> str:
    found["time"] += 1
    return "[TIME]"


def _gone(found: Counter[str], match: re.Match[str]) -> str:
    found["id"] += 1
    return "[ID]"


def _spaced(found: Counter[str], match: re.Match[str]) -> str:
    """Replace groups of digits with spaces between them, unless a unit says that they are measures."""
    if UNIT_AHEAD.match(match.string, match.end()):
        return match[0]
    return _gone(found, match)


class _Numbers:
    """What becomes of the chunks of a text that hold a digit, one after the other."""

    def __init__(self, found: Counter[str]) -> None:
        self._found, self._last, self._item = found, -1, 0

    def _gone(self, kind: str, match: re.Match[str], start: int, core: str, rest: str = "") -> str:
        self._found[kind] += 1
        before, after = match[0][: start - match.start()], match[0][start - match.start() + len(core) :]
        return f"{before}[{kind.upper()}]{rest}{after}"

    def kept(self, match: re.Match[str]) -> str:
        """Return a chunk as it stands where a sign explains its numbers, its tag else."""
        whole, text = match[0], match.string
        if whole[0] == "[" or not _DIGIT.search(whole):
            return whole
        core = whole.strip(_EDGES)
        start = match.start() + whole.index(core)
        end = start + len(core)
        before = text[max(0, start - _BEFORE) : start]
        old = _OLD.fullmatch(core)
        if old and not _NO_AGE.match(text, end) and not _RATED.search(before):
            return self._gone("age", match, start, core, core[old.end(1) :])
        if _YEAR.fullmatch(core) and not _is_year(before, text, end):
            return self._gone("time" if _MINUTES.fullmatch(core) else "id", match, start, core)
        item = is_item(text, start, self._item)
        if item:
            self._item = item
            if len(core) <= _ITEMS_DIGITS or not _DIGIT.search(core[_ITEMS_DIGITS:]):
                return whole
        if self._stays(core, before, text, start, end):
            self._last = end
            return whole
        return self._gone("time" if _is_clock(core, before) else "id", match, start, core)

    def _stays(self, core: str, before: str, text: str, start: int, end: int) -> bool:
        """Tell whether a sign stands at a number, or at each of several that signs join."""
        if tells_itself(core) or is_level(core, before) or is_ordinal(core, text, start, end):
            return True
        explained = goes_on(text, self._last, start) or bool(UNIT_AHEAD.match(text, end)) or counts(core, text, end)
        if BARE.fullmatch(core):
            return explained or is_labelled(core, before)
        parts = list(_PARTS.finditer(core))
        return len(parts) > 1 and all(
            part[0].isalpha()
            or tells_itself(part[0])
            or is_level(part[0], before)
            or (bool(BARE.fullmatch(part[0])) and (explained or is_labelled(part[0], before + core[: part.start()])))
            for part in parts
        )


def _is_year(before: str, text: str, end: int) -> bool:
    """Tell whether four digits like a year's stand where a year does, or a unit follows them."""
    return bool(_DATED.search(before) or _UNTIMED.match(text, end) or UNIT_AHEAD.match(text, end))


def _is_clock(core: str, before: str) -> bool:
    """Tell whether a number that nothing explains reads as a time: `2.09`, `1745`, `at 7`."""
    return bool(_CLOCK.fullmatch(core) or (_HOUR.fullmatch(core) and _AT.search(before)))
