"""Default deny: a capitalised word stays only where the lexicon knows it, and a known one not where it stands as a name.

In a text of one case every word counts as capitalised. A word that the lexicon lacks goes wherever it stands. A known
word that is a name too (`Stone`, `Grace`) goes beside a name, beside initials, as one of two such words, behind those
who tell or are told, and before what only people do.
"""

import re
from collections import Counter
from functools import lru_cache

from unirg_core.ingest.lexicon import is_doubtful, is_known, lexicon
from unirg_core.ingest.persons import LOWER, PLAIN, SHORT_FORMS, UPPER
from unirg_core.study import CAPITALS, MIXED

_LETTER = rf"[{UPPER}{LOWER}]"
_TAG = r"\[(?:NAME|ID|DATE|TIME|PHONE|EMAIL|ADDRESS|PLACE|AGE)\]"
_WORD = re.compile(rf"{_TAG}|(?<![\w'’])({_LETTER}[^\W\d_]*(?:['’´`][^\W\d_]+)*)(?![^\W_])")
_CONTRACTED = re.compile(r"(?:\w*n['’]t|\w+['’](?:s|ll|re|ve|m|d|em)|o['’]clock)", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]{1,5}|x+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_BORN_BY = re.compile(
    r"(?:['’]s)?[ -](?:[A-C][ -])?(?:catheters?|signs?|lines|diseases?|syndromes?|hernias?|nodes?|tubes?|drains?|shunts?|valves?"
    r"|stains?|assays?|staples?|filters?|stents?|classification|criteria|fractures?|cysts?|rods?|nails?|plates?|procedure"
    r"|operation|method|lymphoma|tumou?rs?|sarcoma|deformity|lesions?|bod(?:y|ies)|man(?:eu|oeu)ver|capsules?|ports?)\b",
    re.IGNORECASE,
)
_SHORTEST_LOW = 4
_SHORT_FORM_LETTERS = 4
_SPOKEN_LETTERS = 3  # more of them with a vowel are a word rather than a short form
_VOWEL = re.compile("[aeiouy]")

