"""Words of radiology English, to tell a report from gibberish; endings are taken off before a word is looked up.

`words.txt` is written by hand; the lexicon of the labeler is no part of it, so the two do not fail together. A word
that is missing costs nothing by itself: nine of ten are asked for, and the reference's own words always count.
"""

from functools import cache, lru_cache
from importlib.resources import files

_ENDINGS = (
    *(
        ("ies", "y"),
        ("ied", "y"),
        ("ily", "y"),
        ("ing", ""),
        ("ing", "e"),
        ("ed", ""),
        ("ed", "e"),
        ("d", ""),
        ("ly", ""),
    ),
    *(("es", ""), ("es", "is"), ("s", ""), ("er", ""), ("er", "e"), ("est", ""), ("ally", ""), ("ation", "e")),
    *(("ion", "e"), ("'s", "")),
)


@cache
def _listed() -> frozenset[str]:
    return frozenset(files(__package__).joinpath("words.txt").read_text().split())


@lru_cache(maxsize=1 << 15)
def known(word: str) -> bool:
    """Tell whether a lower-case word is radiology English; a hyphenated one is when its parts are."""
    listed = _listed()
    if word in listed or any(word.endswith(e) and word[: -len(e)] + stem in listed for e, stem in _ENDINGS):
        return True
    for ending in ("ing", "ed"):  # a doubled consonant: "stopped" from "stop"
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) > 2 and stem[-1] == stem[-2] and stem[:-1] in listed:
            return True
    return "-" in word and all(known(part) for part in word.split("-") if part)
