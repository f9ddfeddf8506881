"""What tells that a number is a report's own: a unit, a counted thing, a measure's word, a list it goes on.

A number stays only where one of these signs stands at it: in itself (`5-10mm`, `SpO2`, `14Fr`), behind it (`2 new
nodules`), before it (`ribs 6`, `FEV1 down to 41`), or in the number before it (`ribs 6 and 7`). That a noun follows or
a preposition stands before is no sign.
"""

import re
from functools import lru_cache

from unirg_core.ingest.lexicon import lexicon
from unirg_core.ingest.places import words

SURE = (
    r"(?:mm|cm|um|nm|km|(?:milli|centi)?met(?:er|re)s?|inch(?:es)?|ft|feet|ml|cc|dl|lpm|liters?|litres?|kg|gm?s?|mg|mcg"
    r"|lbs?|pounds?|kvp?|kev|mas?|mgy|gy|cgy|x{4}"
    r"|msv|hz|bpm|mmhg|meq|mmol|iu|units?|%|percent|degrees?|hu|ms|msec|seconds?|minutes?|hours?|days?|weeks?"
    r"|months?|years?"
    r"|images?|slices?|frames?|patients|cases|cells?|mgy-cm|mbq|mci|pg|ng|people|pack)\b"
)
_GLUED = (
    r"(?:mm[23]?|cm[23]?|m2|um|μm|nm|km|in|inch(?:es)?|ft|feet|ml|cc|dl|lpm|liters?|litres?|kg|gm|gms|grams?|mg"
    r"|mcg|ug|µg|lbs?|pounds?|oz|kvp?|kev|mev|mas?|mgy|gy|cgy|msv|mhz|khz|hz|kpa|bpm|mmhg|torr|meq|mmol|mol|iu|u"
    r"|%|percent|[°º�?]c?|degs?|degrees?|fr|fren?ch|gauge|ga|hu|suv|ms|msec|secs?|mins?|minutes?|hrs?|hours?"
    r"|days?|wks?|weeks?|mos?|months?|yo|yrs?|years?|yof|yom|views?|images?|ng|pg|fl|fold|mgy-cm"
    r"|sq|ppd|packs?|cmh2o|male|female|vessels?|leads?|levels?|parts?|points?|lumen|chambers?|sided|phase|columns?|channels?"
    r"|quadrants?|items?|lines?|lb)"
)
_LETTERED = (
    r"(?:(?:\d|1[0-5]|\d{1,2}\.\d)l|(?:0?\.\d+|1\.5|[137](?:\.0)?)t|(?:1[4-9]|2\d)g|(?:\d|1[0-2]|24-?|36-?|48-?|72-?)h"
    r"|(?:\d|1[0-4]|21|28|30)d|(?:\d|1[0-2]|[234]\d)w|[1-8]?\dy|\d{1,2}(?:\.\d)?x|[1-8]\d[mf]|\d{1,2}u|\d\.\dm"
    r"|(?:3[4-9]|4[0-2])(?:\.\d)?c|(?:9[5-9]|10[0-6])(?:\.\d)?f|[1-8]0s|\d{3}k|\d\.\d{1,2}k|[1-4]v)"
)
"""A single letter is a unit behind some numbers only: six days, not bay 56D."""
_SPACED = (
    r"(?:(?-i:[mlhdsLTMF])|(?<=\d\.\d )[cf]|fr|fren?ch|gauge|ga|views?|yof?|y/?o|yom|yrs?|wks?|mos?|hrs?|secs?|mins?"
    r"|vessels?|leads?|kpa|puffs?|tabs?|packs?|beats?|times|fold|lumen|chambers?|torr|cmh2o|sq|mol|g/d?l|mg/d?l|[muµ]?mol/l|msec|gm/dl"
    r"|million|billion|thousand|per (?:cent|minute|day|week|hour)|x ?10|× ?10)(?![\w'’])"
)
_UNIT = rf"(?:{SURE}|{_SPACED}|[%°º×]|[�?]c\b|x\s?\d|(?:out )?of \d{{1,4}}\b|/\s?(?:min|d?l|mm|cmm|hpf|day|kg|10)\b)"
_N = r"[<>≤≥~±+-]{0,2}(?:\d{1,5}(?:[.,]\d{1,4})?|\.\d{1,3})"
_JOINS = rf"(?:(?:\s?[-–/x×*:&+]\s?|,? (?:to|and|or|by|through) ){_N}(?:st|nd|rd|th|[cm]m)?)"
_LIST = rf"(?:(?:, ?{_N}(?:st|nd|rd|th)?){{1,4}},? (?:and|or|&) {_N}(?:st|nd|rd|th)?)"
_SIDED = r"(?:(?:st|nd|rd|th)?(?:-| ))"
UNIT_AHEAD = re.compile(rf"(?:{_LIST}|{_JOINS}{{0,3}})\s?-?{_UNIT}", re.IGNORECASE)
_COUNTED = re.compile(
    rf"(?:{_LIST}|{_JOINS}{{0,3}}){_SIDED}((?:[^\W\d_]{{1,30}}(?:[- ]|(?![\w'’]))){{1,4}})", re.IGNORECASE
)
_THINGS = words(
    """rib ribs view vertebra vertebral disc disk lobe lead vessel lumen chamber level part hole image intercostal
    interspace space thoracic lumbar cervical inch foot french pillow pack nodule nodules mass murmur strength systolic
    lesion joint node metacarpal metatarsal toe finger digit cranial percentile trimester ventricle degree generation
    patient person man woman male female lady gentleman boy girl infant child old wires wire clips leads lines tubes
    drain drains pigtail pigtails catheter catheters tube electrodes coils bullets fragments pellets bolts units repeat
    lobes discs plates screws rods stents sutures staples valves children siblings episodes doses stage grade film
    films plain more fewer new nonspecific o'clock teeth quadrant pregnancy gestation"""
)
_NO_THINGS = words(
    """is was has does needs wants asks shows says states complains comes goes his its this thus us as yes across
    versus plus minus perhaps always besides previous various less towards sees rings calls tells"""
)
_NO_COUNT = re.compile(r"\d{3}|[.:]\d|\b0\d")
_ONES = words("""a an the of in at on by to for from with and or but who when where while that then no not is was""")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)(?:(?:-|/|–|through)\d{1,2}(?:st|nd|rd|th))*", re.IGNORECASE)
_RIBBED = re.compile(
    r"\b(?:ribs?|intercostal|interspaces?|ics|vertebra\w*|metacarpals?|metatarsals?|toes?|fingers?|digits?|nerves?"
    r"|percentile|duodenum)\b",
    re.IGNORECASE,
)
_LABEL = (
    r"(?:ribs?|images?|im|series|se|slices?|views?|cuts?|fig(?:ure)?s?\.?|(?-i:Tables?)|levels?|grades?|stages?"
    r"|types?|class|zones?|seg(?:ment)?s?|leads?|days?|pod|hd|dol|weeks?|wk|months?|phase|groups?|nyha|asa|ecog|mrs|meld"
    r"|ages?|aged|ef|lvef|hr|heart rate|rr|resps?|rates?|bp|pulse|map|temp(?:erature)?|tmax|sats|(?<=o2 )sat"
    r"|spo2|sao2|pao2|paco2|po2|pco2|fio2|o2|oxygen|saturation|ph|wbcs?|rbc|hgb|hb|hct|plts?|platelets?|crp|esr|ldh|bnp|nt-?probnp|troponin"
    r"|ck|cea|afp|psa|ddimer|d-dimer|ferritin|procalcitonin|pct|creatinine|cr|urea|bun|egfr|gfr|glucose|bgl|bm|sodium"
    r"|potassium|na|lactate|albumin|bilirubin|alt|ast|alp|inr|aptt|ptt|calcium|haemoglobin|hemoglobin|tsh|cd4|il-?6"
    r"|ratio|ctr|index|scores?|scales?|apgars?|gcs|curb-?65|fev-?1|fvc|dlco|peep|pip|tv|ps|flows?|dose|dap|dlp|ei|sid"
    r"|kvp?|mas|volumes?|haller|cobb|angle|hu|suv|calibre|caliber|width|height|ht|weight|wt|length|depth|diameter|area"
    r"|size|thickness|distance|radius|measur\w+|total|sum|mean|average|range|median|normal|count|pain|fever|strength"
    r"|murmurs?|profusion|power|reflex(?:es)?"
    r"|pressures?|systolic|diastolic|gradient|pasp|rvsp|size|french|fr|gauge|brasfield|stepp?ing|para|gravida|g"
    r"|nodules?|lesions?|mass(?:es)?|tubes?|drains?|fractures?|opacit(?:y|ies)|clips?|gleason|risser|hba1c|a1c"
    r"|p/f|(?:de)?saturat\w+|severity|numbers? of \w+|values?|reading|percent|probability|parity|bmi|birads"
    r"|lung-?rads|rads|tnm"
    r"|cohort|brain natriuretic peptide|peptide|protein|enzyme|interleukin-?\d?|lymphocytes?|neutrophils?"
    r"|eosinophils?|\w+(?:ase|in level)|code|codes|icd(?:-?\d+)?|dx|vitamin [bd]|x|×|ventilat\w+|breaths?|t)"
)
_FILL = (
    r"(?:is|was|are|were|of|at|now|about|approximately|approx\.?|around|roughly|only|down|up|to|from|just|currently"
    r"|between|stable|levels?|score|count|value|index|the|left|right|posterior|anterior|lateral|no\.?|number|nos?\.?"
    r"|and|in|by|under|over|than|least|most|rises?|rose|fell|dropped|falling|rising|raised|low|high|elevated|normal"
    r"|fraction|rate|on)"
)
_ABOUT = rf"(?:[\s:=#~<>≤≥(,'’-]|\b{_FILL}(?![\w'’])){{1,10}}$"
_LABELLED = re.compile(rf"(?<![\w'’-]){_LABEL}{_ABOUT}|\bof [#<>~]?$", re.IGNORECASE)
_LARGE = (
    r"(?:images?|im|series|se|slices?|cuts?|dlp|dap|ei|volumes?|platelets?|plts?|wbcs?|bnp|nt-?probnp|ferritin"
    r"|ldh|ck|count|flows?|tv|troponin|d-?dimers?|of)"
)
_LARGE_LABELLED = re.compile(rf"(?<![\w'’-]){_LARGE}{_ABOUT}", re.IGNORECASE)
"""Before a number of four digits and more."""
_LONG = re.compile(r"\d{4}")
_CHAINED = re.compile(
    r"\s?(?:[a-z%°/]{1,6}\d?\s?)?(?:[-–/x×*:&+,→]|->|,? ?(?:and|to|through|or|vs\.?|versus|from|by|then|out of|of))\s?"
    r"(?:(?:about|approximately|now|the|at|left|right)\s)?[<>~]?",
    re.IGNORECASE,
)
_BARE = r"[<>≤≥~±+#-]{0,2}(?:\d{1,5}(?:[.,]\d{1,4})?|\.\d{1,4})"
BARE = re.compile(rf"{_BARE}(?:[-–/:x×*+~]{_BARE}){{0,5}}[a-k+]?", re.IGNORECASE)
"""A number that says nothing by itself."""

