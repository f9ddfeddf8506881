"""Scrub a report's text of what could name a person, in memory: what is known of him first, then what looks like it.

What is found gives way to a tag that says what stood there, as `[NAME]`; the sentence stays. Full dates are moved by
the patient's own days (`dates.py`), or tagged too. Ages up to 89 stay (45 CFR 164.514, Safe Harbor).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from unirg_core.ingest.dates import HELD, Dates
from unirg_core.ingest.digits import unread_numbers
from unirg_core.ingest.homes import TRAIL
from unirg_core.ingest.identifiers import EMAIL, RULES
from unirg_core.ingest.known import NO_NAME_ALONE, Known, tagged
from unirg_core.ingest.lexicon import CALENDAR, is_doubtful, is_known, is_reports_word, may_name_town
from unirg_core.ingest.persons import (
    CLINICAL,
    EPONYMS,
    EXPLAINED,
    INITIALED,
    INITIALS,
    INSIDE,
    LOW_DEGREE,
    LOW_NAMED,
    LOWER,
    NAMED_AFTER,
    NAMED_AFTER_IN_CAPITALS,
    NAMED_BEFORE,
    OF_SITES,
    PLAIN,
    STANDS_OUT,
    UPPER,
    VERBAL,
)
from unirg_core.ingest.places import LOCATED, NO_TOWN, PLACED, SITE, WHERE
from unirg_core.ingest.remains import without_remains
from unirg_core.ingest.small_letters import in_small_letters
from unirg_core.ingest.terms import is_short_form, is_term
from unirg_core.ingest.unknown import unknown_words
from unirg_core.study import CAPITALS, MIXED, SMALL

CATEGORIES = ("name", "id", "date", "time", "phone", "email", "address", "place", "age")

_LEAD = 12  # characters that hold the word before another
_GIVEN = ("Will", "May")  # so written inside a sentence they are names, not verbs
_MOST_UNEXPLAINED = 3
_MOST_ROUNDS = 4
_TITLE_CASE = 0.5
_FEWEST_PLAIN = 4
_PLAIN_WORDS = re.compile(rf"(?<=[\w,;] )[{UPPER}{LOWER}][{LOWER}]{{3,}}(?!\w)")
_FEW_SMALL = 0.3
_FEWEST_BEGUN = 6  # of a text whose sentences begin with small letters
_BEGINS = re.compile(r"(?:^|[.!?]\s+)[^\w\[]*([^\W\d_])(?=[^\W\d_])")
_FEWEST_WORDS = 3  # of a text whose case says anything
_WORDS = re.compile(r"[^\W\d_]{2,}")
_CAPITALISED = re.compile(rf"[{UPPER}][{LOWER}]")
_REPORT = ("findings", "impression")
_NAMES_MERGED = re.compile(rf"\[NAME\](?:(?:\s*,\s*|\s+|-)(?:[{UPPER}]\.?\s+)?\[NAME\])+")
_TITLED = re.compile(r"\b(?:drs?|mr|mrs|ms|prof)\.?\s+$", re.IGNORECASE)
_ONE_LETTER = re.compile(rf"(?:[{UPPER}]\.){{1,2}},?")
_WILL = ("will", "may")
_INITIAL = re.compile(rf"\b(?![AI] )[{UPPER}]\.? (?=\[NAME\])|(?<=\[NAME\]) [{UPPER}]\b\.?(?![\w:])")
_TAGGED = re.compile(r"\[(?:" + "|".join(c.upper() for c in CATEGORIES) + r")\]")
TAGGED_DATES = Dates()
_HOLDERS = re.compile(f"[{chr(HELD)}-{chr(HELD + 0xFFFD)}]")
_SPACES = re.compile(r"(?<=[^\s])[ \t\xa0]{2,}(?=\S)")  # as between columns; rules know one space
_BESIDE = re.compile(rf"(?<![\w'’.-])([{UPPER}][\w'’-]{{1,30}}(?:,? | and ))(?=\[NAME\])")
_DOUBLED = re.compile(rf"(?<=\[NAME\])-[{UPPER}][{LOWER}]{{2,30}}\b|\b[{UPPER}][{LOWER}]{{2,30}}-(?=\[NAME\])")


def scrub(text: str, known: Known, dates: Dates = TAGGED_DATES) -> tuple[str, Counter[str]]:
    """Return the text without identifiers, and how many were found by category."""
    found: Counter[str] = Counter()
    moved: list[str] = []
    text = _SPACES.sub(" ", _HOLDERS.sub(" ", text))
    case = one_case(_TAGGED.sub(" ", text))
    text = known.scrub(EMAIL.sub(partial(tagged, "email", found), text), found)
    for kind, pattern in RULES:
        text = dates.scrub(text, found, moved) if pattern is None else pattern.sub(partial(tagged, kind, found), text)
    text = TRAIL.sub("", text) if "[ADDRESS]" in text else text
    text = SITE.sub(partial(_site, found), text)
    text = PLACED.sub(partial(_placed, found, _no_name_in_capitals if _in_capitals(text) else _no_name), text)
    if case != MIXED:
        text = LOCATED.sub(partial(_located, found), text)
    if one_case(text) == SMALL:
        text = in_small_letters(text, found, _no_name_in_capitals)
    text = _people(text, found)
    case = SMALL if case == MIXED and _begins_small(text) else case
    text = _unexplained_left(text, found, case)
    return _HOLDERS.sub(lambda match: moved[ord(match[0]) - HELD], text), found


def _unexplained_left(text: str, found: Counter[str], case: str) -> str:
    """Return the text without words and numbers that nothing explains; asked again, as a tag may unmask others."""
    for _ in range(_MOST_ROUNDS):
        before, text = text, without_remains(unread_numbers(unknown_words(text, found, case), found))
        text = _INITIAL.sub("", text)
        if text == before:
            break
    return text


def _people(text: str, found: Counter[str]) -> str:
    """Return the text without the names that its own words give away."""
    capitals = _in_capitals(text)
    no_name = _no_name_in_capitals if capitals else _no_name
    for pattern in NAMED_AFTER_IN_CAPITALS if capitals else NAMED_AFTER:
        text = pattern.sub(partial(_after_lead, found, no_name), text)
    text = NAMED_BEFORE.sub(partial(_before, "name", found, no_name), text)
    text = INITIALS.sub(partial(tagged, "name", found), text)
    text = LOW_NAMED.sub(partial(_in_small_letters, found), text)
    text = LOW_DEGREE.sub(partial(_before_low_degree, found), text)
    text = STANDS_OUT.sub(partial(_standing_out, found), text) if capitals else _unexplained(text, found)
    text = _INITIAL.sub("", _DOUBLED.sub("", text))
    return _NAMES_MERGED.sub("[NAME]", text)


def _in_capitals(text: str) -> bool:
    return sum(map(str.islower, text)) < _FEW_SMALL * sum(map(str.isalpha, text))


def one_case(text: str) -> str:
    """Return whether a text is in capitals or small letters throughout, or mixed, as one of a few words is."""
    if len(_WORDS.findall(text)) < _FEWEST_WORDS:
        return MIXED
    return CAPITALS if _in_capitals(text) else MIXED if _CAPITALISED.search(text) else SMALL


def _begins_small(text: str) -> bool:
    """Tell whether every sentence of a text begins with a small letter, so that a missing capital says nothing."""
    begins = _BEGINS.findall(text)
    return bool(begins) and all(map(str.islower, begins)) and len(_WORDS.findall(text)) >= _FEWEST_BEGUN


def unnamed(texts: Mapping[str, str], known: Known) -> str | None:
    """Return the case of a study's texts (section -> text) where no name is known, None where one is.

    One section in capitals counts. Of small letters it must be findings or impression: indications often are so.
    """
    if known.named:
        return None
    cases = {name: one_case(text) for name, text in texts.items()}
    if CAPITALS in cases.values():
        return CAPITALS
    return SMALL if SMALL in {cases.get(name) for name in _REPORT} else MIXED


def _unexplained(text: str, found: Counter[str]) -> str:
    """Replace capitalised words inside sentences that nothing explains, unless it is a text of many such words."""
    small = {word for word in re.findall(r"\w+", text) if word.islower()}
    text = INITIALED.sub(partial(_behind_initials, found, small), text)
    doubtful = [m for m in INSIDE.finditer(text) if not _explained(m, small)]
    if len(doubtful) > _MOST_UNEXPLAINED and _in_title_case(text):
        return text
    spans = {match.span(1) for match in doubtful}

    def replaced(match: re.Match[str]) -> str:
        if match.span(1) not in spans:
            return match[0]
        found["name"] += 1
        return "[NAME]" + ("'s" if match[1].endswith(("'s", "’s")) else "")

    return _BESIDE.sub(_first_of_two, INSIDE.sub(replaced, text))


def _in_title_case(text: str) -> bool:
    """Tell whether most of a text's plain words have a capital, so that a capital says nothing."""
    plain = [word for word in _PLAIN_WORDS.findall(text) if is_known(word.lower()) and not is_doubtful(word.lower())]
    return len(plain) > _FEWEST_PLAIN and sum(word[0].isupper() for word in plain) > _TITLE_CASE * len(plain)