_WEAK = frozenset(
    """will may can mark page still long small large field fields price case cases place view views line lines hand hands
    back side base point points rest open close free full high low good best better well clear plain sharp dull early late left
    right new old young major minor main great light dark heavy hard soft short broad wide deep fair fine flat front fall falls
    head heart chest bone neck hair skin foot knee nail lung rib ribs child man woman men person people parent family baby adult patient
    day days week weeks month year years time times date dates morning evening night noon spring summer winter autumn season
    north south east west northern southern eastern western center middle upper lower inner outer end ends part parts half whole
    wall walls tip gap ring rings band bands bar bars block cap cast chain clip coil cord cross curve cuff disc edge grade
    graft hook joint knot lead leads level link loop mass mesh mask mold node notch pack pad patch peak pin pit plate pole pool port post
    pouch pump rod rods root sac screw seal seed shadow shaft sheath sheet shell shield shunt spot stack star stem step strain strand
    stick strip swan tent track trunk tube valve vest wedge wire wing wings zone air gas water fluid blood sugar salt iron gold silver
    steel lead copper food rice pain hurt cough cold heat burn burns cut cuts sore weak strong quick slow rapid acute gross
    an in do so no on or the and to of at as is be by we he she it his her him my our your who all any some more most less least few much many
    one two three four five six seven eight nine ten first second third last next same such own other
    see saw seen say said tell told ask get got give given go gone make made take taken come came keep kept let put set sit stand show
    shown find found feel felt hold held hear read know known look need help use used move try turn run walk work worked call called
    change check choose count cover deal draw drop drink drive eat fill follow grow help hope judge jump lay lean learn leave lie lift
    list live lives loan lock lose love mean measure meet mind miss mix need note offer order pass pay pick plan play press print pull
    push raise reach rent reply report review ride rise rinse roll rush save scan score search select sell send sense serve share
    shift shock sign sleep smoke speak speed spend split spread start state stay stop store study suck swallow swing talk taper
    test thank think throw tie touch train treat trust type wait wake want ward wash watch wear weigh wish wonder write
    angle arch art august march june july sun sat wed mon jan feb mar apr jun jul aug sep oct nov dec era eve else manual numbers
    hospital clinic house home room bed floor unit team desk office school church college court street road lane hill lake park place
    bank bridge field forest garden gate ground hall harbor mill mine mount mountain river rock sea shore square station stone town
    tower valley village well wood woods world doctor nurse clerk priest sister brother son sons father mother friend friends guest guy lady
    boss chief driver guard hunter judge king major marine master minister officer painter parson player porter president prince
    queen ranger sergeant sexton shepherd singer soldier student teacher teller trainer warden worker workman english french german
    irish scottish welsh black white brown green grey gray blue red yellow pink orange purple violet golden silver
    pilot dish bite alpha delta omega beta meta chi nu pa ma ed min max mi ha hang hung sung wan tiny song soon brain carina
    vi sol shin chin cheek temple lien don dot bill echo coral crystal pearl ivory ebony oh ho lo yo hue ali else joint
    held hood hooks bolt bottoms bounds branch cable cage carrier cave cash chance charge charity chart chase chestnut chew code coin
    cone cook corn corona corral cotton couch council credit crook crow crown crust dent diamond dial dye dyer fever fiber figure final
    fish flood flowers frame freed fried fume gall glass glaze grass grave guess harness heath heaps hedge helm hind hole holes honor
    horn hose hour hump hunt ice ill inch ink key keys kidney kitchen lance lap laser lash law lay layman leaf leak leg lens lent letter
    lever limb lip liver loss lot luster march mast may mere mole moon mouth muse nettles nickel null oaks pace paper peel pepper pipe
    plenty powder power powers prior proof purse race rain rains rally ransom rash rate ray rays rector register risk round rounds rouse
    rust sage sale sales sample sand scale scales screen self settle settles shade shadow shake shank shanks shook shut sides sift sill
    slack slide slip slope smart smell smooth snap snare snow sock solid spear spears sphere spin spine spur squires stab stage stair
    staples stark steed stern stiff stiles stock stomach story storm stout strap strange stream stress string stroke stump stunt style styles
    swell switch table tail tall tan tang tape tear tender terms thick thin thorn thumb tight tile tip tissue toe ton tone tongue tooth
    top trace trail trap tray tree trick trim trip true tuck twin twist valentine van veal vein velvet vent voice waist ware warm waste
    watt watts wave waves way weed weeks weight wheel wick wicker width wild wilt wise worth wound wrist wrong young younger
    parish senior junior monk pope provost abbey alderman archer""".split()
)
"""Doubtful words that reports use so much that they need a plain sign of a name: a title, an initial, a known name."""

