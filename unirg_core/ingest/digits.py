"""What holds a digit stays only where it reads as a measure, a count, a level or a known short form; all else goes.

Asked last, when dates, times, phones, ids, ages and rooms that show themselves have gone: what is left and is no
number of a report's own is somebody's number.
"""

import re
from collections import Counter
from functools import lru_cache, partial

_UNIT = (
    r"(?:mm|cm|m|um|μm|nm|km|in|inch(?:es)?|ft|feet|ml|cc|dl|l|lpm|liters?|litres?|kg|g|gm|gms|grams?|mg|mcg|ug|µg"
    r"|lbs?|lb"
    r"|pounds?|oz|kvp?|kev|mev|mas?|mgy|gy|cgy|msv|mhz|khz|hz|t|tesla|bpm|mmhg|torr|meq|mmol|mol|iu|units?|u|%"
    r"|percent|°|degs?"
    r"|degrees?|c|f|fr|fren?ch|gauge|ga|g|hu|suv|ms|msec|sec|secs|seconds?|mins?|minutes?|s|h|hrs?|hours?|d|days?|wks?"
    r"|weeks?|mos?|months?|y|yo|yrs?|years?|yof|yom|views?|images?|slices?|frames?|x|w|r|l|a|b|p|v|ppd|packs?"
    r"|pack-years?"
    r"|st|nd|rd|th|k|ng|pg|fl|fold|times|vessels?|leads?|channels?|rows?|beats?|puffs?|tabs?|pounds|cmh2o|f|m|male"
    r"|female"
    r"|mgycm|mgy-cm|sq|cm2|cm3|m2|mm2|mm3|ml/min|mg/dl|mg/kg|cc/hr|ml/hr|l/min|bq|mbq|mci|stories|steps|people"
    r"|patients|cases"
    r"|children|reports|sets?|cigarettes|cells?)"
)
_SURE = (
    r"(?:mm|cm|um|nm|km|inch(?:es)?|ft|feet|ml|cc|dl|lpm|liters?|litres?|kg|gm?s?|mg|mcg|lbs?|pounds?|kvp?|kev"
    r"|mas?|mgy|gy|cgy"
    r"|msv|hz|bpm|mmhg|meq|mmol|iu|units?|%|percent|degrees?|hu|ms|msec|seconds?|minutes?|hours?|days?|weeks?"
    r"|months?|years?"
    r"|images?|slices?|frames?|patients|cases|cells?|mgy-cm|mbq|mci|pg|ng|people|pack)\b"
)
_NUMBER = r"[<>≤≥~±+-]{0,2}(?:\d{1,3}|0?\d{1,2}\.\d{1,4}|\d{3}\.\d{1,2}|\.\d{1,3}|\d{1,3},\d{3})"
_SMALL_NUMBER = r"[<>≤≥~±+-]{0,2}(?:(?!0\d)\d{1,3}(?:\.\d{1,3})?|0\d?\.\d{1,3}|\.\d{1,3})"
_LEVEL = r"[ctls]-?(?:\d|1[0-2])(?:(?:-|/|–|through)[ctls]?(?:\d|1[0-2]))*"
_MIXED = (
    r"(?:sa|sp|pa|fi|pi|paco|saco|etco|pc|p|svo|scvo|da|v)?c?o2(?:sat)?|h2o|co2|h2|n2o|hco3|fev-?1|fev1/fvc|b-?12"
    r"|b-?6|d-?[23]|t-?[1-4]"
    r"|pgy-?\d|covid-?(?:19)?|sars-?cov-?2|ncov-?2019|2019-ncov|h\dn\d|tc-?99m?|f-?18|18f|f18-fdg|ga-?6[78]"
    r"|i-?1[23]\d|xe-?133|cd-?\d{1,3}|hb?a1c|a1c|ca-?(?:125|19-9|15-3)"
    r"|[1-4]-?d|[qtx][1-9]\d?(?:h|hr|hrs|d|wk|w)?|pd-?l?1|[kmna]\+|m1a?|il-?\d{1,2}|g\d{1,2}p\d{1,2}(?:a\d)?"
    r"|t[0-4][a-d]?n[0-3x][a-c]?m[01x][a-c]?"
    r"|[tnm][0-4][a-d]?|vc20|icd-?(?:9|10)(?:-cm)?|p[12]|s[1-4]|a-?[12]|[vr]\d|v\d-v?\d|gp1|her-?2|brca-?[12]"
    r"|t[12]-?(?:w|weighted|flair)?"
    r"|cyp\w{2,4}|mp[23]|c\d-c?\d|ii?i?[abc]\d?|[1-4][abc]|[1-9][lr]|\d{1,2}-?(?:french|fr|f|gauge|g|lead|view"
    r"|vessel|level|part|year|month|week"
    r"|day|hour|minute|point|cm|mm|ml|l|lb|pound|inch|fold|d|column|channel|chamber|quadrant|item|line|sided|phase"
    r"|pack)(?:s|-old)?"
    r"|wet"
)
_LABEL = (
    r"(?:image|series|slice|view|level|grade|stage|type|class|segment|seg|zone|rib|lead|fig|figure|table|rad"
    r"|birads|lirads|lung-rads"
    r"|asa|ph|x|day|pod|week|hd|dol|no|ef|hr|rr|bp|wbc|hgb|hct|plt|gfr|gcs|peep|ett|at|age|tv|ps|ei|dap|sid|fio|ga"
    r"|gfr|egfr|#)?[-:=#]{0,2}"
    r"|[ftnqrlcp][:=]"
)
_ALLOWED = re.compile(
    rf"{_SMALL_NUMBER}(?:\s?(?:-|–|/|:|to|and|&|\+)\s?{_SMALL_NUMBER})?(?:-?{_UNIT})?(?:/(?:{_UNIT}|\d{{1,2}}h?))?"
    rf"|{_NUMBER}(?:{_UNIT})?(?:[x×*]{_NUMBER}(?:{_UNIT})?){{1,3}}"
    rf"|{_LEVEL}|{_MIXED}|{_LABEL}{_SMALL_NUMBER}(?:{_UNIT})?"
    rf"|(?:19[2-9]|20[0-2])\d(?:['’]?s)?|\d{{1,3}},\d{{3}}|\d{{1,2}}['’]s"
    r"|[a-z]\d\d\.\d{1,3}|\d{3}\.\d{1,2}|.*xxx.*"
    rf"|\d{{1,3}}(?:\+|-)|1[/.]\d{{1,2}}"
    rf"|(?!0\d)\d{{1,2}}(?:\.\d)?[-–](?!0\d)\d{{1,2}}(?:\.\d)?(?:-?{_UNIT})?(?:x\d{{1,2}})?"
    rf"|p{{0,1}}[<>=]{{1,2}}0?\.\d{{1,4}}",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    rf"[<>≤≥~±+-]{{0,2}}\d{{1,5}}(?:[.,]\d{{1,4}})?(?:(?:\s?[-–/x×*:]\s?"
    rf"|\sto\s)\d{{1,4}}(?:[.,]\d{{1,4}})?){{0,3}}(?:-?{_UNIT})?",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\b(?:images?|im|series|slices?|se|frames?|views?|cuts?|dlp|wbc|platelets?|count|dose|volume|ei|index"
    r"|dap|tv|flow|ef|hu"
    r"|troponin|bnp|ddimer|d-dimer|ferritin|crp|ldh|ck|creatinine|glucose|sodium|potassium|of|lead|[x×]"
    r"|by)[ :=#]{1,2}$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NO_AGE = re.compile(
    rf"\s?-?(?!(?:years?|yrs?|y)\b){_SURE}|\s?[x×%]|\s?-?(?:years?|yrs?|y)\s*(?:ago|prior|before|earlier|later"
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
_AHEAD = re.compile(rf"\s?-?{_SURE}|\s?[x×]\s?\d", re.IGNORECASE)
_CHUNK = re.compile(r"\[[A-Z]{2,7}\]|[\w.:/#^+'’%°=~*×<>≤≥±&@\\,µμ–-]+")
_TRAILING = re.compile(
    r"(?:(?<=\[ID\])|(?<=\[PHONE\]))[-/._:](?:\[ID\]|\w{1,12}(?![\w\]]))|(?<![\w\[])\w{1,8}[-/_](?=\[ID\])"
    r"|\[ID\](?=\[)|(?<=\])_[^\W_]{2,}(?:-(?:[^\W_]+|\[NAME\]))?(?![\w-])|(?<=\[ID\]) \d{2,4} (?=\[ID\])"
    r"|(?:(?<=[a-z] )|(?<=[a-z]: ))\d{2,4} (?=\[ID\])"
    r"|(?:(?<=\[NAME\])|(?<=\[PLACE\]))-\d{1,5}(?![\w/]|\.\d)"
)
_STAMP = re.compile(r"(?:(?<=\[NAME\] )|(?<=\[PLACE\] ))(?:[01]\d|2[0-3])[0-5]\d(?=[.,;)]|$)(?!\.\d)")
_DOTTED = re.compile(r"(?:[01]\d|2[0-3])\.[0-5]\d")
_LISTED = re.compile(r"(?:\d[,;/–-]?\s?|[=:<>~±(/–-]\s?|\b(?:of|is|was|to|by|and|at|than|or|with|about|over|under)\s)$")
_YEARLIKE = re.compile(r"(?:19|20)[0-5]\d")
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
    r"|[,;:(/'’–©-]\s?|\[[A-Z]+\],?\s?|^\s*|[.!?]\s+)$",
    re.IGNORECASE,
)
"""What a year stands behind."""

_UNTIMED = re.compile(
    r"\s?[-–/]\s?\d|\s(?:images?|views?|cells?|patients|guidelines?|criteria|edition|mg|ml|cc|mm|cm|g)\b", re.IGNORECASE
)
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
    return _TRAILING.sub("", _CHUNK.sub(partial(_kept, found), text))


def _stamp(found: Counter[str], _: re.Match[str]) -> str:
    found["time"] += 1
    return "[TIME]"


def _gone(found: Counter[str], match: re.Match[str]) -> str:
    found["id"] += 1
    return "[ID]"


def _spaced(found: Counter[str], match: re.Match[str]) -> str:
    """Replace groups of digits with spaces between them, unless a unit says that they are measures."""
    if _AHEAD.match(match.string, match.end()):
        return match[0]
    return _gone(found, match)


def _kept(found: Counter[str], match: re.Match[str]) -> str:
    whole = match[0]
    if whole[0] == "[" or not _DIGIT.search(whole):
        return whole
    core = whole.strip(_EDGES)
    start = whole.index(core)
    end = match.start() + start + len(core)
    before = match.string[max(0, match.start() - 40) : match.start() + start]
    old = _OLD.fullmatch(core)
    if old and not _NO_AGE.match(match.string, end) and not _RATED.search(before):
        found["age"] += 1
        return f"{whole[:start]}[AGE]{core[old.end(1) :]}{whole[start + len(core) :]}"
    if _is_clock(core, before, match.string, end):
        found["time"] += 1
        return f"{whole[:start]}[TIME]{whole[start + len(core) :]}"
    if is_reports_own(core):
        return whole
    if _MEASURED.fullmatch(core) and (
        _AHEAD.match(match.string, end)
        or _BEHIND.search(match.string, max(0, match.start() - 16), match.start() + start)
    ):
        return whole
    found["id"] += 1
    return f"{whole[:start]}[ID]{whole[start + len(core) :]}"


def _is_clock(core: str, before: str, text: str, end: int) -> bool:
    """Tell whether a clock's hours and minutes or four digits like a year's stand where no measure or year does."""
    if _DOTTED.fullmatch(core):
        return not (_NO_AGE.match(text, end) or _RATED.search(before) or _LISTED.search(before))
    return bool(_YEARLIKE.fullmatch(core)) and not (
        _DATED.search(before) or _UNTIMED.match(text, end) or _AHEAD.match(text, end)
    )


@lru_cache(maxsize=65536)
def is_reports_own(chunk: str) -> bool:
    """Tell whether a chunk (without white space) that holds a digit is a number that reports are made of."""
    if _ALLOWED.fullmatch(chunk):
        return True
    parts = [
        part
        for part in re.split(r"[,;=:&]|(?<=[A-Za-z])/|(?<=\d)/(?=[A-Za-z])|(?<=[a-z]{3})-|\.(?=[A-Za-z])", chunk)
        if part
    ]
    if len(parts) < 2:
        return False
    return all(_ALLOWED.fullmatch(p) if any(c.isdigit() for c in p) else p.isalpha() for p in parts)
