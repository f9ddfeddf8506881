"""Decide which pictures of an Open-i study are frontal: the XML does not say.

By whatever tells it first, for each picture:
1. the projection table made by hand, where it is there;
2. the header's view position;
3. the header's orientation: rows that run to the patient's left or right are frontal, to his front or back lateral;
4. the order of the pictures' names: the first of a study in which nothing is known to be frontal is frontal, and all
   others are lateral. benchmarks/openi_views.py measures how often that is right where the header knows.

A frontal picture whose projection nothing tells is PA, unless the caption says AP or portable and not PA.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unirg_core.ingest.mapping import frontal_or_other

_FRONTAL, _LATERAL = "FRONTAL", "LATERAL"


@dataclass(frozen=True)
class Shown:
    """What is known of one picture; empty where it is not."""

    caption: str = ""
    position: str = ""
    orientation: str = ""
    projection: str = ""


def views(pictures: Sequence[Shown]) -> list[str]:
    """Return PA, AP, LATERAL or OTHER for each picture of a study, given in the order of their names."""
    told = [_told(shown) for shown in pictures]
    guessed = _LATERAL if any(view in ("PA", "AP", _FRONTAL) for view in told) else _FRONTAL
    for at, view in enumerate(told):
        if not view:
            told[at], guessed = guessed, _LATERAL
    return [_projection(shown) if view == _FRONTAL else view for shown, view in zip(pictures, told, strict=True)]


def _told(shown: Shown) -> str:
    """Return PA, AP, FRONTAL, LATERAL or OTHER by what is known of the picture alone; empty for nothing."""
    position = frontal_or_other(shown.position)
    if shown.projection == "lateral":
        return _LATERAL
    if shown.projection == "frontal":
        return position if position in ("PA", "AP") else _FRONTAL
    if position:
        return position
    row = re.search(r"[A-Z]", shown.orientation)
    return {"L": _FRONTAL, "R": _FRONTAL, "A": _LATERAL, "P": _LATERAL}.get(row[0], "") if row else ""


def _projection(shown: Shown) -> str:
    position = frontal_or_other(shown.position)
    if position in ("PA", "AP"):
        return position
    words = set(re.findall(r"[A-Z]+", shown.caption.upper()))
    return "AP" if words & {"AP", "PORTABLE", "SUPINE"} and "PA" not in words else "PA"
