"""The findings and their harmless look-alikes, each a change to the air, the markings or the brightness of a chest."""

from itertools import pairwise

import numpy as np

from unirg_core.ingest.phantom.anatomy import LEFT, SIDES, Chest
from unirg_core.ingest.phantom.frame import bell, clouds, soft, stroke
from unirg_core.ingest.phantom.world import Finding, LookAlike, PhantomStudy


def draw(study: PhantomStudy, chest: Chest, rng: np.random.Generator) -> None:
    """Put a study's findings and look-alikes into its chest, in place.

    Every shadow gets its own uniforms and clouds, whether it is there or not: a study's other shadows stay as they
    are when one finding is taken away.
    """
    uniforms = {label: rng.random(6) for label in _DRAWN}
    cloud = {label: rng.standard_normal((14, 14)) for label in ("Consolidation", "Edema")}
    for look_alike in study.look_alikes:
        _LOOK_ALIKES[look_alike.kind](chest, look_alike)
    for label, shade in _DRAWN.items():
        for finding in study.drawn:
            if finding.label == label:
                shade(chest, finding, uniforms[label], cloud.get(label))


def _spots(finding: Finding) -> list[tuple[int, float, float]]:
    """Return (side, distance from the midline, y) for each side of a finding, in the chest's coordinates."""
    column, row = finding.position
    return [(side, abs(column - 0.5) * 2, row * 2 - 1) for side in SIDES[finding.side]]


def _take_air(chest: Chest, share: np.ndarray) -> None:
    chest.air *= 1 - share
    chest.marks *= 1 - share


def _effusion(chest: Chest, finding: Finding, u: np.ndarray, _: None) -> None:
    """Fill the base: blunted angle, then a white base with a meniscus that climbs the chest wall."""
    for side in SIDES[finding.side]:
        level = 0.70 - 0.72 * finding.degree + 0.10 * (u[0] - 0.5) + (0.04 if side == LEFT else 0.0)
        climb = bell((chest.depth * np.float32(1 / 0.055)) ** 2) * np.float32(0.20)
        fluid = soft(chest.y - np.float32(level) + climb, 0.035) * chest.on(side)
        _take_air(chest, fluid * np.float32(0.78 + 0.2 * finding.degree))


def _pneumothorax(chest: Chest, finding: Finding, u: np.ndarray, _: None) -> None:
    """Draw the lung back from apex and side: a dark rim without markings behind a fine pleural line."""
    for side in SIDES[finding.side]:
        wide = 0.022 + 0.13 * finding.degree
        reach = 0.15 + 0.55 * finding.degree + 0.2 * (u[0] - 0.5)
        apical = np.clip((np.float32(chest.build.apex + 0.45 + reach) - chest.y) * np.float32(1.6), 0, 1)
        outward = soft(chest.across - np.float32(0.22), 0.10)
        rim = np.float32(wide) * apical * outward
        here = chest.on(side) * chest.lung
        outside = soft(rim - chest.depth, 0.012) * here * (rim > 0)
        chest.marks *= 1 - outside
        chest.extra -= outside * np.float32(0.05 + 0.05 * finding.degree)
        line = stroke(chest.depth - rim, 0.011, chest.size) * here * soft(rim - np.float32(0.012), 0.008)
        chest.extra += line * np.float32(0.13)
        # What is left of the lung is denser the more it has collapsed.
        chest.air *= 1 - (here - outside) * np.float32(0.22 * finding.degree**2)


def _consolidation(chest: Chest, finding: Finding, u: np.ndarray, cloud: np.ndarray) -> None:
    """Fill patches of lung: a white cloud with ragged edges."""
    ragged = clouds(cloud, chest.size)
    for k, (side, across, y) in enumerate(_spots(finding)):
        radius = 0.10 + 0.10 * finding.degree + 0.03 * u[k]
        dx = (chest.x * side - np.float32(across)) * np.float32(1 / radius)
        dy = (chest.y - np.float32(y + 0.10 * (u[2 + k] - 0.5))) * np.float32(1 / (radius * (0.8 + 0.5 * u[4])))
        patch = bell((dx * dx + dy * dy) * np.float32(2.2))
        patch = np.clip(patch * (1 + np.float32(0.55) * ragged), 0, 1)
        _take_air(chest, patch * np.float32(0.22 + 0.70 * finding.degree))


