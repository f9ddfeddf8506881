"""Which words are known to name nobody, which may be a name too, and which are nothing but names.

`lexicon.txt.gz` is built by benchmarks/deid_lexicon.py from SCOWL (Copyright 2000-2011 by Kevin Atkinson; free to use,
copy, modify and sell where that notice stands), the census's lists of names and words of Open-i; `stays.txt` is
written by hand. Both are read when the first text is scrubbed, in some 30 ms, and held as sets.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from unirg_core.ingest.persons import CLINICAL, COMMON, EPONYMS, PLAIN, VERBAL
from unirg_core.ingest.places import words
from unirg_core.ingest.terms import is_term

_HERE = Path(__file__).parent
_KINDS = re.compile(r"^\[([\w ]+)\]$", re.MULTILINE)
_COMMENT = re.compile(r"^#.*$", re.MULTILINE)
_STAY = ("short forms", "medical", "places", "of other tongues")
_PREFIXES = re.compile(
    r"(?:anti|bi|broncho|cardio|costo|counter|dextro|endo|epi|extra|fibro|gastro|hemi|hemo|hepato|hydro|hyper|hypo"
    r"|infero"
    r"|infra|inter|intra|juxta|levo|macro|micro|mid|mini|mis|mono|multi|neuro|non|osteo|over|pan|para|peri|pleuro"
    r"|pneumo"
    r"|poly|post|postero|pre|pseudo|pulmo|quasi|re|retro|semi|sub|super|supero|supra|thoraco|tracheo|trans|tri|ultra|un"
    r"|under|uni|vaso|veno)(?=\w{4})"
)
_ENDINGS = re.compile(r"(?<=\w{4})(?:s|es|ed|d|ing|ly|al|ity|ness|like)$")
_MEDICAL = re.compile(r"\w{2,}(?:ar|al|ic|ous|ions?|omas?|[oi]tic|ated|ary|ium|eal)")
CALENDAR = words("""jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun""")
_FEWEST_MISTYPED = 7
_TWO = 2  # letters of a short form that is no name by itself


@dataclass(frozen=True)
class Lexicon:
    """Sets of words in small letters.

    Attributes
    ----------
    known
        Words that name nobody, those in `doubtful` too.
    doubtful
        Known words that are also names (`Stone`, `Grace`); `given` holds those that are first names.
    bearers
        Eponyms, short forms, states and countries that are names of people too.
    names
        Names that are no words.
    mistyped
        What is left of a usual word of reports, or of the word itself, when one letter is taken out.
    short
        Short forms.
    own
        Words that reports use in small letters.
    places
        States, countries, peoples and months.
    weak, told, verbs, like_names, signs
        As `stays.txt` says.
    """

    known: frozenset[str]
    doubtful: frozenset[str]
    given: frozenset[str]
    bearers: frozenset[str]
    names: frozenset[str]
    mistyped: frozenset[str]
    short: frozenset[str]
    own: frozenset[str]
    places: frozenset[str]
    weak: frozenset[str]
    told: frozenset[str]
    verbs: frozenset[str]
    like_names: frozenset[str]
    signs: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """Return the lexicon, read once a process."""
    lines = gzip.decompress((_HERE / "lexicon.txt.gz").read_bytes()).decode().splitlines()
    built = {kind: frozenset(words.split()) for kind, _, words in (line.partition(": ") for line in lines)}
    own = _stays()
    stays = {kind: own[kind] for kind in _STAY}
    names = built["names"]
    bearers = (EPONYMS | frozenset().union(*stays.values())) & (names | built["doubtful"] | built["doubtful given"])
    bearers = frozenset(word for word in bearers if len(word) > _TWO)
    doubtful = built["doubtful"] | built["doubtful given"] | COMMON | bearers
    doubtful -= {word for word in stays["short forms"] - own["told"] if len(word) <= _TWO}
    return Lexicon(
        known=built["known"] | doubtful | CLINICAL | PLAIN | EPONYMS | frozenset().union(*stays.values()),
        doubtful=doubtful - CLINICAL - CALENDAR,
        given=built["doubtful given"],
        bearers=bearers,
        names=names,
        mistyped=frozenset(part for word in built["usual"] for part in _one_out(word)),
        short=stays["short forms"],
        own=built["own"] | CLINICAL | PLAIN | stays["medical"],
        places=stays["places"],
        weak=own["weak"],
        told=own["told"],
        verbs=own["verbs"],
        like_names=own["like names"],
        signs=own["names of signs"],
    )


def _stays() -> dict[str, frozenset[str]]:
    text = _COMMENT.sub("", (_HERE / "stays.txt").read_text(encoding="utf-8"))
    parts = _KINDS.split(text)[1:]
    return {kind: frozenset(words.split()) for kind, words in zip(parts[::2], parts[1::2], strict=True)}


def _one_out(word: str) -> set[str]:
    return {word} | {word[:n] + word[n + 1 :] for n in range(len(word))}


@lru_cache(maxsize=65536)
def is_known(word: str) -> bool:
    """Tell whether a word in small letters is one of English or medicine, or close to a usual one of reports."""
    held = lexicon()
    if word in held.known:
        return True
    if word in held.names:
        return False
    if is_term(word):
        return True
    stem = _ENDINGS.sub("", word)
    if stem != word and (stem in held.known or stem + "e" in held.known):
        return True
    bare = _PREFIXES.sub("", word)
    if bare != word and (bare in held.known or _ENDINGS.sub("", bare) in held.known):
        return True
    if bare != word and _MEDICAL.fullmatch(bare):
        return True
    return len(word) >= _FEWEST_MISTYPED and not held.mistyped.isdisjoint(_one_out(word))


def is_reports_word(word: str) -> bool:
    """Tell whether reports use a word in small letters that is no name, so that its capital says nothing."""
    held = lexicon()
    return word in held.own and not any(word in kind for kind in (held.doubtful, held.names, held.like_names))


def may_name_town(word: str) -> bool:
    """Tell whether a known word in small letters is a usual name too, and neither a country nor a word of reports."""
    held = lexicon()
    named = word in held.doubtful and (word not in held.weak or word in held.told)
    return named and not any(word in kind for kind in (held.own, held.short, held.places))


def is_doubtful(word: str) -> bool:
    """Tell whether a known word is a name too."""
    return word in lexicon().doubtful


def is_verbal(word: str) -> bool:
    """Tell whether a word ends as hardly any name does."""
    return bool(VERBAL.fullmatch(word))