_NUMBER = r"(?:\d{1,4}(?:[.,]\d{1,4})?|\.\d{1,3})"
_RANGE = rf"{_NUMBER}(?:\s?(?:-|–|/|x|×|\*|:){_NUMBER}){{0,3}}"
_O2 = (
    r"(?:sa|sp|pa|fi|pi|paco|saco|etco|pc|p|svo|scvo|da|v)?c?o2(?:sat)?|h2o|h2|n2o|hco3|fev-?1|fev1/fvc|b-?12|b-?6"
    r"|d-?[23]|pgy-?\d|covid-?(?:19)?|sars-?cov-?2|ncov-?2019|2019-ncov|2019-novel|h\dn\d|tc-?99m?|f-?18|18f|f18-fdg"
    r"|ga-?6[78]|i-?1[23]\d|xe-?133|cd-?\d{1,3}\+?|hb?a1c|a1c|ca-?(?:125|19-9|15-3)|interleukin-?\d{1,2}|[1-4]-?d|q[1-9]\d?(?:h|hrs?|d|wk|w)"
    r"|x[1-9]\d?(?:[-.]\d{1,2})?(?:d|h|wks?|yrs?)?|pd-?l?1|[kmna]\+|il-?\d{1,2}|g\d{1,2}p\d{1,2}(?:a\d)?"
    r"|t[0-4][a-d]?n[0-3x][a-c]?m[01x][a-c]?|vc20|curb-?65|6mw[td]|icd-?(?:9|10)(?:-cm)?|v\d-v?\d|gp1|her-?2|brca-?[12]"
    r"|t[12]-?(?:w|weighted|flair)|cyp\w{2,4}|mp[23]|ii?i?[abc]\d?|wet|m1a"
)
_GLUED_LABEL = (
    r"(?:image|series|slice|view|level|grade|stage|type|class|segment|seg|zone|rib|lead|fig|figure|birads|lirads"
    r"|lung-rads|ph|pod|week|ef|hr|rr|bp|wbc|hgb|hct|plt|crp|gfr|gcs|peep|ett|tv|ei|dap|sid|fio2?|ga|egfr|temp|spo2)"
)
_SELF = re.compile(
    rf"[<>≤≥~±+-]{{0,2}}{_RANGE}-?{_GLUED}(?:/(?:{_GLUED}|\d{{0,2}}h?|min|day|[uµμ]l))?(?:-old)?"
    rf"|{_LETTERED}(?:/(?:{_GLUED}|min|d|h))?"
    rf"|\d{{1,4}}(?:\.\d)?/(?:min|day|d?l|mmc|mm\^?3|kg)|\d{{1,2}}/(?:7|52|10)"
    rf"|{_NUMBER}[x×*]{_NUMBER}(?:[x×*]{_NUMBER})?(?:{_GLUED})?"
    rf"|[<>≤≥±]=?{_NUMBER}|[~+]\d{{1,2}}|[1-4]\+|-\d(?:\.\d{{1,2}})?|{_O2}|{_GLUED_LABEL}[-:=#]{{0,2}}{_RANGE}(?:{_GLUED})?"
    r"|[ftnqrlcph][:=]\d{1,3}(?:\.\d)?|(?:19|20)\d0['’]?s|\d0['’]s|[a-tv-z]\d\d\.\d{1,3}|v?\d{3}\.\d{1,2}|.*xxx.*|.*10\^\d.*"
    r"|1:\d{1,2}|1/[2-8]|[23]/[34]|[1-9]\d?/[mf]|[mf]/[1-9]\d?|p{0,1}[<>=]{1,2}0?\.\d{1,4}|\d{1,2}-years?-old"
    r"|(?:19[2-9]|20[0-2])\d(?:-(?:(?:19|20)\d\d|1[3-9]|[2-9]\d))?",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"[ctls]-?(?:\d|1[0-2])(?:(?:-|/|–|through)[ctls]?(?:\d|1[0-2]))*|[tnmagpvrs]-?[0-6][a-d]?|c\d-c?\d", re.IGNORECASE
)
_KEEPERS = words("""room rooms bed beds ward unit floor station table line row page part port site block key band""")
_BEFORE_WORD = re.compile(r"([^\W\d_]+)[ #]$")
_ENUMERATED = re.compile(r"(?:^|[.!?:;]\s*|\n\s*|[.!?]\s*[-–•*]\s?)$")
_ITEM = re.compile(r"(\d{1,2})(?:[.)](?=\s|[^\W\d]|\[|$)|\s?-\s)")
_SECOND_ITEM = re.compile(r"[.!?]\s+2[.)]")
_MOST_ITEMS = 20


