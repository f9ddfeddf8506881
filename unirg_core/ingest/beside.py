"""Two words that may be a name together, and words that only their neighbours make one, in any case of the text.

A pair counts where a person is told, before a degree, or on a list's line; a single word where it is asked about
(`did ... send it`), has brothers, or stands for an inmate. The first group stays.
"""

import re

from unirg_core.ingest.persons import LOWER, UPPER
from unirg_core.ingest.places import words
from unirg_core.ingest.standing import STRONG

_W = rf"[{UPPER}{LOWER}][\w'’]+"
_DEGREE = (
    r"(?:MD|M\.D\.|DO|D\.O\.|RN|R\.N\.|NP|PA-C|CRNP|CNOR|APRN|LPN|PHD|Ph\.?D\.?|MBBS|MBChB|FRCR|FRCPC|FACR|RRT|CNM"
    r"|RT\(R\)|DDS|DPM|PGY-?\d|md|rn|np|do|pa-c|crnp|lpn|mbbs|frcr)(?![\w-])"
)
_CLOSE = (
    r"(?=$|\s?[.,;:)/?!\]\"”|\[<>]|\s(?:at|on|by|who|and|in|for|from|about|re|regarding|bleep|ext|pager|phone|tel|cell"
    r"|ph|ok|via|has|had|is|was|to|that|this|present|states|says|aware|rang|asked|wants|also|night|room|rm|bed|dob|mrn"
    r"|aged?|yrs?|yo|[mf]|md|rn|np|icu|ed|er|agrees?|called|told|informed|notified|paged)\b|\s[\d(&\[])"
)
PAIR_LED = re.compile(
    rf"(?<![\w'’-])((?i:{STRONG}|by|with|from|prelim read|final read|read)(?:[:,=]|\s?\(|\s?[\"“])?\s?(?<=[\s(\"“:=]))"
    rf"({_W})(,? (?:[{UPPER}]\.? )?|\s?[,^;]\s?)({_W})(?i:{_CLOSE})"
)
_BOUND = r"(?:^|[.;:,\n\])]\s{0,2}|\b(?i:by|per|to|with|from|told|paged|informed|and) )"
PAIR_TITLED = re.compile(
    rf"({_BOUND})({_W})(,? (?:[{UPPER}]\.? )?)({_W})"
    rf"(?=,? {_DEGREE}|\s?[/|;]?\s?\[(?:ID|AGE)\]| \d{{1,2}} ?(?i:yo|y/o|yrs?|f|m)\b| (?i:dob|mrn)\b)"
)
ONE_TITLED = re.compile(
    rf"({_BOUND})({_W})(?=, ?{_DEGREE}|(?: #| #\s?\[| \(?\[(?:ID|AGE)\])|\s?[/|;]\s?\[(?:ID|AGE|NAME)\]"
    r"|\s\((?i:dtr|daughter|son|wife|husband|mother|father|mum|mom|dad|sister|brother|niece|nephew|carer|friend|aunt"
    r"|uncle|rn|md|np|sitter|neighbou?r|poa|nok)\b)"
)
FIRST_DEED = re.compile(
    rf"((?:^|[.;:!?\n]\s{{0,2}}))([{UPPER}][{LOWER}]+)(?= (?:has|had|is|was|does|did|will|went|and I|wrote|forgot"
    rf"|saw|came|held|drove|brought|says|asks|from"
    r"|[a-z]{2,10}ed)\b)"
)
NO_COMMA = re.compile(
    rf"(\b(?i:by|per|to|with|from|told|paged|not|as|and) )({_W})(?= (?i:md|m\.d\.|rn|mbbs|crnp|pa-c|frcr)(?![\w-]))"
)
ASKED = re.compile(
    rf"(\b(?i:did|does|will|can|could|would|should|has) )({_W})"
    r"(?= (?i:send|call|see|say|want|come|read|look|sign|know|think|need|agree|get|ask|like|mind|write|take|bring|check"
    r"|review|seen|sent|called|signed|coming|tell|have|go|give|answer|consent|attend|answered|replied|asked|told"
    r"|left|arrived)\b)"
)
SAYS = re.compile(
    rf"((?:^|[.;>\n]\s?))({_W})(?=: (?i:agree|agreed|would|yes|ok|thanks|thx|suggests?|recommends?|did|can|will|please"
    r"|pls|i|we|what|could|happy|sure|fine)\b)"
)
HOUSE = re.compile(
    rf"(\b(?i:the|both|of the) )({_W})(?= (?i:brothers?|sisters?|twins?|family|boys?|girls?|children|siblings?|kids"
    r"|household|couple|baby|babies|estate|residence|parents|cousins|clan)\b)"
)
SAID_OF = re.compile(
    rf"((?i:\b(?:inmate|prisoner|detainee|patient|pt|tell|told|ask|mrs|mr|mum|mom|dad) ))({_W})"
    r"(?= (?:#|(?i:in (?:bed|room|rm|bay|triage|resus|cell|chair|ward|rec|the (?:er|ed|or)))|\(|\[|(?i:his|her|he|she"
    r"|is|was|that|aged|mrn|dob)\b)|, (?i:mrn|dob)\b)"
)
AT_BED = re.compile(rf"((?i:bed|room|rm|bay|cot|chair|cell|bunk) \[\w+\][:,] )({_W})(?=[.,;/]|$)")
OWNED = re.compile(rf"(?<=[{LOWER},;] )()([{UPPER}][{LOWER}]+)(?=['’]s )")
SIGNS_OFF = re.compile(r"((?:[.!?]|\]) )([A-Z]{2,3})(?=\.?\s*$)")
"""Letters alone at the end of a text."""

