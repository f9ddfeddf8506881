"""The normal chest: how one patient is built, how one exposure was taken, and the shadows of both."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from unirg_core.ingest.phantom.frame import bell, clouds, looked_up, placed, soft, stroke, turns
from unirg_core.ingest.phantom.world import PhantomStudy

RIGHT, LEFT = -1, 1
"""The patient's right is on the left of the picture."""
SIDES = {"right": (RIGHT,), "left": (LEFT,), "bilateral": (RIGHT, LEFT), "": ()}

_TABLE = 256


@dataclass(frozen=True)
class Build:
    """What a patient keeps from visit to visit, in units of half a picture."""

    wide: float  # half-width of a lung
    apex: float  # height of the lungs' tops
    heart: float  # half-width of the heart
    tilt: float  # of the heart's axis
    pedicle: float  # half-width of the upper mediastinum
    knob: float  # size of the aortic knob
    ribs: float  # distance of ribs
    rib_phase: float
    fat: float  # 0-1
    breasts: float  # 0 for none
    vessels: np.ndarray = field(repr=False)  # (2, _TABLE) streaks around the hilum, thick and fine


def build(study: PhantomStudy) -> Build:
    """Return the patient's build from its own seed."""
    rng = np.random.Generator(np.random.Philox(key=study.anatomy))
    u = rng.random(10)
    thick, fine = np.repeat(rng.standard_normal((4, 64))[[0, 3]], _TABLE // 64, axis=1)
    streaks = np.stack([thick, np.roll(fine, 2)])
    kernel = np.array([1, 3, 4, 3, 1], np.float64) / 12
    smooth = sum(w * np.roll(streaks, k - 2, axis=1) for k, w in enumerate(kernel))
    smooth[1] *= np.sign(np.sin(np.arange(_TABLE) * 0.9))  # finer branches between the larger
    return Build(
        wide=0.315 + 0.035 * u[0],
        apex=-0.80 + 0.06 * u[1],
        heart=0.305 + 0.055 * u[2] + (0.012 if study.age > 65 else 0.0),
        tilt=0.25 + 0.2 * u[3],
        pedicle=0.105 + 0.03 * u[4],
        knob=0.06 + 0.03 * u[5] + (0.015 if study.age > 60 else 0.0),
        ribs=0.175 + 0.02 * u[6],
        rib_phase=u[7],
        fat=u[8],
        breasts=0.35 + 0.65 * u[9] if study.sex == "F" else 0.0,
        vessels=smooth.astype(np.float32),
    )


@dataclass
class Chest:
    """One chest on its way to a picture: its coordinates, its masks, and the air that findings take away."""

    size: int
    build: Build
    x: np.ndarray
    y: np.ndarray
    across: np.ndarray  # distance from the midline, positive on both sides
    depth: np.ndarray  # distance inward from the chest wall, per pixel's own side
    hemithorax: np.ndarray  # mask of the rib cage's inside on both sides, the abdomen's part too
    lung: np.ndarray  # mask of the lungs
    heart: np.ndarray  # mask
    air: np.ndarray  # how much of the lung still holds air
    marks: np.ndarray  # vessel markings
    extra: np.ndarray  # brightness added outside of air: bones, devices

    def on(self, side: int) -> np.ndarray:
        """Return the mask of one side of the body, softly cut at the midline."""
        return soft(self.x * side, 0.02)


def chest(study: PhantomStudy, size: int, rng: np.random.Generator) -> Chest:
    """Draw the normal chest of a study: build, posture, breath and the heart as large as its finding makes it."""
    u = rng.random(8)
    made = build(study)
    portable = study.view == "AP"
    x, y = placed(
        size,
        turn=float((u[0] - 0.5) * (0.14 if portable else 0.07)),
        shift=(float((u[1] - 0.5) * 0.10), float((u[2] - 0.5) * 0.08)),
        zoom=float(0.95 + 0.10 * u[3]),
    )
    breath = (0.5 - u[4]) * (0.20 if portable else 0.13) - (0.03 if portable else 0.0)
    rotated = (u[5] - 0.5) * 0.08
    x = x - np.float32(rotated * 0.5)
    across = np.abs(x)
    depth = _depth(made, across, y)
    hemithorax = soft(depth, 0.012)
    lung = hemithorax * soft(_dome(x, across, float(breath), made.wide) - y, 0.012)
    heart = _heart(study, made, x, y, float(breath), portable)
    middle = soft(_pedicle(made, x, y) - across, 0.02)
    hidden = np.maximum(heart * np.float32(0.93), middle)
    air = lung * (1 - hidden)
    return Chest(
        size,
        made,
        x,
        y,
        across,
        depth,
        hemithorax,
        lung,
        heart,
        air,
        _marks(made, x, y, across),
        _bones(made, x, y, across, hemithorax, size),
    )


def _depth(made: Build, across: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the distance inward from the chest wall: a rounded triangle, narrow at the apex, wide at the base."""
    down = (y - np.float32(made.apex)) * np.float32(1 / 1.5)
    centre = np.float32(0.315) + np.float32(0.115) * down
    half = np.float32(made.wide - 0.06) + np.float32(0.12) * down
    t = (across - centre) / half
    v = (y - np.float32(0.17)) / np.float32(0.17 - made.apex)
    t, v = t * t, v * v
    # A superellipse of exponent 3; 1 - q over its slope is near the distance at the edge.
    q = t * np.sqrt(t) + v * np.sqrt(v)
    return (1 - q) * half * np.float32(1 / 3)


def _dome(x: np.ndarray, across: np.ndarray, breath: float, wide: float) -> np.ndarray:
    """Return the height of the diaphragm: the right dome higher, both falling to the costophrenic angles."""
    top = np.float32(0.47 - breath) + np.float32(0.05) * soft(x, 0.2)
    t = (across - np.float32(0.30)) * np.float32(1 / (wide + 0.09))
    return top + np.float32(0.23) * t * t * (t > 0) + np.float32(0.05) * t * t * (t < 0)


def _heart(study: PhantomStudy, made: Build, x: np.ndarray, y: np.ndarray, breath: float, portable: bool) -> np.ndarray:
    """Return the heart's mask: an egg that leans to the patient's left, wider by cardiomegaly and a little by AP."""
    degree = next((f.degree for f in study.drawn if f.label == "Cardiomegaly"), 0.0)
    half = (made.heart + 0.19 * degree) * (1.06 if portable else 1.0) - 0.1 * breath
    height = 0.27 + 0.06 * degree
    centre = (0.105 + 0.05 * degree, 0.36 - breath)
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    lean = np.float32(made.tilt)
    u = (dx + lean * dy * np.float32(0.5)) / np.float32(half)
    v = (dy - lean * dx * np.float32(0.7)) / np.float32(height)
    u, v = u * u, v * v
    body = (1 - u - v) * np.float32(half / 2)
    # The great vessels' root, which makes a waist between heart and knob, not a ball on a stick.
    root_x, root_y = (
        (x - np.float32(0.04)) * np.float32(1 / 0.20),
        (y - np.float32(0.14 - breath)) * np.float32(1 / 0.30),
    )
    root = (1 - root_x * root_x - root_y * root_y) * np.float32(0.10)
    return soft(np.maximum(body, root), 0.02)


def _pedicle(made: Build, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the half-width of the mediastinum at each pixel, with the aortic knob on the left."""
    knob = bell(((y + np.float32(0.36)) * np.float32(1 / 0.09)) ** 2) * soft(x, 0.05)
    hilar = bell(((y + np.float32(0.06)) * np.float32(1 / 0.16)) ** 2)
    return (
        np.float32(made.pedicle)
        + np.float32(made.knob) * knob
        + np.float32(0.05) * hilar
        + np.float32(0.05) * soft(y, 0.5)
    )


def _marks(made: Build, x: np.ndarray, y: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Return the vessels: streaks that leave the hila, finer and fainter outward."""
    dx, dy = across - np.float32(0.17), y + np.float32(0.02)
    far = np.sqrt(dx * dx + dy * dy)
    angle = turns(dy, np.abs(dx) + np.float32(0.02)) + np.float32(0.37) * (x > 0)
    phase = angle * np.float32(0.9) + far * np.float32(0.03)
    thick = looked_up(made.vessels[0], phase)
    fine = looked_up(made.vessels[1], phase * np.float32(2) + far * np.float32(0.11))
    blend = np.clip(far * np.float32(1.6), 0, 1)
    streaks = np.clip(thick * (1 - blend) + fine * blend, 0, 2.2)
    hilum = bell((dx * np.float32(1 / 0.055)) ** 2 + (dy * np.float32(1 / 0.12)) ** 2)
    return streaks * np.clip(1 - far * np.float32(1.25), 0, 1) * np.float32(0.75) + hilum * np.float32(1.3)


@lru_cache(maxsize=1)
def _rib_profiles() -> tuple[np.ndarray, np.ndarray]:
    """Return brightness over one turn for posterior ribs (a band with bright edges) and anterior ones (a soft band)."""
    turn = np.arange(_TABLE) / _TABLE
    band = np.clip((0.22 - np.abs(turn - 0.5)) / 0.04 + 0.5, 0, 1)
    edges = np.exp(-(((np.abs(turn - 0.5) - 0.205) / 0.03) ** 2))
    return (0.7 * band + 0.5 * edges).astype(np.float32), np.clip(np.cos(2 * np.pi * turn) * 1.5 - 0.3, 0, 1).astype(
        np.float32
    )


def _bones(
    made: Build, x: np.ndarray, y: np.ndarray, across: np.ndarray, hemithorax: np.ndarray, size: int
) -> np.ndarray:
    """Return the brightness of ribs, spine, clavicles and shoulder blades."""
    back, front = _rib_profiles()
    square = across * across
    bend = np.float32(0.10) * across + np.float32(0.62) * square * across
    phase = (y - bend) * np.float32(1 / made.ribs) + np.float32(made.rib_phase)
    ribs = looked_up(back, phase) * np.float32(0.055)
    slope = (y + np.float32(0.75) * across - np.float32(0.28) * square) * np.float32(1 / (made.ribs * 1.12))
    ribs = ribs + looked_up(front, slope) * np.float32(0.03) * soft(across - np.float32(0.3), 0.12)
    ribs *= soft(hemithorax - np.float32(0.2), 0.3) * soft(np.float32(0.75) - y, 0.3)
    spine = soft(np.float32(0.085) - across, 0.012)
    body = looked_up(back, y * np.float32(1 / 0.15)) * np.float32(0.03) + np.float32(0.03)
    clavicle = _clavicle(across, y, size)
    blade = soft(np.float32(0.03) - np.abs(across - np.float32(0.70) - np.float32(0.12) * y), 0.05)
    blade *= soft(np.float32(0.05) - np.abs(y + np.float32(0.30)) + np.float32(0.22), 0.06) * np.float32(0.035)
    return ribs + spine * body + clavicle * np.float32(0.10) + blade


def _clavicle(across: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return both collar bones: from the sternum outward and up, bent like a bow."""
    t = across - np.float32(0.10)
    line = y + np.float32(0.56) + np.float32(0.28) * t - np.float32(0.16) * t * t
    bone = stroke(line, 0.055, size) * np.float32(0.6) + stroke(np.abs(line) - np.float32(0.025), 0.014, size)
    return bone * soft(t, 0.02) * soft(np.float32(0.80) - across, 0.05)


def tissue(chest_: Chest, grain: np.ndarray) -> np.ndarray:
    """Return the brightness of the body without lungs: outline, flanks, liver, breasts, windpipe.

    Parameters
    ----------
    chest_
        The drawn chest.
    grain
        Coarse (k, k) normals that make soft tissue uneven.
    """
    x, y, across, made = chest_.x, chest_.y, chest_.across, chest_.build
    shoulder = np.float32(0.19 + 0.03 * made.fat) + np.float32(0.85) * soft(y + np.float32(0.78), 0.20)
    edge = shoulder - np.float32(0.13 - 0.10 * made.fat) * soft(y + np.float32(0.15), 0.25)
    body = soft(edge - across, 0.02)
    value = np.float32(0.62) + np.float32(0.05) * clouds(grain, chest_.size)
    value = value + np.float32(0.10) * soft(y - np.float32(0.55), 0.3)
    value = value - np.float32(0.12 + 0.08 * (1 - made.fat)) * soft(across - np.float32(0.74), 0.12)
    wind = bell((x * np.float32(1 / 0.026)) ** 2) * soft(np.float32(-0.12) - y, 0.08)
    value = value + np.float32(0.10) * soft(np.float32(0.13) - across, 0.06) - np.float32(0.22) * wind
    value = value + np.float32(0.05) * chest_.heart
    bubble = bell(
        ((x - np.float32(0.36)) * np.float32(1 / 0.07)) ** 2 + ((y - np.float32(0.72)) * np.float32(1 / 0.035)) ** 2
    )
    value = value - np.float32(0.22) * bubble * (1 - chest_.lung)
    return body * value


def breast_shadow(chest_: Chest) -> np.ndarray:
    """Return the veil of the breasts over the lung bases."""
    dx = (chest_.across - np.float32(0.42)) * np.float32(1 / 0.34)
    dy = (chest_.y - np.float32(0.34)) * np.float32(1 / 0.30)
    return soft(1 - dx * dx - dy * dy, 0.25) * np.float32(0.085 * chest_.build.breasts)
