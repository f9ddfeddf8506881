"""Coordinates, soft edges and noise: what every shadow of the drawn chest is made with.

A picture is the square [-1, 1] x [-1, 1], x to the right, y down. Arrays are float32, one study at a time: 256 x 256
pixels of one study stay in the cache, those of a batch do not, and a study drawn alone has the bytes of one drawn in
a batch. Pixels meet only plain arithmetic, square roots and tables, all of them exactly rounded: other processors
draw the same bytes.
"""

import math
from functools import lru_cache

import numpy as np

_ARCTAN = tuple(c / math.tau for c in (0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351))


@lru_cache(maxsize=4)
def axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x (1, size) and y (size, 1) of the pixel centres."""
    line = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - np.float32(1)).reshape(1, -1)
    return line, np.ascontiguousarray(line.T)


def placed(size: int, turn: float, shift: tuple[float, float], zoom: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the chest's own coordinates of each pixel, of a patient who stands turned, shifted, nearer or farther."""
    x, y = axes(size)
    cosine, sine = np.float32(math.cos(turn) / zoom), np.float32(math.sin(turn) / zoom)
    x, y = x - np.float32(shift[0]), y - np.float32(shift[1])
    return cosine * x + sine * y, cosine * y - sine * x


def soft(field: np.ndarray, width: float) -> np.ndarray:
    """Return 0 where `field` is below -width, 1 above width, smooth between."""
    t = np.clip(field * np.float32(0.5 / width) + np.float32(0.5), 0, 1)
    return t * t * (np.float32(3) - t - t)


def bell(squared: np.ndarray) -> np.ndarray:
    """Return a bump of squared distance: near a Gaussian's, but exactly 0 from 3 standard deviations on, and cheap."""
    t = np.clip(np.float32(1) - squared * np.float32(1 / 9), 0, 1)
    t *= t
    return t * t


def stroke(distance: np.ndarray, width: float, size: int) -> np.ndarray:
    """Return a line of a given width at `distance` from its middle; thinner than a pixel, it is fainter instead."""
    pixel = 2 / size
    shown = max(width, pixel)
    return np.clip((shown / 2 + pixel / 2 - np.abs(distance)) / np.float32(pixel), 0, 1) * np.float32(width / shown)


@lru_cache(maxsize=16)
def _spread(size: int, knots: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which three knots each fine pixel lies between, (3, size), and their quadratic B-spline weights."""
    at = (np.arange(size) + 0.5) / size * (knots - 2) + 0.5
    middle = np.rint(at).astype(np.intp)
    off = at - middle
    weights = np.stack([0.5 * (0.5 - off) ** 2, 0.75 - off**2, 0.5 * (0.5 + off) ** 2]).astype(np.float32)
    return np.clip(np.stack([middle - 1, middle, middle + 1]), 0, knots - 1), weights


def clouds(coarse: np.ndarray, size: int) -> np.ndarray:
    """Return a smooth (size, size) field through a coarse (k, k) one, the same at every size.

    Three weighted rows, then three weighted columns: a matrix product would sum in an order of the machine's liking.
    """
    knots, weights = _spread(size, len(coarse))
    coarse = coarse.astype(np.float32)
    rows = sum(coarse[k] * w[:, None] for k, w in zip(knots, weights, strict=True))
    return sum(rows[:, k] * w for k, w in zip(knots, weights, strict=True))


def turns(dy: np.ndarray, dx: np.ndarray) -> np.ndarray:
    """Return the angle of (dx, dy), dx > 0, in turns, -1/4..1/4, within 2e-6 (Abramowitz and Stegun 4.4.49).

    Plain arithmetic: the arctan of one processor differs from another's in the last bit, which would reach a picture.
    """
    far = np.abs(dy)
    t = np.minimum(far, dx) / np.maximum(far, dx)
    square = t * t
    angle = np.float32(_ARCTAN[-1]) * square
    for coefficient in _ARCTAN[-2:0:-1]:
        angle = (angle + np.float32(coefficient)) * square
    angle = (angle + np.float32(_ARCTAN[0])) * t
    return np.copysign(np.where(far > dx, np.float32(0.25) - angle, angle), dy)


def looked_up(table: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return a periodic table's values at phases in turns."""
    index = (phase * np.float32(len(table))).astype(np.int32) & (len(table) - 1)
    return table.take(index)
