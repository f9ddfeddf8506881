"""A report on one line, with its sentences kept apart where only a line break did so.

A list's items, a form's entries and paragraphs often end without a mark. Were their breaks mere spaces, "no" of one
would reach into the next: "- No effusion / - Cardiomegaly" would deny both. A break within a sentence, where a line was
only full, stays a space.
"""

import re

_ITEM = (
    r"(?:[*\u2022\u2023\u25aa\u25e6]"  # a bullet
    r"|[-\u2013](?=\s|[^\W\d_])"  # a dash, of no number
    r"|\(?\d{1,2}[.)](?=\s)"  # "1." or "(1)", never "2.5 cm"
    r"|[^\W\d_](?:[^\W\d_]|[/&, -]){0,30}:(?=\s))"  # an entry of a form: "Heart: enlarged"
)
BREAK = rf"(?<=[^\s,:])[ \t]*\n(?:\s*\n|\s*(?={_ITEM}))"
"""Pattern of a line break that ends a sentence, in a text of plain line feeds: at a blank line, or before an item."""

_UNMARKED = re.compile(rf"(?<=[^.!?;]){BREAK}")


def one_line(text: str) -> str:
    """Return a text with single spaces, and a full stop where a line break alone ended a sentence."""
    plain = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    return " ".join(_UNMARKED.sub(". ", plain).split())
