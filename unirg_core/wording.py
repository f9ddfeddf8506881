"""Words for people: numbers with the right noun, and the commonest reasons of many."""

import re
from collections import Counter
from collections.abc import Iterable

_PLACE = re.compile(r" \([^()]*\)\.$")


def counted(number: int, one: str) -> str:
    """Return a number with its noun: `1 study`, `2,000 studies`, `no files`."""
    many = f"{one[:-1]}ies" if re.search(r"[^aeiou]y$", one) else f"{one}s"
    return f"1 {one}" if number == 1 else f"{f'{number:,}' if number else 'no'} {many}"


def unnamed(studies: int, blind: int, alike: int, source: str) -> list[str]:
    """Return a sentence, where there is need of one, on studies whose report was scrubbed with no name known.

    Parameters
    ----------
    studies, blind, alike
        All; those of which no name was known; those of these whose report is in capitals or small letters throughout.
    source
        The kind of source; only a drop has a mapping that could name columns.
    """
    if not blind or not (alike or source == "folder"):
        return []
    remedy = "name the columns that hold names as scrub in the mapping" if source == "folder" else "read them"
    throughout = f", {alike:,} of them in capitals or small letters throughout, where rules miss most" if alike else ""
    told = f"no name was known to be scrubbed from {blind:,} of {counted(studies, 'report')}{throughout}"
    return [f"{told}; {remedy} (docs/deidentification.md)"]


def commonest(reasons: Iterable[str], most: int = 5) -> list[str]:
    """Return the commonest reasons with their counts, `3 x The view is lateral`, and a line on how many others.

    A place in brackets at a reason's end, as `(row 3 of metadata.csv)`, is left out, so that equal reasons meet.
    """
    counts = Counter(_PLACE.sub(".", reason).rstrip(".") for reason in reasons)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [f"{count:,} x {reason}" for reason, count in ordered[:most]]
    others = sum(count for _, count in ordered[most:])
    return [*lines, f"and {others:,} more, for {counted(len(ordered) - most, 'other reason')}"] if others else lines