_WEAK |= frozenset(
    """rule marrow colon core range surface shoulders finger palm plant standard begin reading ready real reason ridge sweat
    sweats shiver shivers daily given blank blunt board borders barrier beam bean bend bent bow bump burr button cancel
    cardinal conception constant converse crumb curl cutting dart dash drain drum dust duty dusty force gene harsh hammer hatch
    just means million poor pounds pound reader sack sample samples session sessions shear sheets shields shorter showers shows
    sites speck spikes spell stamp straight struck via wait waits person persons neighbors cousins cousin brothers folks
    lawyer pastor pat peg gauge ream sink sites spinner strait toes torn wages waste waters elder beer coffee
    alter ball bare begin boring born brace breed breeding bright brim brush bunch bunting bye clover clack click coffin comfort
    confer cool crank crisp cutter dear drum duck early earnest eddy fast favors fan fender flake fold folk fork freeze fore
    forehand fuller gist good gore grim groom hack handy hard harder hardy hazard heady heard heater holder holes homes humble
    hurdle irons jumper keen kit lack lark lesser lodge lovely manner manners maze mercy messy miracle mock money moss music nave
    nipper noble oxford packer pan pang pansy parks peace persons pillow pipes plank plaza pleasant polite pointer pond ponder pray
    precious pride profit province pulley raven render riffle ringer roller roof rook rough rude rusty sandy scarlet scurry
    seals sear shim shine shuck silver sim slaughter slate sledge sleeper slight smock sparkle spates springs sprinkle spry
    stalk starling sterling stickler stoops stormy straw stripling sunny sunshine sweet swift teeter teeters terms thrash tiller
    tingle tinker topping towers trader troupe trout trusty utter vale vice vines viola wade wager waddle walker wander warren
    weathers wheat wheeler whiting wiser wooden woody wins winner zone aide alley almond amber apple arena arms auger aura azure bacon badge
    badger bangs bar barge barley barn bash bat battle bay bays beach beard bee bellows belt berry bias bible bills bird blades bland
    blanks bloom blow boat boxer boxers box bracken brand brandy bray broom buck buckles bud bull bush butter buzzard camp candy""".split()
)
_WEAK -= frozenset(
    """hall king hill cook price wood foster woods porter hunter hunt lane watts love powers moss pope wise waters park chase
    hood ware heath dyer snow shepherd shields beard golden prince sexton pace bean spears valentine church bray stout cotton
    holder stark guy bright sweet beach cash workman rouse slaughter archer smart lake camp winter law gore crow hatch painter
    singer temple fair story hooks woody eddy queen rector tang parish watt weathers squires priest helm monk warden trout
    chestnut alderman stump mock ransom driver pool flood crook beam bull vines crouch couch keen rock diamond gold parson alley
    pepper hook harms spear vest thorn peak steed bills rains brothers tuck sage judge guest cave belt pond harness starling ivory
    shore storm pearl forest garden bunting steele tiller wilder wilds sand merry nettles oaks spring irish welsh scottish
    layman bible apple bays money luck tower winner brim buck lawyer pastor deacon amber opal jewel ruby velvet ebony crystal
    june august autumn summer joy hope faith prince princess duke alpha delia star song knight cage furlong dean miles major guy
    sergeant soldier officer colonel general marine kitchen market castle bridge rivers rain cloud west east south north moon sun
    jolly jester violet lavender olive hazel plum peach cherry berry grape wine beer coffee sugar honey silver copper iron steel""".split()
)
_WEAK |= frozenset("swimmer swimmers poly apnea cig sun west east south north general steel iron silver copper sugar coffee beer major star moon spring august june officer".split())
_WEAK -= frozenset(
    """walker warren hardy fuller mercy noble sandy sterling wade wheeler whiting packer parks bacon battle berry bloom buck bush brand
    brandy bird badger raven scarlet silver sunny swift roller rook lark lodge oxford""".split()
)
_ALSO_NAMES = frozenset(
    """hampton jefferson huntington wilson turner graves parkinson fowler ewing harrington quinton golden morison hickman horner
    collies coombs cobb marie larrey rasmussen frey cope addison barrett collins bell"""
    .split()
)
"""Eponyms that are usual names or towns: they stay before their disease, sign or device alone."""

_WEAK |= frozenset(
    """card cards nurse foster speaks carry grams nicely luck lucky natal fears fee sang sink counts goings harms heck means
    merry muse snipes sleeper sly struck tells treat chick chicks cheeks converse cool cools cram crouch cruise""".split()
)
_SURNAMES = frozenset(
    """young hill green brown white black gray grey stone winter winters summer spring field may will mark page king price wood
    woods rivers foster hunter porter parish senior park lake pope little strong sharp swift rich grant chase bridges brooks
    banks frank dean miles norman major guy love best good long wise weeks day west north east south church hall house temple
    judge bishop fields rice peace power powers head hand chance joy story case ward cross lane short pace walker art august
    april june sun sung song ho ha son soon chin min chi yo oh lo an do le shah pat bill dot crystal pearl ivory coral echo fay hope
    child mann grace read reed hurt parker park speed moon ford cage stock locke light violet golden silver english french lamb""".split()
)
"""Weak words that are usual names: they count where a lead, a label or a name beside them says so."""

