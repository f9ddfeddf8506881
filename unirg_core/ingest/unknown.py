"""Default deny: a capitalised word stays only where the lexicon knows it, a known one not where it stands as a name.

In a text of one case every word counts as capitalised. A word that the lexicon lacks goes wherever it stands. A known
word that is a name too (`Stone`, `Grace`) goes beside a name, beside initials, as one of two such words, behind those
who tell or are told, and before what only people do.
"""

import re
from collections import Counter
from functools import lru_cache

from unirg_core.ingest.doubted import doubted_words
from unirg_core.ingest.lexicon import is_doubtful, is_known, lexicon
from unirg_core.ingest.persons import EPONYMS, LOWER, SHORT_FORMS, UPPER
from unirg_core.ingest.places import WHERE
from unirg_core.ingest.standing import LED_LOW
from unirg_core.study import CAPITALS, MIXED

_LETTER = rf"[{UPPER}{LOWER}]"
_TAG = r"\[(?:NAME|ID|DATE|TIME|PHONE|EMAIL|ADDRESS|PLACE|AGE)\]"
_WORD = re.compile(rf"{_TAG}|(?<![\w'’])({_LETTER}[^\W\d_]*(?:['’´`][^\W\d_]+)*)(?![^\W_]|-\w{{0,8}}\d)")
_LEARNED = re.compile(
    r"\w{3,}(?:[io]tis|omas?|[^m]al|[^nm]ic|ous|[^mk]ar|ary|ions?|ive|at(?:ed|ing|e)|ity|[aeo]mias?|uria|log(?:y|ies)"
    r"|graph\w*|scop\w+|tom(?:y|ies)|path\w+|gram|met(?:er|ry)|cyt\w+|plast\w+|troph\w+|penia|oid|eal|ases?|ness|less"
    r"|ings?|ed|able|ible|ly|ides?|ium|ae|os[ei]s|esis|rrh\w+|form|genic|stasis|ectas\w+|kines\w+|pnea|phil\w*|ment|ism"
    r"|ose|ites?|acious|escent|lucen\w+|opac\w+|lith\w*|phyt\w+|cele|plegi\w+|thorac\w+|pneum\w+|card\w+|pulmo\w*)"
)
"""Words of medicine in small letters by how they end; hardly a name does."""
_CONTRACTED = re.compile(r"(?:\w*n['’]t|\w+['’](?:s|ll|re|ve|m|d|em)|o['’]clock)", re.IGNORECASE)
_ROMAN = re.compile(r"[ivx]{1,5}|x+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_BORN_BY = re.compile(
    r"(?:['’]s)?[ -](?:[A-C][ -])?(?:catheters?|signs?|lines|diseases?|syndromes?|hernias?|nodes?|tubes?|drains?"
    r"|shunts?|valves?"
    r"|stains?|assays?|staples?|filters?|stents?|classification|criteria|fractures?|cysts?|rods?|nails?|plates?"
    r"|procedure"
    r"|operation|method|lymphoma|tumou?rs?|sarcoma|deformity|lesions?|bod(?:y|ies)|man(?:eu|oeu)ver|capsules?"
    r"|ports?|arthropathy|arthritis|nephritis|hump|ring|triad|palsy"
    r"|aneurysm|fossa|ligament|foramen|canal|gland|reflex|ulcer|angle|index|score|ratio|contracture|malformation|anomaly|phenomenon)\b",
    re.IGNORECASE,
)
_ALWAYS_NAMES = frozenset(["ng", "le", "oh", "og"])  # with one capital, that is; "NG" is a tube
_SHORTEST_LOW = 4
_CAMEL = re.compile(rf"[{LOWER}][{UPPER}]")
_TWO = 2
_BEFORE = 24  # characters that hold the lead before a word
_VOWEL = re.compile("[aeiouy]")


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
        if word is None or _named_sign(match) or _is_label(match):
            return match[0]
        if stays(word, case) and not (word.islower() and case == MIXED and _led_unknown(match)):
            return match[0]
        found["name"] += 1
        return "[NAME]" + (_POSSESSIVE.search(word)[0] if _POSSESSIVE.search(word) else "")

    text = _WORD.sub(unexplained, text)
    return doubted_words(text, found, one_case=one_case)


def _led_unknown(match: re.Match[str]) -> bool:
    """Tell whether a word in small letters that no list has stands where a person is told."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    low = _POSSESSIVE.sub("", match[1])
    return (
        len(low) > 1
        and (not is_known(low) or (len(low) == _TWO and low in lexicon().names))
        and bool(LED_LOW.search(before))
    )


def _named_sign(match: re.Match[str]) -> bool:
    """Tell whether a disease, sign or device is meant that bears an unknown name, not a town's port or line."""
    if not _BORN_BY.match(match.string, match.end()):
        return False
    return not WHERE.search(match.string[max(0, match.start() - _BEFORE) : match.start()])


def _is_label(match: re.Match[str]) -> bool:
    """Tell whether a short form stands before its colon (`Rad: ...`)."""
    return match.string[match.end() :][:1] in (":", "=") and match[1].lower() in lexicon().short


@lru_cache(maxsize=65536)
def stays(word: str, case: str) -> bool:
    """Tell whether a word may stand wherever it likes."""
    bare = _POSSESSIVE.sub("", word)
    low = bare.lower()
    if "xxx" in low:
        return True
    if low in _ALWAYS_NAMES and bare[0].isupper() and bare[1:].islower():
        return False
    if len(low) < 2 or (_CONTRACTED.fullmatch(word) and is_known(low)) or _ROMAN.fullmatch(low):
        return True
    if re.search("['’´`]", low):
        return bool(_CONTRACTED.fullmatch(low)) and is_known(re.split("['’´`]", low)[0].removesuffix("n"))
    if (
        low in lexicon().short
        and low in lexicon().names
        and _VOWEL.search(low)
        and bare[0].isupper()
        and bare[1:].islower()
    ):
        return False
    if _CAMEL.search(bare) and low not in lexicon().own | lexicon().short | EPONYMS | SHORT_FORMS:
        return False
    if is_known(low):
        return not (
            low in lexicon().signs
            or (
                is_doubtful(low)
                and low not in lexicon().weak
                and low not in SHORT_FORMS
                and low not in lexicon().bearers
            )
        ) or (bare.islower() and (case == MIXED or low in lexicon().own))
    if bare.islower() and case == MIXED:
        return len(low) < _SHORTEST_LOW or (low not in lexicon().names and bool(_LEARNED.fullmatch(low)))
    return False