def _standing_out(found: Counter[str], match: re.Match[str]) -> str:
    """Replace the words of small letters in a text of capitals, unless reports use all of them."""
    plain = CLINICAL | EPONYMS | PLAIN | CALENDAR
    if all(low in plain or is_reports_word(low) or is_term(low) for low in match[1].lower().split()):
        return match[0]
    found["name"] += 1
    return "[NAME]"


def _behind_initials(found: Counter[str], small: set[str], match: re.Match[str]) -> str:
    if _explained(match, small) or VERBAL.fullmatch(match[1]):
        return match[0]
    found["name"] += 1
    return "[NAME]" + ("'s" if match[1].endswith(("'s", "’s")) else "")


def _first_of_two(match: re.Match[str]) -> str:
    first, joined, _ = match[1].partition(" and ")
    word = first.strip(" ,").lower()
    stays = word in PLAIN | EPONYMS or is_short_form(first.strip(" ,")) or (is_known(word) and not is_doubtful(word))
    return match[1] if stays else f"[NAME]{joined or ' '}"


def _explained(match: re.Match[str], small: set[str]) -> bool:
    word = re.sub(r"['’]s$", "", match[1]).lower()
    parts = re.split(r"[-'’]", word)
    inner = re.sub(r"^(?:St\. |(?:Ma?c|[Dd][ei]|La|Le|[Vv]an|[Vv]on|[OD]['’])[ -]?)(?=[A-Z])", "", match[1])[1:]
    bracketed = match.string[match.start(1) - 1 : match.start(1)] == "("
    if any(letter.isdigit() for letter in word) or (inner != inner.lower() and "-" not in inner):
        return True
    if (
        ((word in CLINICAL | EPONYMS | PLAIN or is_reports_word(word)) and match[1] != "Le")
        or (bracketed and VERBAL.fullmatch(word))
        or word in small
        or any(part in EPONYMS for part in parts)
        or set(word) == {"x"}
        or all(is_term(part) or part in PLAIN for part in parts)
    ):
        return True
    if parts[0] in NO_NAME_ALONE and re.search("-[a-z]", match[1]):
        return True
    led = WHERE.search(match.string[max(0, match.start(1) - _LEAD) : match.start(1)])
    return not led and bool(EXPLAINED.match(match.string, match.end(1)))