_TITLES = frozenset(
    """professor sister rabbi imam pastor father reverend officer detective sergeant captain colonel lieutenant major judge deputy
    attorney coach chaplain sonographer sir dame lady lord frau herr monsieur señor señora radiographer sitter medic
    interpreter supervisor therapist manager coordinator aunt uncle grandma grandpa veteran twin""".split()
)
_LIKE_NAMES = frozenset(
    """small large page read best case head day strong sharp hand major early rich moon short rain west iron speed star senior boy art ray
    east north south good long low high broad bone wall still down main minor new old left close base apex""".split()
) - frozenset("left right base apex new old close main minor high low bone".split())
"""Words of reports that are names behind a lead, where a capital stands inside a sentence."""

_ALWAYS_NAMES = frozenset("ng le oh og".split())
"""So written, with one capital, they are names; "NG" is a tube."""

_DEGREES = frozenset("MD RN NP PA DO PHD MBBS FRCR RT LPN CNA BSN DNP MPH DDS DPM EMT".split())
_VERBS = frozenset("will may mark page long read hurt case head hand light love lead".split())

_PEOPLE_DO = (
    r"(?:says|said|states|stated|reports|reported (?:that|to)|denies|denied|complains|complained|coughs|coughed|wants|wanted"
    r"|refused|refuses|asks|asked|called|calls|told|tells|agrees|agreed|concurs|signed|signs|knows|knew|lives|lived|works|worked"
    r"|retired|slid|slept|fell|walked|walks|came|went|rang|drove|drives|smokes|smoked|saw|sees|took|takes|brought|held|holds|gave|gives|wrote"
    r"|writes|read|performed|placed|inserted|dictated|reviewed|verified|answered|laughed|complained|speaks|spoke|pulled|helped|attended|arrived|visited|visits|thinks|thought|feels|felt|was (?:seen|told|informed"
    r"|notified|paged|called|born|rotated|intubated|extubated|moved|given|admitted|discharged|present|unable|asked|brought|gardening)|is (?:aware|the|a|an|in|on|hard|deaf|blind|confused"
    r"|intubated|our|his|her|not to|to|still)|has (?:been|had|the|asked|agreed)|had (?:been|operated|a|an)|to (?:check|review|arrange|call|follow|sign|remove|see|visit|page|discuss|decide|bring)"
    r"|will (?:call|check|see|review|notify|arrange|follow|sign|bring)|aware|notified|informed|paged|made aware|needs|remains|returns|returned|team to|also|still|too|stays|starts|turned)\b"
)
_STRONG_LEADS = (
    r"per|told|tell|page|ask|asked|asking|paged|dr\.?|mr\.?|mrs\.?|ms\.?|miss|drs\.?|nurse|hey|hi|hello|dear|thanks,?|thx|cheers,?|regards,?|notified|notify"
    r"|spoke (?:with|to)|spoke|nok|c\.c\.|sister of|brother of|wife|son|daughter|husband|mother|father|brother|sister|mum|mom|dad|uncle|aunt|niece|nephew|cousin|partner|friend"
    r"|neighbou?r|carer|caregiver|caretaker|stepson|grandson|granddaughter|fianc[ée]e?|girlfriend|boyfriend|roommate|medic|coach|boss|sitter|interpreter|sgt|officer|reader|rater|reviewer|operator"
    r"|donor|claimant|adjuster|supervisor|chaplain|coordinator|implanter|subscriber|typist|colleague|witness|guardian|applicant"
    r"|guarantor|insured|named|name|surname|labelled|labeled|signed|typed|dictated|dictating|answered by|signed by|read by|seen by|d/w|s/w|w/|c/o|attn|cc"
    r"|insured|member|employee|driver|passenger|trainee|volunteer|investigator|principal|pi|author|tech|rt|rn|md|np|team|pcp|gp"
)
_LEADS = (
    r"with|by|to|[a-z]\.|called|call|from|for|and|&|informed|saw|vs\.?|versus|not|worker|surgeon|consultant|resident|attending|fellow|intern"
    r"|registrar|that|spell|speaks to|spoke to|talked to|history from|checked|reading|reads|read|addendum|pt|patient|baby|twin|late|marked|rad|ref|prof|professor|physician|provider|doctor"
)


