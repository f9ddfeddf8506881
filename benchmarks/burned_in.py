"""How often the look at the pixels suspects burned-in print: on pictures with planted lines, clean ones, real ones.

    python benchmarks/burned_in.py [--list]

Phantom pictures hold no print but a side marker, so each suspicion there is false. Real pictures may hold printed words
(a position, a page number, a date): --list names those that are suspected, to be looked at.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unirg_core.ingest import phantom
from unirg_core.ingest.burned import suspected

REAL = Path(__file__).parents[2] / "shared/data/covid_cxr"
STUDIES, SIZE = 200, 1024


def planted(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a picture with a name and a date in a corner, white or black, 12-28 pixels high."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(int(rng.integers(14, 30)))
    place = (int(rng.integers(5, 300)), int(rng.choice([8, picture.shape[0] - 60])))
    pen.text(place, "HOLLINGSWORTH MARY 12/03/1961", fill=int(rng.choice([255, 255, 0])), font=font)
    return np.asarray(image)


def marked(picture: np.ndarray) -> np.ndarray:
    """Return a picture with a side marker, which is no identifier."""
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((40, 30), "L", fill=255, font=ImageFont.load_default(48))
    return np.asarray(image)


def main() -> None:
    """Print the shares and the cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name the real pictures that are suspected")
    asked = parser.parse_args()
    studies = phantom.studies(phantom.World(5, STUDIES, SIZE))[:STUDIES]
    rng = np.random.default_rng(0)
    counts, seconds = {"clean": 0, "side marker": 0, "planted name": 0}, 0.0
    for at in range(0, len(studies), 8):
        for drawn in phantom.render(studies[at : at + 8], SIZE):
            picture = np.rint(drawn * 255).astype(np.uint8)
            began = time.process_time()
            counts["clean"] += suspected(picture)
            seconds += time.process_time() - began
            counts["side marker"] += suspected(marked(picture))
            counts["planted name"] += suspected(planted(picture, rng))
    for name, count in counts.items():
        print(f"phantom, {name}: {count} of {len(studies)} suspected")
    print(f"{1000 * seconds / len(studies):.1f} ms a picture of {SIZE} pixels")
    paths = sorted(path for path in REAL.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    real = [path.name for path in paths if suspected(np.asarray(Image.open(path).convert("L")))]
    print(f"covid_cxr: {len(real)} of {len(paths)} suspected")
    if asked.list:
        print("\n".join(real))


if __name__ == "__main__":
    main()
