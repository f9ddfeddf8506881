"""Dates of a report's text: found in the forms that people write, moved with the patient's days or tagged.

A full date is moved by the days that the study's `day` is moved by, and written again in its own form: order and
distances hold, also to `day`. What is no full date (a month and a day, a month and a year, a weekday), cannot be one
(31/02/2019), is a birth date or lies more than 89 years back becomes `[DATE]`. A year alone may stay (45 CFR 164.514
(b)(2)(i)(C)), but beside moved dates it would tell by how much they were moved: where dates are moved it moves
along, by the years that the study's own day moves.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OLDEST_DAYS = 89 * 365
_EPOCH = date(1970, 1, 1)
HELD = 0xF0000
"""The first of the characters (of a plane that no text uses) that hold moved dates."""

_MOST_HELD = 0xFFF0
_ABSOLUTE = 7305  # a study day from here on (1990) is a date's; a smaller one may count from a patient's first visit

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_LONG_MONTH = r"(?:January|February|March|April|June|July|August|September|October|November|December)"
_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_WD = r"(?:mon|tues?|wed|thu(?:rs)?|fri|sat|sun)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?:\s?(?:st|nd|rd|th))?"
_YEAR = r"(?:19|20)\d{2}"
_YY = rf"(?:{_YEAR}|'?\d{{2}})"
_NO_UNIT = r"(?!\s?(?:mm|cm|ml|mg|mmhg|kv|ma|x|%|views?|hours?|hrs?|days?|weeks?|months?|years?|yrs?)\b)(?!\.\d|%)"
_TO = r"\s?(?:-|to|through|thru|until|and|&|/)\s?"
_WEEK = rf"(?P<{{0}}>(?:{_WEEKDAY}|{_WD}\b\.?),?\s+(?:the\s+)?)?"

_NOT_BEHIND = r"(?:(?<!\d-)|(?<=/\d-)|(?<=/\d\d-)|(?<=/\d{4}-))"
_BORN = r"(?P<born>\b(?:dob|d\.o\.b\.?|born(?: on)?|birth\s?date|date of birth|bd)\s{0,3}[:=]?\s{0,3})?"
_FULL = "|".join(
    (
        # the year, then numbers; one sign between them
        rf"(?<![\d./-])(?P<y1>{_YEAR})(?P<at1>[-/.])(?P<m1>0?[1-9]|1[0-2])(?P=at1)(?P<d1>{_DAY})(?=T\d"
        rf"|(?![\d\w]|[-/]\d))",
        # two numbers whose order must be found out, then the year
        rf"(?<![\d./]){_NOT_BEHIND}(?P<a2>{_DAY})(?P<at2>\s?[-/]\s?|\.\s?)(?P<b2>{_DAY})(?P=at2)(?P<y2>{_YEAR}"
        rf"|'?\d{{2}})"
        rf"(?!\w|\.\d|\s?[cm]m\b|[-/]\d{{3}})",
        # day, month in words, year
        rf"\b{_WEEK.format('w3')}(?P<d3>{_DAY})(?P<o3>{_ORDINAL})(?P<g3>[\s/.-]{{0,2}}(?:of\s+)?)"
        rf"(?P<m3>{_MONTH})\b(?P<p3>\.?)"
        rf"(?P<h3>[\s,./-]{{1,3}})(?P<y3>{_YY})(?![\w]|\.\d)",
        # 04MAR2019
        rf"\b(?P<d4>{_DAY})(?P<m4>{_MONTH})(?P<y4>{_YEAR}|\d{{2}})\b",
        # month in words, day, year
        rf"\b{_WEEK.format('w5')}(?P<m5>{_MONTH})\b(?P<p5>\.?)(?P<g5>[\s/-]{{1,2}}(?:the\s+)?)(?P<d5>{_DAY})"
        rf"(?P<o5>{_ORDINAL})"
        rf"(?P<h5>(?:\s?,\s?|\s|-|/)(?:of\s+)?)(?P<y5>{_YEAR}|'\d{{2}})(?![\w]|\.\d)",
        # year, month in words, day
        rf"\b(?P<y6>{_YEAR})(?P<g6>[\s-])(?P<m6>{_MONTH})\b(?P<p6>\.?)(?P<h6>[\s-])(?P<d6>{_DAY})(?!\w|\.\d)",
        # 20190304
        rf"(?<![\d.])(?P<y7>{_YEAR})(?P<m7>0[1-9]|1[0-2])(?P<d7>0[1-9]|[12]\d|3[01])(?![\d]|\.\d)",
    )
)
_NUMERALS = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth"
)
_ABROAD = (
    r"(?:januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août"
    r"|septembre|octobre"
    r"|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    r"|diciembre|gennaio"
    r"|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre)"
)
_STUDIES = (
    *("ct", "mri", "cxr", "xr", "film", "films", "prior", "study", "exam", "scan", "radiograph", "echo"),
    *("admitted", "discharged", "surgery"),
)
_BEHIND_STUDY = "".join(f"|(?<=\\b{word} )" for word in _STUDIES)
_FRACTION = (  # two numbers that could be a day and a month, unless a scale, a part or a ratio is what they are
    r"(?<![\w./-])(?<!grade )(?<!profusion )(?<!image )(?<!series )(?<!slice )(?<!strength )(?<!murmur )(?<!pain )"
    r"(?<!ratio )(?<!scale )(?<!score )(?<!gcs )(?<!apgar )(?<!apgars )(?<!level )(?<!type )(?<!view )(?<!rib )"
    r"(?<!edema )(?<!pulses )(?<!vision )(?<!film )(?<!page )(?<!part )(?<!bp )(?<!nodes )(?<!intensity )(?<!rated )"
    r"(?<!was )(?<!at )(?<!intact )(?<!is )(?<!s/t, )(?<!motor )(?<!power )(?<!reflexes )(?<!all )(?<!only )(?<!lower )"
    r"(?<!upper )(?<!the )(?<!about )(?<!approximately )(?<!positive in )(?<!by )(?<!than )(?<!to )(?<!criteria )"
    r"(?![1-3]/[2-5](?!\d))(?!24/7)(?!(\d+)/(?:10|15)(?: pain| scale|\)|, worse| in severity| intensity| severity))"
    r"(?:(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|1[0-2]))"
    r"(?![\w/%-]|\.\d|\s?(?:nodes?|lymph|ribs?|strength|murmur|positive|pain|vision|views?|images?|systolic"
    r"|diastolic|cm|mm"
    r"|inch|in|lb|of|bilat\w*|throughout|intensity|severity|points?|criteria|times|sutures|patients|cases|segments"
    r"|lobes?|zones?|fields?|quadrants|motor|power|reflex\w*|edema|pulses?|level|grade|scale|score)\b)"
)
_PARTIAL = "|".join(
    (
        rf"\b(?:{_WEEKDAY},?\s+(?:the\s+)?)?(?:{_NUMERALS})\s(?:of\s+)?{_MONTH}\b(?!\s(?:be|not"
        rf"|have)\b)(?:,?\s{_YEAR}\b)?",
        rf"\b(?:{_LONG_MONTH}|may)\s(?:the\s+)?(?:{_NUMERALS})\b(?:,?\s{_YEAR}\b)?",
        rf"\b{_MONTH}\b\.?\s(?:the\s+)?{_DAY}{_ORDINAL}{_TO}{_DAY}{_ORDINAL}(?:,?\s{_YEAR}\b)?(?![\w/]){_NO_UNIT}",
        rf"\b{_DAY}\.?\s(?:de\s)?{_ABROAD}\b(?:\s(?:de\s)?{_YEAR}\b)?",
        rf"\bQ[1-4][\s-]{_YEAR}\b|\b(?:spring|summer|fall|autumn|winter)(?: of)? {_YEAR}\b",
        rf"(?<![\d./-])(?:0[1-9]|1[0-2])\.{_YEAR}\b(?!\s?[cm]m\b)",
        rf"(?<![\d./-])(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|[12]\d|3[01]) {_YEAR}\b(?!\s?[cm]m\b)",
        rf"\b{_DAY}[-. /](?:x{{0,3}}(?:ix|iv|v?i{{0,3}}))[-. /]{_YEAR}\b",
        r"(?:(?<=\bexp )|(?<=\bexp\. )|(?<=\bexpires )|(?<=\bexpiry )|(?<=\bexpired ))\d\d?/\d\d\b",
        r"(?-i:(?=[MTWFS])(?:(?<=on )|(?<=[Ll]ast )|(?<=[Tt]his )|(?<=[Ss]ince )|(?<=[Nn]ext ))(?:Mon|Tues?|Wed"
        rf"|Thurs?|Fri|Sat|Sun)\b\.?)(?!,? (?:\d|{_MONTH}\b))",
        r"(?-i:\b(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)\b(?= (?:night|morning|evening|afternoon|noon|am|pm|and)\b))",
        rf"\b(?:(?:{_WEEKDAY}|{_WD}\b\.?),?\s+(?:the\s+)?)?{_DAY}{_ORDINAL}[\s-]{{1,2}}(?:of\s+)?{_MONTH}\b",
        rf"\b(?:(?:{_WEEKDAY}"
        rf"|{_WD}\b\.?),?\s+(?:the\s+)?)?{_MONTH}\b\.?[\s-]{{1,2}}(?:the\s+)?{_DAY}{_ORDINAL}(?![\w/]){_NO_UNIT}",
        rf"\b{_MONTH}\b\.?(?:[\s,-]{{1,2}}|\s(?:of|in)\s(?:the year\s)?)(?:{_YEAR}\b|'\d\d\b)",
        rf"\b{_YEAR}[\s,-]{{1,2}}{_MONTH}\b",
        rf"(?<![\d./-])(?:0?[1-9]|1[0-2])[-/]{_YEAR}\b(?!\s?[cm]m\b)",
        rf"(?<![\d./-])(?:0?[1-9]|1[0-2])/{_DAY}(?={_TO}{_DAY}[-/.]{_DAY}[-/.])",
        rf"(?:(?<=\bon )|(?<=\bdated )|(?<=\bfrom )|(?<=\bof )|(?<=\bsince )|(?<=\buntil )"
        rf"{_BEHIND_STUDY})(?:0?[1-9]|1[0-2])/{_DAY}(?:{_TO}(?:0?[1-9]|1[0-2])/{_DAY})?(?![\d/]|\.\d){_NO_UNIT}",
        rf"\b(?:{_WEEKDAY}|{_WD}),? \d\d?[/.-]\d\d?\b(?![\d/])",
        r"(?<![\w./-])(?:(?:0?[1-9]|1[0-2])/(?:1[3-9]|2\d|3[01])|(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2])"
        r"|0[1-9]/\d\d|(?:\d|1[0-2])/0[1-9])"
        r"(?<!24/7)(?![\w/%-]|\.\d|\s?(?:nodes?|lymph|ribs?|strength|murmur|positive|pain|vision)\b)",
        r"(?:(?<=\bfilm of )|(?<=\bfilms of )|(?<=\bdated )|(?<=\bdate )|(?<=\bdate: )|(?<=\bon )|(?<=\btaken )"
        r"|(?<=\bsince ))"
        r"(?=[0-3]\d[0-3]\d\d\d\b|\d\d[01]\d[0-3]\d\b)\d{6}\b(?!\.\d)",
        rf"(?<![\w./-])(?:0?[1-9]|1[0-2])/(?:9\d|0\d)(?![\w/%-]|\.\d){_NO_UNIT}",
        rf"(?:(?<=\bclosed )|(?<=\bflagged )|(?<=\bon )|(?<=\bdated )|(?<=\bdone )|(?<=\btaken )|(?<=\bfilm ))"
        rf"(?:0?[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w/-]|\.\d){_NO_UNIT}",
        rf"\b{_WEEKDAY}s?\b",
        rf"(?<![\d.])(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])){_YEAR}"
        r"(?!\d|\.\d)",
        rf"\b{_MONTH}\b\.? ?(?:3[2-9]|[4-9]\d|0\d)(?![\w/%]|\.\d){_NO_UNIT}",
        r"(?:(?<=\bborn )|(?<=\bborn on )|(?<=\bdob )|(?<=\bdob: )|(?<=\[TIME\], )"
        r"|(?<=\[TIME\] ))\d\d?[/.-]\d\d?\b(?![\d/.-])",
        _FRACTION,
        r"\b(?:christmas(?: eve| day)?|thanksgiving(?: day)?|good friday|valentine'?s day|ramadan|hanukkah"
        r"|passover|diwali|halloween|boxing day|(?:fourth|4th) of july|mother'?s day|father'?s day"
        r"|new year'?s(?: eve| day)|easter(?: sunday| monday)?"
        r"|independence day|labor day|memorial day)\b(?! tree| disease)",
    )
)
_MONTH_ALONE = (
    r"(?:(?<=\bon )|(?<=\bin )|(?<=\bsince )|(?<=\bof )|(?<=\buntil )|(?<=\bfrom )|(?<=\blast )|(?<=\bthis )"
    rf"|(?<=\bearly )|(?<=\blate )|(?<=\bmid )|(?<=\bmid-)|(?<=\bby ))(?-i:{_LONG_MONTH}|{_LONG_MONTH.upper()})\b"
    r"|(?-i:(?<=in )|(?<=last )|(?<=since )|(?<=early )|(?<=late ))(?-i:May|MAY)\b(?=[.,;)]|$)"
)
_YEAR_ALONE = (
    r"(?<![\w.,/#'-])(?<!\bat )(?<!image )(?<!slice )(?<!series )(?<!room )(?<!number )"
    rf"(?:19[4-9]\d|20[0-4]\d)(?!\w|[.,]\d|[/:-]\d){_NO_UNIT}"
)
_DATE = re.compile(
    rf"(?:(?<![A-Za-z])|(?=\d)){_BORN}(?:{_FULL}|(?P<partial>{_PARTIAL}|{_MONTH_ALONE})|(?P<year>{_YEAR_ALONE}))",
    re.IGNORECASE,
)
_UNSURE = re.compile(rf"(?<![\d.])({_DAY})([-/.])({_DAY})\2(?:{_YEAR}|\d{{2}})\b")


@dataclass(frozen=True)
class Dates:
    """What is done with the dates of one patient's text.

    Attributes
    ----------
    shift
        Days that the patient's dates are moved by; None: each gets a tag, and years alone stay.
    day
        The study's own day before it is moved, days since 1970; None where it is not known.
    day_first
        How numbers like 03/04/2019 are read where neither they nor the report's other dates tell.
    """

    shift: int | None = None
    day: int | None = None
    day_first: bool = False

    def scrub(self, text: str, found: Counter[str], moved: list[str]) -> str:
        """Return the text with each date tagged, or held by one character (`HELD`) and put moved into `moved`.

        A moved date looks like a date, and could be taken for a number of some other kind by rules that come later.
        """
        return _DATE.sub(partial(self._replaced, found, moved, _order(text)), text)

    def _replaced(self, found: Counter[str], moved: list[str], day_first: bool | None, match: re.Match[str]) -> str:
        if match["year"] and self.shift is None and not match["born"]:
            return match[0]
        found["date"] += 1
        if self.shift is None or match["born"] or match["partial"]:
            return f"{match['born'] or ''}[DATE]"
        after = self._year(match[0]) if match["year"] else self._moved(match, day_first)
        if after is None or len(moved) >= _MOST_HELD:
            return "[DATE]"
        moved.append(after)
        return chr(HELD + len(moved) - 1)

    def _moved(self, match: re.Match[str], day_first: bool | None) -> str | None:
        """Return the date in its own form, moved; None where it is none or too old to be told."""
        number = next(n for n in "1234567" if match[f"y{n}"])
        if number == "2":
            return self._moved_numbers(match, day_first)
        month = _month(match[f"m{number}"])
        before = _date(self._full_year(match[f"y{number}"]), month, int(match[f"d{number}"]))
        after = self._after(before)
        if after is None:
            return None
        said = match[f"m{number}"], match[f"d{number}"]
        padded = _padded(*said)
        short = number == "4" or "-" in match[0] or len(match[f"y{number}"]) < 4
        parts = {
            f"y{number}": _year_like(match[f"y{number}"], after),
            f"m{number}": _month_like(said[0], after.month, padded, short),
            f"d{number}": _number(after.day, padded),
        }
        if f"o{number}" in match.re.groupindex and match[f"o{number}"]:
            parts[f"o{number}"] = _ordinal(after.day)
        if f"w{number}" in match.re.groupindex and match[f"w{number}"]:
            parts[f"w{number}"] = _weekday_like(match[f"w{number}"], after)
        return _put(match, parts)

    def _moved_numbers(self, match: re.Match[str], told: bool | None) -> str | None:
        """Return a date of three numbers, read as the text's other dates or the setting say, but never in the future.

        With points the day comes first in Europe and the month in America: where neither the text nor the setting says
        that the day does, and both could, it is not moved.
        """
        day_first = self.day_first if told is None else told
        first, second, year = int(match["a2"]), int(match["b2"]), self._full_year(match["y2"])
        readings = [(_date(year, second, first), "day"), (_date(year, first, second), "month")]
        readings = readings if day_first else readings[::-1]
        possible = [(when, which) for when, which in readings if when is not None]
        if "." in match["at2"] and told is None and not day_first and len({when for when, _ in possible}) > 1:
            return None
        past = [(when, which) for when, which in possible if not self._future(when)]
        if not possible:
            return None
        before, which = (past or possible)[0]
        after = self._after(before)
        if after is None:
            return None
        pair = (after.day, after.month) if which == "day" else (after.month, after.day)
        padded = _padded(match["a2"], match["b2"])
        a, b = (_number(value, padded) for value in pair)
        return _put(match, {"a2": a, "b2": b, "y2": _year_like(match["y2"], after)})

    def _known_day(self) -> int | None:
        return self.day if self.day is not None and self.day >= _ABSOLUTE else None

    def _future(self, when: date) -> bool:
        known = self._known_day()
        return known is not None and (when - _EPOCH).days > known

    def _after(self, before: date | None) -> date | None:
        if before is None:
            return None
        known = self._known_day()
        newest = _EPOCH + timedelta(days=known) if known is not None else date(2030, 1, 1)
        if (newest - before).days > _OLDEST_DAYS:
            return None
        return before + timedelta(days=self.shift)

    def _full_year(self, text: str) -> int:
        """Return a year of four digits; of two it is the last such year that is not after the study."""
        if len(text) == 4:
            return int(text)
        known = self._known_day()
        newest = (_EPOCH + timedelta(days=known)).year if known is not None else 2049
        year = 2000 + int(text.lstrip("'"))
        return year if year <= newest else year - 100

    def _year(self, text: str) -> str:
        known = self._known_day()
        if known is None:
            return str(int(text) + round(self.shift / 365.25))
        study = _EPOCH + timedelta(days=known)
        return str(int(text) + (study + timedelta(days=self.shift)).year - study.year)


def _order(text: str) -> bool | None:
    """Tell whether the dates of a text put the day first; None where they do not tell or disagree."""
    pairs = [(int(match[1]), int(match[3])) for match in _UNSURE.finditer(text)]
    told = {first > 12 for first, second in pairs if (first > 12) != (second > 12)}
    return told.pop() if len(told) == 1 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(text.lower()[:3]))


def _put(match: re.Match[str], parts: dict[str, str]) -> str:
    """Return the matched text with some of its groups replaced."""
    text, start = match[0], match.start()
    for name in sorted(parts, key=match.start, reverse=True):
        text = text[: match.start(name) - start] + parts[name] + text[match.end(name) - start :]
    return text


def _padded(month: str, day: str) -> bool:
    """Tell whether a date is written with leading zeros; where it does not show, numbers of two digits say so."""
    return "0" in (month[0], day[0]) or (month.isdigit() and len(month) == len(day) == 2)


def _number(value: int, padded: bool) -> str:
    return f"{value:02d}" if padded else str(value)


def _year_like(text: str, when: date) -> str:
    if len(text) == 4:
        return str(when.year)
    return ("'" if text[0] == "'" else "") + f"{when.year % 100:02d}"


def _month_like(text: str, month: int, padded: bool, short: bool) -> str:
    """Return a month in digits, or by its name, whole or cut, in the case of the one that stood there."""
    if text.isdigit():
        return _number(month, padded)
    whole = len(text) > 4 or (text.lower() in _MONTHS and not (short and text.lower() == "may"))
    name = _MONTHS[month - 1] if whole else _MONTHS[month - 1][:3]
    return name.upper() if text.isupper() else name.capitalize() if text[0].isupper() else name


def _ordinal(day: int) -> str:
    return "th" if 11 <= day % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _weekday_like(text: str, when: date) -> str:
    said = re.match(r"[A-Za-z]+", text)[0]
    name = _WEEKDAYS[when.weekday()]
    name = name if said.lower() in _WEEKDAYS else name[:3]
    name = name.upper() if said.isupper() else name.capitalize() if said[0].isupper() else name
    return name + text[len(said) :]