_D = rf"(?<![\w'’.-])([{UPPER}][\w'’]*|[{LOWER}][\w'’]*)(?![\w'’])"
_SEP = r"(?:,? | ?, ?| ?\^ ?|-|/| & | and |,? (?:[A-Z]\.?,? ){1,2})"
_BESIDE_LEFT = re.compile(rf"(?<![\w'’.-])()([{UPPER}{LOWER}][\w'’]*)(?![\w'’])(?={_SEP}\[NAME\])")
_INSIDE_LEFT = re.compile(rf"(?<=[{LOWER},] )([{UPPER}][{LOWER}]+) (?=\[NAME\])")
_BESIDE_RIGHT = re.compile(rf"(?<=\[NAME\])({_SEP}){_D}(?!-[a-z])")
_PAIR = re.compile(rf"{_D}((?:,? | [A-Z]\.? |,|\^|-))(?={_D})")
_INITIAL_BEFORE = re.compile(
    rf"(?<![\w'’-])(?<!vitamin )(?<!hepatitis )(?<!type )(?<!grade )(?<!group )(?<!stage )(?<!influenza )((?:[A-Z]\. ?|[A-Z] ){{1,2}})([{UPPER}][\w'’]+)(?![\w'’])"
)
_INITIAL_AFTER = re.compile(rf"(?<![\w'’.-])()([{UPPER}][\w'’]+)(?=,? [A-Z]\.?(?:[;:)/\]]|\.?$|\. [A-Z]|, \[))")
_BEFORE_DEED = re.compile(rf"((?:^|[.,;:!?/)\]\n]\s{{0,3}}|\bthat |\bwhen |\band |\bsays |\bis |\bpt |\bPT |\bif |\bbut ))([{UPPER}{LOWER}][\w'’]+)(?= {_PEOPLE_DO}| from \[NAME| (?i:mrn|dob|at reception|pulled|repositioned)\b| vs\b| \((?:not|and)\b|, (?:her|his|their|our) [a-z])")
_PHRASE_ENDS = (
    r"(?=$|\s?[.,;:)/?!\]\"”|]|\s(?:\[|at\b|on\b|by\b|who\b|and\b|in\b|for\b|from\b|about\b|re\b|regarding\b|already\b|still\b|ok\b|when\b|via\b|has\b"
    r"|had\b|is\b|was\b|to\b|that\b|this\b|\d|present\b|states\b|says\b|aware\b|length\b|rang\b|vs\b|&|\())"
)
_BEHIND_STRONG = re.compile(
    rf"(?<![\w'’-])((?i:{_STRONG_LEADS})(?:[:,=]|\s?\(|\s?[\"“])?\s?(?<=[\s(\"“:=]))([{UPPER}{LOWER}][\w'’]+)(?i:{_PHRASE_ENDS})"
)
_BEHIND_LEAD = re.compile(
    rf"(?<![\w'’-])((?i:{_LEADS})(?:[:,=]|\s?\(|\s?[\"“])?\s?(?<=[\s(\"“:=]))([{UPPER}{LOWER}][\w'’]+)(?i:{_PHRASE_ENDS})"
)
_LABELLED = re.compile(rf"((?:[\w.)]\s?[:=] ?|[/(\"“<>#|] ?|\] |^))([{UPPER}{LOWER}][\w'’]+)(?=\s?(?:[;|:,)\"”<>#]|$|\((?:not|vs)|vs\b))")
_LABELLED_INITIALS = re.compile(
    r"(\b(?:typed|typist|initials?(?: of| are)?|tech(?:nologist)?|transcribed(?: by)?|trans(?:criptionist)?|scribe|marker|qc ok|checked|operator|rater|"
    r"keyed(?: by)?|logged(?: by)?|by)\b\s?[:.=/]?\s?)(?-i:([A-Z]{1,3}|[A-Z]\.[A-Z]\.?))(?![\w'’/-])",
    re.IGNORECASE,
)
_SHORT_LABELLED = re.compile(
    rf"(\b(?i:ref(?:erred|erring)?|dr|rad(?:iologist)?|md|name|patient|pt|surname|consultant|surgeon|by|reader|doctor|physician)\.?\s?[:=]\s?|// ?)"
    rf"([{UPPER}][{UPPER}{LOWER}])(?=\s?(?:[;|:,)/]|$|\[|,))"
)
_TITLED = re.compile(
    rf"(?<![\w'’.-])((?i:(mrs\.?|mr\.|ms\.?|miss|drs?\.|prof\.?|professor)|mr|dr|drs) )([{UPPER}{LOWER}][\w'’]+)(?![\w'’])"
)
_NOT_TITLED = frozenset(
    """was is are were has had have been be will may should can could would must and or at on in by to of from for the a an who with not
    notified informed called aware paged contacted told advised states stated says said agrees agreed recommends requested requests reviewed
    read office visit appointment appt order orders ordered note notes also did does do made asked clinic please re via over regarding
    about this that these if when while before after as but so then team service""".split()
)
_SHORT_INSIDE = re.compile(rf"(?<=[{LOWER}] )(?:An|Do|So|Ed|Oh|Ho|Le|Ng|Ha|Vi|No(?= \[))(?![\w'’.-])")
_TWO_INITIALS = re.compile(r"(?<![\w/:-])([A-Z]{2,3})[:/]([A-Za-z]{2,3})(?![\w/:-])( +[DT]{1,2}:)?")
_LED = re.compile(r"(?:\b(?:to|by|with|dr\.?|mr\.?|mrs\.?|ms\.?|told|per|son|daughter|wife|husband|nurse|rn)|[:,;(]) ?$", re.IGNORECASE)
_SHORT_LED = re.compile(rf"(?<=[:,(] )(?:An|Do|So|Ed) (?=\[NAME\])|(?<=\[NAME\]) (?:An|Do|So|Ed)(?=[.,;:)]|$| \()")
_ENDED = re.compile(rf"\s?(?:[,.;:)/]|$|\[)| {_PEOPLE_DO}")
_ALONE = re.compile(rf"((?:^|[,;:./(|\n]|\b\d\)|(?<=[a-z])-) ?)([{UPPER}][\w'’]+)(?= ?(?:[,;:.)/|\n]|$|\d\)|\[))")
_TWO_LETTERS = re.compile(
    r"(?<![\w'’-])(?:NG|LE|OH|HO|ng|le|oh)(?= ?[,;^]? ?\[NAME\])|(?<=\[NAME\]) (?:NG|LE|OH|HO|ng|le|oh)(?![\w'’-]| (?i:tube|edema|swelling|pain|dvt))"
)
_PARTICLES = re.compile(
    rf"(?<![\w'’-])(?:(?i:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ben|st\.?|mac|mc|o['’]|d['’]|ter|ten)[ -]?){{1,2}}(?=\[NAME\])"
)
_MERGED = re.compile(
    rf"\[NAME\](?:['’]s)?(?:(?:\s?[,^/-]\s?|\s+|\s?[,^]\s?|\.)(?:[{UPPER}]\.?[\s,^]+)*\[NAME\])+(?:[ ^][{UPPER}](?![\w'’]))?"
)
_LONE = re.compile(
    rf"(?<![\w.\]'’-])(?:(?![AI] )[{UPPER}][. ^]\s?){{1,2}}(?=\[NAME\])|(?<=\[NAME\])[ ^][{UPPER}](?![\w'’-])(?:\.(?!\w))?"
)
_HYPHENED = re.compile(rf"(?<=\[NAME\])-(?:[{UPPER}][\w'’]+|marie|ann|anne|lee|jean|rose|mae|lynn|grace|jo|may|hill|brown|young|field)(?![\w'’])|(?<![\w'’-])[{UPPER}][\w'’]+-(?=\[NAME\])")
_SHORT_BESIDE = re.compile(
    rf"(?<=\[NAME\])(,? )(?!(?:In|On|At|No|To|He|It|Is|As|If|We|My|Of|By|Or|An|Do|So|Us|Dr|Mr|Ms|Pt|Up|Re|Am|Pm)\b(?! ?(?:[.,;:)\]]|$)))"
    rf"([{UPPER}][{LOWER}])(?![\w'’-])"
)


