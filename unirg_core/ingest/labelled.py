"""Identifiers that only the label before them gives away: short ones, letters alone, user names, streets of no number.

A badge of two digits or a booking of letters reads like a report's own number or short form; behind such a label it is
somebody's.
"""

import re

from unirg_core.ingest.persons import LOWER, UPPER

_IS = r"(?:\s?(?:no\.?|number|num\.?|nr\.?|code|id|#))?\s?(?:is\b|was\b)?\s?[:=#]{0,2}\s?#?"
_OF_PERSONS = (
    r"(?:cassette|imager|detector|incubator|stretcher|gurney|binder|slip|bed slip|badge|mrn|subject|participant"
    r"|volunteer|bib|collar|shoulder|locker|seat|employee|inmate|prisoner|detainee"
    r"|medic unit|truck|ambulance|engine|squad|rig|taxi|cab|train|flight|coach|jersey|player|bunk|dorm|gate|desk"
    r"|officer|warrant|docket|permit|union card|card|crew|hull|tail|bus|car|wristband|band|tag|docket|queue|ticket"
    r"|apartment|apt\.?|flat|suite|ste\.?|trailer|mailbox|postbag|mail stop|stop code|extension|mine|pit|shaft"
    r"|colliery"
    r"|shirt|tent|envelope|box|booth|kiosk|window|counter|chair|tray|parcel|waybill|consignment|courier|lab"
    r"|specimen|sample|slide)"
)
_CALLED = (
    r"(?:user ?names?|user ?id|login(?: name| id)?|log-in|logon|password|passcode|passphrase|screen ?name|handle"
    r"|nickname|skype|twitter|instagram|facebook|telegram|wechat|snapchat|tiktok|linkedin|whatsapp|zoom id"
    r"|logged in as|signed in as|logged on as|account name|user)"
)
_BOOKED = (
    r"(?i:accession|acc|mrn|confirmation|(?:record )?locator|reference|ref|booking|plate|licen[cs]e|reg(?:istration)?"
    r"|serial|token|voucher|claim|policy|study id|subject|barcode|tracking|waybill|pin|password|passcode|pnr"
    r"|call sign|callsign|user|login|tag|badge|ticket|case)"
)
_LABELS = (
    rf"(?i:(?<![\w-])({_OF_PERSONS}{_IS}\s?))(?=[A-Z]{{0,3}}-?\d)[A-Z]{{0,3}}-?\d{{1,4}}-?[A-Za-z]?"
    r"(?![\w/%]|[.:]\d|\s?(?i:mm|cm|ml|cc|mg|views?|images?|of|x|hours?|days?|weeks?|months?|years?)\b)",
    r"((?i:\b(?:helicopter|helo|aircraft|plane|jet|tail|call ?sign|boat"
    r"|yacht|vessel|ship|registration|reg)\b:? ?)(?i:no\.? )?)"
    r"[A-Z]{1,2}-[A-Z\d]{3,5}(?![\w-])",
    rf"(?i:(?<![\w-])({_CALLED}\s?(?:is\b|was\b|:|=)\s?[\"“]?|(?:logged|signed) (?:in|on) as ))"
    r"[@]?[\w.'’-]{2,40}(?<![.'’-])",
    rf"(?<![\w-])({_BOOKED}\s?(?i:no\.?|number|num\.?|code|id|#)?\s?[:=#]\s?#?\s?)[A-Z][A-Z-]{{2,12}}(?![\w'’])",
    rf"(?<![\w-])({_BOOKED}\s(?i:no\.?|number|num\.?|code|id|#)\s)[A-Z][A-Z-]{{2,12}}(?![\w'’])",
    r"(\b(?:No|Nr|Nº|№|no|nr)\.? ?)\d{1,4}(?= (?i:mine|pit|shaft|colliery|school|mill|plant|factory|dock|works|yard"
    r"|fire|battalion|squadron|regiment|precinct|company|platoon|barracks|shop|depot|station|camp|estate)\b)",
    r"(\b(?i:mine|pit|colliery|precinct|battalion|squadron|regiment|lodge|chapter|local|district|ladder|engine"
    r"|medic|rescue|unit|team|platform) (?:No\.? ?|#)?)\d{1,4}(?=[,;.)]|$)(?<!unit \d)(?<!team \d)",
    r"((?<![\w-])(?!(?i:image|slice|series|view|level|rib|figure|fig|table|film|frame|type|grade|segment|total"
    r"|large|small"
    r"|great|stage|zone|lead|low|high|in|any|a|the|this|same|count|of|and|or|with|to|is)\b)[a-z]{3,20}"
    r" (?i:number|no\.|nr\.|id)\s?[:#]?\s?)#?(?=[A-Z]?\d)[A-Z]?\d{1,4}[A-Z]?(?![\w/%]|[.:]\d|\s?(?:mm|cm|ml|of)\b)",
    r"((?i:\b(?:user|account|acct|login|logon|uname|userid|username)\s?[:=]?\s?))(?=[a-z]{0,9}[a-z\d]{4})(?!"
    r"(?:name|error|id|number"
    r"|manual|guide|friendly|input|interface|group|ended|closed|opened|is|was|and|for|of|to|the|by|with|has|had|may"
    r"|rejected|blocked|locked"
    r"|reports?|requested|complain\w*|settings?|initials)\b)[a-z]{3,40}\d{0,4}(?![\w'’-])",
    r"(\((?i:id|no\.?|nr\.?|badge|#)\s?#?)\d{1,6}(?=[),])",
    r"((?<![\w.])\.\.\.\s?)\d{2,6}(?![\w/]|\.\d)",
)
LABELLED = tuple(re.compile(pattern) for pattern in _LABELS)
"""A label, which stays as the first group, and what it gives away."""

