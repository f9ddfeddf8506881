"""Known words that are names too (`Stone`, `Grace`), replaced where they stand as names (`standing.py`)."""

import re
from collections import Counter

from unirg_core.ingest import beside, standing
from unirg_core.ingest.lexicon import is_doubtful, is_known, lexicon
from unirg_core.ingest.persons import EPONYMS, PLAIN, SHORT_FORMS
from unirg_core.ingest.places import words

_TITLES = words(
    """professor sister rabbi imam pastor father reverend officer detective sergeant captain colonel lieutenant major
    judge deputy attorney coach chaplain sonographer sir dame lady lord frau herr monsieur señor señora radiographer
    sitter medic interpreter supervisor therapist manager coordinator aunt uncle grandma grandpa veteran twin"""
)
_DEGREES = words("""MD RN NP PA DO PHD MBBS FRCR RT LPN CNA BSN DNP MPH DDS DPM EMT""")
_ROLES = ("ED", "ER", "NP", "PA", "GP", "IR", "RN")
_MARKS = ("L", "R", "LT", "RT", "AP", "PA", "LAT", "PORT")  # that a film itself bears
_SIDES = ("east", "north", "south", "west", "good")
_CARDS = words(
    """case card file page ward bill plate post order box ticket claim call cell chart mark record lock pin tag key pass
    code draft check note token model lead wire valve port pool park band bay block court hall field house unit line"""
)
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]{1,5}", re.IGNORECASE)
_TYPING = re.compile(
    r"\b(?:typed|typing|transcri\w+|addend\w+|dictated|keyed|scribed|entered|amended|edited)\b[^.;:]*$", re.IGNORECASE
)
_STAMPED = re.compile(r",? (?:\[(?:DATE|TIME|ID)\]|\d{4}(?!\w))")
_CLOSED = re.compile(r"\s?[.,;)\[]|\s\d{4}(?!\w)|$")
_LOOSE_LEADS = words(
    """rt rn md np pa team try page spoke w/ signed named labelled labeled per reader called known tech doc rater reg
    checked told ask asked phoned rang formerly fellow partner rep guard name surname member"""
)
"""Leads before which a word of reports stands as well: "RT HAND", "per page"."""
_LOOSE_PAIRS = _LOOSE_LEADS | words("""by with from read checked reg chief""") - words(
    """per told asked signed reader"""
)
_FIRST_OF_TWO = words("""long short small good best early light sharp strong day hand head case wall stone art may will
    field east west north south cross branch block high low""")
_NEVER = PLAIN - words("""will may art page""")
_TELLING = words(
    """told ask asked phoned rang per signed named reader rep surname name member w/ checked page labelled"""
)
_NO_AGENTS = words(
    """however never either neither rather whether together later sooner corner paper letter water summer winter ever
    another latter former further better bigger smaller longer shorter order"""
)
"""Words that end as a trade's do."""
_KIN = words("""daughter sister brother mother father grandmother grandfather stepmother stepfather partner""")
_WILL = ("will", "may")
_TYPED = 40  # characters in which a typist's word stands before "by"
_TWO = 2
_BEFORE = 12  # characters that hold the lead before a word


