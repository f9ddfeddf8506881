"""Where a known word stands as a name: behind a lead, a label or a title, before a deed, or beside a name.

The first group of a pattern stays, the second is the word that may be a name.
"""

import re

from unirg_core.ingest.persons import LOWER, UPPER
from unirg_core.ingest.places import words

_PEOPLE_DO = (
    r"(?:says|said|states|stated|reports|reported (?:that|to)|denies|denied|complains|complained|coughs|coughed"
    r"|wants|wanted"
    r"|refused|refuses|asks|asked|called|calls|told|tells|agrees|agreed|concurs|signed|signs|knows|knew|lives"
    r"|lived|works|worked"
    r"|retired|slid|slept|fell|walked|walks|came|went|rang|drove|drives|smokes|smoked|saw|sees|took|takes|brought"
    r"|held|holds|gave|gives|wrote"
    r"|writes|read|performed|placed|inserted|dictated|reviewed|verified|answered|laughed|complained|speaks|spoke"
    r"|pulled|helped|attended|arrived|visited|visits|thinks|thought|feels|felt|was (?:seen|told|informed"
    r"|notified|paged|called|born|rotated|intubated|extubated|moved|given|admitted|discharged|present|unable|asked"
    r"|brought|gardening)|is (?:aware|the|a|an|in|on|hard|deaf|blind|confused|off|out|away"
    r"|intubated|our|his|her|not to|to|still)|has (?:been|had|the|asked|agreed)|had (?:been|operated|a|an)"
    r"|to (?:chase|write|update|inform|tell|ring|speak|confirm|request|book|re-?read|look|drive|drain|re-?check"
    r"|attend|join|cover|collect|prescribe"
    r"|consent|check|review|arrange|call|follow|sign|remove|see|visit|page|discuss|decide|bring)"
    r"|will (?:call|check|see|review|notify|arrange|follow|sign|bring)|aware|notified|informed|paged|made aware"
    r"|needs|remains|returns|returned|team to|present|okay|ok|also|still|too|stays|starts|turned|covering|covers"
    r"|did|weighs|weighed|expects|expected|found|coughed|flew|flying|carried|texted"
    r"|had (?:a|an|his|her|the|no|some)|said|replied|texted|rang|messaged|paged|noticed|reckons|insists|prefers|hopes"
    r"|lifted|carried|stood|sat|rolled|shielded|helped|is (?:here|ok|coming|going|waiting|downstairs|upstairs|outside)"
    r"|here for|to base|on call|second reader|first reader|and i (?:both|agree|say|think|reviewed|read|looked|spoke"
    r"|saw)|(?:was|is) (?:told|our|away|off|covering|on call))\b"
)
_STRONG_LEADS = (
    r"signed out to|signed off by|per|told|tell|page|ask|asked|asking|paged|dr\.?|mr\.?|mrs\.?|ms\.?|miss"
    r"|drs\.?|nurse|hey|hi|hello|dear"
    r"|thanks,?|thx|cheers,?|regards,?|notified|notify"
    r"|spoke (?:with|to)|spoke|nok|c\.c\.|sister of|brother of|wife|son|daughter|husband|mother|father|brother"
    r"|sister|mum|mom|dad|uncle|aunt|niece|nephew|cousin|partner|friend"
    r"|neighbou?r|carer|caregiver|caretaker|stepson|grandson|granddaughter|fianc[ée]e?|girlfriend|boyfriend"
    r"|roommate|medic|coach|boss|sitter|interpreter|sgt|officer|reader|rater|reviewer|operator"
    r"|donor|claimant|adjuster|supervisor|chaplain|coordinator|implanter|subscriber|typist|colleague|witness"
    r"|guardian|applicant"
    r"|guarantor|insured|named|name|surname|labelled|labeled|signed|typed|dictated|dictating|answered by|signed by"
    r"|read by|seen by|d/w|s/w|w/|c/o|attn|cc"
    r"|insured|escort|key ?worker|poa|try|member|employee|driver|passenger|trainee|volunteer|investigator"
    r"|principal|pi|author|tech|rt|rn|md"
    r"|np|team|pcp|gp|sergeant|lieutenant|constable|corporal|cpl|detective|inspector|trooper|deputy|warden|sheriff"
    r"|foreman|forewoman|matron|rep|case ?worker|case ?manager|social ?worker|captain|capt\.?|commander|colonel|vicar"
    r"|priest|pastor|reverend|rev\.?|rabbi|imam|teacher|tutor|landlord|landlady|tenant|client|plaintiff|defendant"
    r"|employer|pilot|steward|guard|recipient|locum|extern|student|scribe|courier|messenger|caller|sender|therapist"
    r"|midwife|pharmacist|hygienist|paramedic|inf(?:ant)? of|son of|daughter of|child of|wife of|husband of|widow of"
    r"|mother of|father of|friend of|neighbou?r of|carer of|alias|aka|a\.k\.a\.|n[ée]e|formerly|goes by|signed out to"
    r"|handed to|given to|lent to|loaned to|shown to|copied to|copy to|mailed to|texted|emailed|phoned|rang|messaged"
    r"|faxed to|sent to|brought by|escorted by|carried by|accompanied by|driven by|admitted by|referred by|ordered by"
    r"|requested by|approved by|witnessed by|taken by|covering for|relieved by|on behalf of|care of|lives with"
    r"|stays with|married to|engaged to|next of kin|emergency contact|prescriber|orderer|requester|signatory"
    r"|secretary"
    r"|clerk|porter|orderly|registrar|houseman|hospitalist|intensivist|godmother|godfather|grandmother|grandfather"
    r"|granny|grandma|grandpa|auntie|stepmother|stepfather|babysitter|nanny|spouse|widow|widower|housemate|flatmate"
    r"|classmate|cellmate|co-?worker|fellow|in[ -]law|reg|sho|doc|physio|osteo|chief|boss|mate|escalated to"
    r"|reported to"
    r"|spoken to|talked to|handed over to|known to|known as|called|nom|naam|nachname|vorname|cognome|apellidos?"
    r"|prénom|nombre|navn|imię|nazwisko|agent|crew member|leader|lodger|informant|undertaker|investigator|chased by"
    r"|rb from|read ?back (?:by|from)|witnessed|(?:req|requested|ordered|delivered|consented|wanted|sent"
    r"|cancelled|agreed) by|calls? to|call from|works w/?|works with|(?:told|splinted|film|reply|wanted) by"
    r"|instructor|proctor|student|vet|flown by|brought in by|led by|checked|label reads|spell that"
    r"|history from|collateral from|waiting on"
    r"|scrub|circulator|navigator|sponsor|landlord|obstetrician|gynaecologist|investigator|mother[ -]in[ -]law"
    r"|father[ -]in[ -]law|sister[ -]in[ -]law|brother[ -]in[ -]law|son[ -]in[ -]law|daughter[ -]in[ -]law|dtr"
    r"|sibling|mummy|daddy|nan|pop|next door|twin|helper|aide|spotter|escort|bosun|skipper|mate|stepdad"
    r"|stepmum|foster mother|foster father|foster mom|(?:discussed|agreed|verified|reviewed|confirmed|checked"
    r"|talked|spoken|consulted|shared|corresponded|double[ -]checked|cross[ -]checked|conferred|in agreement"
    r"|wording agreed|communicated) (?:with|w/)|(?:relayed|conveyed|communicated|phoned|paged|faxed|telephoned"
    r"|announced|read|spelled|spelt|repeated|passed|forwarded|cc['’]?d|escalated|attributed|lent|returned"
    r"|addressed|assigned|referred back) to|(?:dictated|transcribed|checked|performed|placed|inserted|removed"
    r"|noted|reported|reviewed|interpreted|verified|approved|supervised|cleared|counted|presented|addendum"
    r"|prelim|prelim read|final|labelled|labeled|asked|asked for|shot|positioned|held|chaperoned|scanned"
    r"|uploaded|entered|logged|keyed|validated|translated|interpreted|signed out|signed off|countersigned"
    r"|co-?signed|acknowledged|received|collected|drawn|consented|discharged|transported|conveyed|pronounced"
    r"|certified|answered|amended|corrected|edited|over-?read|run|opened) by|ack(?:ed|nowledged)?(?: by)?"
    r"|ask for|asked for|asks for|ask after|hca|pt of|patient of|pts of|wet read|corrected|mix(?:ed)?[ -]?up with"
    r"|confused with"
    r"|swapped with|interchanged with|list of|under the care of|under care of|wardsman|ward clerk|attender|runner"
    r"|dairy of"
    r"|cosigned|co-signed|signs for|works for|deceased"
)
STRONG = _STRONG_LEADS
"""Behind which a person is told."""

