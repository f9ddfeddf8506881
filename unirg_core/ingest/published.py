"""What the readers of published data sets share: rows by study, and how their tables write dates, splits and texts."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import pyarrow as pa

from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import Refusal
from unirg_core.oneline import one_line

FRONTAL_FIRST = {"PA": 0, "AP": 1, "": 2, "OTHER": 3, "LATERAL": 4}
"""In which order a study's pictures are tried: the first frontal one is taken."""

_NOTHING = frozenset(("", "none", "nan", "n/a", "null", "[]"))


class Rows:
    """Rows of a table, found by their study: a few megabytes beside the table for half a million rows."""

    def __init__(self, table: pa.Table, key: Sequence[str]) -> None:
        self._table = table.combine_chunks()  # to take rows out of many chunks is 25 times slower
        self._found: dict[str, list[int]] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._without: list[int] = []
        columns = [table[name].to_pylist() for name in key]
        for number, cells in enumerate(zip(*columns, strict=True)):
            if all(cells):
                joined = "\x1f".join(cells)
                self._found.setdefault(joined, []).append(number)
                self._parts.setdefault(joined, cells)
            else:
                self._without.append(number)
        self._key = key

    def studies(self) -> Mapping[str, tuple[str, ...]]:
        """Return the key of each study and the cells that it is made of, in the table's order."""
        return self._parts

    def of(self, key: str) -> list[dict[str, str]]:
        """Return the rows of a study, with their number (from 1 below the header) as `row`."""
        numbers = self._found[key]
        rows = self._table.take(numbers).to_pylist()
        return [
            {name: cell or "" for name, cell in row.items()} | {"row": str(number + 1)}
            for number, row in zip(numbers, rows, strict=True)
        ]

    def refusals(self, name: str) -> list[Refusal]:
        """Return the rows in which a part of the key is empty."""
        wanted = " or ".join(self._key)
        return [
            Refusal(f"{name} row {n + 1}", f"{name}: row {n + 1} has no {wanted}, so it belongs to no study.")
            for n in self._without
        ]


def day_of(text: str) -> int | None:
    """Return the days since 1970 of `20190304` or `2019-03-04`, with or without a time; None for anything else."""
    match = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T .]\S*)?", text.strip())
    try:
        return (date(*map(int, match.groups())) - date(1970, 1, 1)).days if match else None
    except ValueError:
        return None


def strictest(splits: Collection[str]) -> str:
    """Return the split that keeps most from training: where a publisher contradicts himself, nothing leaks."""
    return next((name for name in ("test", "validation", "train") if name in splits), "")


def sex_of(text: str) -> str:
    """Return F or M; empty for all else."""
    letter = text.strip()[:1].upper()
    return letter if letter in ("F", "M") else ""


def sections_of(findings: object, impression: object, indication: object, comparison: object) -> Sections:
    """Return the sections of a table that tells them apart; the literal `None` and `nan` are empty.

    A comparison that says `None.` of itself stays: a sentence, not a missing value.
    """
    texts = (findings, impression, indication, comparison)
    found, concluded, asked, compared = ("" if _is_nothing(text) else one_line(str(text)) for text in texts)
    return Sections(findings=found, impression=concluded, indication=asked, comparison=compared)


def _is_nothing(text: object) -> bool:
    return text is None or str(text).strip().lower() in _NOTHING