DONE_BY = re.compile(
    rf"((?<![\w'’-])(?i:by) )({_W})(?=\s?[.,;:)/]|$|\s\[|\s(?i:and \[NAME|on|at|after|before|today|then|from|to)\b)"
)
"""Who did something, in any case, where the phrase ends; a word of `NOT_BY` is how it was done."""

NOT_BY = words(
    """hand chance day force way light law reason means surface wall wire drain wash may wing head case best early good
    east west north south design marker page call read air power steel glass cotton clay august april june july"""
)

RANKED = re.compile(rf"(\[NAME\] (?i:and|or|/|&) (?i:lt|sgt|capt|cpl|col|maj|ff|ofc|det)\.? )({_W})")
ALONE = (RANKED, ONE_TITLED, NO_COMMA, FIRST_DEED, ASKED, SAYS, HOUSE, SAID_OF, AT_BED, OWNED)
"""Patterns of one word."""

DEGREE_BEHIND = re.compile(rf",? {_DEGREE}")
BOUND = re.compile(rf"{_BOUND}$")
FIRST_NAMES = words(
    """art ray rich will mark may june april august bill pat don dot max norm gene guy chad hank miles penny rusty sky
    buddy candy joy hope faith grace rose lily dean drew chance ed al ty bo jo vi su kim lee dale glen mel frank jack
    summer autumn virginia georgia carol eve sandy amber dawn crystal ruby pearl olive ivy iris violet daisy rod rob
    bob nick jay jean gay barb peg sue nell bea earl duke woody buck chuck harry jack josh grant chase hunter mason
    cliff dick christian israel jordan sterling ernest earnest noble young winter wade ward lance pierce reed forest
    clay cole ginger holly hazel myrtle fern heather jade opal patience prudence constance felicity charity serenity
    angel star melody harmony destiny genesis skip chip rock rocky stormy sonny junior skye"""
)
SHORT_PEOPLE = words("li wu xu yu hu ho ng oh lo vo ko ma le an vi jo bo al ty su so ha do ly ip ai ku mo na pa ry ra")
SHORT_SURE = SHORT_PEOPLE - words("an so do pa ra ma al ai na ip le ha mo")
NO_PERSON = words(
    """back free still up down out off post given early soon just not now also only able awake alert large small upper
    lower prior more in on at to is was has had who with and or for from as it if ed er or ct pa ap"""
)
"""Words that follow a patient's mention without being his name."""

NO_INITIALS = words(
    """pa ap lat ct mr us xr mri cxr icu er ed or rt lt md rn np do gi gu ent end eom iv tb chf pe ett ngt
    rll lll rul lul rml hf ca uti mi dm ild htn af dvt osa sle ir ob cp kb pt ot st rr iv im po bp hr o2
    ng og ba cc ml mm cm
    np pm am xs ra rv la lv tv lo ad ax"""
)
NO_DEED = words(
    """rod chip star amber skip pearl crystal sky summer autumn winter may ruby violet iris melody destiny chance"""
)
"""First names that are things, of which a report tells what they did."""

ROLES = words(
    """person persons nurse doctor child children man men lady parent parents friend friends cousin cousins neighbors
    folk folks guard reader driver painter miner worker workman trader officer pastor player swimmer sleeper marker
    tinker sample samples chair bed dog cat carrier caller call"""
)
"""Words that do what people do without being their names."""

FINDINGS = words(
    """large small short long lower upper view free post back wall head hand chin cheek lip brain blood marrow colon
    heart bone chest lung neck hip base apex rib spine left right early best lines line field fields drain drains coil
    coils hook hooks cage clip clips wire wires staples stone stones shadow mass old new normal clear stable acute
    chronic severe mild moderate prior more given rule to light dark dense sharp strong high low good poor bad broad
    narrow wide tube port node nodes plate rod nail screw cast strain fall falls burn burns shunt graft stent pain fever
    film stranding band bands carina ring cross core case branch block border surface range look shows weeks days years
    day week month time ed er or ct pa ap lat portable erect supine chair gown status will may can no not none nil as is
    it in on of at by up down out off so do an be he me we us my if age sex am pm art vein valve leg arm foot knee
    toe nose ear eye eyes skin tip lead leads support current mean means standard frame test still both part parts
    east west north south"""
)
"""Words of findings and of any sentence: of a pair neither is one, unless a first name stands before it."""
