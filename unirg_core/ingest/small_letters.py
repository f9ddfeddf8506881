"""Names and places in a text of small letters throughout, where no capital tells them: by their neighbours alone.

A word counts only behind a lead (`nurse ...`, `lives in ...`) and where what follows it ends the phrase, or before a
hospital's word; words of reports end it.
"""

import re
from collections import Counter
from collections.abc import Callable

from unirg_core.ingest.persons import LOWER, OF_SITES
from unirg_core.ingest.places import LOW_PLACED, LOW_SITE, NO_TOWN, words

_WORD = rf"[{LOWER}][\w'’-]{{1,30}}"
_NO_SURNAME = words(
    """manager line case station taking caring practitioner anesthetist supervisor desk front house staff triage bedside
    night day evening weekend visit office and or but is was at it in referral local large teaching specialist private
    psychiatric officer md team family unit floor on-call provider referring covering step mom parent guardian
    psychiatric veterinary another rural tertiary pain wound eye dental"""
)
_END = (
    r"(?=,| (?:aware|notified|informed|told)\b|\.(?:\s|$)|;|$| (?:at|by|on|about|regarding|who|and|in the"
    r"|from the|of the) ?(?=\[|\d|\w))(?![\w'’-])"
)
_BEHIND_ROLE = re.compile(
    rf"((?:^|(?<=[.;]\s)|\b(?:called|reported|given|spoke|discussed|paged|notified|told|informed|with|to"
    rf"|by) (?:the )?(?:charge )?)"
    rf"(?:nurse|doctor|rn|np|resident|intern) )({_WORD}){_END}"
)
_BEFORE_DEGREE = re.compile(
    rf"((?:^|(?<=[.;:,]\s)|\b(?:to|from|by|with|per|and|told|paged|notified|signed|dictated"
    rf"|read) ))((?:[a-z]\.? )?{_WORD}(?: {_WORD})?)"
    r"(?=,? (?:md|m\.d\.|mbbs|mbchb|d\.o\.|rn|r\.n\.|crnp|pa-c|frcr|aprn)(?![\w'’-]))"
)
_OF_KIN = re.compile(
    rf"(\b(?:(?:his|her|patient's|the|by|with) )?(?:wife|husband|son|daughter|mother|father|brother|sister"
    rf"|niece|nephew|aunt|uncle)"
    rf" )({_WORD})(?=,|\.(?:\s|$)|;|$| (?:is|was|says|said|states|reports|present|at bedside)\b)"
)
_TOLD = re.compile(
    rf"(\b(?:(?:called|reported|given|relayed|conveyed|handed over) to|paged|notified|informed|told|d/w|s/w"
    rf"|(?:spoke|discussed|reviewed) with) )({_WORD}(?: {_WORD})?)(?= (?:at (?:\[TIME\]|\d)|by phone|on \[DATE\]))"
)
_LISTED = re.compile(rf"(\b(?:patient|pt|name:?) )({_WORD}, {_WORD})(?=,? (?:dob|mrn|\[|\d)|\.?$)")
_NAMED = re.compile(
    rf"(\b(?:patient(?:'s)? name|pt name|name is|name:|emergency contact:?|next of kin:?"
    rf"|pcp:) )({_WORD}(?:,? {_WORD})?)"
    r"(?=,|\.(?:\s|$)|;|$)"
)


def in_small_letters(text: str, found: Counter[str], no_name: Callable[[str], bool]) -> str:
    """Return a text of small letters without what its leads give away, counted in `found`."""

    def named(match: re.Match[str]) -> str:
        words = match[2].split()
        if any(no_name(word) or word.strip(".,") in _NO_SURNAME for word in words):
            return match[0]
        found["name"] += 1
        return f"{match[1]}[NAME]"

    def placed(match: re.Match[str]) -> str:
        words = match[2].split()
        if any(no_name(word) and word not in OF_SITES for word in words) or not _tells(words, no_name):
            return match[0]
        found["place"] += 1
        return f"{match[1]}[PLACE]"

    text = LOW_PLACED.sub(placed, LOW_SITE.sub(placed, text))
    for pattern in (_BEHIND_ROLE, _BEFORE_DEGREE, _OF_KIN, _TOLD, _LISTED, _NAMED):
        text = pattern.sub(named, text)
    return text


def _tells(words: list[str], no_name: Callable[[str], bool]) -> bool:
    """Tell whether any of some words names a place."""
    return any(word not in OF_SITES | NO_TOWN | _NO_SURNAME and not no_name(word) for word in words)