def doubted_words(text: str, found: Counter[str], *, one_case: bool) -> str:
    """Return the text without known words that stand as names, counted in `found`."""
    doubted = _Doubted(found, one_case)
    text = standing.TWO_INITIALS.sub(doubted.both_initials, text)
    text = standing.CARETS.sub(doubted.gone, standing.LISTED.sub(doubted.gone, text))
    text = standing.WITH_INITIAL.sub(doubted.whole, text)
    text = standing.POSSESSED.sub(doubted.possessed, standing.TITLED.sub(doubted.titled, text))
    if one_case:
        text = standing.AGENT.sub(doubted.behind_agent, text)
    else:
        text = standing.OWNER.sub(doubted.owner, text)
        text = standing.SHORT_INSIDE.sub(doubted.gone, text)
        text = standing.LIKE_INSIDE.sub(doubted.inside, text)
        text = standing.TOLD_OR_TELLS.sub(doubted.like, text)
    text = standing.TEAM.sub(doubted.like, standing.SIGNED.sub(doubted.signed, text))
    for pattern in (beside.PAIR_LED, beside.PAIR_TITLED):
        text = pattern.sub(doubted.both, text)
    for pattern in beside.ALONE:
        text = pattern.sub(doubted.alone, text)
    text = beside.DONE_BY.sub(doubted.done_by, standing.PAIR.sub(doubted.paired, text))
    for pattern in (
        standing.INITIAL_BEFORE,
        standing.INITIAL_AFTER,
        standing.BEFORE_DEED,
        standing.BEHIND_STRONG,
        standing.BEHIND_LEAD,
        standing.LABELLED,
        standing.ALONE,
        standing.TELLS_ID,
    ):
        text = pattern.sub(doubted.led, text)
    for pattern in (standing.SHORT_LABELLED, standing.SHORT_LISTED, standing.INITIAL_SHORT):
        text = pattern.sub(doubted.short, text)
    text = standing.BRACKETED.sub(doubted.bracketed, text)
    text = beside.SIGNS_OFF.sub(doubted.signed_off, text)
    text = standing.LABELLED_INITIALS.sub(doubted.initials, text)
    return _beside_names(text, doubted) if "[NAME]" in text else text


def _beside_names(text: str, doubted: "_Doubted") -> str:
    """Return the text without what stands beside a name and belongs to it."""
    if not doubted.one_case:
        text = standing.INSIDE_LEFT.sub(doubted.left, text)
    text = standing.SHORT_BEFORE.sub(doubted.short_before, standing.JOINED.sub(doubted.joined, text))
    text = standing.BESIDE_LEFT.sub(doubted.beside, standing.PARTICLES.sub("", text))
    text = standing.BESIDE_RIGHT.sub(doubted.beside, text)
    for pattern in (standing.TWO_LETTERS, standing.SHORT_LED, standing.SHORT_BESIDE, standing.HYPHENED, standing.LONE):
        text = pattern.sub("", text)
    return standing.MERGED.sub("[NAME]", text)