def _after_lead(found: Counter[str], no_name: Callable[[str], bool], match: re.Match[str]) -> str:
    """Replace the words after a title or lead, up to the first that no name has."""
    words = match[2].split(" ")
    count, at = 0, match.start(2)
    titled = (
        no_name is _no_name and _TITLED.search(match[1]) and not _TAGGED.search(words[0]) and set(words[0]) != {"X"}
    )
    for n, word in enumerate(words):
        at += len(word)
        if not count and _bare(word) in _WILL and n + 1 < len(words) and not no_name(words[n + 1]):
            count, at = 1, at + 1
            continue
        if titled and not count:
            count, at = 1, at + 1
            continue
        if no_name(word) or (_bare(word) in EPONYMS and _eponym(match, at)):
            break
        count, at = count + 1, at + 1
    return match[1] + _replaced("name", found, [], words[:count], words[count:])


def _eponym(match: re.Match[str], end: int) -> bool:
    """Tell whether a disease, sign or device is meant that bears a name, not its bearer."""
    return match[1].strip().lower() == "per" or bool(EXPLAINED.match(match.string, end))


def _bare(word: str) -> str:
    return word.strip(".,:;'-").lower()


def _before(kind: str, found: Counter[str], no_name: Callable[[str], bool], match: re.Match[str]) -> str:
    """Replace the words before a degree, role or site, after the last that no name has."""
    words = match[1].split(" ")
    last = len(words) - 1 if len(words) > 1 and _bare(words[-1]) in _WILL and not no_name(words[-2]) else len(words)
    start = max((n + 1 for n, word in enumerate(words[:last]) if no_name(word)), default=0)
    return _replaced(kind, found, words[:start], words[start:], [])


