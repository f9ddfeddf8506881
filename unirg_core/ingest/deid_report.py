"""The de-identification report, `data/deid.json`: part of the dataset, and so of its digest and of a model's record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.files import digest_of, file_digest, read_json
from unirg_core.ingest.burned import CAPTURED, DECLARED, SUSPECTED
from unirg_core.ingest.cells import Unread
from unirg_core.ingest.deidentify import CATEGORIES
from unirg_core.params import Deid
from unirg_core.study import CAPITALS, SMALL

DEID = "data/deid.json"

PROFILE = {
    "header": "DICOM PS3.15 Annex E, Basic Profile: every element is removed but what the study schema derives from it",
    "text": "45 CFR 164.514(b)(2), Safe Harbor, by rules and by what table, form and header tell",
}
VERSION = "4"
RESIDUAL_RISK = (
    "A name that table, form and header do not tell and that stands in no usual phrase may stay, above all in a text "
    "in capitals or small letters throughout, or where it is a common word too.",
    "Dates that are moved keep their distances: who knows one true date of a patient knows all of them.",
    "Nothing reads the pixels: a picture is refused where its header declares print, and only marked where lines of "
    "print are suspected. Print that neither shows stays in the picture.",
    "A face or a unique body, implant or jewel in the picture, and a rare history in the text, can name a person.",
    "Recall is measured on planted forms, not on this institution's reports (docs/deidentification.md).",
)
_RULES = (
    *(
        "ages.py",
        "beside.py",
        "burned.py",
        "dates.py",
        "deidentify.py",
        "digits.py",
        "doubted.py",
        "homes.py",
        "identifiers.py",
        "known.py",
        "labelled.py",
        "lone_times.py",
    ),
    *("lexicon.py", "lexicon.txt.gz", "persons.py", "places.py", "small_letters.py", "standing.py", "stays.txt"),
    *("remains.py", "signs.py", "terms.py", "times.py", "unknown.py"),
)


def deid_report(
    settings: Deid,
    found: Mapping[str, int],
    reasons: Iterable[str],
    marks: Iterable[str | None],
    unnamed: Sequence[str | None],
    unread: Mapping[str, Unread],
) -> dict[str, Any]:
    """Return the report.

    Parameters
    ----------
    settings
        The section ingest.deid.
    found
        Category -> identifiers that were removed from the texts or moved.
    reasons
        Why files were rejected.
    marks
        The column `burned_in` of the manifest.
    unnamed
        The column `unnamed` of the manifest.
    unread
        Field -> the cells of a drop's table that could not be read.
    """
    refused = sum("burned into" in reason for reason in reasons)
    marked = Counter(mark for mark in marks if mark)
    blind = Counter(filter(None, unnamed))
    return {
        "profile": PROFILE,
        "version": VERSION,
        "rules": rules_digest(),
        "settings": settings.model_dump(),
        "removed_from_text": {name: found.get(name, 0) for name in CATEGORIES},
        "names": {
            "studies": len(unnamed),
            "without_a_known_name": blind.total(),
            "of_these_in_capitals": blind[CAPITALS],
            "of_these_in_small_letters": blind[SMALL],
        },
        "refused": {"burned_in_annotation": refused},
        "taken_but_marked": {why: marked[why] for why in (DECLARED, CAPTURED, SUSPECTED)},
        "cells": {name: {"filled": cells.filled, "unread": cells.unread} for name, cells in unread.items()},
        "residual_risk": list(RESIDUAL_RISK),
    }


def names_known(root: Path) -> tuple[int, int, int]:
    """Return studies, those of which no name was known, and those of these in one case, as a dataset's report says."""
    names = read_json(root / DEID)["names"]
    alike = names["of_these_in_capitals"] + names["of_these_in_small_letters"]
    return names["studies"], names["without_a_known_name"], alike


def rules_digest() -> str:
    """Return the SHA-256 over the rules and their words: whoever changes one of them has another profile."""
    folder = Path(__file__).parent
    return digest_of({name: file_digest(folder / name) for name in _RULES})