def _lesion(chest: Chest, finding: Finding, u: np.ndarray, _: None) -> None:
    """Put a round nodule with a clear edge."""
    for side, across, y in _spots(finding):
        radius = 0.042 + 0.072 * finding.degree + 0.012 * u[0]
        dx, dy = chest.x * side - np.float32(across), (chest.y - np.float32(y)) * np.float32(0.9 + 0.2 * u[1])
        inside = soft(np.float32(radius) - np.sqrt(dx * dx + dy * dy), 0.016)
        _take_air(chest, inside * np.float32(0.33 + 0.60 * finding.degree))


def _edema(chest: Chest, finding: Finding, u: np.ndarray, cloud: np.ndarray) -> None:
    """Veil both lungs outward from the hila and thicken the vessels; Kerley lines at the bases."""
    dx, dy = chest.across - np.float32(0.22), chest.y - np.float32(0.06)
    veil = bell((dx * np.float32(1 / 0.21)) ** 2 + (dy * np.float32(1 / 0.33)) ** 2)
    veil = np.clip(veil * (1 + np.float32(0.25) * clouds(cloud, chest.size)), 0, 1)
    chest.air *= 1 - veil * np.float32(0.10 + 0.62 * finding.degree + 0.06 * (u[0] - 0.5))
    chest.marks *= np.float32(1.0 + 1.2 * finding.degree)
    lines = stroke(np.mod(chest.y, np.float32(0.045)) - np.float32(0.02), 0.008, chest.size)
    lines *= bell((chest.depth * np.float32(1 / 0.03)) ** 2) * chest.lung * soft(chest.y - np.float32(0.15), 0.15)
    chest.extra += lines * np.float32(0.10 * finding.degree)


def _atelectasis(chest: Chest, finding: Finding, u: np.ndarray, _: None) -> None:
    """Lay flat bands over a base, where lung has folded."""
    for k, (side, across, y) in enumerate(_spots(finding)):
        slope = 0.5 * (u[k] - 0.5)
        along = chest.x * side - np.float32(across + 0.04)
        length = bell((along * np.float32(1 / (0.09 + 0.07 * finding.degree))) ** 2)
        for band in range(2):
            line = chest.y - np.float32(y - 0.02 - 0.085 * band) - np.float32(slope) * along
            shade = stroke(line, 0.022 + 0.026 * finding.degree, chest.size) * length
            _take_air(
                chest, np.clip(shade, 0, 1) * np.float32(0.28 + 0.60 * finding.degree) * (1.0 if band == 0 else 0.7)
            )


def _device(chest: Chest, finding: Finding, u: np.ndarray, _: None) -> None:
    _DEVICES[finding.kind](chest, SIDES[finding.side], finding.degree, u)


def _pacemaker(chest: Chest, sides: tuple[int, ...], degree: float, u: np.ndarray) -> None:
    """Set the box below a collar bone and its lead through the vein into the heart."""
    box = (0.46 + 0.05 * u[0], -0.42 + 0.08 * u[1])
    for side in sides:
        dx = np.abs(chest.x * side - np.float32(box[0])) - np.float32(0.085)
        dy = np.abs(chest.y - np.float32(box[1])) - np.float32(0.06)
        shade = soft(-np.maximum(dx, dy), 0.012) * np.float32(0.16 + 0.22 * degree)
        path = [
            (side * box[0], box[1] - 0.05),
            (side * 0.22, -0.55),
            (-0.05, -0.42),
            (-0.10, 0.05),
            (0.12, 0.40),
            (0.26, 0.46),
        ]
        chest.extra += shade + _wire(chest, path, 0.020) * np.float32(0.20 + 0.14 * degree)


