"""Coordinates, soft edges and noise: what every shadow of the drawn chest is made with.

A picture is the square [-1, 1] x [-1, 1], x to the right, y down. Arrays are float32, one study at a time: 256 x 256
pixels of one study stay in the cache, those of a batch do not, and a study drawn alone has the bytes of one drawn in
a batch.
"""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=4)
def axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x (1, size) and y (size, 1) of the pixel centres."""
    line = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - np.float32(1)).reshape(1, -1)
    return line, np.ascontiguousarray(line.T)


def placed(size: int, turn: float, shift: tuple[float, float], zoom: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the chest's own coordinates of each pixel, of a patient who stands turned, shifted, nearer or farther."""
    x, y = axes(size)
    cosine, sine = np.float32(np.cos(turn) / zoom), np.float32(np.sin(turn) / zoom)
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
def _spread(size: int, knots: int) -> np.ndarray:
    """Return the (size, knots) matrix of quadratic B-spline weights that spreads a coarse row over a fine one."""
    at = (np.arange(size) + 0.5) / size * (knots - 2) + 0.5
    distance = np.abs(at[:, None] - np.arange(knots)[None, :])
    near = 0.75 - distance**2
    far = 0.5 * np.clip(1.5 - distance, 0, None) ** 2
    return np.where(distance < 0.5, near, far).astype(np.float32)


def clouds(coarse: np.ndarray, size: int) -> np.ndarray:
    """Return a smooth (size, size) field through a coarse (k, k) one, the same at every size."""
    spread = _spread(size, len(coarse))
    return spread @ coarse.astype(np.float32) @ spread.T


def looked_up(table: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return a periodic table's values at phases in turns."""
    index = (phase * np.float32(len(table))).astype(np.int32) & (len(table) - 1)
    return table.take(index)
