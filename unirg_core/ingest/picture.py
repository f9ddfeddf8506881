"""Pictures: decode PNG and JPEG to grey, bring any picture to its stored size, and measure it."""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from unirg_core.ingest.source import Rejected

_SMALLEST, _LARGEST = 32, 20_000
ONE_GREY = "The picture is one even grey."
_HASH_SIDE, _HASH_INPUT = 16, 64
_SMALL = 128


@dataclass(frozen=True, eq=False)
class Decoded:
    """One picture as grey levels and what its file says about it.

    `grey` is (height, width) float32 or uint8, 0-255, 0 black air and 255 bright bone. The texts are those of DICOM,
    empty where the file tells nothing; `identifiers` are names and ids from its header, to be scrubbed from the report.
    """

    grey: np.ndarray
    bits: int
    photometric: str
    modality: str = ""
    view: str = ""
    sex: str = ""
    age: int | None = None
    day: int | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    burned_in: str = ""  # why its header makes it suspect of print in its pixels (burned.py); empty for no reason


@dataclass(frozen=True, eq=False)
class Stored:
    """A picture as it is kept: PNG bytes, and figures of its pixels."""

    png: bytes
    height: int
    width: int
    mean: float
    std: float
    saturated: float
    phash: str


def decode_picture(content: bytes) -> Decoded:
    """Decode a PNG or JPEG of 1 to 16 bits, grey or colour.

    Raises
    ------
    Rejected
        When it is none, is cut short or damaged, or has an impossible size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            check_size(image.height, image.width)
            image.load()
            image = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise Rejected("The file is neither DICOM nor PNG nor JPEG.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Rejected("The picture has more pixels than a radiograph can have.") from None
    except Rejected:
        raise
    except Exception:  # a damaged file makes Pillow's decoders raise whatever; it must not stop the run
        raise Rejected("The picture is cut short or damaged.") from None
    return _grey(image)


def _grey(image: Image.Image) -> Decoded:
    if image.mode.startswith("I") or image.mode == "F":
        return Decoded(stretched(np.asarray(image, dtype=np.float32)), 16, "MONOCHROME2")
    photometric = "MONOCHROME2" if image.mode in ("1", "L", "LA") else "RGB"
    if image.mode in ("LA", "PA", "RGBA"):
        backdrop = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(backdrop, image.convert("RGBA"))
    return Decoded(np.asarray(image.convert("L")), 1 if image.mode == "1" else 8, photometric)


def check_size(height: int, width: int) -> None:
    """Refuse a picture that can be no radiograph by its size in pixels."""
    if min(height, width) < _SMALLEST:
        raise Rejected(f"The picture has {width} x {height} pixels; {_SMALLEST} a side are the least.")
    if max(height, width) > _LARGEST:
        raise Rejected("The picture has more pixels than a radiograph can have.")


def stretched(values: np.ndarray) -> np.ndarray:
    """Return values spread linearly from their least (0) to their greatest (255)."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high <= low:
        raise Rejected(ONE_GREY)
    return (values - low) * np.float32(255.0 / (high - low))


def store(grey: np.ndarray, side: int) -> Stored:
    """Return the picture with its longer side at `side` pixels, as an 8-bit PNG with its figures."""
    pixels = grey if grey.dtype == np.uint8 else np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels)
    scale = side / max(image.size)
    size = tuple(max(1, round(edge * scale)) for edge in image.size)
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    small = np.asarray(image)
    mean = small.mean(dtype=np.float64, keepdims=True)
    return Stored(
        png=_png(image),
        height=image.height,
        width=image.width,
        mean=mean.item(),
        std=float(small.std(dtype=np.float64, mean=mean)),
        saturated=(np.count_nonzero(small == 0) + np.count_nonzero(small == 255)) / small.size,
        phash=perceptual_hash(image),
    )


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=compress_level(image))
    return stream.getvalue()


def compress_level(image: Image.Image) -> int:
    """Return the level of PNG's compression: 4 is as small as 6 at 512 pixels, in a third of the time.

    Pictures so small that it does not matter keep 6, and so the bytes that they always had.
    """
    return 6 if max(image.size) <= _SMALL else 4


def perceptual_hash(image: Image.Image) -> str:
    """Return 256 bits (64 hex digits) of which few differ between two renderings of the same picture.

    The 16 x 16 lowest cosine frequencies of the picture at 64 x 64, each above their median or not (pHash). The usual
    8 x 8 cannot tell radiographs apart: all of them are two lungs and a heart.
    """
    from scipy.fft import dctn

    small = np.asarray(image.resize((_HASH_INPUT, _HASH_INPUT), Image.Resampling.BOX), dtype=np.float64)
    low = dctn(small, norm="ortho")[:_HASH_SIDE, :_HASH_SIDE].ravel()
    bits = low > np.median(low[1:])
    return np.packbits(bits).tobytes().hex()
