"""The forms that identifiers take in a report's text, as regular expressions.

Rules prefer to miss a doubtful number over eating a measurement: `3 x 4 cm`, `T12`, `1:2` and `5/6` are none. Repeats
are bounded and anchored, so that no text takes more than linear time.
"""

import re


def _after(words: str, pattern: str) -> str:
    """Return a pattern that only holds behind one of some words, which stay (look-behinds need a fixed width)."""
    return "(?:" + "|".join(rf"(?<=\b{word} )" for word in words.split("|")) + rf"){pattern}"


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_MONTH_ALONE = r"(?:January|February|March|April|June|July|August|September|October|November|December)\b"
_DAY = r"(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d{2}"
_DATES = (
    *(rf"\b{_YEAR}{at}(?:0?[1-9]|1[0-2]){at}(?:[0-2]?\d|3[01])\b" for at in ("-", "/", r"\.")),
    *(
        rf"(?<![\d.])(?:[0-2]?\d|3[01]){at}(?:[0-2]?\d|3[01]){at}(?:{_YEAR}|\d{{2}})\b(?!\.\d|\s?[cm]m\b)"
        for at in ("-", "/", r"\.")
    ),
    rf"\b{_DAY}[\s-]+(?:of\s+)?{_MONTH}(?:[\s,-]+(?:{_YEAR}|\d{{2}}\b))?(?!\w)",
    rf"\b{_MONTH}[\s-]+{_DAY}(?!\d|\.\d)(?:[\s,-]+{_YEAR})?(?!\w)",
    rf"\b{_MONTH}[\s,-]+{_YEAR}\b",
    rf"\b{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b",
    _after("on|dated|from", r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])\b(?!/)"),
)
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
    _after(r"ext|ext\.|extension", r"\d{2,6}\b"),
    _after(
        r"pager|pager:|phone|phone:|beeper|bleep|tel|tel:|tel\.|fax|fax:|callback|call back|contact",
        r"#?[\d(][\d() .-]{2,}\d",
    ),
    r"(?<![\w.-])\d{3}-\d{4}(?![\w-])",
)
_STREET = (
    r"(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|parkway|pkwy|highway"
    r"|hwy|square|crescent|close|way)\b\.?"
)
_ADDRESSES = (
    rf"\b\d{{1,5}}[a-z]?\s+(?:[NSEW]\.?\s+)?(?:[A-Z][\w'-]*\.?\s+){{1,3}}{_STREET}(?:,?\s+(?i:apt|suite|unit|#)\.?\s*\w+)?"
    r"(?:,\s*[A-Z][\w' -]+)?(?:,?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?)?",
    r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b",
    r"\b(?i:p\.?\s?o\.?\s+box)\s+\d+",
)
_LABELLED_ID = re.compile(
    r"\b((?:mrn|medical record|accession|acc|patient(?:'s)? id|pt id|patient (?:no|number)|hospital (?:no|number)|nhs"
    r"|account|case|requisition|req|order|encounter|episode|visit|chart|file|record|folder|ssn|id|ref(?:erence)?|exam"
    r"|study)(?:\s*(?:number|no|num|id|#)\b\.?)?\s*(?:is\b)?\s*[:#=.]?\s*#?\s*)"
    r"((?=[\w-]*\d)[A-Z]{0,5}[-/]?\d[\w/-]{2,}|[A-Z]{1,4}\d{3,}\w*)",
    re.IGNORECASE,
)
_IDS = (
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b\d+(?:\.\d+){4,}\b",
    r"\b[A-Z]{1,4}[-/]?\d{2,4}[-/]\d{3,}\b",
    r"\b[A-Z]{1,4}-?\d{5,}\b",
    r"(?<![\w.])\d{6,}(?![\w.]*\d)",
    r"(?<=#)\d{4,}\b",
)
_OVER_89 = r"(?:9\d|1[0-2]\d)"
_AGES = (
    rf"\b{_OVER_89}(?=[\s-]*(?:years?|yrs?|y)[\s./-]*(?:old|o\b|of age))",
    rf"\b{_OVER_89}(?=\s?(?:yo|y/o|yof|yom)\b)",
    _after("age|aged|age:", rf"{_OVER_89}\b"),
    rf"\b{_OVER_89}(?=\s?[MF]\b)",
)
EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE
)
_TOWN = r"[A-Z][\w'-]+(?:,? [A-Z][\w'-]+)*"
_PLACES = (
    r"(?<![\w'.-])(?:(?:[A-Z][\w'.-]{0,30}|of|the|and)\s+){0,4}[A-Z][\w'.-]{0,30}\s+(?:Hospital|Clinic|University"
    r"|Medical Cent(?:er|re)|Health System|Infirmary|Nursing Home|Health Cent(?:er|re)|Care Home|Airport)\b",
    _after("lives in|resident of|resides in|worked in|works in|transferred from|traveled to|travelled to", _TOWN),
)

