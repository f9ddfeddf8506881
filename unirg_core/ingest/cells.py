"""Count the cells of a drop's table that hold something which cannot be read: they stay empty, and that is told."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from unirg_core.wording import counted

_REMEMBERED = 4096
_UNKNOWN = frozenset(("u", "unk", "unknown", "o", "other", "na", "n/a", "nan", "none", "null", "-", "--", "?", "x"))


@dataclass(frozen=True)
class Unread:
    """Of one field: cells that hold something, those of them that cannot be read, and how the first such looks."""

    filled: int = 0
    unread: int = 0
    shape: str = ""

    def __add__(self, other: "Unread") -> "Unread":
        return Unread(self.filled + other.filled, self.unread + other.unread, self.shape or other.shape)

    def sentence(self, field: str) -> str:
        """Say it for a person."""
        stay = "stays" if self.unread == 1 else "stay"
        of = f"{self.unread:,} of {counted(self.filled, 'cell')}"
        return f"{field}: {of} could not be read and {stay} empty; the first looks like {self.shape!r}"


class Counting:
    """Counts the cells of one field; `reads` tells whether a text can be read. A cell that says unknown is empty."""

    def __init__(self, reads: Callable[[str], bool]) -> None:
        self._reads = lru_cache(_REMEMBERED)(lambda text: text.lower() in _UNKNOWN or reads(text))
        self._filled = self._unread = 0
        self._first = ""

    def see(self, text: str) -> None:
        """Take one cell."""
        if not text:
            return
        self._filled += 1
        if not self._reads(text):
            self._unread += 1
            self._first = self._first or text

    @property
    def found(self) -> Unread:
        """What was counted."""
        return Unread(self._filled, self._unread, shape(self._first))


def shape(text: str) -> str:
    """Return how a text looks, without what it says: letters are a, digits 9, and no more than 24 of them."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text[:24]))


def together(parts: Iterable[Mapping[str, Unread]]) -> dict[str, Unread]:
    """Return the counts of several tables as one, field by field."""
    whole: dict[str, Unread] = {}
    for part in parts:
        for field, one in part.items():
            whole[field] = whole.get(field, Unread()) + one
    return whole
