"""Ages over 89 as people write them, as regular expressions; bare numbers are left to `digits.py`.

Ages up to 89 stay (45 CFR 164.514, Safe Harbor).
"""

import re

_UNITS = r"(?:[\s-]?(?:one|two|three|four|five|six|seven|eight|nine))?"
_SMALL = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_HUNDRED = rf"(?:one|a)[ -]hundred(?:(?:[ -]and)?[ -]{_SMALL})?"
_OVER_89 = rf"(?:9\d|1[0-2]\d|ninety{_UNITS}|{_HUNDRED})"
_NO_MEASURE = (
    r"(?!\s?-?(?:%|mm|cm|m\b|kg|lbs?|bpm|degrees?|percent|per ?cent|cc|ml|mg"
    r"|days?|weeks?|months?|hours?|hrs?|minutes?|mins?"
    r"|seconds?|secs?|beats?|images?|slices?|patients|cases|views?|packs?|[x×]|years? (?:ago|prior|earlier|later"
    r"|before|after"
    r"|smok|history)|pack)|\.\d\d|/\d|\d|%)"
)


def _behind(leads: str, pattern: str, first: str) -> str:
    return f"(?={first})(?:" + "|".join(rf"(?<=\b{lead} )" for lead in leads.split("|")) + rf"){pattern}"


_LEADS = (
    "age|aged|age:|ages|age is|age of|patient is|he is|she is|who is|aet|aet.|aetat|age =|age/sex|age/sex:|sex/age"
    "|age is now|he's|she's|pt is|pt. is|patient's|turned|turning|turns|reached|man of|woman of|lady of|gentleman of"
    "|now aged"
    "|patient was|he was|she was|aged about|aged approx|aged approx.|aged around|aged approximately|aged over"
    "|aged nearly"
    "|age about|age approx|age approx.|age over|ages of|mother of|grandmother of|grandfather of|widow of|widower of"
    "|now|rising|nearing|nearly|almost|claims to be|says he is|says she is|to be|i am|i'm|is now|being|though"
    "|despite being"
)
_RANGE = r"(?:\s?(?:-|–|to|and|or)\s?(?:9\d|1[0-2]\d))?"
_AGES = (
    rf"\b{_OVER_89}(?=[\s-]*(?:years?|yrs?|y)\b[\s./-]*(?:old|o\b|of age|\w*male\b|man\b|woman\b|lady\b"
    r"|gentleman\b))",
    rf"\b{_OVER_89}(?=\s?(?:yo|y/o|y\.o\.?|yof|yom|yrs?)(?!\w))",
    _behind(
        _LEADS, rf"(?:about |around |over |c\. |c |~|> ?|>= ?)?{_OVER_89}\b{_RANGE}(?:\.\d)?{_NO_MEASURE}", "[91noac~>]"
    ),
    rf"\b{_OVER_89}(?=\s?[MF]\b)",
    rf"\b{_OVER_89}(?=[\s-](?:year|yr)s?[\s-](?!ago|prior|earlier|later|before|after|smok|pack))",
    rf"\b{_OVER_89}(?=/[MF]\b)",
    r"(?:(?<=\b[MF]/)|(?<=\b[MF] )|(?<=\b[MF], )|(?<=,[MF],)|(?<=\|[MF]\|)|(?<=\bmale/)|(?<=female ))(?:9\d|10\d)"
    r"(?![\w%/]|\.\d| ?[cm]m)",
    r"\b(?:9\d|10\d)(?=,\s?[MF]\b)",
    rf"(?=[91noa])(?:(?<=patient \()|(?<=male \()|(?<=man \()|(?<=wife \()|(?<=husband \()){_OVER_89}(?=[,)])",
    rf"(?=[91noa])(?:(?<=male, )|(?<=man, )|(?<=lady, )|(?<=wife, )|(?<=husband, )|(?<=mother, )"
    rf"|(?<=father, )){_OVER_89}(?=[,.;]|$)",
    r"(?=[eml9n])(?:(?<=in her )|(?<=in his )|(?<=in their ))(?:(?:early|mid|late)[ -])?(?:nineties|90['’]?s)\b",
    r"\b(?:early|mid|late)[ -](?:nineties|90['’]?s)\b",
    r"\b(?:nonage|(?:super-?)?cente)narians?\b",
    r"\b(?:ninetieth|ninety-?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|(?:one )?hundredth|9\dth|9\d(?:st|nd|rd)|10\d(?:th|st|nd|rd)) (?=birthday|year)",
    r"\bninety[\s-]?(?:one|two|three|four|five|six|seven|eight|nine)\b(?! ?(?:percent|%|degrees?|mm|cm|ml|mg|days?"
    r"|minutes?|seconds?|beats?))",
    rf"\b(?:ninety|{_HUNDRED})(?=\s?[-–]?\s?(?:odd|plus|something|ish|winters|summers|years?\b(?! (?:ago|prior|of "
    rf"(?!age)))"
    r"|yrs?\b|[.,;)?!]|$| (?:and|now|but|lives|who|or)\b))(?! ?(?:percent|per cent|degrees?))",
    r"\b(?:9\d|10\d)(?=\+ ?(?:yo|y/o|yrs?|years?)\b|\+(?=[.,;)]|$))",
    r"\b(?:9\d|10\d)(?= ?(?:winters|summers|ish|odd)\b)",
    r"(?=[9n1])(?:(?<=over )|(?<=past )|(?<=above ))(?:90|ninety|100)(?=[.,;)]|$| (?:and|years|yrs|now|who|but)\b)",
    r"(?:9\d|10\d)(?= years?(?:[,;)]|\.?$|\.\s))",
    r"(?:(?<=\bage=)|(?<=\bage:)|(?<=\bage-)|(?<=\bage\|)|(?<=\byrs=)|(?<=\baet=)|(?<=\bage\.))(?:9\d|1[01]\d)"
    r"(?![\d.%])",
    r"(?<=born )(?:9\d|10\d)(?= years ago)",
)
AGE = re.compile(rf"(?=[91noaemlcsh~>])(?:{'|'.join(_AGES)})", re.IGNORECASE)
