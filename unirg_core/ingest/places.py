"""The forms that addresses, hospitals, schools, towns and rooms take in a report's text, as regular expressions.

A hospital of no name ("the university hospital") stays; what is no part of a place's name ends it.
"""

import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_STREET = (
    r"(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|parkway|pkwy|highway"
    r"|hwy|square|crescent|close|way|circle|cir|trail|loop|plaza|row|grove|gardens|mews)\b\.?"
)
_LONG_STREET = r"(?:street|avenue|road|lane|drive|boulevard|terrace|parkway)"
_HOUSE = r"(?:\d{1,5}(?:\s?[-–/]\s?\d{1,5})?[A-Za-z]?|(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten))"
_QUARTER = r"(?:(?:[NSEW]\.?|[NS][EW]|North|South|East|West)\s+)?"
_FLAT = r"(?:,?\s+(?i:apt|apartment|suite|ste|unit|flat|#)\.?\s*#?\w+)?"
_STATES = (
    r"(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    r"|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    r"|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma"
    r"|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin"
    r"|Wyoming|Ontario|Quebec|Alberta|Manitoba)"
)
_ADDRESSES = (
    rf"\b{_HOUSE}\s+{_QUARTER}(?:(?:[A-Z][\w'-]*\.?|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,3}}{_STREET}{_FLAT}"
    rf"(?:,\s*[A-Z][\w' -]+)?(?:,?\s+(?:[A-Z]{{2}}|{_STATES})\s+\d{{5}}(?:-\d{{4}})?)?",
    rf"\b(?:[A-Z][\w'-]{{1,30}},? ){{0,2}}(?:[A-Z]{{2}}|{_STATES})\s+\d{{5}}(?:-\d{{4}})?\b",
    rf"\b[A-Z][\w'-]{{1,30}}, {_STATES}\b",
    rf"\b\d{{1,5}} (?!(?:mm|cm|views?|ml|day|week|month|year)s?\b)[a-z]{{2,20}} (?:[a-z]{{3,20}} )?{_LONG_STREET}\b"
    rf"{_FLAT}(?:, [a-z]{{3,20}}(?=[.,;]|$))?",
    r"\b(?i:p\.?\s?o\.?\s+box)\s+\d+",
    r"\bRR ?\d{1,4}(?=,? (?:Box|[A-Z][a-z]+,))(?:,? Box \d+)?"
    r"|\b(?:Rural Route|Route|Rte\.?|County Road|Highway|Hwy\.?|Interstate|State Road) ?\d{1,4}(?:,? Box \d+)?\b",
    r"\b(?i:rue|via|calle|avenida|rua|plaza) (?:(?:de|del|de la|la|da|do) )?[A-Z][\w'-]+(?:,? \d{1,4})?",
    r"\b(?:\d{1,4},? )?rue (?:(?:de|du|des) )?(?:la )?[A-Z][\w'-]+",
    r"\b[A-Z][a-zäöüß]+(?:strasse|straße|str\.|gasse|platz|allee) \d{1,4}[a-z]?\b",
    r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b",
    r"\b[A-Z]\d[A-Z] \d[A-Z]\d\b",
    r"(?:(?<=\bApt )|(?<=\bapt )|(?<=\bAPT ))#?\d{1,4}[A-Za-z]?\b",
)
ADDRESS = re.compile(rf"(?=[A-Z\dprvca#])(?:{'|'.join(_ADDRESSES)})")

_HEADS = (
    r"Hospitals?|Clinics?|University|Medical Cent(?:er|re)|Health System|Infirmary|Nursing Home|Nursing Facility"
    r"|Health Cent(?:er|re)|Care Home|Airport|(?:Heart|Cancer|Health|Medical|Eye) Institute|Institute|High School"
    r"|(?:Elementary|Middle|Primary|Grammar|Secondary|Infants?|Junior) School|School|College|Memorial|Health ?care"
    r"|Sanatorium|Hospice|Diagnostics"
    r"|Rehab(?:ilitation)? Cent(?:er|re)|Imaging Cent(?:er|re)|Surgery Cent(?:er|re)|Cancer Cent(?:er|re)|Urgent Care"
    r"|Retirement (?:Home|Village)|Day ?care|Penitentiary|Correctional Facility|State Prison|County Jail"
)
_TITLE_HEADS = (
    r"[Ww]ard|Wing|Pavilion|Tower|Building|Campus|Imaging|Radiology Associates|Associates|Partners"
    r"|Family (?:Practice|Medicine)"
    r"|P(?:a)?ediatrics|Orthop(?:a)?edics|Rehab|SNF|Manor|Academy|Elementary|Primary(?! (?i:care|biliary|tumou?r"
    r"|tuberculosis|lung))|Infants|Comprehensive|Grammar|Kindergarten|Prison|Jail|Church"
    r"|Parish|Mosque"
    r"|Synagogue|Temple|Company|Corporation|Corp|Inc|LLC|Ltd|Laborator(?:y|ies)|Pharmacy|Shelter|Barracks|ED|ER|VA"
    r"|Teleradiology|Health|Assisted Living"
)
_SITE_WORD = r"[A-Z][\w'’.-]{0,30}"
SITE = re.compile(
    rf"(?<![\w'.-])((?:(?:{_SITE_WORD}|of|the|and|for)\s+){{0,5}}{_SITE_WORD})(?:\s+(?:(?i:{_HEADS})"
    rf"|{_TITLE_HEADS})\b)+"
)
"""The words before a hospital, clinic or school: after the last that is no name, they are its name."""

