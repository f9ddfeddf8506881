"""What table, header and form lines tell of a patient and his doctors, replaced in a text before any rule is asked."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from itertools import permutations

from unirg_core.ingest.persons import CLINICAL, COMMON, EPONYMS, PLAIN, SHORT_FORMS, UPPER

_SHORTEST_ID = 5
_SHORT_NAME = 2
_MOST_PAIRED = 4
NO_NAME_ALONE = COMMON | EPONYMS | PLAIN

_FORM_NAME = re.compile(
    r"^[ \t]*(?:patient(?:'s)?(?: name)?|name|(?:referring|ordering|attending|reporting) (?:physician|doctor|provider)"
    r"|radiologist|dictated by|read by|signed by|requested by)[ \t]*:[ \t]*([A-Za-z][A-Za-z'. ,^-]{1,40})",
    re.IGNORECASE | re.MULTILINE,
)
_FORM_ID = re.compile(
    r"^[ \t]*(?:mrn|medical record(?: no\.?| number)?|patient (?:id|no\.?|number)|accession(?: no\.?| number)?)"
    r"[ \t]*[:#][ \t]*([\w/-]{4,})",
    re.IGNORECASE | re.MULTILINE,
)


class Known:
    """What is known of a patient and his doctors: (name, id, phone or place; text) pairs from table and header."""

    def __init__(self, identifiers: Iterable[tuple[str, str]]) -> None:
        identifiers = list(identifiers)
        whole: dict[str, list[str]] = {"id": [], "phone": [], "place": [], "name": []}
        common: list[str] = []
        short: list[str] = []
        owned: list[str] = []
        for kind, text in identifiers:
            if kind == "name":
                tokens = [t for t in re.split(r"[\s^=,./]+", text) if len(t.strip("-'")) > 1]
                names = [t for t in tokens if t.lower() not in NO_NAME_ALONE and not t.isdigit()]
                whole["name"] += [t for t in names if len(t) > _SHORT_NAME]
                brief = [t for t in names if len(t) <= _SHORT_NAME]
                short += [t.capitalize() for t in brief]
                short += [t.upper() for t in brief if t.lower() not in SHORT_FORMS]
                owned += [t.upper() for t in brief if t.lower() in SHORT_FORMS]
                common += [t for t in tokens if t.lower() in COMMON | EPONYMS]
            elif len(text) >= _SHORTEST_ID and (kind in ("place", "phone") or any(c.isdigit() for c in text)):
                whole[kind].append(text)
        self._patterns = [("name", pattern) for pattern in _pairs(text for kind, text in identifiers if kind == "name")]
        self._patterns += [(kind, _any_of(texts, re.IGNORECASE)) for kind, texts in whole.items() if texts]
        self.named = bool(whole["name"] or short)
        # "Ng" is a name, "NG" a tube: so short a name counts only as names are written.
        self._patterns += [("name", _any_of(short, re.NOFLAG))] if short else []
        self._patterns += [("name", _owned(owned))] if owned else []
        self._near = _near(common) if common else None

    def scrub(self, text: str, found: Counter[str]) -> str:
        """Return the text with what is known replaced by tags, counted in `found`."""
        for kind, pattern in self._patterns:
            text = pattern.sub(partial(tagged, kind, found), text)
        for _ in range(2 if self._near else 0):  # of two such names the second is beside a name once the first is found
            text = self._near.sub(partial(tagged, "name", found), text)
        return text


def _pairs(names: Iterable[str]) -> list[re.Pattern[str]]:
    """Return patterns of two of a name's words side by side, where one is a word of its own: "brown, will".

    Together they are the name in any case; two that both end names elsewhere ("so", "in") ask for a capital.
    """
    loose, strict = [], []
    for name in names:
        tokens = dict.fromkeys(t for t in re.split(r"[\s^=,./]+", name) if len(t) > 1 and not t.isdigit())
        for one, other in permutations(list(tokens)[:_MOST_PAIRED], 2):
            words = one.lower(), other.lower()
            if any(word in COMMON | EPONYMS | PLAIN or len(word) <= _SHORT_NAME for word in words):
                plain = all(word in PLAIN | SHORT_FORMS for word in words)
                (strict if plain else loose).append(rf"{re.escape(one)}(?:,\s?|\s)(?:[A-Za-z]\.?\s)?{re.escape(other)}")
    return [
        re.compile(rf"(?<![\w'’-])(?:{'|'.join(patterns)})(?![\w-])", flag)
        for patterns, flag in ((loose, re.IGNORECASE), (strict, re.NOFLAG))
        if patterns
    ]


def _owned(short: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a name like "NG" in capitals, where its place says that a patient is meant."""
    names = "|".join(map(re.escape, short))
    return re.compile(
        rf"(?<=\b(?i:of|pt) )(?:{names})(?=,|:|\.|(?i:'s| (?:is|was|has|shows)\b))|(?<=\bPATIENT )(?:{names})\b"
        rf"|\b(?:{names})(?=,? \[NAME\])|(?<=\[NAME\] )(?:{names})\b"
    )


def _near(common: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a name that is also a word ("Long", "Hill"), where its place says that it is one.

    That is beside another name, with a capital, or as the one who did or had something; where it is a word of reports
    too ("Long", "Hand"), the capital must stand inside a sentence.
    """
    words = "|".join(re.escape(word) for word in dict.fromkeys(common))
    named = rf"(?-i:(?=[{UPPER}]))(?:{words})\b"
    plainly = "|".join(re.escape(word) for word in dict.fromkeys(common) if word.lower() not in CLINICAL) or "(?!)"
    return re.compile(
        rf"\b{named},?(?= (?:[A-Z]\.? )?\[NAME\])|(?:(?<=\[NAME\] )|(?<=\[NAME\], ))(?:(?-i:[A-Z])\.? )?{named}"
        rf"|(?-i:(?<=[a-z,] )){named}|(?-i:(?=[{UPPER}]))\b(?:{plainly})\b(?!-[a-z])"
        rf"|(?:^|(?<=[.!?] ))(?:{plainly})(?= (?:could|can|cannot|did|does|was|is|has|had|states|denies|reports)\b)"
        rf"|\b{named}(?='s\b|,? (?:was|is|has|had|film|presents?|denies|reports)\b)",
        re.IGNORECASE,
    )


def form_identifiers(report: str) -> list[tuple[str, str]]:
    """Return the names and ids that a raw report's form lines (`Patient: ...`, `MRN: ...`) tell."""
    names = [("name", match[1]) for match in _FORM_NAME.finditer(report)]
    return names + [("id", match[1]) for match in _FORM_ID.finditer(report)]


def _any_of(texts: Iterable[str], flags: int) -> re.Pattern[str]:
    longest_first = sorted(set(texts), key=lambda t: (-len(t), t))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", flags)


def tagged(kind: str, found: Counter[str], match: re.Match[str]) -> str:
    """Return a pattern's first group, which stays, and the tag of what stood behind it; counted in `found`."""
    found[kind] += 1
    kept = next(filter(None, match.groups()), "")
    return f"{kept}[{kind.upper()}]"