def _site(found: Counter[str], match: re.Match[str]) -> str:
    """Replace a hospital with what names it; a hospital of no name stays."""
    words = match[1].split(" ")
    start = max((n + 1 for n, word in enumerate(words) if _no_site(word)), default=0)
    if {word.lower() for word in words[start:]} <= OF_SITES:
        return match[0]
    found["place"] += 1
    return " ".join([*words[:start], "[PLACE]"])


def _in_small_letters(found: Counter[str], match: re.Match[str]) -> str:
    """Replace one word behind a title, or two where the second could be a surname."""
    first, second = match[2], match[3].strip()
    willed = first in _WILL and "by" in match[1] and second and not _no_name_in_capitals(second)
    if _no_name_in_capitals(first) and not willed:
        return match[0]
    found["name"] += 1
    return f"{match[1]}[NAME]" + (match[3] if not second or _no_name_in_capitals(second) else "")


def _before_low_degree(found: Counter[str], match: re.Match[str]) -> str:
    """Replace one or two words in small letters between a lead and a degree, where both could be a name's."""
    if any(_no_name_in_capitals(word) for word in match[2].split()):
        return match[0]
    found["name"] += 1
    return f"{match[1]}[NAME]"


def _placed(found: Counter[str], no_name: Callable[[str], bool], match: re.Match[str]) -> str:
    """Replace the words behind "lives in" and the like, up to the first that no place has."""
    words = match[2].split(" ")
    count = next((n for n, word in enumerate(words) if no_name(word) or _bare(word) in NO_TOWN), len(words))
    return match[1] + _replaced("place", found, [], words[:count], words[count:])


def _located(found: Counter[str], match: re.Match[str]) -> str:
    """Replace a word behind a preposition of place, if it is a name too and reports use it little."""
    low = match[2].lower()
    if not may_name_town(low) or low in NO_TOWN | OF_SITES or is_term(low):
        return match[0]
    found["place"] += 1
    return f"{match[1]}[PLACE]"


def _replaced(kind: str, found: Counter[str], before: list[str], name: list[str], after: list[str]) -> str:
    if not any(len(word.strip(".,")) > 1 for word in name):
        return " ".join(before + name + after)
    found[kind] += 1
    comma = "," if name[-1].endswith(",") else ""
    possessive = "'s" if name[-1].endswith(("'s", "’s")) else ""
    return " ".join([*before, f"[{kind.upper()}]{possessive}{comma}", *after])


def _no_name(word: str) -> bool:
    bare = word.strip(".,:;'-").removesuffix("'s").removesuffix("’s")
    if bare in _GIVEN:
        return False
    if _ONE_LETTER.fullmatch(word):
        return False
    return bare.lower() in PLAIN or set(bare) <= {"X"} or bool(_TAGGED.search(word)) or bool(_HOLDERS.search(word))


def _no_name_in_capitals(word: str) -> bool:
    bare = _bare(word)
    return _no_name(word) or (is_known(bare) and not is_doubtful(bare)) or bool(VERBAL.fullmatch(bare))


def _no_site(word: str) -> bool:
    return word.lower() not in OF_SITES and _no_name(word)