RULES = (
    ("id", _LABELLED_ID),
    ("address", re.compile("|".join(_ADDRESSES))),
    ("phone", re.compile("|".join(_PHONES), re.IGNORECASE)),
    ("date", re.compile("|".join(_DATES), re.IGNORECASE)),
    ("date", re.compile(_after("on|in|since|of|until|from", _MONTH_ALONE))),
    ("time", re.compile("|".join(_TIMES), re.IGNORECASE)),
    ("age", re.compile("|".join(_AGES), re.IGNORECASE)),
    ("id", re.compile("|".join(_IDS))),
    ("place", re.compile("|".join(_PLACES))),
)
"""In this order, after what is known of the patient. A rule's first group, if it has one, stays."""

_PARTICLE = r"(?:[OD]'|Ma?c|[Vv]an |[Vv]on |[Dd]e |[Dd]er |[Dd]i |[Dd]a |[Dd]el |[Ee]l-|[Aa]l-|St\. )"
_WORD = rf"(?:[A-Z]\.|[A-Z](?![\w'])|{_PARTICLE}{{0,2}}[A-Z][\w'-]{{0,30}}[A-Za-z])"
_NAME = rf"(?<![\w'-])({_WORD}(?:(?:,\s?|\s){_WORD}){{0,3}})"
_TITLE = r"(?i:drs?\.?|doctors?|mr\.?|mrs\.?|ms\.?|miss|prof\.?|professor|nurse|sister|rn|np)"
_DEGREE = r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|Ph\.?D\.?|MBBS|MBChB|FRCR|FRCPC|FACR|PA-C|DNP|CRNP|BSN)"
_LEAD = (
    r"(?i:discussed with|discussed by phone with|communicated (?:to|with)|called to|called|notified|notifying|informed"
    r"|reported to|relayed to|conveyed to|telephoned to|phoned to|phoned|paged to|paged|told|spoke (?:with|to)"
    r"|reviewed (?:with|by)|faxed to|sent to|given to|signed by|dictated by|read by|reported by|interpreted by"
    r"|verified by|approved by|transcribed by|requested by|ordered by|referred by|acknowledged by|attention|attn:?|cc:?"
    r"|patient(?:'s)? name(?: is|:)?|known as|(?:physician|nurse|resident|clinician|provider|radiologist|technologist"
    r"|registrar|consultant|intern|surgeon|patient|daughter|son|wife|husband|spouse|mother|father|caregiver|attending"
    r"|electronically signed|signed|dictated|name)(?:\s?:|\s?,)?)"
)
NAMED_AFTER = (re.compile(rf"(\b{_TITLE}\s+){_NAME}"), re.compile(rf"(\b{_LEAD}\s+(?:{_TITLE}\s+)?){_NAME}"))
"""The first group stays; of the second the words up to the first that no name has are a name."""

NAMED_BEFORE = re.compile(rf"{_NAME}(?=,?\s+{_DEGREE}(?!\w))")
"""A name before a degree: of the group the words after the last that no name has."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN = _words(
    """a an and as at on in of to the was were is are be been by via for from with who that this these those or not no
    but if ed er icu ccu nicu picu ward unit floor team clinic department service staff emergency radiology surgery
    medicine physician doctor nurse resident attending consultant registrar technologist radiologist clinician provider
    referring ordering treating covering primary care phone telephone page pager fax email secure message read back
    verbally findings finding impression results result report study exam examination comparison prior previous date
    time patient he she they it his her their we our you i ct mri cxr mr pa ap us pet there chest lung lungs heart left
    right both bilateral normal stable mild small large acute critical new interval follow followup recommend please dr
    drs immediately shortly directly personally today yesterday discussed notified called dictated signed and/or about
    after before during within over per regarding concerning pneumothorax tube line catheter approximately name mrn id
    dob"""
)
"""Words that end a name: none of them is part of one."""

COMMON = _words(
    """long young white black brown green gray grey may will mark rose grace hope bell head hand chest rib heart line
    short small large little wood stone hill field ray art lung left right normal clear stable price rice bone cross day
    early king lane moon park pace page read sharp speed strong sweet swift wall ward west winter wise see shadow do an
    in so la le no old new view april june august dean rich frank bill pat sue drew rob gene joy faith case close cook
    cage marsh frost snow ford banks barry bush low high still noble best good major minor base apex pole root dye hurt
    pain lash mass node tube plate film star street main bond booker baker mason carter miller cooper singer fisher man
    mann son mild acute gross wide broad patient unknown anonymous none test"""
)
"""Names that are words too: known of a patient, they count only beside another name."""
