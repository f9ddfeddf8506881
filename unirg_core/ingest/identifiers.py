"""The forms that identifiers take in a report's text, as regular expressions.

A doubtful number is left to `digits.py`, which comes last and knows measurements: `3 x 4 cm`, `T12`, `1:2`, `5/6`.
Repeats are bounded and anchored, so that no text takes more than linear time.
"""

import re

from unirg_core.ingest.ages import AGE
from unirg_core.ingest.homes import ADDRESSED, HOME
from unirg_core.ingest.labelled import LABELLED, STREET
from unirg_core.ingest.lone_times import JOINED_TIME, LONE_TIME
from unirg_core.ingest.places import ADDRESS, PLACE_RULES
from unirg_core.ingest.times import LED_TIME, TIME


def _after(words: str, pattern: str, first: str = r"[\d(#]") -> str:
    """Return a pattern that only holds behind one of some words, which stay (look-behinds need a fixed width).

    Its first character is asked first: most places of a text fail there, which takes a tenth of the time.
    """
    return f"(?={first})(?:" + "|".join(rf"(?<=\b{word} )" for word in words.split("|")) + rf"){pattern}"


_PHONES = (
    r"(?<![\w.])(?:\+?\d{1,3}[-. ]?)?(?:\(\d{3}\)|\d{3})[-. /]?\d{3}[-. ]\d{4}(?!\w)(?:\s?(?:x|ext\.?)\s?\d{1,6})?",
    r"(?<![\w.+])\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}(?!\w)",
    _after(r"ext|ext\.|extension", r"\d{2,6}(?:-\d{4})?\b"),
    _after(
        r"pager|pager:|phone|phone:|beeper|bleep|tel|tel:|tel\.|fax|fax:|callback|call back|contact|text page"
        r"|mobile|cell|direct line|cell is|line is|number is",
        r"#?[\d(][\d() .-]{2,}\d",
    ),
    r"(?<![\w.-])\d{3}-\d{4}(?![\w-])",
    r"\(0\d{1,4}\) ?\d{3,4}[ -]?\d{3,4}(?![\w/-]|\.\d)",
    _after(
        "bleep|beeper|pager|pgr|ext|ext.|extn|extension|bleep:|pager:|ext:|bleep no|dect|page",
        r"\d{2,6}\b(?!\s?(?:mm|cm|of))",
    ),
    r"\b[xp]\d{4,6}\b",
    r"(?<![\w./-])0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}(?![\w/-]|\.\d)",
    r"(?<![\w./-])\d-\d{4}(?![\w/-]|\.\d|\s?(?:m|c)[lm])",
    r"(?<![\w.(])\(?\d{3}\)?[ -]\d{7}(?![\w/-]|\.\d)",
    r"(?<=\buhf )ch(?:annel)? ?\d{1,2}\b|(?<=\bvhf )ch(?:annel)? ?\d{1,2}\b",
    _after(
        "page|switchboard|radio|channel|room at|room on|room is|us at|us on|me at|me on"
        "|desk at|desk on|reached at|reached on|dial"
        "|vocera|voalte",
        r"\d{4,6}\b",
    ),
)
_LABELLED_PHONE = re.compile(
    r"(\b(?:ext(?:ension|n)?|pager|pgr|beeper|bee?p|blp|bl(?=\.? \d)|bleep|direct|ring|dial|sat ?phone|speed dial"
    r"|phone|ph|tel(?:ephone)?|fax|mobile|cell(?:phone)?|vocera"
    r"|ascom|spectralink"
    r"|voalte|callback|call back|direct line|direct dial|hotline|landline|whats ?app|sms|contact|text page)\b\.?"
    r"(?:\s?(?:no\.?|num(?:ber)?|line|id))?(?:\s?(?:is|on|at)\b)?\s?[:#]?\s?#?)"
    r"(?=(?:[ ()./+-]{0,2}\d){4})(?!\d\.\d|\d{1,2}[/.]\d{1,2}[/.]\d|\d\d?:\d\d|(?:19"
    r"|20)\d\d-\d)[\d(+][\d() ./-]{2,}\d(?![\d:]|\s?(?:mm|cm|ml|k)\b)",
    re.IGNORECASE,
)
_FIRST_IDS = (
    r"\b(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}\b",
    r"\(01\)\s?\d{14}(?:\s?\(\d\d\)[A-Za-z0-9/-]{1,20}){0,4}",
    r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}\b",
    r"\b(?:[A-Za-z]{2,8}[_-]){1,2}\d{6,8}(?:_\w{1,20}){0,3}",
    r"(?=\d)(?:(?<=\bss# )|(?<=\bssn )|(?<=\bssn: )|(?<=\bsecurity ))\d{3} \d{2} \d{4}\b",
    r"(?=\d)(?:(?<=\bending )|(?<=\bends )|(?<=\bends in )|(?<=\bending in )|(?<=\bending with )"
    r"|(?<=\blast four )|(?<=\blast 4 )|(?<=\blast four: ))\d{4}\b",
    r"(?=\d)(?:(?<=\bnhs number )|(?<=\bnhs no )|(?<=\bnhs no: )|(?<=\bnhs no. ))\d{3}[ -]\d{3}[ -]\d{4}\b",
    r"(?:(?<=\bserial number )|(?<=\bserial no\. )|(?<=\bserial no )|(?<=\bserial )"
    r"|(?<=\bs/n ))(?-i:[A-Z]{2,4}) \d{4,}\b",
    r"(?:(?<=\btruck )|(?<=\blorry )|(?<=\bvan )|(?<=\bcar )|(?<=\btaxi )|(?<=\bbus )|(?<=\bplate )|(?<=\bplates )|"
    r"(?<=\brego )"
    r"|(?<=\breg )|(?<=\bvehicle )|(?<=\bambulance )|(?<=\bmatatu )|(?<=\bscooter )|(?<=\bute )|(?<=\bjeep )|"
    r"(?<=\btractor )"
    r"|(?<=\bplate no )|(?<=\bplate: )|(?<=\brego: )|(?<=\breg no )|(?<=\bmotorbike )|(?<=\bbike ))"
    r"(?=[A-Z\d ]{0,8}\d)(?!XX)(?:[A-Z]{1,3}|\d{1,4})(?:[ -]?(?:\d{1,4}[A-Z]?|[A-Z]{1,3})){1,3}(?![\w-])",
    r"\bUNOS(?: ID)?:? ?[A-Z]{2,5}\d{2,5}\b",
)
_NUMBERED_ID = re.compile(
    r"\b((?!(?:image|slice|series|view|figure|fig|table|film|frame|level|type|grade|rib|segment|page|room|total"
    r"|ward)s?\b)"
    r"(?:[a-z][a-z/.'-]{1,20} )?[a-z][a-z/.'-]{1,20} ?(?:no\.|number|num\.?|nr(?:\.|(?=\s))|#|id\b)\s?(?:is\b"
    r"|was\b)?\s?[:#=]?\s?#?)"
    r"(?!(?:19|20)\d\d[-/.]\d\d?[-/.]\d|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d|\(?\d{3}\)?[-. /]\d{3}[-. ]\d{4})"
    r"(?=(?:[A-Z/:-]{0,8}\d){4})[A-Z]{0,5}[-/:]?\d[\w/:-]{2,24}(?!\s?(?:mm|cm|ml|mg|hz|gy)\b)",
    re.IGNORECASE,
)
_LABELLED_ID = re.compile(
    r"\b((?:mrn|medical record|claim|subject|participant|member|authori[sz]ation|passport|employee|invoice"
    r"|referral|booking|inmate"
    r"|wristband|enrol?lment|police report|run|lot|fin|csn|har|accession|acc|serial|s/n|policy|badge|specimen"
    r"|collar|kit|locker|pass|token|ticket"
    r"|licen[cs]e(?: plate)?|plate|u\.?r|hn|hrn"
    r"|zip(?: code)?|postcode|patient(?:'s)? id|pt id|patient (?:no|number)|hospital (?:no|number)|nhs"
    r"|account|case|requisition|req|order|encounter|episode|visit|chart|file|record|folder|ssn|id|ref(?:erence)?|exam"
    r"|study)(?:\s*(?:number|no|num|id|#)\b\.?)?\s*(?:is\b)?\s*[:#=.]?\s*#?\s*)"
    r"(?!(?:19|20)\d\d[-/.]\d\d?[-/.]\d|\d\d?[-/.]\d\d?[-/.](?:19"
    r"|20)\d\d)((?=[\w-]*\d)[A-Z]{0,5}[-/]?\d[\w/-]{2,}|[A-Z]{1,4}\d{3,}\w*)",
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
    r"(?<![\w./-])(?=[\w/-]{0,30}[A-Z])(?=[A-Z/-]{0,12}\d[\w/-]{0,12}\d{3})[A-Z0-9]{1,8}"
    r"(?:[-/][A-Z0-9]{1,8}){1,4}(?![\w/-])",
    r"(?<![\w./-])0\d{2,}[-/]\d{3,}(?![\w/-]|\.\d)",
    r"(?<![\w./-])\d{2,}[-/]\d{5,}(?![\w/-]|\.\d)",
    r"(?<![\w./-])\d{2}-\d{2}-\d{2}(?![\w/-]|\.\d)(?!\s?[cm]m\b)",
    r"(?<![\w.])\d{6,}[A-Z]{0,4}(?![\w.]*\d)",
    r"(?<=#)\d{4,}\b",
)
_DOMAIN = r"[a-z][\w-]{0,62}(?:(?:\.| \. ?|\.\n)[a-z][\w-]{1,62}){1,4}"
_LOCAL = r"(?<![\w.+'’/-])(?:[\w+'’-]{1,40}(?:\.| \. )){0,3}[\w+'’-]{0,40}[a-z][\w+'’-]{0,20}"
EMAIL = re.compile(
    rf"{_LOCAL}\s{{0,2}}@\s{{0,2}}(?:\.{{3}}\s?)?\w{{1,20}}-\n\s?{_DOMAIN}"
    rf"|{_LOCAL}\s{{0,2}}@\s{{0,2}}(?:\.{{3}}\s?)?{_DOMAIN}"
    r"|\b[\w+-]{1,40}(?: (?:dot|underscore|dash|hyphen) [\w+-]{1,40}){1,3} at [\w-]{1,63}(?: dot [\w-]{1,63}){1,3}"
    r"|(?<=mail )[\w.+-]{2,64} at [\w-]{2,63}(?:[ .](?:\w{2,12})){1,2}"
    r"|(?<![\w.+'’-])[\w.+'’-]{1,64}@[\w'’-]{1,63}(?:\.[\w-]{1,63}){1,8}|\b[a-z]{2,6}://\S+|\bwww\.\S+"
    r"|\b[\w.+-]{1,64}\s?[\[(]at[\])]\s?[\w-]{1,63}(?:(?:\.|\s?[\[(]dot[\])]\s?)[\w-]{1,63}){1,4}"
    r"|\b[\w.+-]{1,64} at [\w-]{1,63}(?: dot [\w-]{1,63}){1,3}"
    r"|(?<![\w.+'’-])[a-z][\w.+'’-]{1,64}@[a-z][\w'’-]{1,63}|(?<![\w@])@[a-z]\w{2,30}"
    r"|(?<![\w.@-])[a-z][\w-]{0,63}(?:\.[a-z][\w-]{0,63}){0,4}\.(?:com|org|net|edu|gov|io|co\.uk|nhs\.uk"
    r"|ac\.uk)\b(?:/\S*)?",
    re.IGNORECASE,
)
RULES = (
    ("id", re.compile("|".join(_FIRST_IDS), re.IGNORECASE)),
    ("phone", _LABELLED_PHONE),
    ("address", ADDRESSED),
    ("address", HOME),
    ("id", _LABELLED_ID),
    ("id", _NUMBERED_ID),
    ("address", ADDRESS),
    ("address", STREET),
    ("phone", re.compile(rf"(?=[\d(+#xpc])(?:{'|'.join(_PHONES)})", re.IGNORECASE)),
    ("time", LED_TIME),
    ("time", LONE_TIME),
    ("date", None),
    ("time", TIME),
    ("time", JOINED_TIME),
    ("age", AGE),
    ("id", re.compile("|".join(_IDS))),
    *(("id", pattern) for pattern in LABELLED),
    *PLACE_RULES,
)
"""In this order, after what is known of the patient; dates have a module of their own. A rule's first group stays."""
