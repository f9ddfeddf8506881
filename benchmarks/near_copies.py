"""How far the hash of a copy lies from its original's, and those of two patients from each other.

    python benchmarks/near_copies.py [phantom patients, default 900]

Copies: the stored picture as JPEG of quality 90 and 60, at half size and back, with other contrast, with noise of two
grey levels, and less 1 % at one edge. Pictures: the phantom's at 64 pixels and, where they are at hand, real ones
(../shared/data/covid_cxr) at 512. Bits of 256; beside them the usual hash of 64 bits. Limit: `validate.near_copy_bits`.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.fft import dctn

from unirg_core.ingest.phantom import World, render, studies
from unirg_core.ingest.picture import perceptual_hash
from unirg_core.params import Validate

REAL = Path(__file__).parents[1] / "../shared/data/covid_cxr"
LIMIT = Validate().near_copy_bits
COPIED = 100
"""Pictures of which copies are made."""

Picture = tuple[str, Image.Image]


def phantoms(patients: int) -> list[Picture]:
    """Return patient and picture of a development world."""
    population = studies(World(5, patients, 64))
    grey = [np.rint(255 * render([study], 64)[0]).clip(0, 255).astype(np.uint8) for study in population]
    return [(str(study.patient), Image.fromarray(levels)) for study, levels in zip(population, grey, strict=True)]


def real() -> list[Picture]:
    """Return patient and picture of the real drop, or nothing where it is not at hand."""
    found = []
    if REAL.exists():
        for row in csv.DictReader((REAL / "metadata.csv").open()):
            path = REAL / "images" / row["filename"]
            if path.exists():
                image = Image.open(path).convert("L")
                scale = 512 / max(image.size)
                size = tuple(round(side * scale) for side in image.size)
                found.append((row["patientid"], image.resize(size, Image.Resampling.LANCZOS)))
    return found


def copies(image: Image.Image) -> dict[str, Image.Image]:
    """Return copies of a picture, by what was done to it."""
    levels = np.asarray(image, dtype=float)
    noise = np.random.default_rng(0).normal(0, 2, levels.shape)
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    return {
        "JPEG 90": _jpeg(image, 90),
        "JPEG 60": _jpeg(image, 60),
        "half size": half.resize(image.size, Image.Resampling.LANCZOS),
        "contrast x 1.2": Image.fromarray((1.2 * (levels - 128) + 140).clip(0, 255).astype(np.uint8)),
        "noise": Image.fromarray((levels + noise).clip(0, 255).astype(np.uint8)),
        "1 % cut off": image.crop((image.width // 100 + 1, 0, image.width, image.height)),
    }


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("L")


def wide(image: Image.Image) -> np.ndarray:
    """Return the 256 bits that the manifest holds."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(perceptual_hash(image)), np.uint8))


def narrow(image: Image.Image) -> np.ndarray:
    """Return the usual 64 bits."""
    small = np.asarray(image.resize((32, 32), Image.Resampling.BOX), dtype=float)
    low = dctn(small, norm="ortho")[:8, :8].ravel()
    return (low > np.median(low[1:])).astype(np.uint8)


def between(pictures: list[Picture], hashed: list[np.ndarray]) -> np.ndarray:
    """Return the distances between the pictures of two patients."""
    patients, bits = np.array([patient for patient, _ in pictures]), np.array(hashed)
    parts = [(bits[at + 1 :] != bits[at])[patients[at + 1 :] != patients[at]].sum(axis=1) for at in range(len(bits))]
    return np.concatenate(parts)


def report(name: str, pictures: list[Picture]) -> None:
    """Print the distances of one set of pictures."""
    print(f"{name}: {len(pictures)} pictures")
    for says, hashing in (("256 bits", wide), ("64 bits", narrow)):
        distances = between(pictures, [hashing(image) for _, image in pictures])
        few = f"{(distances == 0).sum():,} equal"
        few += f", {(distances <= LIMIT).sum():,} within {LIMIT}" if hashing is wide else ""
        print(f"  {says}: {len(distances):,} pairs of two patients: least {distances.min()}, {few}")
    moved: dict[str, list[int]] = {}
    for _, image in pictures[:COPIED]:
        own = wide(image)
        for says, copy in copies(image).items():
            moved.setdefault(says, []).append(int((wide(copy) != own).sum()))
    for says, bits in moved.items():
        within = np.mean(np.array(bits) <= LIMIT)
        print(f"  copy, {says}: median {np.median(bits):.0f}, most {max(bits)}, within {LIMIT} bits: {within:.0%}")


def main(patients: int) -> None:
    """Print all."""
    report("phantom, 64 pixels", phantoms(patients))
    if pictures := real():
        report("real drop, 512 pixels", pictures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patients", type=int, nargs="?", default=900, help="of the phantom; default: %(default)s")
    main(parser.parse_args().patients)