def unknown_words(text: str, found: Counter[str], case: str) -> str:
    """Return the text without words that nothing explains and known ones that stand as names, counted in `found`.

    Parameters
    ----------
    text
        The text, after all rules.
    found
        Category -> count.
    case
        Of the text: `unirg_core.study.MIXED`, `CAPITALS` or `SMALL`.
    """
    case = CAPITALS if case == MIXED and text.upper() == text else case
    one_case = case != MIXED

    def unexplained(match: re.Match[str]) -> str:
        word = match[1]
        if word is None or stays(word, case) or _named_sign(match):
            return match[0]
        found["name"] += 1
        return "[NAME]" + (_POSSESSIVE.search(word)[0] if _POSSESSIVE.search(word) else "")

    text = _WORD.sub(unexplained, text)
    return _as_names(text, found, one_case)


def _named_sign(match: re.Match[str]) -> bool:
    """Tell whether a disease, sign or device is meant that bears an unknown name."""
    return bool(_BORN_BY.match(match.string, match.end()))


@lru_cache(maxsize=65536)
def stays(word: str, case: str) -> bool:
    """Tell whether a word may stand wherever it likes."""
    bare = _POSSESSIVE.sub("", word)
    low = bare.lower()
    if "xxx" in low:
        return True
    if low in _ALWAYS_NAMES and bare[0].isupper() and bare[1:].islower():
        return False
    if len(low) < 2 or _CONTRACTED.fullmatch(word) and is_known(low) or _ROMAN.fullmatch(low):
        return True
    if re.search("['’´`]", low):
        return bool(_CONTRACTED.fullmatch(low)) and is_known(re.split("['’´`]", low)[0].removesuffix("n"))
    if low in lexicon().short and low in lexicon().names and bare[0].isupper() and bare[1:].islower():
        return False
    if is_known(low):
        return not (low in _ALSO_NAMES or (is_doubtful(low) and low not in _WEAK and low not in SHORT_FORMS and low not in lexicon().bearers)) or (
            bare.islower()
        )
    if bare.isupper() or (bare[:-1].isupper() and bare[-1] == "s"):
        letters = bare.rstrip("s")
        spoken = len(letters) > _SPOKEN_LETTERS and (case != MIXED or bool(_VOWEL.search(low)))
        return len(letters) <= _SHORT_FORM_LETTERS and not spoken and low not in lexicon().names
    if bare.islower() and case == MIXED:
        return len(low) < _SHORTEST_LOW or low not in lexicon().names
    return False




