"""Where somebody lives or gets his post, as people write it wherever English is written, as regular expressions.

A house's or plot's number behind its label, a house or colony by name, a landmark that it lies near, a post box, a
rural delivery; what follows by commas (quarter, town, postcode) goes with it. Short of a number or a kind of street,
house or settlement nothing counts, so that "block", "lot" or "station" of a report's own stay.
"""

import re

from unirg_core.ingest.persons import LOWER, UPPER

_BIG = rf"[{UPPER}][\w'’.-]{{1,30}}"
_NUMBER = (
    r"(?:\d{1,5}[A-Za-z]?|[A-Za-z]{1,2}[-/ ]?\d{1,5}[A-Za-z]?)(?:\s?[-–/&,]\s?\d{1,5}[A-Za-z]?){0,4}"
    r"(?:[-/][A-Za-z]\b)?"
)
_NO = r"(?:\.?\s?(?:no|nos|number|nr|num)\b)?\.?\s?[:#]?\s?#?"
_NO_WORD = (
    r"(?!(?i:mob|mobile|tel|telephone|ph|phone|cell|nok|dob|mrn|age|aged|dr|mr|mrs|ms|fax|e-?mail|id|uhid|token|reg|no"
    r"|chest"
    r"|findings|impression|film|right|left|bilateral|normal|clear|the|and|but|with|for|seen|lungs?|heart|called|told|is"
    r"|was|has|no|by|on|at|x|pa|ap|ct|cxr|daughter|son|wife|husband|rang|ask|contact)\b)"
)
_BESIDE = (
    r"(?:near|nr\.?|opp\.?|opposite|behind|beside|off|via|c/o"
    r"|p\.?\s?o\.?|p\.?s\.?|dist\.?|distt\.?|tal\.?|teh\.?|co\.?)"
)
_TAIL = (
    rf"(?:,? {{0,2}}(?:(?i:{_BESIDE}) )?{_NO_WORD}(?:{_BIG}|(?i:street|road|lane|st|rd|ave))){{0,2}}"
    rf"(?:,\s{{0,2}}(?:(?i:{_BESIDE}) )?{_NO_WORD}(?:{_BIG}(?: {_NO_WORD}{_BIG}){{0,3}}|\d{{1,4}}(?:st|nd|rd|th) {_BIG}"
    rf"(?: {_BIG})?)(?: \d{{1,3}}\b(?!\s?[cm]m))?){{0,5}}"
    r"(?:,?\s?[-–]?\s?(?:[A-Z]{2,3} )?\d{3,6}(?: \d{3})?(?![\w/-]|\.\d))?"
)
_LOW_TAIL = (
    rf"(?:,\s?{_NO_WORD}[{UPPER}{LOWER}][\w'’-]+"
    rf"(?: {_NO_WORD}[{UPPER}{LOWER}][\w'’-]+)?(?: \d{{3,6}})?){{0,4}}(?![\w-])"
)
_SURE_LABEL = (
    r"(?:(?:h|d|hse|hs|house|door|plot|plt|flat|fl|apt|qtrs?|qtr|quarters?|khasra|khata|survey|sy|shop|gali|stand|erf"
    r"|gat"
    r"|holding|premises|premise|bungalow|villa|cottage|hut|shack|lane|street|cross|tower|portion|farm)\.?\s?(?:no|nos"
    r"|number|nr)\b\.?|h\.?\s?no\.?|d\.?\s?no\.?)"
)
_BIG_LABEL = (
    r"(?:House|Hse|HOUSE|Plot|PLOT|Flat|FLAT|Door|Qtrs?|QTRS?|Quarters?|Stand|Erf|ERF|Bungalow|Villa|Barangay|Brgy"
    r"|BRGY|Purok"
    r"|Sitio|Gali|Shop|Sector|SECTOR|Blk|Block|Lot|LOT|SCO(?= ?\d)|RSD|RMB|LMB|CMB|RMS|RD|R\.D\.|RR|R\.R\.|MS|HC"
    r"|Bag|Mile|Km|Stall|Hut|Maisonette|Trailer)"
)
_POST = (
    r"(?:p\.?\s?o\.?\s?(?:b(?:ox)?|bag)|g\.?p\.?o\.?(?: box)?|private (?:mail )?bag|p(?:rivate|vt)?\.?[/ ]?bag"
    r"|p\.? ?bag|locked (?:mail )?bag"
    r"|mail (?:service|bag)|community mail ?bag|roadside (?:mail ?(?:box|bag)|delivery)|rural (?:delivery|route"
    r"|mail ?box)|r\.?m\.?b\.?|l\.?m\.?b\.?|c\.?m\.?b\.?"
    r"|r\.?s\.?d\.?|star route|hc|r\.?r\.?\s?#"
    r"|r\.?r\.?(?=\s?\d{1,3},? (?:[Bb]ox|[Ss]ite|[A-Z][a-z]+,))|pmb|p\.?m\.?b\.?|comp(?:artment)?|care po)"
)
_KIND = (
    r"(?:nagar|nagara|colony|vihar|enclave|layout|marg|chowk|bazaar|bazar|bagh|puram|peth|mohalla|basti|tola|homestead"
    r"|rectory"
    r"|vicarage|township|residency|townland|kraal|society|outstation|estates?|chawl|wadi|gardens"
    r"|cottages?|mansions?|terrace"
    r"|mobile (?:home )?park|trailer park|caravan park|housing|cantt?|cantonment|lines|kampung|barangay|heights|towers?"
    r"|apartments?|villas?|farm|compound|hostel|quarters|camp|settlement|location|croft)"
)
_KIND_ANY = (
    r"(?:nagar|vihar|mohalla|chowk|puram|basti|homestead|rectory|vicarage|townland|barangay|kraal|chawl|outstation"
    r"|(?<!bacterial )(?<!fungal )colony|estate|villa|residency|layout|enclave|marg|bazaar|bazar|cottages?|township)"
)
_STREETISH = (
    r"(?:street|str|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|place|close|way|walk|row|green|gate|hill|park"
    r"|crescent|cres"
    r"|terrace|tce|parade|pde|highway|hwy|esplanade|grove|rise|mews|view|square|loop|circuit|cct|boulevard|blvd|cross"
    r"|main"
    r"|vale|meadows?|fields?|paddocks?|orchard|drove|wynd|brae|bank|end|side|yard|cottages?|gardens|villas?|lodge"
    r"|house|farm)"
)
_MARKS = (
    r"(?:temple|mandir|mosque|masjid|gurudwara|gurdwara|church|school|market|bus (?:stand|stop|depot)|(?:railway"
    r"|police|bus"
    r"|petrol|gas|fire|metro) station|water tank|petrol pump|post office|(?:state )?bank|bridge|mill|crossing|chowk"
    r"|circle|bazaar|bazar|tower"
    r"|pub|shop|stores?|garage|roadhouse|hotel|cinema|theatre|park|tank|well|stadium|ground|gate|godown|ration shop"
    r"|panchayat"
    r"|borehole|tavern|shebeen|mall|plaza)"
)
_HOMES = (
    # A label that says "No." and its number, in any case of the text.
    rf"(?<![\w-])(?i:{_SURE_LABEL})\s?[:#]?\s?#?{_NUMBER}(?:{_TAIL})(?:(?<=[\d/]),? (?!\d)[{LOWER}]{{3,}} "
    rf"(?i:{_KIND_ANY}|{_STREETISH})\b{_LOW_TAIL})?",
    # A label with a capital and its number, before a comma and a name or more of the kind.
    rf"(?<![\w-])(?:Upper |Lower |Ground |Top |Back )?{_BIG_LABEL}{_NO}{_NUMBER},? (?:(?:of|in|at) )?(?={_NO_WORD}"
    rf"(?:{_BIG}|\d{{1,5}}[A-Z]?(?:[,/]| {_BIG}))){_TAIL}"
    rf"(?:,? ?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,5}})?,? (?:{_BIG} ){{1,3}}(?i:{_STREETISH})\b\.?)?{_TAIL}",
    rf"(?<![\w-])(?:Unit|Level|Sec(?:tion)?|Allotment|Selection|Area|Zone|Ward|Phase|Site|Space|Floor|Comp|Section"
    rf"|Stage){_NO}{_NUMBER}[,/] ?(?={_NO_WORD}(?:{_BIG}(?:,| {_BIG})|\d{{1,5}}[A-Z]? {_BIG}|(?:Comp|Site|Block"
    rf"|Phase) ?\d)){_TAIL}"
    rf"(?:\d{{1,5}}[A-Z]? (?:{_BIG} ){{1,3}}(?i:{_STREETISH})\b\.?{_TAIL})?",
    # Post boxes, bags, rural deliveries.
    rf"(?<![\w-])(?i:{_POST}){_NO}[A-Z]?\d{{1,6}}(?:,? (?i:box|bag|comp\.?|site|stn|station) #?\d{{1,5}})?(?![\w/%]"
    rf"|\.\d|\s?[cm]m\b){_TAIL}",
    rf"(?<![\w-])(?:C/-|c/-|[Cc]/[Oo]|[Gg]en(?:eral)?\.? [Dd]el(?:ivery)?\.?,?|Poste Restante,?|Care of) (?:(?:the"
    rf"|The) )?{_NO_WORD}{_BIG}(?: {_NO_WORD}{_BIG}){{0,3}}(?:,|\s(?=[A-Z]{{2,3}} \d{{4}})){_TAIL}",
    rf"\b(?:General Delivery|Poste Restante){_TAIL}",
    # A house or a colony by its name, with what follows by commas.
    rf"(?<![\w'’-])(?:(?:The|Old|New|Upper|Lower|{_NUMBER}),? ){{0,3}}(?:{_NO_WORD}{_BIG} ){{1,3}}(?:Nagar|Colony"
    rf"|Vihar|Enclave|Layout|Marg|Chowk|Bazaar"
    rf"|Bazar|Puram|Mohalla|Basti|Homestead|homestead|Rectory|Vicarage|Township|Residency|Society|Chawl|Estate|"
    rf"(?:Downs|Creek|River|Hills?|Springs?|Plains) Station"
    rf"|Station(?=(?:, | via | near | out of )))\b{_TAIL}",
    rf"(?<![\w'’-])(?:(?:[Ff]lat|[Rr]oom|[Aa]pt) \w{{1,4}},? )?{_NO_WORD}{_BIG} (?:Surgery|Practice|House|Cottage"
    rf"|Lodge|Farm|Hall|Court|Mansion|Villa),? (?=\d{{1,5}}[A-Z]? {_BIG}|{_BIG} (?i:{_STREETISH})\b){_TAIL}",
    rf"(?<![\w./-])\d{{1,5}}[A-Za-z]?(?:\s?[-–/]\s?\d{{1,5}}[A-Za-z]?){{0,3}},? (?:[Tt]he |THE )?(?:(?!(?i:year|yrs"
    rf"|views?|images?|days?|weeks?|months?|hours?|mins?|mm|cm|rib|lead)\b)[{UPPER}][\w'’-]{{1,30}} ){{0,3}}"
    rf"(?<!\d )(?!(?i:st|ct|dr|view)\b)(?:(?=[A-Z]){_STREETISH.replace('(?:', '(?i:', 1)}|(?i:{_KIND}))(?<! main)"
    rf"(?<! end)(?<! side)\b{_TAIL}",
    rf"(?<![\w./-])[A-Z]{{1,2}}[-/]\d{{1,4}}(?:[-/]\d{{1,4}}[A-Z]?)*,? (?:{_BIG} ){{0,2}}(?:Nagar|Colony|Vihar|Park"
    rf"|Town|Puri|Extension|Ext|Enclave|Bagh|Puram|Lines|Block|Sector){_TAIL}",
    rf"(?<![\w./-])\d{{1,5}}[A-Z]?,? [{UPPER}{LOWER}][\w'’-]{{1,20}} "
    rf"(?:[{UPPER}{LOWER}][\w'’-]{{1,20}} )?(?i:{_KIND_ANY})\b{_LOW_TAIL}",
    rf"(?<![\w./-])(?:[Nn]o\.?|NO\.?) ?\d{{1,5}}[A-Z]?,? (?:{_BIG} ){{1,3}}(?i:{_STREETISH})\b{_TAIL}|(?<![\w./-])"
    rf"(?:[Nn]o\.? ?)?\d{{0,5}},? ?(?:Jalan|Jln\.?|Lorong|Lrg\.?|Kampung|Kg\.?|Taman|Barangay|Brgy\.?|Purok|Sitio|Gali"
    rf"|Lot \d+) {_BIG}{_TAIL}",
    # Villages, districts, townlands.
    rf"(?<![\w-])(?i:vill(?:age)?|vpo|townland|hamlet|tehsil|taluka?|mandal|distt?|district|tal|teh)\b\.?(?: ?(?:&"
    rf"|and) ?(?:P\.?O\.?|Post))?(?: of)?[: ] ?{_NO_WORD}{_BIG}{_TAIL}",
    rf"(?<![\w-])#\d{{2}}-\d{{2,4}}(?![\w/-])|(?<=, )Co\. {_BIG}",
    rf"(?<![\w-])(?:(?:Section|Sec|Allotment|Lot|Selection) \d{{1,5}},? )?(?:Hundred|Parish|Shire|County|Townland"
    rf"|Village|Settlement|Isle) of {_BIG}{_TAIL}",
    # A place by its landmark, in any case.
    rf"(?<![\w-])(?i:near|nr\.?|opp\.?|opposite|behind|beside|next to) (?:(?i:the|old"
    rf"|new) )?(?:{_NO_WORD}[{UPPER}{LOWER}][\w'’.-]{{1,30}} ){{0,3}}(?i:{_MARKS})\b{_TAIL}",
    rf"(?<![\w-])(?i:corner of|cnr\.?(?: of)?|junction of|jn\.? of) (?:{_BIG} ?){{1,3}}(?i:and|&"
    rf"|/) ?(?:{_BIG} ?){{1,3}}",
    r"(?:(?<=\b(?i:lives at) )|(?<=\b(?i:stays at) )|(?<=\b(?i:living at) )|(?<=\b(?i:home at) )|(?<=\b"
    r"(?i:delivered to) ))(?i:number|no\.?|house|flat) ?#?\d{1,5}[A-Za-z]?\b",
    r"(?<![\w-])(?i:pin(?: ?code)?)\s?[-–:=]?\s?\d{3} ?\d{3}(?![\w/-])",
    r"(?<![\w.])(?:NSW|VIC|Vic|QLD|Qld|TAS|Tas|ACT|WA|NT|SA),? \d{4}(?![\w/-]|\.\d)",
    rf"(?<![\w./-])\d{{3,5}} ?[-–] ?\d{{1,3}}(?:st|nd|rd|th) (?i:{_STREETISH})\b(?: [NS]?[EW]\b)?|"
    rf"(?<![\w./-])\d{{1,3}}(?:st|nd|rd|th) (?:Cross|Main|Block|Stage|Phase|Floor)(?=,){_TAIL}",
    rf"(?<![\w./-])(?:Km|KM|Mile|Milepost) \d{{1,4}},? (?:{_BIG} ){{1,3}}(?i:{_STREETISH})\b",
)
HOME = re.compile("|".join(_HOMES))
"""An address that shows itself."""