LED_LOW = re.compile(rf"(?<![\w'’-])(?:{_STRONG_LEADS})[:,]?\s?\(?$", re.IGNORECASE)
_LEADS = (
    r"with|by|to|[a-z]\.|called|call|from|for|and|&|informed|saw|vs\.?|versus|not|worker|surgeon|consultant"
    r"|resident|attending|fellow|intern"
    r"|registrar|neither|nor|that|spell|speaks to|spoke to|talked to|then|re:?"
    r"|history from|checked|reading|reads|read|addendum|pt"
    r"|patient|baby|twin|late|marked|rad|ref|prof|professor|physician|provider|doctor"
)


_D = rf"(?<![\w'’.-])([{UPPER}][\w'’]*|[{LOWER}][\w'’]*)(?![\w'’])"
_SEP = r"(?:,? | ?, ?|;| ?\^ ?|-|/| & | and |,? (?:[A-Z]\.?,? ){1,2})"
BESIDE_LEFT = re.compile(rf"(?<![\w'’.-])()([{UPPER}{LOWER}][\w'’]+)(?![\w'’])(?={_SEP}\[NAME\])")
INSIDE_LEFT = re.compile(rf"(?<=[{LOWER},] )([{UPPER}][{LOWER}]+) (?=\[NAME\])")
BESIDE_RIGHT = re.compile(rf"(?<=\[NAME\])({_SEP}){_D}(?!-[a-z])")
PAIR = re.compile(rf"{_D}((?:,? | [A-Z]\.? |,|\^|-))(?={_D})")
INITIAL_BEFORE = re.compile(
    rf"(?<![\w'’-])(?<!vitamin )(?<!hepatitis )(?<!type )(?<!grade )(?<!group )(?<!stage )(?<!influenza )"
    rf"((?:[A-Z]\. ?|[A-Z] ){{1,2}})([{UPPER}][\w'’]+)(?![\w'’])"
)
INITIAL_AFTER = re.compile(rf"(?<![\w'’.-])()([{UPPER}][\w'’]+)(?=,? [A-Z]\.?(?:[;:)/\]]|\.?$|\. [A-Z]|, \[))")
BEFORE_DEED = re.compile(
    rf"((?:^|[.,;:!?/)\]\n]\s{{0,3}}|\bthat |\bwhen |\band |\bsays |\bis |\bpt |\bPT |\bif "
    rf"|\bbut |\bas |\bbecause |\bbefore |\bafter |\buntil |\bwhile |\bthen |\bno "
    rf"|\byes ))([{UPPER}{LOWER}][\w'’]+)(?= {_PEOPLE_DO}| from \[NAME| (?i:mrn|dob|at reception|pulled"
    rf"|repositioned)\b| vs\b| \((?:not|and)\b|, (?:her|his|their|our) [a-z])"
)
_PHRASE_ENDS = (
    r"(?=$|\s?[.,;:)/?!\]\"”|]|\s(?:\[|at\b|on\b|by\b|who\b|and\b|in\b|for\b|from\b|about\b|re\b|regarding\b"
    r"|before\b|after\b|until\b|within\b|since\b|again\b|icu\b|ed\b|er\b|ct\b|or\b|fellow\b|surgery\b|team\b"
    r"|attending\b|resident\b|pgy|night\b|bleep\b|ext\b|pager\b"
    r"|already\b|his\b|her\b|he\b|she\b|they\b|did\b|still\b|ok\b|when\b|via\b|has\b"
    r"|had\b|is\b|was\b|to\b|that\b|this\b|\d|present\b|states\b|says\b|aware\b|length\b|rang\b|vs\b|agrees\b"
    r"|says\b|asked\b|wants\b|also\b|&|\(|\w+\s?:))"
)
BEHIND_STRONG = re.compile(
    rf"(?<![\w'’-])((?i:{_STRONG_LEADS})(?:[:,=]|\s?\("
    rf"|\s?[\"“])?\s?(?<=[\s(\"“:=])(?:[{UPPER}]\.? )?)([{UPPER}{LOWER}][\w'’]+)(?i:{_PHRASE_ENDS}|(?=\s{_PEOPLE_DO}))"
)
BEHIND_LEAD = re.compile(
    rf"(?<![\w'’-])((?i:{_LEADS})(?:[:,=]|\s?\("
    rf"|\s?[\"“])?\s?(?<=[\s(\"“:=]))([{UPPER}{LOWER}][\w'’]+)(?i:{_PHRASE_ENDS}|(?=\s{_PEOPLE_DO}))"
)
LABELLED = re.compile(
    rf"((?:[\w.)]\s?[:=] ?|[/(\"“<>#|] ?|\] |^))([{UPPER}{LOWER}][\w'’]+)(?=\s?(?:[;|:,)\"”<>#]|$|\((?:not|vs)|vs\b))"
)
LABELLED_INITIALS = re.compile(
    r"(\b(?:typed|typist|init(?:ials?)?(?: of| are)?|tech(?:nologist)?|transcribed(?: by)?|trans(?:criptionist)?|scribe"
    r"|marker|qc ok|checked|operator|rater|"
    r"keyed(?: by)?|logged(?: by)?|by)\b\s?[:.=/]?\s?)"
    r"(?-i:(?!(?:A|AN|THE|NO|IN|AT|ON|TO|OF|AS|IT|IS|I|WE|HE) [A-Za-z])([A-Z]{1,3}|[A-Z]\.[A-Z]\.?))(?![\w'’/-])",
    re.IGNORECASE,
)
SHORT_LABELLED = re.compile(
    rf"(\b(?i:ref(?:erred|erring)?|dr|rad(?:iologist)?|md|name|patient|pt|surname|consultant|surgeon|by|reader"
    rf"|doctor|physician)\.?\s?[:=]\s?|// ?)"
    rf"([{UPPER}][{UPPER}{LOWER}])(?=\s?(?:[;|:,)/]|$|\[|,))"
)
TITLED = re.compile(
    rf"(?<![\w'’.-])((?i:(mrs\.?|mr\.|ms\.?|miss|drs?\.|prof\.?|professor)|mr|dr"
    rf"|drs) (?:[{UPPER}]\.? ){{0,2}})([{UPPER}{LOWER}][\w'’]+)(?![\w'’])"
)
NOT_TITLED = words(
    """was is are were has had have been be will may should can could would must and or at on in by to of from for the
    a an who with not notified informed called aware paged contacted told advised states stated says said agrees
    agreed recommends requested requests reviewed read office visit appointment appt order orders ordered note notes
    also did does do made asked clinic please re via over regarding about this that these if when while before after
    as but so then team service"""
)
TWO_LETTER_NAMES = ("ng", "le", "oh")
"""Names that are short forms or words in another case, too."""

