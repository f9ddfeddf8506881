"""Annotation burned into the pixels: what a header declares, and a cheap look for lines of text near the edges.

The header's word refuses a picture (or only marks it, as set): BurnedInAnnotation YES (0028,0301), and secondary
captures - a screen or a scanned page - that do not deny it, for which PS3.3 C.8.6 leaves open what they show. The look
at the pixels reads nothing and tells a name from `PORTABLE` no more than an eye from afar: it marks, and never refuses.
"""

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np

from unirg_core.ingest.elements import code
from unirg_core.ingest.source import Rejected

DECLARED, CAPTURED, SUSPECTED = "declared", "secondary capture", "text in the pixels"
"""Why a picture is marked."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_LOOKED_AT = 1024  # pixels of the longer side
_STRIP = 0.2  # share of the height, at the top and at the bottom
_EXTREME = 6  # grey levels from the brightest or darkest of the strip
_MOST_MARKED = 0.12  # of a strip; more is collimation or a bright body, no print
_LETTER_HEIGHT = (5, 40)
_LETTER_WIDTH = (1, 44)
_INK = (0.12, 0.95)
_CONTRAST = 48  # grey levels between a letter and what is around it
_LETTERS = 6  # in a line: `PA ERECT` or a date has more, a side marker fewer
_MOST_COMPARED = 200  # lines that a letter is compared with
_GAP = 2.2  # letter heights between neighbours


def declared(header: Any) -> str:
    """Return why a DICOM header makes its picture suspect of burned-in annotation; empty for no reason."""
    word = code(header, "BurnedInAnnotation")
    if word == "YES":
        return DECLARED
    capture = code(header, "SOPClassUID").startswith(_SECONDARY_CAPTURE) or code(header, "ConversionType")
    return CAPTURED if capture and word != "NO" else ""


def check_declared(why: str, mode: str) -> None:
    """Refuse a picture whose header makes it suspect, unless the setting `ingest.deid.burned_in` is `flag`.

    Raises
    ------
    Rejected
        With the reason and the way out.
    """
    if mode == "flag" or why not in (DECLARED, CAPTURED):
        return
    said = (
        "The header says that annotations are burned into the picture (BurnedInAnnotation YES)"
        if why == DECLARED
        else "The picture is a secondary capture whose header does not deny annotations burned into it"
    )
    raise Rejected(f"{said}; look at such pictures, then set ingest.deid.burned_in to flag to take them.")


def suspected(grey: np.ndarray) -> bool:
    """Tell whether a line of print seems to stand near the upper or lower edge of a picture (height, width; 0-255)."""
    step = max(1, -(-max(grey.shape) // _LOOKED_AT))
    tall = max(1, int(grey.shape[0] * _STRIP))
    for strip in (grey[:tall], grey[-tall:]):
        strip = np.asarray(strip)
        brightest, darkest = _reduced(strip, step, np.maximum), _reduced(strip, step, np.minimum)
        for values, ink in (
            (brightest, brightest >= int(brightest.max()) - _EXTREME),
            (darkest, darkest <= int(darkest.min()) + _EXTREME),
        ):
            if 0 < np.count_nonzero(ink) / ink.size < _MOST_MARKED and _has_line(values, ink):
                return True
    return False


def _reduced(strip: np.ndarray, step: int, most: np.ufunc) -> np.ndarray:
    """Return the strip at a fraction of its size; of each square the extreme stays, so that thin strokes do."""
    if step == 1:
        return strip
    height, width = (size // step * step for size in strip.shape)
    rows = reduce(most, (strip[at:height:step, :width] for at in range(step)))
    return reduce(most, (rows[:, at::step] for at in range(step)))


def _has_line(values: np.ndarray, ink: np.ndarray) -> bool:
    boxes = _letter_boxes(ink)
    if len(boxes) <= _MOST_COMPARED and _longest_line(map(_place, boxes)) < _LETTERS:
        return False  # contrast is dear to ask for, and fewer letters make no longer line
    return _longest_line(_place(box) for box in boxes if _stands_out(values, ink, *box)) >= _LETTERS


def _letter_boxes(ink: np.ndarray) -> list[tuple[slice, slice]]:
    """Return the boxes (down, across) of the parts that are shaped as letters are, from left to right."""
    from scipy import ndimage

    if np.count_nonzero(ink) < _LETTERS * _LETTER_HEIGHT[0]:
        return []
    lines = _lines(ink)
    ink = ink[lines]
    parts, count = ndimage.label(ink, np.ones((3, 3)))
    if count < _LETTERS:
        return []
    inked = np.flatnonzero(ink)  # far faster than nonzero in two dimensions
    number = parts.ravel()[inked] - 1
    rows, columns = np.divmod(inked, ink.shape[1])
    filled = np.bincount(number, minlength=count)
    top, left = np.full(count, ink.shape[0]), np.full(count, ink.shape[1])
    bottom, right = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for most, edge, at in ((np.minimum, top, rows), (np.minimum, left, columns)):
        most.at(edge, number, at)
    for edge, at in ((bottom, rows), (right, columns)):
        np.maximum.at(edge, number, at + 1)
    height, width = bottom - top, right - left
    shaped = _between(height, _LETTER_HEIGHT) & _between(width, _LETTER_WIDTH)
    shaped &= _between(filled / (height * width), _INK)
    edges = (edge[shaped].tolist() for edge in (lines[top], lines[bottom - 1] + 1, left, right))
    boxes = [(slice(up, low), slice(begin, end)) for up, low, begin, end in zip(*edges, strict=True)]
    return sorted(boxes, key=_place)


def _lines(ink: np.ndarray) -> np.ndarray:
    """Return the rows in which a letter can be: as many with ink on end as a letter is high, and the bare one before.

    Few rows are, where specks of noise are all the ink; what touches what is the same with the others left out.
    """
    inked = np.flatnonzero(np.diff(ink.any(axis=1), prepend=False, append=False)).reshape(-1, 2)
    tall = inked[inked[:, 1] - inked[:, 0] >= _LETTER_HEIGHT[0]]
    return np.concatenate([np.arange(max(top - 1, 0), bottom) for top, bottom in tall.tolist()] or [tall[:, 0]])


def _place(box: tuple[slice, slice]) -> tuple[int, int, float, int]:
    """Return left, right, middle and height."""
    down, across = box
    return across.start, across.stop, (down.start + down.stop) / 2, down.stop - down.start


def _stands_out(values: np.ndarray, ink: np.ndarray, down: slice, across: slice) -> bool:
    """Tell whether a letter is far from the grey around it, as print is and noise is not."""
    box = slice(max(down.start - 2, 0), down.stop + 2), slice(max(across.start - 2, 0), across.stop + 2)
    inside, around = values[box][ink[box]], values[box][~ink[box]]
    return around.size > 0 and abs(float(inside[0]) - float(np.median(around))) >= _CONTRAST


def _between(values: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    return (bounds[0] <= values) & (values <= bounds[1])


def _longest_line(letters: Iterable[tuple[int, int, float, int]]) -> int:
    """Return how many letters stand in the longest row of like height; letters are (left, right, middle, height)."""
    lines: list[tuple[int, float, int, int]] = []  # right end, middle, height, letters so far
    longest = 0
    for left, right, middle, height in letters:
        fitting = [
            line
            for line in lines
            if 0 <= left - line[0] + 2 <= _GAP * height
            and abs(middle - line[1]) <= 0.35 * height
            and 0.7 <= height / line[2] <= 1.45
        ]
        count = 1 + max((line[3] for line in fitting), default=0)
        longest = max(longest, count)
        lines = [*[line for line in lines if left - line[0] <= 100][-_MOST_COMPARED:], (right, middle, height, count)]
    return longest
