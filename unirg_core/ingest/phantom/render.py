"""From a study to its picture: chest, findings, then exposure, scatter and noise in the look of its institution."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from unirg_core.ingest.phantom.anatomy import Chest, breast_shadow, chest, tissue
from unirg_core.ingest.phantom.frame import axes, clouds
from unirg_core.ingest.phantom.pathology import draw
from unirg_core.ingest.phantom.world import NEUTRAL, PhantomStudy

_STEPS = 4095
_CURVE = 1 << 14
_NOISE_SIDE = 256
"""Noise is set for this side; a smaller picture gets what is left after averaging to it."""


@dataclass(frozen=True)
class Look:
    """How an institution's machines show a chest."""

    contrast: float
    exposure: float
    gamma: float
    noise: float
    haze: float  # of scattered radiation
    marker: tuple[float, float]  # where the R stands


LOOKS = {
    "phantom-a": Look(contrast=1.00, exposure=0.00, gamma=1.00, noise=0.024, haze=0.03, marker=(-0.88, -0.55)),
    "phantom-b": Look(contrast=1.10, exposure=-0.02, gamma=1.12, noise=0.030, haze=0.02, marker=(-0.86, 0.10)),
    "phantom-c": Look(contrast=0.92, exposure=0.03, gamma=0.92, noise=0.027, haze=0.05, marker=(-0.90, -0.40)),
}


def render(studies: Sequence[PhantomStudy], image_size: int) -> np.ndarray:
    """Draw studies.

    Returns
    -------
    np.ndarray
        (n, image_size, image_size) float32 in 0..1, 1 white as bone, as a radiologist sees it. A study has the same
        values alone and in any batch. Values lie on a grid of 12 bits.
    """
    pictures = np.empty((len(studies), image_size, image_size), np.float32)
    for study, picture in zip(studies, pictures, strict=True):
        picture[:] = _picture(study, image_size)
    return pictures


def _picture(study: PhantomStudy, size: int) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(key=study.seed))
    look, grain, clutter = _look(study, rng), rng.standard_normal((9, 9)), rng.standard_normal((26, 26))
    drawn = chest(study, size, rng)
    draw(study, drawn, rng)
    value = _film(drawn, grain, clutter)
    value = _exposed(value, look, rng.random(4), size)
    value += _noise(rng, size) * np.float32(look.noise)
    np.clip(value, 0, 1, out=value)
    return np.rint(value * np.float32(_STEPS)) * np.float32(1 / _STEPS)


def _look(study: PhantomStudy, rng: np.random.Generator) -> Look:
    """Return the institution's look; the neutral population has one of its own a study, wide enough to hold all."""
    u = rng.random(6)
    if study.institution != NEUTRAL:
        return LOOKS[study.institution]
    return Look(
        contrast=float(0.88 + 0.26 * u[0]),
        exposure=float(-0.04 + 0.09 * u[1]),
        gamma=float(0.88 + 0.28 * u[2]),
        noise=float(0.021 + 0.013 * u[3]),
        haze=float(0.015 + 0.04 * u[4]),
        marker=(-0.88, float(-0.55 + 0.7 * u[5])),
    )


def _film(drawn: Chest, grain: np.ndarray, clutter: np.ndarray) -> np.ndarray:
    """Return brightness before exposure: tissue less air, markings where there is air, bones over all."""
    value = tissue(drawn, grain)
    value -= drawn.air * np.float32(0.40)
    value += drawn.marks * drawn.air * np.float32(0.085)
    value += drawn.air * clouds(clutter, drawn.size) * np.float32(0.026)
    value += breast_shadow(drawn)
    return value + drawn.extra * (value > 0.02)


def _exposed(value: np.ndarray, look: Look, u: np.ndarray, size: int) -> np.ndarray:
    """Apply scatter, the institution's curve and this exposure's own error, and stamp the side marker."""
    value = np.clip((value - np.float32(0.08)) * np.float32(1.22), 0, 1.2)
    contrast = look.contrast * (0.92 + 0.16 * u[0])
    exposure = look.exposure + 0.10 * (u[1] - 0.5)
    value = np.float32(0.5 + exposure) + (value - np.float32(0.5)) * np.float32(contrast)
    x, y = axes(size)
    tilt = np.float32(0.05 * (u[2] - 0.5)) * x + np.float32(0.05 * (u[3] - 0.5)) * y
    value = _curve(look.gamma).take(np.rint(np.clip(value + tilt, 0, 1) * np.float32(_CURVE)).astype(np.intp))
    value = np.float32(look.haze) + value * np.float32(1 - look.haze)
    return np.maximum(value, _marker(look.marker, size))


@lru_cache(maxsize=8)
def _curve(gamma: float) -> np.ndarray:
    """Return x ** gamma as a table over 0..1, rounded to where processors agree."""
    power = (np.arange(_CURVE + 1) / _CURVE) ** gamma
    return np.rint(power * 2**20).astype(np.float32) * np.float32(2**-20)


def _marker(place: tuple[float, float], size: int) -> np.ndarray:
    """Return the letter R at the patient's right."""
    x, y = axes(size)
    u, v = (x - np.float32(place[0])) / np.float32(0.035), (y - np.float32(place[1])) / np.float32(0.05)
    stem = (np.abs(u + 0.8) < 0.25) & (np.abs(v) < 1)
    ring = np.abs(np.sqrt((u * 0.8 + 0.1) ** 2 + ((v + 0.45) * 1.7) ** 2) - 0.75) < 0.22
    leg = (np.abs(u - 0.1 - v * 0.8) < 0.28) & (v > 0) & (v < 1)
    return (stem | (ring & (u > -0.8)) | leg).astype(np.float32) * np.float32(0.9)


def _noise(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return unit noise of a picture of 256 pixels a side, or what averaging leaves of it in a smaller one."""
    scale = np.float32(min(size, _NOISE_SIDE) / _NOISE_SIDE)
    return rng.standard_normal((size, size), dtype=np.float32) * scale