CARETS = re.compile(rf"(?<![\w'’.-])[{UPPER}{LOWER}][\w'’.-]{{0,40}}(?: ?\^ ?[{UPPER}{LOWER}][\w'’.-]{{0,40}})+")
BRACKETED = re.compile(r"(?<=\[NAME\] )\([A-Z]{2,3}\)")
"""Initials behind a name."""

LISTED = re.compile(
    rf"(?<![\w'’.,/-])(?:\[NAME\]|[{UPPER}{LOWER}][\w'’-]+),(?:\[NAME\]"
    rf"|[{UPPER}{LOWER}][\w'’-]+)(?=,? (?:(?i:dob|d\.o\.b|mrn|born|aged?)\b"
    r"|\(?\[(?:ID|DATE|AGE|PHONE)))"
)
"""Family and given name, written together, before what a list tells of a person."""

POSSESSED = re.compile(rf"(?<![\w'’-])([{LOWER}]{{3,}})(['’]s)(?!\w)")
OWNER = re.compile(rf"(?<![\w'’-])([{UPPER}][{LOWER}]{{2,}})(?=['’]s (?!sign|disease|syndrome|node|tube|line|angle))")
"""Who has something, with a capital wherever he stands."""

AGENT = re.compile(
    rf"(?<![\w'’-])([{UPPER}{LOWER}]{{2,}}"
    rf"(?i:er|or|ist|man|woman|ian|ess|wife|boy|girl|maid|lord|lady) )([{UPPER}{LOWER}]{{3,}})(?![\w'’-])"
)
"""Behind a word that ends as those do who work, travel or keep something: `KEEPER YOUNG`."""