def _doubtful(word: str, one_case: bool, *, told: bool) -> bool:
    """Tell whether a known word may be a name here; `told`: something says that a name stands here."""
    low = _POSSESSIVE.sub("", word).lower()
    if not (one_case or word[0].isupper()) or low in SHORT_FORMS or not is_doubtful(low):
        return False
    words = lexicon()
    return (low not in _WEAK and low not in words.bearers) or (told and (low in _SURNAMES or low in words.bearers))


def _as_names(text: str, found: Counter[str], one_case: bool) -> str:
    """Replace known words that are names too where they stand as such."""

    def tagged(before: str) -> str:
        found["name"] += 1
        return f"{before}[NAME]"

    def behind(match: re.Match[str]) -> str:
        """Behind a lead or label, or before a deed."""
        low = match[2].lower()
        told = match.re is not _BEHIND_LEAD or low not in _VERBS or not one_case
        told = told and not (match.re is _LABELLED and low in _VERBS and not match[1].strip())
        told = told and not (match.re in (_LABELLED, _ALONE, _BEHIND_LEAD, _INITIAL_AFTER) and low in lexicon().bearers)
        if not one_case and match.re in (_BEHIND_STRONG, _BEHIND_LEAD) and match[2].istitle() and low in _LIKE_NAMES:
            return tagged(match[1])
        return tagged(match[1]) if _doubtful(match[2], one_case, told=told) else match[0]

    def behind_label(match: re.Match[str]) -> str:
        return match[0] if match[2] in ("ED", "ER", "NP", "PA", "GP", "IR", "RN") else tagged(match[1])

    def beside(match: re.Match[str]) -> str:
        low = match[2].lower()
        ends = _ENDED.match(match.string, match.end())
        like = low in _LIKE_NAMES and low not in ("east", "north", "south", "west", "good")
        loose = not one_case and (like or (low not in PLAIN and is_doubtful(low)))
        loose = loose and match[2][0].isupper() and "and" not in match[1]
        if one_case and like and (ends if match[1] else _LED.search(match.string, max(0, match.start() - 12), match.start())):
            return tagged(match[1])
        if match[2].isupper() and not is_known(low) and match[2] not in _DEGREES:
            return tagged(match[1])
        told = low not in _VERBS or not match[1] or bool(ends) or match[1].strip(" and/&") != ""
        return tagged(match[1]) if (loose and told) or _doubtful(match[2], one_case, told=told) else match[0]

    def pair(match: re.Match[str]) -> str:
        one, between, other = match.groups()
        words = {one.lower(), other.lower()}
        likely = words & lexicon().given and not words <= _WEAK and not words & lexicon().bearers
        if likely and all(_doubtful(word, one_case, told=True) for word in (one, other)):
            return tagged("") + between
        return match[0]

    def titled(match: re.Match[str]) -> str:
        low = match[3].lower()
        if low in _NOT_TITLED or "xx" in low or (not match[2] and is_known(low) and low not in _LIKE_NAMES and not _doubtful(match[3], one_case, told=True)):
            return match[0]
        return tagged(match[1])

    text = _TITLED.sub(titled, text)
    if not one_case:
        text = _SHORT_INSIDE.sub(lambda match: tagged(""), text)
    for pattern, replaced in (
        (_PAIR, pair),
        (_INITIAL_BEFORE, behind),
        (_INITIAL_AFTER, behind),
        (_BEFORE_DEED, behind),
        (_BEHIND_STRONG, behind),
        (_BEHIND_LEAD, behind),
        (_LABELLED, behind),
        (_ALONE, behind),
    ):
        text = pattern.sub(replaced, text)
    text = _SHORT_LABELLED.sub(behind_label, text)
    text = _LABELLED_INITIALS.sub(lambda match: _initials(found, match), text)
    text = _TWO_INITIALS.sub(lambda match: _both(found, match), text)
    if "[NAME]" not in text:
        return text
    if not one_case:
        text = _INSIDE_LEFT.sub(lambda match: match[0] if match[1].lower() in PLAIN | _TITLES else tagged(""), text)
    text = _BESIDE_RIGHT.sub(beside, _BESIDE_LEFT.sub(beside, _PARTICLES.sub("", text)))
    text = _SHORT_LED.sub("", _TWO_LETTERS.sub("", text))
    text = _HYPHENED.sub("", _SHORT_BESIDE.sub("", text))
    return _MERGED.sub("[NAME]", _LONE.sub("", text))


def _initials(found: Counter[str], match: re.Match[str]) -> str:
    """Replace the letters behind a typist's word; behind "by" alone only those that are no short form."""
    if match[1].strip().lower() in ("by", "checked", "operator", "tech") and (is_known(match[2].lower()) or len(match[2]) < 2):
        return match[0]
    found["name"] += 1
    return f"{match[1]}[NAME]"


def _both(found: Counter[str], match: re.Match[str]) -> str:
    """Replace a reader's and a typist's letters, unless both parts are short forms."""
    if not match[3] and all(is_known(part.lower()) or _ROMAN.fullmatch(part) for part in match.groups()[:2]):
        return match[0]
    found["name"] += 1
    return f"[NAME]{match[3] or ''}"
