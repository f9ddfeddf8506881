"""Times that no colon and no "hrs" shows: `passed 11.05 by`, `FILM 2024:`, `since 1903`, and the second of two.

Four digits may be a year: those of 1900-1919 and from 2030 on are none of a patient's life; of the others a deed or
what is said to be done at a time decides.
"""

import re

_PEOPLE = (
    r"(?:by|dr|rn|sr|s/n|sister|nurse|called|rang|phoned|paged|told|spoke|informed|seen|hrs?|on the|in the|w/|with"
    r"|came|left|arrived)"
)
_NO_DEED = (
    r"(?!(?:measur|increas|decreas|elevat|reduc|estimat|calculat|averag|total+|rais|bas|publish|dat|diagnos|repair"
    r"|resect"
    r"|operat|treat|implant|perform|compar|replac|remov|describ|adapt|modif|copyright|follow|graduat|retir)ed\b)"
)
_DOT = r"(?:[01]\d|2[0-3])\.[0-5]\d"
_YEARLIKE = r"(?:19|20)[0-5]\d"
_CLOCK = rf"(?:{_DOT}|{_YEARLIKE})"
_UNIT = (
    r"(?!\s?(?:mm|cm|m\b|ml|cc|mg|mcg|g\b|kg|l\b|hu\b|%|percent|kcal|views?|images?|cells|patients|x\b|[x*]\s?\d"
    r"|to \d))"
)
_CLOSED = r"(?=[,;:)\]]|\.?$|\.\s)(?!,\d)"
_LEADS = (
    rf"(\b{_NO_DEED}[a-z]{{2,12}}ed (?:x[2-4] )?){_CLOCK}{_UNIT}(?:{_CLOSED}|(?= (?:{_PEOPLE}|and|&|to)\b))",
    rf"(\b(?:film|read|shot|rang|call|came|left|prelim|final|wet read|runner|times?|eta|etd|arr|dep|ack|retaken|told"
    rf"|portable"
    rf"|tonight|today|off|out|direct|x[2-4])[:,]? ){_CLOCK}{_UNIT}(?:{_CLOSED}|(?= (?:{_PEOPLE}|and|&|to|dep|runner"
    rf"|pt)\b))",
    rf"(\b(?:down|back|awake|away|here|open|busy|out|off|up|npo|nil|waiting|on call|shift|duty|asleep|cover) (?:since"
    rf"|from|until"
    rf"|till?|at) ){_YEARLIKE}(?:{_CLOSED}|(?=\s))",
    r"(\b(?:since|from|at|till?|until|by) )(?:19[01]\d|20[345]\d)(?![\w/-]|[.,]\d)" + _UNIT,
    rf"(\b(?:at|time:?) )(?:[01]\d|2[0-3])[ ,][0-5]\d(?:{_CLOSED}|(?= (?:on|by|and|hrs?)\b))",
    r"(\b(?:till?|until) )(?:1[0-2]|[1-9])(?:[.:][0-5]\d)?(?=[.,;)](?!\d)|$)",
    r"(\bfrom )(?:1[0-2]|[1-9]) (?:till?|until) (?:1[0-2]|[1-9])\b",
    r"(\bjust gone )(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    r"(\b(?:at|till?|until|before|after|since|around) )(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve)"
    r"(?=[.,;)!?]|$| (?:sharp|today|tonight|tomorrow|yesterday|he|she|they|but)\b)",
    r"(\bt\s?[=:]\s?)(?:[01]\d|2[0-3])[0-5]\d(?![\w/-]|[.,]\d)",
    rf"(?<![\w.,/=<>~x:-])(?<![=<>~x] )(){_DOT}(?=:?,? {_PEOPLE}\b)",
)
LONE_TIME = re.compile("(?=[a-z\\d&@,/-])(?:" + "|".join(_LEADS) + ")", re.IGNORECASE)
"""A lead, which stays as the first group, and a time behind it; asked before dates."""

_FOLLOW = (
    r"(\[TIME\](?:, | and | & |/|-| - | to | or | dep ))(?:[01]\d|2[0-3])[:.]?[0-5]\d(?![\w/-]|\.\d)"
    r"|(?<=[a-z)] \()()(?:19|20)[345]\d(?=\))"
    r"|(?<=\[TIME\])() ?[ap]\.?m\b"
    r"|(?<=\[TIME\])()\+\d{1,2}(?:[:.]?\d\d)?\b"
)
JOINED_TIME = re.compile(_FOLLOW, re.IGNORECASE)
"""A time joined to another; asked after times."""