class _Doubted:
    """What becomes of a word that may be a name, by the pattern that found it."""

    def __init__(self, found: Counter[str], one_case: bool) -> None:
        self._found, self.one_case, self._words = found, one_case, lexicon()

    def _tagged(self, before: str = "") -> str:
        self._found["name"] += 1
        return f"{before}[NAME]"

    def _may_be_name(self, word: str, *, told: bool) -> bool:
        """Tell whether a known word may be a name here; `told`: something says that a name stands here."""
        low = _POSSESSIVE.sub("", word).lower()
        if low in SHORT_FORMS or not is_doubtful(low):
            return False
        if not (self.one_case or word[0].isupper()) and not (told and low not in self._words.verbs):
            return False
        if low not in self._words.weak and low not in self._words.bearers:
            return True
        return told and (low in self._words.told or low in self._words.bearers)

    def _is_short_name(self, low: str) -> bool:
        """Tell whether two letters are a name, though a short form or a word too."""
        return low in standing.TWO_LETTER_NAMES or (len(low) == 2 and low in self._words.names)

    def possessed(self, match: re.Match[str]) -> str:
        """Replace a first name in small letters that has something, where reports do not use the word."""
        low = match[1].lower()
        named = low in self._words.given and low not in self._words.own
        return f"{self._tagged()}{match[2]}" if named else match[0]

    def owner(self, match: re.Match[str]) -> str:
        """Replace a first name with a capital that has something, though it is a word too."""
        low = match[1].lower()
        named = low in self._words.given | beside.FIRST_NAMES and low not in self._words.bearers | EPONYMS
        return self._tagged() if named else match[0]

    def behind_agent(self, match: re.Match[str]) -> str:
        """Replace a word that may be a name behind somebody's trade, unless reports use the trade's word."""
        agent, low = match[1].strip().lower(), match[2].lower()
        if agent in _KIN:
            named = low in beside.FIRST_NAMES - set(_WILL)
        else:
            named = agent not in self._words.own | _NO_AGENTS and is_known(agent) and is_doubtful(low)
        stays = SHORT_FORMS | beside.FINDINGS | beside.NO_PERSON
        return self._tagged(match[1]) if named and low not in stays else match[0]

    def joined(self, match: re.Match[str]) -> str:
        """Replace what a hyphen joins to a name, unless it is a plain word."""
        return "" if not is_known(match[1].lower()) or is_doubtful(match[1].lower()) else match[0]

    def _could_name(self, word: str) -> bool:
        """Tell whether a word may be part of a name where the place is one of a name."""
        low = _POSSESSIVE.sub("", word).lower()
        if not self.one_case and not (word[0].isupper() and word[1:] == word[1:].lower()):
            return False
        if low in beside.SHORT_PEOPLE:
            return True
        words = self._words
        named = low in words.names or is_doubtful(low) or low in words.like_names or low in words.weak
        return (named or not is_known(low)) and (low not in _NEVER or low in words.like_names)

    def both(self, match: re.Match[str]) -> str:
        """Replace two words that may be a name together, but not what a report finds."""
        one, other = match[2], match[4]
        lows = one.lower(), other.lower()
        loose = match.re is beside.PAIR_LED and match[1].strip(' :,=("“').lower() in _LOOSE_PAIRS
        if not (self._could_name(one) and self._could_name(other)):
            return match[0]
        if match.re is beside.PAIR_TITLED and beside.DEGREE_BEHIND.match(match.string, match.end()):
            return self._tagged(match[1])
        first = any(low in self._words.given | self._words.names | beside.FIRST_NAMES for low in lows)
        if lows[0] in beside.FINDINGS - _FIRST_OF_TWO or (lows[1] in beside.FINDINGS and not first):
            return match[0]
        if loose and not (first and any(low not in self._words.own for low in lows)):
            return match[0]
        return self._tagged(match[1])

    def signed_off(self, match: re.Match[str]) -> str:
        """Replace a writer's letters at the end of a text, but no short form."""
        low = match[2].lower()
        stays = low in beside.NO_INITIALS or (len(low) != _TWO and low in self._words.short) or _ROMAN.fullmatch(low)
        return match[0] if stays else self._tagged(match[1])

    def alone(self, match: re.Match[str]) -> str:
        """Replace a word that its neighbours make a person, but not what a report finds."""
        low = match[2].lower()
        if match.re is beside.FIRST_DEED:
            named = not self.one_case and low in beside.FIRST_NAMES - beside.NO_DEED
            return self._tagged(match[1]) if named else match[0]
        firm = match.re in (
            beside.ASKED,
            beside.HOUSE,
            beside.ONE_TITLED,
            beside.SAYS,
            beside.AT_BED,
            beside.NO_COMMA,
            beside.RANKED,
        )
        never = beside.NO_PERSON if match.re in (beside.SAID_OF, beside.OWNED) else beside.FINDINGS
        if (low in never and not (firm and low in self._words.like_names)) or not self._could_name(match[2]):
            return match[0]
        if match.re is beside.OWNED and low in self._words.bearers | EPONYMS:
            return match[0]
        return match[0] if len(low) == _TWO and low not in beside.SHORT_SURE else self._tagged(match[1])

    def done_by(self, match: re.Match[str]) -> str:
        """Replace a usual name behind "by", however it is written."""
        low, words = match[2].lower(), self._words
        named = low in words.told | words.like_names | words.given | beside.FIRST_NAMES
        return self._tagged(match[1]) if named and low not in beside.NOT_BY | SHORT_FORMS else match[0]

    def gone(self, _: re.Match[str]) -> str:
        """Replace a word that the pattern alone tells."""
        return self._tagged()

    def titled(self, match: re.Match[str]) -> str:
        """Replace the word behind a title; "MR" and "DR" are no titles before what a report says of a picture."""
        low = match[3].lower()
        if low in standing.NOT_TITLED or "xx" in low:
            return match[0]
        sure = match[2] or not is_known(low) or self._is_short_name(low) or low in self._words.like_names
        return self._tagged(match[1]) if sure or self._may_be_name(match[3], told=True) else match[0]

    def inside(self, match: re.Match[str]) -> str:
        """Replace a capitalised word behind a small one, if it is a usual name too."""
        low, before = match[2].lower(), match.string[: match.start()].rstrip().rpartition(" ")[2]
        return self._tagged() if low in self._words.like_names and before[:1].islower() else match[0]

    def like(self, match: re.Match[str]) -> str:
        """Replace a word of reports that is a usual name too, where its capital or what it does says so."""
        low = match[2].lower()
        named = low in self._words.like_names or (self.one_case and self._may_be_name(match[2], told=True))
        return self._tagged(match[1]) if named or self._is_short_name(low) else match[0]

    def signed(self, match: re.Match[str]) -> str:
        """Replace a short name between signs that part those who write."""
        low = match[2].lower()
        named = self._is_short_name(low) or (match[2].isupper() and not is_known(low)) or is_doubtful(low)
        return self._tagged(match[1]) if named and low not in SHORT_FORMS - {"ng", "le"} else match[0]

    def whole(self, match: re.Match[str]) -> str:
        """Replace two words and an initial that begin a sentence, if one of them may be a name."""
        likely = any(not is_known(word) or is_doubtful(word) for word in match[0].lower().replace(",", " ").split()[:2])
        return self._tagged() if likely else match[0]

    def paired(self, match: re.Match[str]) -> str:
        """Replace the first of two such words, one of them a first name; the second is beside a name then."""
        one, between, other = match.groups()
        both = {one.lower(), other.lower()}
        likely = both & self._words.given and not both <= self._words.weak and not both & self._words.bearers
        titled = not self.one_case and one.istitle() and other.istitle() and between == " "
        if titled and one.lower() in beside.FIRST_NAMES and self._could_name(one) and self._could_name(other):
            return self._tagged() + between
        if (likely or between == ",") and all(self._may_be_name(word, told=True) for word in (one, other)):
            return self._tagged() + between
        return match[0]

    def led(self, match: re.Match[str]) -> str:
        """Replace a word behind a lead or label, beside initials or before a deed."""
        low, by = match[2].lower(), match.re
        if by is standing.BEFORE_DEED and low in beside.ROLES:
            return match[0]
        small = match[2].islower() and not self.one_case
        leads = (standing.BEHIND_STRONG, standing.BEHIND_LEAD)
        if not self.one_case and by in leads and match[2].istitle() and low in self._words.like_names:
            return self._tagged(match[1])
        if by is standing.BEHIND_STRONG and self._is_short_name(low) and (self.one_case or match[2].islower()):
            return self._tagged(match[1])
        small = small and not (
            match.string[match.end() :].startswith(" [") and low not in self._words.own - self._words.told
        )
        told = not (by is standing.BEHIND_LEAD and (small or (self.one_case and low in self._words.verbs)))
        told = told and not (small and by in (standing.LABELLED, standing.ALONE))
        told = told and not (by is standing.LABELLED and low in self._words.verbs and not match[1].strip())
        if by is standing.TELLS_ID and low in _CARDS:
            return match[0]
        initial = by is standing.INITIAL_BEFORE and match[2].istitle() and match[1].strip() not in ("A", "I")
        if (
            small
            and by is standing.BEHIND_STRONG
            and low in self._words.told
            and _CLOSED.match(match.string, match.end())
        ):
            return self._tagged(match[1])
        lead = match[1].strip(' :,=("“').lower()
        firm = by is standing.BEHIND_STRONG and lead not in _LOOSE_LEADS
        closed = _CLOSED.match(match.string, match.end())
        firm = firm or bool(by is standing.BEHIND_STRONG and lead in _TELLING and closed)
        if (
            by is standing.BEFORE_DEED
            and (self.one_case or match[2].istitle())
            and low not in beside.FINDINGS | beside.ROLES
        ):
            firm = low in self._words.weak and is_doubtful(low)
            if low in beside.FIRST_NAMES or (low in self._words.names and not is_known(low)):
                return self._tagged(match[1])
        if by is standing.BEHIND_LEAD and low in beside.SHORT_SURE and closed and low not in SHORT_FORMS - {"ng"}:
            return self._tagged(match[1])
        if (initial or firm or by is standing.TELLS_ID) and low in self._words.like_names:
            return self._tagged(match[1])
        if firm and (self.one_case or match[2].istitle()) and not is_known(low) and low not in SHORT_FORMS:
            return self._tagged(match[1])
        if firm and low in self._words.weak and is_doubtful(low) and low not in SHORT_FORMS:
            return self._tagged(match[1])
        loose = (standing.LABELLED, standing.ALONE, standing.BEHIND_LEAD, standing.INITIAL_AFTER)
        told = told and not (by in loose and low in self._words.bearers - beside.FIRST_NAMES)
        return self._tagged(match[1]) if self._may_be_name(match[2], told=told) else match[0]

    def left(self, match: re.Match[str]) -> str:
        """Replace a capitalised word inside a sentence before a name, unless it is a title or a plain word."""
        return match[0] if match[1].lower() in PLAIN | _TITLES else self._tagged()

    def beside(self, match: re.Match[str]) -> str:
        """Replace a word before or behind a name, but not the verb of a sentence."""
        word, low = match[2], match[2].lower()
        ends = standing.ENDED.match(match.string, match.end())
        spelt = not is_known(low) or self._is_short_name(low)
        if len(word) > 1 and word.isupper() and spelt and word not in _DEGREES and low not in SHORT_FORMS:
            return self._tagged(match[1])
        if word.islower() and match[1] == " " and self._is_short_name(low):
            return self._tagged(match[1])
        like = low in self._words.like_names and low not in _SIDES
        if self.one_case:
            before = match.string[max(0, match.start() - _BEFORE) : match.start()]
            if not match[1] and self._could_name(word) and low not in beside.NO_PERSON:
                behind = match.string.find("[NAME]", match.end()) + len("[NAME]")
                bound = beside.BOUND.search(match.string, max(0, match.start() - _BEFORE), match.start())
                if beside.DEGREE_BEHIND.match(match.string, behind) or (bound and low not in beside.FINDINGS):
                    return self._tagged()
            listed = not match[1] and match.string[match.end() :].startswith((", ", ",[", "/[", ";["))
            named = like or (listed and low in self._words.weak and is_doubtful(low) and low not in SHORT_FORMS)
            sure = named and (ends if match[1] else listed or standing.LED.search(before))
        else:
            sure = word[0].isupper() and "and" not in match[1] and (like or (low not in PLAIN and is_doubtful(low)))
        told = low not in self._words.verbs or not match[1] or bool(ends) or match[1].strip(" and/&") != ""
        told = told or (not self.one_case and like and match[1] == " " and word[0].isupper())
        return self._tagged(match[1]) if (sure and told) or self._may_be_name(word, told=told) else match[0]

    def short(self, match: re.Match[str]) -> str:
        """Replace a name of two letters behind a label, but not a role."""
        return match[0] if match[2] in _ROLES or match[2] in _DEGREES else self._tagged(match[1])

    def bracketed(self, match: re.Match[str]) -> str:
        """Replace initials behind a name, but no degree, role or short form of three letters."""
        letters = match[0].strip("()")
        no_initials = letters in _ROLES or letters in _DEGREES or (len(letters) > _TWO and is_known(letters.lower()))
        return match[0] if no_initials else "([NAME])"

    def short_before(self, match: re.Match[str]) -> str:
        """Replace a name of two letters that a sign parts from a name."""
        return self._tagged() if self._is_short_name(match[1].lower()) else match[0]

    def initials(self, match: re.Match[str]) -> str:
        """Replace the letters behind a typist's word; behind "by" alone only those that are no short form."""
        loose = match[1].strip().lower() in ("by", "checked", "operator", "tech")
        loose = loose and not _STAMPED.match(match.string, match.end())
        loose = loose and not _TYPING.search(match.string[max(0, match.start() - _TYPED) : match.start()])
        low = match[2].lower()
        known = is_known(low) if self.one_case or len(low) != _TWO else low in beside.NO_INITIALS
        if (loose and (known or len(match[2]) == 1)) or (match[1].lower().startswith("marker") and match[2] in _MARKS):
            return match[0]
        return self._tagged(match[1])

    def both_initials(self, match: re.Match[str]) -> str:
        """Replace a reader's and a typist's letters, unless both are short forms and no date of theirs follows."""
        if not match[3] and (
            "[NAME]" in match.groups()
            or all(is_known(part.lower()) or _ROMAN.fullmatch(part) for part in match.groups()[:2])
        ):
            return match[0]
        return self._tagged() + (match[3] or "")
