"""What is left of an identifier beside its tag: letters glued to a number, a prefix of capitals, half a name."""

import re

from unirg_core.ingest.lexicon import is_known, lexicon
from unirg_core.ingest.places import words

_TRAILING = re.compile(
    r"(?:(?<=\[ID\])|(?<=\[PHONE\]))[-/._:](?:\[ID\]|\w{1,12}(?![\w\]]))|(?<![\w\[])\w{1,8}[-/_](?=\[ID\])"
    r"|\[ID\](?=\[)|(?<=\])_[^\W_]{2,}(?:-(?:[^\W_]+|\[NAME\]))?(?![\w-])|(?<=\[ID\]) \d{2,4} (?=\[ID\])"
    r"|(?:(?<=[a-z] )|(?<=[a-z]: ))\d{2,4} (?=\[ID\])"
    r"|(?:(?<=\[NAME\])|(?<=\[PLACE\]))-\d{1,5}(?![\w/]|\.\d)"
)
_GLUED = re.compile(
    r"(?<=\[ID\])[A-Za-z]{1,4}(?![\w\]])|(?<=\[PHONE\])[A-Za-z]{1,4}(?![\w\]])"
    r"|(?<=\[NAME\])['’](?!s\b)[^\W\d_]{2,}"
    r"|(?<=\[NAME\])[:/](?:[a-z]{2,3}|[A-Z]{2,3})(?![\w\]'’])"
)
_PREFIX = re.compile(r"(?<![\w'’/.:-])([A-Z]{2,4})[ -](?=\[(?:ID|PHONE)\])")
_LABELS = words("ct mr us xr cr dx nm pt id no nr ed er rn md gp ip ot at on by to of in is or rm ph tf")
_TWO = 2


def without_remains(text: str) -> str:
    """Return the text without what is left of identifiers beside their tags; words and short forms stay."""
    return _PREFIX.sub(_unless_label, _GLUED.sub("", _TRAILING.sub("", text)))


def _unless_label(match: re.Match[str]) -> str:
    """Drop the capitals before a number: two that are no label, more that are no word."""
    low = match[1].lower()
    stays = low in _LABELS if len(low) == _TWO else low in lexicon().short or is_known(low)
    return match[0] if stays else ""