_LIVES = (
    r"lives? (?:in|at|near|on)|living (?:in|at)|lived in|(?:current |long-?time )?resident (?:of|at)"
    r"|resides? (?:in|at|near)"
    r"|residing (?:in|at)|worke?[ds]? (?:in|at|for)|(?:re|im|em)?moved (?:here )?(?:to|from)"
    r"|transfer(?:red)? (?:in )?from"
    r"|travell?ed (?:to|from)|travels? (?:to|in)|born (?:in|at)|returned from|native of|visiting from"
    r"|(?:recent )?trip to"
    r"|hometown(?: is|:)?|im?migrated from|emigrated from|flew in from|flown (?:in )?from|vacation(?:ed)? (?:in"
    r"|to)|employed (?:by|at)"
    r"|employee (?:of|at)|retired from|teach(?:er|es) at|student at|attends|enrolled at|inmate (?:at|of)|deployed to"
    r"|incarcerated (?:at|in)|admitted (?:at|to)|stationed (?:at|in)|stayed at|staying at"
)
PLACED = re.compile(
    rf"(\b(?i:{_LIVES})\s+(?i:the )?)({_SITE_WORD}(?:,? (?:(?:of|the|del?|la|los"
    rf"|las) )?{_SITE_WORD}){{0,4}})(?![\w'’-])"
)
"""What stands behind "lives in" and the like: the second group up to the first word that no place has."""

NO_TOWN = words(
    """nursing group home homes house apartment shelter facility assisted rehab basement area nearby alone city town
    rural urban state states country village independent independently senior sober halfway hotel motel room
    floor sicu micu osh snf dialysis hemodialysis isolation bed stretcher construction agriculture retail school
    prison jail army navy military government company factory construction telemetry obs observation ltac ltach
    inpatient outpatient cath lab theatre theater recovery rehabilitation hospice surface care his her their own
    same a an the work rest sea church war"""
)
"""What one lives in, works at or is moved from that is no name."""

_LOW = r"[a-zß-öø-ÿ][\w'’.-]{1,30}"
LOW_SITE = re.compile(
    rf"(\b(?:at|from|to|of|in|near) (?:the )?)({_LOW}(?: {_LOW}){{0,2}})(?= (?i:{_HEADS})\b)(?! (?:clinical|care)\b)"
)
LOW_PLACED = re.compile(rf"(\b(?:{_LIVES}) )({_LOW})(?=[.,;]|$| (?:with|since|and|but|until|for|manor|house)\b)")
"""The same in a text of small letters."""

WHERE = re.compile(r"\b(?:of|from|in|at|near|via|off|to|for) $", re.IGNORECASE)
"""Behind which a port, line or unit of an unknown name is a place's rather than a patient's."""

LOCATED = re.compile(
    r"(?<![\w'’-])((?:at|from|near|via|off|(?:transfer(?:red)?|sent|moved|going|went|go|back|returned?|referr?(?:ed)?"
    r"|travell?(?:ed)?|drove|flew|flown|driven|home)(?: over| back)? to) (?:the )?)([^\W\d_]{3,30})"
    r"(?=\s?[.,;:)/\]|]|$|\s\[|\s(?:on|at|by|who|and|until|before|after|since|with|for|then|today|last|this|county|city"
    r"|town|port|rehab|nh|road|district|village|school|station|area|lodge)\b)",
    re.IGNORECASE,
)
"""In a text of one case: a preposition of place, which stays, and a word behind it that ends its phrase."""

_ROOMS = (
    r"(?<![\w-])((?:room|cell block|cellblock|rm|bed|bay|cubicle|bunk|ward)s?\.?(?: (?:no\.?|number))?[ :]{1,2}#?)"
    r"(?=[A-Z-]{0,2}\d)(?:[A-Z]-?)?\d{1,4}(?:-?[A-Z])?(?:[-/]\d{1,3})?(?![\w%/-]|\.\d|:\d)",
    r"(\b(?:room|rm) \d[ -](?:north|south|east|west) )\d{1,4}[A-Z]?\b",
)
ROOM = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _ROOMS)
WARD = re.compile(
    r"(\b(?i:on|to|from|in|unit|floor|nurse|ward) )\d{1,2}[ -]?(?i:north|south|east|west|main|tower)(?![\w-])"
)

_SHORT_SITE = re.compile(
    r"(\b(?:transfer(?:red)? from|films? (?:from|at)|stud(?:y|ies) (?:from|at)|(?:ct|mri|x-?rays?|cxr|scan"
    r"|imaging) (?:from|at)"
    r"|follow(?:ed|s)?[ -]?up at|followed at|performed at|done at|obtained at|seen at|treated at|surgery at|care at"
    r"|outside hospital) (?:the )?)(?-i:(?!(?:OSH|ICU|[A-Z]ICU|CCU|PACU|SNF|EOB|OR|ED|ER|OBS|LTACH?|CXR|FEV"
    r"|PEEP|TLC|RV|TEE|X+)\b)"
    r"[A-Z]{3,5})(?![\w/-])",
    re.IGNORECASE,
)
PLACE_RULES = (*(("place", room) for room in ROOM), ("place", WARD), ("place", _SHORT_SITE))