JOINED = re.compile(rf"(?<=\[NAME\])-([{LOWER}]{{2,}})(?![\w'’-])")
SHORT_BEFORE = re.compile(rf"(?<![\w'’.-])([{UPPER}][{UPPER}{LOWER}])(?= ?[>|/;&+] ?\[NAME\])")
LIKE_INSIDE = re.compile(rf"(?<=[{LOWER},;] )()([{UPPER}][{LOWER}]{{2,}})(?![\w'’-]| [{UPPER}][{LOWER}])(?=[^:]|$)")
"""A capitalised word behind another, asked to be a small one: a heading's words have capitals all."""

TOLD_OR_TELLS = re.compile(
    rf"((?:^|[.;:!?)\]\n,]\s{{0,2}}))([{UPPER}][{LOWER}]{{2,}})(?= (?:called|rang|phoned|paged|told|asked"
    rf"|agrees|agreed|says"
    r"|said|states|stated|concurs|notified|informed|wants|wanted|wrote|signed|dictated|asks|calls|knows|lives|works"
    r"|(?:was|were|has been|is) (?:told|informed|notified|paged|called|asked|made aware|aware)|will (?:call|tell|see"
    r"|review)|and [A-Z][a-z]+ (?:were|are|agree|called))\b)"
)
SHORT_LISTED = re.compile(
    rf"(?:(?<=\[NAME\])|(?<=\[ID\]))((?: ?[>|/;&+] ?"
    rf"|, )(?:[{UPPER}]\.? )?)([{UPPER}][{UPPER}{LOWER}])(?=\s?(?:[.,;)>|/]|$))"
)
TEAM = re.compile(r"((?:^|[.;:,]\s))([A-Z]{2,})(?= TEAM\b| # ?\[ID\]| TO (?:REMOVE|REVIEW|SEE|CALL|CHASE|CHECK)\b)")
SIGNED = re.compile(
    rf"((?<=Acknowledged-)|(?<=\bthat )|(?<=>)|(?<=\[TIME\] )|(?<=\[DATE\] ))([{UPPER}{LOWER}]{{2,9}})(?=,| ?<<"
    rf"| ?:| \[)"
)
INITIAL_SHORT = re.compile(
    r"(?<![\w'’.-])([A-Z]\.? )(NG|LE|OH|HO|LI|WU|XU|YU|HU|MA|LO|VO|DO|KO|SO)(?=\s?(?:[.,;)>|/]|$))"
)
WITH_INITIAL = re.compile(
    rf"(?:(?<=^)|(?<=[.:;] )|(?<=[\n\]]))(\[NAME\]|[{UPPER}]{{2,}}[\w'’-]*),? (?!(?:TYPE|GROUP|GRADE|HEPATITIS"
    rf"|VITAMIN|TWIN"
    rf"|STAGE|CLASS|INFLUENZA|BABY|BOY|GIRL|VIEW|LEVEL|PLAN|PART|POD|ZONE)\b)"
    rf"(\[NAME\]|[{UPPER}]{{2,}}[\w'’-]*) [{UPPER}](?![\w'’./-])"
)
SHORT_INSIDE = re.compile(
    rf"(?<=[{LOWER}] )(?:An|Do|So|Ed|Oh|Ho|Le|Ng|Ha|Vi|Al|Ty|Bo|Jo|Su|My|No(?= \[)|Will)(?![\w'’.-])"
    rf"|(?<=[{LOWER}] )(?<!\bin )(?<!since )(?<!\bof )(?<!last )(?<!this )(?<!next )(?<!early )(?<!late )"
    r"(?<!until )(?<!mid )May(?![\w'’.-]| \d)"
)
TWO_INITIALS = re.compile(r"(?<![\w/:-])([A-Z]{2,3}|\[NAME\])[:/]([A-Za-z]{2,3}|\[NAME\])(?![\w/:-])( +[DT]{1,2}:)?")
LED = re.compile(
    r"(?:\b(?:to|by|with|dr\.?|mr\.?|mrs\.?|ms\.?|told|per|son|daughter|wife|husband|nurse|rn)|[:,;(]) ?$",
    re.IGNORECASE,
)
SHORT_LED = re.compile(r"(?<=[:,(] )(?:An|Do|So|Ed) (?=\[NAME\])|(?<=\[NAME\]) (?:An|Do|So|Ed)(?=[.,;:)]|$| \()")
ENDED = re.compile(
    rf"\s?(?:[,.;:)/]|$|\[)| {_PEOPLE_DO}| (?:at|on|by|who|from|re|for|bleep|ext|pager|phone|ph|tel|cell|to|in|of|via"
    r"|night|day|room|rm|bed|via|service|dob|mrn|md|rn|icu|ed|er|or|ct|surgery|team|fellow|resident|yrs?|years?|yo|aged"
    r"|[mf]|male|female)\b",
    re.IGNORECASE,
)
ALONE = re.compile(
    rf"((?:^|[,;:./(|>\n\"“~•*–]|--|\b\d\)|(?<=[a-z])-) ?)([{UPPER}][\w'’]+)"
    rf"(?= ?(?:[,;:.)/|\n<>\"”~•*–(]|--|$|\d\)|\[))"
)
TELLS_ID = re.compile(rf"(?<![\w'’-])()([{UPPER}][\w'’]+)(?=,? \((?:\[ID\]|\[AGE\])|,? \[(?:ID|AGE)\])")
TWO_LETTERS = re.compile(
    r"(?<![\w'’-])(?:NG|LE|OH|HO|ng|le|oh)(?= ?[,;^]? ?\[NAME\])|(?<=\[NAME\]) (?:NG|LE|OH|HO|ng|le|oh)(?![\w'’-]"
    r"| (?i:tube|edema|swelling|pain|dvt))"
)
PARTICLES = re.compile(
    r"(?<![\w'’-])(?:(?i:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ben|st\.?|mac|mc|o['’]"
    r"|d['’]|ter|ten)[ -]?){1,2}(?=\[NAME\])"
)
MERGED = re.compile(
    rf"\[NAME\](?:['’]s)?(?:(?:\s?[,^/-]\s?|\s+|\s?[,^]\s?"
    rf"|\.)(?:[{UPPER}]\.?[\s,^]+)*\[NAME\])+(?:[ ^][{UPPER}](?![\w'’]))?"
)
LONE = re.compile(
    rf"(?<![\w./\]'’-])(?:(?![AI] )[{UPPER}][. ^]\s?){{1,2}}(?=\[NAME\])"
    rf"|(?<=\[NAME\])[ ^][{UPPER}](?:\.(?=[;,:)])|(?![\w'’./:-]))"
)
HYPHENED = re.compile(
    rf"(?<=\[NAME\])-(?:[{UPPER}][\w'’]+|marie|ann|anne|lee|jean|rose|mae|lynn|grace|jo|may|hill|brown|young"
    rf"|field)(?![\w'’])|(?<![\w'’-])[{UPPER}][\w'’]+-(?=\[NAME\])"
)
SHORT_BESIDE = re.compile(
    rf"(?<=\[NAME\])(,? )(?!(?:In|On|At|No|To|He|It|Is|As|If|We|My|Of|By|Or|An|Do|So|Us|Dr|Mr|Ms|Pt|Up|Re|Am"
    rf"|Pm)\b(?! ?(?:[.,;:)\]]|$)))"
    rf"([{UPPER}][{LOWER}])(?![\w'’-])"
)
