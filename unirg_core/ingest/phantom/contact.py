"""A contact sheet: pictures of a world beside what they show, for an eye to judge whether they are chests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unirg_core.ingest.phantom.render import render
from unirg_core.ingest.phantom.reports import neutral_caption
from unirg_core.ingest.phantom.world import FINDINGS, PhantomStudy, World, studies

_CAPTION_HEIGHT = 30
_LETTERS = 42


def specimens(world: World) -> list[PhantomStudy]:
    """Return, for each finding, four studies from faint to plain that show it alone if possible, then four normals."""
    population = studies(world)
    chosen: list[PhantomStudy] = []
    for label in FINDINGS:
        showing = [study for study in population if any(f.label == label for f in study.drawn)]
        alone = [study for study in showing if len(study.drawn) == 1]
        ranked = sorted(alone if len(alone) >= 4 else showing, key=lambda study: _degree(study, label))
        chosen += [ranked[k * (len(ranked) - 1) // 3] for k in range(4)] if ranked else []
    return chosen + [study for study in population if not study.drawn][:4]


def _degree(study: PhantomStudy, label: str) -> float:
    return max(f.degree for f in study.drawn if f.label == label)


def contact_sheet(
    path: Path, shown: Sequence[PhantomStudy] | None = None, *, world: World | None = None, columns: int = 6
) -> None:
    """Write a labelled contact sheet as PNG.

    Parameters
    ----------
    path
        Where to write.
    shown
        The studies; by default `specimens` of `world`.
    world
        By default development world 0 with 2,400 patients.
    columns
        Pictures in a row.
    """
    from PIL import Image, ImageDraw

    world = world or World(seed=0, patients=2400)
    shown = specimens(world) if shown is None else shown
    side = world.image_size
    tall = side + _CAPTION_HEIGHT
    sheet = Image.new("L", (columns * side, -(-len(shown) // columns) * tall))
    pen = ImageDraw.Draw(sheet)
    for k, (study, picture) in enumerate(zip(shown, render(shown, side), strict=True)):
        left, top = k % columns * side, k // columns * tall
        pen.text((left + 3, top + 2), _caption(study), fill=255)
        sheet.paste(Image.fromarray(np.rint(picture * 255).astype(np.uint8)), (left, top + _CAPTION_HEIGHT))
    sheet.save(path, "PNG")


def _caption(study: PhantomStudy) -> str:
    """Return two short lines: who and what is reported; what is faint or harmless."""
    degrees = " ".join(f"{f.degree:.2f}" for f in study.findings)
    first = f"{study.institution[-1]} {study.view} {study.sex}{study.age} {neutral_caption(study)} {degrees}"
    unsaid = [f"{f.label} {f.degree:.2f}" for f in study.faint] + [shape.kind for shape in study.look_alikes]
    second = f"(unreported: {', '.join(unsaid)})" if unsaid else ""
    return f"{first[:_LETTERS]}\n{second[:_LETTERS]}"