_ROAD = (
    r"(?:street|str|st|avenue|ave|av|road|rd|lane|ln|boulevard|blvd|terrace|terr?|crescent|cres|parkway|pkwy|highway"
    r"|hwy|mews|grove|gardens|gdns|quay|wharf|turnpike|esplanade|alley|freeway|expressway|motorway|byway|bypass"
    r"|embankment|heights|hts|causeway|brae|wynd|croft|lea|rise|vale|fields|lodge)"
)
_HOME = (
    r"(?:hall|house|lodge|manor|cottage|farm|villa|mansions?|apartments|estates?|towers?|court|barns?|ranch"
    r"|flats|dorm"
    r"|residence|village|gate|wharf|trailer park|mobile home park|bungalow)"
)
_VAGUE_ROAD = (
    r"(?:drive|dr|court|ct|place|pl|walk|row|close|way|square|sq|circle|cir|trail|loop|plaza|parade|green|hill|park"
    r"|point|ridge|view|run|path|pike)"
)
_AT = (
    r"(?:(?<=\bon )|(?<=\bat )|(?<=\boff )|(?<=\bof )|(?<=\bin )|(?<=\bfrom )|(?<=\bto )|(?<=\bnear )"
    r"|(?<=\balong ))"
)
_BIG = rf"[{UPPER}][{LOWER}][\w'’-]{{1,30}}"
_ANY = rf"[{UPPER}{LOWER}][\w'’-]{{2,30}}"
_HOUSE = r"\d{1,5}(?:\s?[-–/]\s?\d{1,5})?[A-Za-z]?"
_STREETS = (
    rf"(?<![\w./-]){_HOUSE},?\s+(?:[NSEW]\.?\s|(?i:north|south|east|west)\s)?(?:{_BIG}\s){{1,3}}(?i:{_ROAD}"
    rf"|{_VAGUE_ROAD})\b\.?",
    rf"(?<!\w)(?:{_BIG} ){{1,2}}(?i:{_ROAD})(?=\.?(?:[,;.)]|\s(?:{_BIG}|and|in|at|apt|flat|when|where|who|by)|$))",
    rf"(?:(?i:{_AT})(?:the )?)(?:{_BIG} ){{1,2}}(?i:{_VAGUE_ROAD})(?=\.?(?:[,;.)]|$))",
    rf"(?i:{_AT})(?!(?:the|a|an|his|her|their|our|same|this|that|one|other|main|high)\b)(?:{_ANY} )(?i:street"
    rf"|st|avenue"
    r"|ave|road|rd|lane|ln|boulevard|blvd|parkway|pkwy|highway|hwy|terrace|crescent)(?=\.?(?:[,;.)]|$| near| in"
    r"| at| apt))",
    rf"(?<=[{LOWER},;:] )(?:{_BIG} ){{1,2}}(?i:{_HOME})\b|(?<=\b(?i:DORM) )(?:{_ANY} ){{1,2}}(?i:{_HOME})\b",
    r"\b(?i:flat|apt\.?|apartment|suite|ste\.?|maisonette|bldg\.?|trailer) #?[A-Z]?\d{0,4}[A-Z]?\b(?<![a-z]\s)",
    r"\b(?i:p\.?\s?o\.?\s?b(?:ox)?|g\.?p\.?o\.? box|postal box|post office box|pmb|private (?:mail)?bag|locked bag"
    r"|postfach|apartado|casilla|caixa postal|postbus|boîte postale|poste restante)\.?,? ?#?\d{1,7}\b",
    r"\b(?i:post ?code|zip(?: code)?|plz|eircode"
    r"|postal code)\b:?\s?(?=[A-Z-]{0,4}\d)[A-Z\d][A-Z\d-]{1,5}(?: ?[A-Z\d]{2,4})?(?![\w-])",
    r"\b[1-9]\d{3} ?(?!(?:ML|CC|MG|MM|CM|HU|MA|KV|AP|PA|CT|MR|XR|US|ED|ER|IN|ON|AT|TO|OF|BY|IS|OR"
    r"|AS)\b)[A-Z]{2}(?=[,;.)]|$|\s[A-Z][a-z])",
    r"\b(?:D|A|CH|F|I|B|L|NL|DK|S|N|FIN|PL|CZ|E|P)-\d{4,5}\b",
    r"\b[AC-FHKNPRTV-Y]\d[\dW] ?(?=[A-Z\d]{0,3}\d)[AC-FHKNPRTV-Y\d]{4}\b",
    rf"\b(?i:rue|via|viale|calle|avenida|rua|travessa|plaza|piazza|corso|chemin|boulevard|carrer|ulica|ul\.|ulitsa"
    rf"|impasse|allée|place|quai|camino|paseo|carrera|largo|strada|vicolo) (?:(?:de|du|des|del|della|dei|di|da"
    rf"|do|la|le|les"
    rf"|l['’]|d['’]) ?){{0,2}}{_BIG}(?: {_BIG})?(?:,? \d{{1,4}}[a-z]?)?\b",
    rf"\b{_BIG}(?:strasse|straße|gasse|platz|allee|straat|plein|gracht|gatan|vägen|veien)\b(?:,? \d{{1,4}}[a-z]?\b)?",
    rf"\b{_BIG}(?:str\.|weg|ring|damm|ufer|steig|laan|kade|dijk|gata|vej|gade|katu|tie|utca"
    rf"|ulica),? \d{{1,4}}[a-z]?\b",
    r"\b(?:Level|Lvl|Floor|Fl) \d{1,2}, \d{1,5} (?=[A-Z])",
)
STREET = re.compile("|".join(_STREETS))