@lru_cache(maxsize=65536)
def tells_itself(part: str) -> bool:
    """Tell whether a number is a measure, a gas, a ratio or a year by its own letters and signs."""
    return bool(_SELF.fullmatch(part))


def is_level(part: str, before: str) -> bool:
    """Tell whether a letter and a digit are a vertebra or a stage: not behind a word that reports do not use."""
    if not _LEVEL.fullmatch(part):
        return False
    word = _BEFORE_WORD.search(before)
    return word is None or (word[1].lower() in lexicon().own | lexicon().short and word[1].lower() not in _KEEPERS)


def counts(number: str, text: str, end: int) -> bool:
    """Tell whether what a report counts follows a small whole number: `2 new nodules`, `7, 8 and 9 ribs`."""
    match = None if _NO_COUNT.search(number) else _COUNTED.match(text, end)
    if not match:
        return False
    for word in re.split("[- ]", match[1].lower()):
        if word in _THINGS:
            return True
        if word not in lexicon().own | lexicon().short or word in _NO_THINGS | _ONES:
            return False
        if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui":
            return True
    return False


def is_ordinal(part: str, text: str, start: int, end: int) -> bool:
    """Tell whether an ordinal counts a thing or, in a list, a rib, rather than a day or a street."""
    if not _ORDINAL.fullmatch(part):
        return False
    word = re.match(r"[ -]([a-z]+)|[ -]([A-Z]+)\b", text[end : end + 20])
    low = (word[1] or word[2]).lower() if word else ""
    return (low in lexicon().own and low not in _ONES) or bool(_RIBBED.search(text[max(0, start - 40) : end + 40]))


def is_item(text: str, start: int, last: int) -> int:
    """Return the number of a list's item that stands here, 0 where none does; `last`: the item before."""
    match = _ITEM.match(text, start)
    number = int(match[1]) if match else 0
    if not 0 < number <= _MOST_ITEMS:
        return 0
    goes_on_or_begins = number == last + 1 and (number > 1 or _SECOND_ITEM.search(text, match.end()))
    return number if goes_on_or_begins or _ENUMERATED.search(text[max(0, start - 4) : start]) else 0


def is_labelled(number: str, before: str) -> bool:
    """Tell whether a measure's word stands before a number that may be such a measure's."""
    return bool((_LARGE_LABELLED if _LONG.search(number) else _LABELLED).search(before))


def goes_on(text: str, last: int, start: int) -> bool:
    """Tell whether a number goes on from one that stayed: `ribs 6 and 7`, `from 52 to 41`."""
    return last >= 0 and start - last < 16 and bool(_CHAINED.fullmatch(text, last, start))