def _line(chest: Chest, sides: tuple[int, ...], degree: float, u: np.ndarray) -> None:
    """Lead a thin catheter from neck or arm to the caval vein."""
    tip = (-0.09, -0.02 + 0.16 * u[2])
    for side in sides:
        neck = [(side * 0.16, -1.0), (side * 0.13, -0.62), (-0.06, -0.42), tip]
        arm = [(side * 0.95, -0.52), (side * 0.55, -0.62), (side * 0.2, -0.55), (-0.06, -0.40), tip]
        chest.extra += _wire(chest, neck if u[3] < 0.5 else arm, 0.018) * np.float32(0.20 + 0.16 * degree)


def _tube(chest: Chest, _: tuple[int, ...], degree: float, u: np.ndarray) -> None:
    """Lead a tube down the windpipe, two bright walls, to above the carina."""
    end = -0.34 + 0.12 * u[0]
    sway = np.float32(0.02 * (u[1] - 0.5))
    walls = stroke(np.abs(chest.x - sway) - np.float32(0.020), 0.014, chest.size)
    chest.extra += walls * soft(np.float32(end) - chest.y, 0.01) * np.float32(0.20 + 0.16 * degree)


def _wire(chest: Chest, path: list[tuple[float, float]], width: float) -> np.ndarray:
    """Return a bright line along a path, rounded at its joints."""
    nearest = np.full(chest.x.shape, 9, np.float32)
    for (x0, y0), (x1, y1) in pairwise(_rounded(path)):
        dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
        px, py = chest.x - np.float32(x0), chest.y - np.float32(y0)
        t = np.clip((px * dx + py * dy) / np.float32(max(dx * dx + dy * dy, 1e-6)), 0, 1)
        px, py = px - t * dx, py - t * dy
        np.minimum(nearest, px * px + py * py, out=nearest)
    return stroke(np.sqrt(nearest), width, chest.size)


def _rounded(path: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Cut the corners of a path once (Chaikin), ends kept."""
    points = [path[0]]
    for (x0, y0), (x1, y1) in pairwise(path):
        points += [(0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1), (0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1)]
    return [*points, path[-1]]


def _nipple(chest: Chest, shape: LookAlike) -> None:
    """Show a nipple: smaller and fainter than a nodule, always low and outward."""
    side = SIDES[shape.side][0]
    dx, dy = chest.x * side - np.float32(0.50), chest.y - np.float32(0.30)
    spot = soft(np.float32(0.036) - np.sqrt(dx * dx + dy * dy), 0.016)
    chest.air *= 1 - spot * np.float32(0.25 + 0.20 * shape.degree)


def _skin_fold(chest: Chest, shape: LookAlike) -> None:
    """Show a skin fold: an edge like a pleural line, but it crosses the chest wall and markings go on beyond it."""
    side = SIDES[shape.side][0]
    line = chest.x * side - np.float32(0.46) - np.float32(0.22) * (chest.y + np.float32(0.2))
    reach = soft(np.float32(0.45) - np.abs(chest.y + np.float32(0.05)), 0.1)
    step = soft(line, 0.008) * soft(np.float32(0.12) - line, 0.10)
    chest.extra -= step * reach * np.float32(0.04 + 0.04 * shape.degree)


def _fat_pad(chest: Chest, shape: LookAlike) -> None:
    """Show a fat pad: the angle between heart and diaphragm filled."""
    side = SIDES[shape.side][0]
    across = 0.36 if side == LEFT else 0.20
    dx = (chest.x * side - np.float32(across)) * np.float32(1 / 0.13)
    dy = (chest.y - np.float32(0.52)) * np.float32(1 / 0.11)
    chest.air *= 1 - bell((dx * dx + dy * dy) * np.float32(1.5)) * np.float32(0.30 + 0.30 * shape.degree)


_DEVICES = {"pacemaker": _pacemaker, "central line": _line, "endotracheal tube": _tube}
_LOOK_ALIKES = {"nipple": _nipple, "skin fold": _skin_fold, "fat pad": _fat_pad}
# In the order of drawing: what takes air first, what lies over it last. Cardiomegaly is the heart's own size.
_DRAWN = {
    "Edema": _edema,
    "Consolidation": _consolidation,
    "Lung Lesion": _lesion,
    "Atelectasis": _atelectasis,
    "Pneumothorax": _pneumothorax,
    "Pleural Effusion": _effusion,
    "Support Devices": _device,
}