_ADDRESSED = (
    r"(?:(?:new |old |home |postal |mailing |residential |station |street |permanent |current |email to )?(?<!e-mail )"
    r"(?<!email )(?<!ip )(?<!mac )address(?: is| of| now)?"
    r"|addr?\.?(?=:| \d)|residence|residing (?:at|in)|resides (?:at|in)|lives at|living at|stays at|r/o(?= (?:h|d|plot"
    r"|vill|flat|\d|#))|resident of"
    r"|post(?:ed)? to|mail(?:ed)? to|forward(?:ed)? to|deliver(?:ed|y)? to)"
)
_PART = rf"{_NO_WORD}(?!(?i:him|her|them|me|us|file|gp|ward|unit|clinic|patient|radiology)\b)[#\w'’./-]*[\w'’/-]"
ADDRESSED = re.compile(
    rf"(?<![\w-])((?i:{_ADDRESSED})(?:\s?[:=-]\s?|\s))(?=[^;\n.]{{0,60}}?(?:\d|\b(?i:{_STREETISH}|{_KIND})\b)|"
    rf"(?<=: )[{UPPER}])"
    rf"{_PART}(?:,? {_PART}){{0,9}}"
)
"""A label of addresses, which stays, and the words behind it up to the sentence's end."""

_TRAILS = (
    r"(?<=\[ADDRESS\])(?:,? ?-? ?(?i:no\.?|box|zone|area|phase|sector|ward|comp|block|#) ?#?)?[ ,/-]{0,2}"
    r"\d{1,6}[A-Z]?(?:[-/]\d{1,5})?(?![\w%:]|\.\d|\s?[cm]?m\b|/\d)"
    rf"|(?<=\[ADDRESS\]), {_NO_WORD}{_BIG}(?: {_BIG})?(?=[;)]|\.?$|\. |,? (?:[A-Z]{{2}} )?\d{{4,6}})"
    rf"|(?<=\[ADDRESS\]), (?:[A-Z]{{3,20}} ?){{1,2}}(?=[;).]|$)"
    rf"|(?<=\[ADDRESS\]), [{LOWER}]{{3,20}} (?i:court|house|road|street|lane|close|{_KIND})\b"
    rf"(?:, [{LOWER}]{{3,20}})?(?=[;.,)]|$)"
    rf"|(?:Upper|Lower|Ground) (?:Flat|Floor|Maisonette),? (?=\[ADDRESS\])|(?:The|the|Old) (?=\[ADDRESS\])"
)
TRAIL = re.compile(_TRAILS)
"""What belongs to the address before it; no group stays and no tag comes."""
