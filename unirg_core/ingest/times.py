"""Times of day in a report's text: in figures, on a clock's face, as soldiers and nurses say them.

A bare number is a time only behind or before what people do at a time: `informed 1945`, `called at 6`.
"""

import re

_HOUR = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_PART = r"(?: (?:in the|this|yesterday|tomorrow|last|on \w+day|\w+day) (?:morning|afternoon|evening|night))"
_ENDS = (
    r"(?=\s?[.,;:)/\]!?](?!\d)|$| (?:am|pm|hrs|on|in the|by|this|he|she|they|and|to|with|when|today|tonight|yesterday"
    r"|tomorrow|sharp|last|for|from|from|who|but|until|till|o['’]clock)\b(?! \d))"
)
_STOPS = (
    r"(?=\s?[.,;:)/\]!?](?!\d)|$| (?:hrs|on|by|he|she|they|and|to|with|when|today|yesterday|tomorrow|sharp|for|from|who"
    r"|but|until|till)\b(?! \d))"
)
_ZONE = (
    r"(?:z|zulu|utc|gmt|bst|cet|cest|eet|[ecmp][sd]?t|a[ecw]?[sd]?t|nz[sd]?t|ist|sast|eat|wat|cat|pkt|sgt|hkt|[ah]kst"
    r"|local"
    r"|l|k)"
)
_TOLD = (
    r"(?:informed|notified|notification|told|called|calling|paged|phoned|rang|texted|bleeped|faxed|e-?mailed|messaged"
    r"|aware|advised|updated|alerted|contacted|telephoned|read ?back|rb|verbali[sz]ed|acknowledged|ack|eta|etd"
    r"|pronounced"
    r"|wet ?read|final read|prelim read|came|consented|home|splinted|time of death|tod|time|arrived|departed"
    r"|landed|discharged|relayed"
    r"|conveyed|escalated|handed over|shot)"
)
_TOLD_TO = (
    r"(?:informed|notified|told|called(?: to)?|paged|phoned|rang|d/w|s/w|spoke (?:with|to)|discussed with|relayed to"
    r"|conveyed"
    r" to|reported to|given to|rb from|read ?back (?:by|from)|signed by|dictated by|verified by|sister|nurse|rn|dr\.?)"
)
_DONE = (
    r"(?:seen|called|paged|rang|phoned|arrived|came|told|notified|informed|fell|began|started|stopped|done|died|back"
    r"|due|again|taken|extubated|intubated|discharged|admitted|ready|on call|cover|covering|covers|here|shift|duty"
    r"|open|leaves|returns|returned|collapsed|woke|ate|fed|visited|booked|scheduled|meeting|reviewed|signed|reported"
    r"|shortly|just|sometime|soon)"
)
_AT = r"(?:at|by|till?|until|after|before|around|about|from)"
_STAMP = r"(?:[01]\d|2[0-3])[0-5]\d"
_TIMES = (
    r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s?(?:[ap]\.?m\b\.?|hrs?\b|hours\b|o'clock\b)",
    r"(?<!\d)(?<!\d:)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?!\d|:\d)(?:[apzh]|\s?uhr)?(?!\w)",
    r"\b(?:[01]?\d|2[0-3]) ?h(?: ?[0-5]\d)?\b(?=[,;.)]|$| (?:on|le|am|at|by|and|with|to)\b)(?<!\d\dh)(?<!\d h)",
    r"\b(?:[01]?\d|2[0-3])[.:]?[0-5]?\d? (?:Uhr|uhr)\b",
    r"(?<=\d:\d\d )(?:[ap]\.?m?\.?)(?!\w)|\b\d{1,2} (?:in the|this|yesterday|tomorrow|last) (?:morning"
    r"|afternoon|evening|night)\b",
    rf"\b{_HOUR}(?:[ -](?:fifteen|thirty|forty-five))? ?(?:o['’]clock|[ap]\.?m\b\.?)",
    rf"\bhalf {_HOUR}\b",
    r"(?:(?<=\bat )|(?<=\btime )|(?<=\[DATE\] ))(?:[01]\d|2[0-3])\.[0-5]\d(?![\d.]|\s?(?:mm|cm|%|ml|mg))",
    r"(?=[012])(?:(?<=scene )|(?<=cleared )|(?<=arrived )|(?<=time=)|(?<=time:)|(?<=notified )|(?<=drawn )"
    r"|(?<=collected )|(?<=began )"
    r"|(?<=started )|(?<=stopped )|(?<=dispatched )|(?<=departed )|(?<=left )|(?<=done )|(?<=until )"
    r"|(?<=\[TIME\]-)|(?<=\[TIME\] - ))"
    r"(?:[01]\d|2[0-3])[0-5]\d\b(?!\s?(?:m|c|k|x|views?|images?)|[./-]\d)",
    r"\b(?:[01]\d|2[0-3])[0-5]\d\s?(?:z|utc|gmt|est|edt|cst|pst)\b",
    r"\b(?:1[0-2]|[1-9])[ap]m?\b(?=\s?-\s?\d)|(?<=\d[ap]-)(?:1[0-2]|[1-9])[ap]\b",
    r"\b(?:1[0-2]|[1-9])\s?(?:am|pm|a\.m\.|p\.m\.|o'clock)(?!\w)",
    r"\b(?:[01]\d|2[0-3])[0-5]\d\s?(?:hrs?|hours|h)\b",
    r"(?=[012])(?:(?<=\bat )|(?<=@ )|(?<=@)|(?<=\btime )|(?<=\btime: )|(?<=\bof call )|(?<=\bof call: )"
    r"|(?<=\[DATE\] )|(?<=\[DATE\], ))"
    r"(?:[01]\d|2[0-3])[0-5]\d\b(?!\s?(?:m|c|k))",
    r"(?=[012])(?:(?<=\bby )|(?<=\bcalled )|(?<=\bpaged )|(?<=\baround )|(?<=\babout ))(?:0[1-9]|1\d|2[0-3])[0-5]\d\b"
    r"(?!\s?(?:m|c|k|x|views?|images?))(?<![12]000)",
    r"\b(?:[01]?\d|2[0-3])h[0-5]\d\b",
    r"\b(?:[01]?\d|2[0-3])[.:][0-5]\d ?h\b",
    r"(?<![\w.,/:#-])(?<![=] )(?<!\d )0\d[0-5]\d(?![\w/-]| \d{2}|[.,:]\d|\s?(?:mm|cm|ml|cc|mg|hu|views?|images?|of)\b)",
    r"(?<=\[ADDRESS\] )(?:[01]\d|2[0-3])[0-5]\d(?![\w/-]|[.,:]\d)",
    r"\b(?:mid-?night|midday|mid-day|noon)\b",
    rf"\b(?:(?:a )?quarter|half|five|ten|twenty(?:[- ]five)?|\d{{1,2}})(?: min(?:ute)?s?)? (?:past|after) {_HOUR}\b",
    rf"\b(?:(?:a )?quarter|five|ten|twenty(?:[- ]five)?)(?: min(?:ute)?s?)? (?:to|before|of|till|til) {_HOUR}\b{_ENDS}",
    rf"\b{_HOUR}[- ](?:fifteen|thirty|forty-?five|ten|twenty|forty|fifty)\b(?:{_PART}|(?=,? (?:on|by) ))",
    rf"\b(?:{_HOUR}|(?:1[0-2]|[1-9])(?:[:.][0-5]\d)?)(?:{_PART}| tonight\b)",
    r"\b(?:zero|oh|o)[ -](?:one|two|three|four|five|six|seven|eight|nine)(?:[ -](?:hundred|(?:oh|zero)[ -]\w+"
    r"|(?:ten|fifteen|twenty|thirty|forty|fifty)(?:[ -]\w{3,5})?))(?: hours)?\b",
    r"\b(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[- ](?:one|two"
    r"|three))?)[ -](?:hundred|(?:oh|zero)[ -]\w+|(?:ten|fifteen|twenty|thirty|forty|fifty)(?:[ -]\w{3,5})?) hours\b",
    r"\b(?:1[0-2]|[1-9])(?::[0-5]\d)?\s?[ap]\.m\b",
    r"\b(?:1[0-2]|[1-9])(?::[0-5]\d)?(?=\s?(?:-|–|to|and|or|until|till?)\s?(?:1[0-2]|[1-9])(?::[0-5]\d)?\s?[ap]\.?m\b)",
    r"\b(?:1[0-2]|[1-9])[ap](?= (?:labs?|today|tonight|yesterday|tomorrow|dose|meds?|rounds?|cxr|film|shift|check"
    r"|vitals)\b)",
    rf"\b(?:[01]\d|2[0-3]):?[0-5]\d\s?{_ZONE}\b(?<!\d l)(?<!\d [ecmp]t)",
    r"(?<=\[TIME\] )\d{2}(?=[.,;]|$)|(?<=\[TIME\])\.\d\d(?: [ap]m)?\b|(?:(?<=\[DATE\] at )|(?<=\[DATE\] @ )"
    r"|(?<=\[DATE\], )|(?<=\[DATE\], at ))(?:1[0-2]|[1-9])(?=[.,;)]|$)",
    # A clock's face whose hours and minutes a hyphen, blank or semicolon parts, before "am" or "hrs".
    r"\b(?:[01]?\d|2[0-3])[-;, ][0-5]\d\s?(?:[ap]\.?m\b\.?|hrs\b|hours\b|uhr\b|h\b)",
    r"\b(?:[01]\d|2[0-3]);[0-5]\d(?![\d.])|\b\d{1,2}[.:]\d\d\s?[ap](?!\w)|\b12 (?:noon|midday|midnight|mid-?nite)\b"
    r"|\bmid-?nite\b",
    rf"\b(?:(?:a )?quarter|half|twenty(?:[- ]five)?|[1-5]?\d)(?: min(?:ute)?s?)? (?:past|after) (?:{_HOUR}|1[0-2]"
    rf"|[1-9])\b(?! (?:days?|weeks?|months?))",
    rf"\b(?:(?:a )?quarter|[12]?\d)(?: min(?:ute)?s?)? (?:to|till|til) (?:{_HOUR}|1[0-2]|[1-9])(?=[.,;)]|$)"
    rf"(?<!\d to \d)(?<!\d to \d\d)",
    rf"\bhalf-{_HOUR}\b|\b(?:{_HOUR}|1[0-2]|[1-9])-?ish\b(?! (?:days?|weeks?|months?))|(?<=just gone )(?:{_HOUR}"
    rf"|\d{{1,2}})\b",
    # Hours of two digits, a full stop, minutes: no report's own number, short of a unit.
    r"(?<![\w.,/=<>~x-])(?<![=:<>~x] )(?:0\d|2[0-3]|1\d)\.[0-5]\d(?=\s?[-–]\s?(?:[01]\d|2[0-3])\.[0-5]\d(?![\w%.]))",
    r"(?<=\[TIME\]-)(?:[01]\d|2[0-3])\.[0-5]\d(?![\w%.])",
    r"(?<![\w.,/=<>~x-])0[0-9]\.[0-5]\d(?![\w%.]|\s?(?:mm|cm|m\b|ml|mg|mcg|g\b|kg|l\b|hu|%|percent|x\b|[-–/x*]\s?\d"
    r"|to \d))(?<!\b00\.[1-4]\d)",
    r"(?:(?<=\[DATE\]-)|(?<=\[DATE\] - )|(?<=\[DATE\]T)|(?<=\[DATE\]/))(?:[01]\d|2[0-3])[:.]?[0-5]\d\b",
)
TIME = re.compile(rf"(?=[\dqhftaoenpsmz])(?:{'|'.join(_TIMES)})", re.IGNORECASE)
"""Asked after dates are gone."""

LED_TIME = re.compile(
    rf"(?=[a-z@~])(?<![\w'’-])({_TOLD}[:,]?\s)(?:19|20)[0-5]\d(?=\s?[.,;:)/\]](?!\d)|$| (?:by|to|and|hrs?|h|on"
    rf"|with|today|pt|who|re|no|will)\b)"
    rf"|(?=[a-z])(?<![\w'’-])({_TOLD_TO} (?:[\w.'’()/-]+ ){{1,3}})(?:19|20)[0-5]\d(?=\s?[.,;)](?!\d)|$)"
    rf"(?<!in \d{{4}})(?<!since \d{{4}})(?<!of \d{{4}})(?<!from \d{{4}})"
    rf"|(?=[pnsrd])(?<![\w'’-])((?:neg(?:ative)?|pos(?:itive)?|shot|drawn|result|done) )(?:19|20)[0-5]\d(?= by\b)"
    rf"|(?=[a-z])(?<![\w'’-])({_DONE}(?: [a-z]{{2,12}}){{0,2}}? {_AT} (?:about |around )?)(?:1[0-2]|[1-9]|{_HOUR}"
    rf"|(?:0?\d|1\d|2[0-3])\.[0-5]\d)(?!\.\d|:){_STOPS}"
    rf"|(?=[a-z])(?<![\w'’-])(at )(?:(?:{_HOUR}[- ](?:fifteen|thirty|forty-?five))(?: ?[ap]\.?m)?"
    r"|(?:thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[- ](?:one|two|three))?)[ -](?:hundred"
    rf"|fifteen|thirty|forty-?five)|{_HOUR}(?=,? (?:on|he|she|today)\b)|(?:1[0-2]|[1-9])\s?[ap](?!\.?m))\b"
    rf"|(?=[a-z@~])(?<![\w'’-])((?:{_AT}|approx\.?|circa|since|@|~) ?)(?:[01]\d|2[0-3])\.[0-5]\d(?![\w%]|\.\d)"
    r"(?!\s?(?:x\b|-\s?\d|mm|cm|m\b|ml|cc|mg|%|percent|l\b|hu\b|kg|to \d|and \d|degrees?|seconds?|days?|weeks?))"
    r"|(?=[a-z])(?<![\w'’-])((?<!prior )(?<!previous )(?<!last )(?<!old )(?<!comparison )film |dose |[a-z]{3,12}ing )"
    r"(?:19|20)[0-5]\d(?=\s?[.,;)](?!\d)|$)"
    rf"|(?=[a-z])(?<![\w'’-])((?:since|by|until|till?|after|before|around|about) )(?:(?:19|20)[0-5]\d(?= (?:hrs?|hours"
    rf"|yesterday|today|last night|tonight|this)\b)|(?:1[0-2]|[1-9])[ap](?!\.?m))\b"
    rf"|(?=[a-z])(?<![\w'’-])(reviewed |seen |signed |read |called |told )(?:[01]?\d|2[0-3])\.[0-5]\d(?= by\b|[,;]|$)"
    r"|(?=[12])(?<![\w./-])()(?:19|20)[0-5]\d(?=\s?[:–-]? (?:ed|er|rn|md|dr|icu|calls|asks|asked|called|paged"
    r"|told|spoke|informed"
    r"|notified|arrived|seen|rang|phoned|signed|hours|rb|pt (?:seen|called|arrived))\b)"
    r"|(?=[012])(?<![\w./-])()(?:[01]\d|2[0-3])\.[0-5]\d(?=:? (?:called|rang|phoned|paged|told|spoke|informed|arrived"
    r"|seen by|reviewed by|dr|pt)\b)",
    re.IGNORECASE,
)
"""A lead, which stays, and a number that is a time behind it; asked before dates, which would read it as a year."""
