"""Which decoder is fastest and right, for each way that DICOM keeps pixels: milliseconds of one core a picture.

The picture is a real chest radiograph of 1955 x 1841 pixels (pydicom-data's RG1_UNCR.dcm, 15 bits; 8 and 12 of them
where the form holds no more), packed once for each form. `differs` is the greatest difference of stored values to the
reference: the picture itself where the form is lossless, else what Pillow (IJG's decoder) or, where Pillow cannot,
pylibjpeg gives. `used` marks what ingest uses. pylibjpeg-libjpeg (GPL) and pyjpegls are measured if they are installed;
`--reduced` also measures JPEG 2000 at half its resolution. Exit code 1 where a marked decoder is
wrong, 2 at a fault.

Run: OMP_NUM_THREADS=1 python benchmarks/decoders.py [--reduced]
"""

import argparse
import importlib
import io
import time
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.data import get_testdata_file

from unirg_core.ingest.pixels import codestream, decoded

REPEATS = 5
Decode = Callable[[bytes], np.ndarray]


def picture() -> np.ndarray:
    """Return the radiograph's stored values, uint16."""
    return pydicom.dcmread(get_testdata_file("RG1_UNCR.dcm", download=False)).pixel_array


def streams(values: np.ndarray) -> dict[str, tuple[bytes, np.ndarray | None]]:
    """Return each form's codestream, and the values where it is lossless."""
    from pydicom.pixels import get_encoder
    from pydicom.uid import RLELossless

    eight, twelve = (values >> 7).astype(np.uint8), values >> 3
    rows, columns = values.shape
    rle = get_encoder(RLELossless).encode(
        values.tobytes(), index=0, encoding_plugin="pylibjpeg", rows=rows, columns=columns, samples_per_pixel=1,
        number_of_frames=1, bits_allocated=16, bits_stored=15, pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
    )  # fmt: skip
    return {
        "RLE": (rle, values),
        "JPEG baseline": (imagecodecs.jpeg8_encode(eight, level=92), None),
        "JPEG extended, 12 bits": (imagecodecs.jpeg8_encode(twelve, level=92, bitspersample=12), None),
        "JPEG lossless": (imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, bitspersample=16), values),
        "JPEG-LS": (imagecodecs.jpegls_encode(values), values),
        "JPEG 2000 lossless": (_jpeg2000("RG1_J2KR.dcm"), values),
        "JPEG 2000": (_jpeg2000("RG1_J2KI.dcm"), None),
    }


def _jpeg2000(name: str) -> bytes:
    from pydicom.encaps import get_frame

    header = pydicom.dcmread(get_testdata_file(name, download=False))
    return get_frame(header.PixelData, 0, number_of_frames=1)


def decoders(shape: tuple[int, int]) -> dict[str, dict[str, Decode]]:
    """Return what can decode each form, of what is installed; the first is the reference of a lossy form."""
    turbo, ls, j2k = imagecodecs.jpeg8_decode, imagecodecs.jpegls_decode, _single_thread
    pillow = {"Pillow": lambda frame: np.asarray(Image.open(io.BytesIO(frame)))}
    deep = {"Pillow": lambda frame: np.asarray(Image.open(io.BytesIO(frame))) >> 1}  # it spreads 15 bits over 16
    libjpeg = _if_installed("libjpeg", "pylibjpeg-libjpeg", lambda m: lambda frame: m.decode(frame).reshape(shape))
    pyjpegls = _if_installed("jpeg_ls", "pyjpegls", lambda m: lambda frame: m.decode(np.frombuffer(frame, np.uint8)))
    openjpeg = _if_installed("openjpeg", "pylibjpeg-openjpeg", lambda m: lambda f: _openjpeg(m, f, shape))
    return {
        "RLE": {"ingest on pylibjpeg-rle": _planes(shape), "pylibjpeg-rle": _rle(shape), "pydicom": _slow_rle(shape)},
        "JPEG baseline": {**pillow, "imagecodecs": turbo, **libjpeg},
        "JPEG extended, 12 bits": {**libjpeg, "imagecodecs": turbo},
        "JPEG lossless": {
            "imagecodecs": turbo,
            "imagecodecs ljpeg": imagecodecs.ljpeg_decode,
            "imagecodecs sof3": imagecodecs.jpegsof3_decode,
            **libjpeg,
        },
        "JPEG-LS": {"imagecodecs": ls, **pyjpegls, **libjpeg},
        "JPEG 2000 lossless": {**openjpeg, "imagecodecs": j2k, **deep},
        "JPEG 2000": {**openjpeg, "imagecodecs": j2k, **deep},
    }


def _single_thread(frame: bytes) -> np.ndarray:
    return imagecodecs.jpeg2k_decode(frame, numthreads=1)


def _if_installed(module: str, name: str, make: Callable[[Any], Decode]) -> dict[str, Decode]:
    try:
        return {name: make(importlib.import_module(module))}
    except ImportError:
        return {}


def _openjpeg(module: Any, frame: bytes, shape: tuple[int, int]) -> np.ndarray:
    return np.frombuffer(module.decode_pixel_data(frame, version=2), np.uint16).reshape(shape)


def _planes(shape: tuple[int, int]) -> Decode:
    return lambda frame: decoded(codestream(frame, *shape, 16), frame)


def _rle(shape: tuple[int, int]) -> Decode:
    from rle.utils import decode_frame

    return lambda frame: np.frombuffer(decode_frame(frame, shape[0] * shape[1], 16, "<"), np.uint16).reshape(shape)


def _slow_rle(shape: tuple[int, int]) -> Decode:
    from pydicom.pixels.decoders.rle import _rle_decode_frame

    return lambda frame: np.frombuffer(_rle_decode_frame(frame, *shape, 1, 16), "<u2").reshape(shape)


def measured(decode: Decode, frame: bytes) -> tuple[float, np.ndarray]:
    """Return the least CPU milliseconds of some repeats, and the values."""
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time()
        values = decode(frame)
        best = min(best, 1000 * (time.process_time() - began))
    return best, values


def main(reduced: bool) -> int:
    values = picture()
    able = decoders(values.shape)
    print(f"{'form':24} {'decoder':26} {'ms':>7} {'differs':>8}  used")
    wrong = 0
    for form, (frame, exact) in streams(values).items():
        reference = exact
        used = decoded(codestream(frame, *values.shape, 16), frame)
        for name, decode in able[form].items():
            milliseconds, found = measured(decode, frame)
            reference = found if reference is None else reference
            off = int(np.abs(found.astype(np.int64) - reference).max())
            mine = name in ("imagecodecs", "ingest on pylibjpeg-rle")
            print(f"{form:24} {name:26} {milliseconds:7.1f} {off:8}  {'*' if mine else ''}")
            wrong += mine and (off > 1 or not np.array_equal(found, used))
    if reduced:
        _print_reduced(values)
    return int(wrong > 0)


def _print_reduced(values: np.ndarray) -> None:
    """Print how far the stored picture is off if JPEG 2000 is decoded at half its resolution and laid on its place."""
    frame = _jpeg2000("RG1_J2KR.dcm")
    began = time.process_time()
    image = Image.open(io.BytesIO(frame))
    image.reduce = 1
    small = np.asarray(image) >> 1
    milliseconds = 1000 * (time.process_time() - began)
    whole, half = (Image.fromarray(np.rint(v / 30000 * 255).astype(np.uint8)) for v in (values, small))
    place = (0.25, 0.25, whole.width / 2 + 0.25, whole.height / 2 + 0.25)  # low-pass samples sit on even pixels
    half = half.crop((0, 0, half.width + 1, half.height + 1))
    for side in (64, 224, 512):
        size = (round(side * whole.width / whole.height), side)
        stored = [
            np.asarray(one.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0), int)[:-1, :-1]
            for one, box in ((whole, None), (half, place))
        ]
        off = int(np.abs(stored[0] - stored[1]).max())
        print(f"JPEG 2000 lossless at 1/2: {milliseconds:.0f} ms; stored at {side} px, off by up to {off} grey levels")


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reduced", action="store_true", help="also JPEG 2000 at half its resolution")
    asked = parser.parse_args()
    end("decoders", lambda: main(asked.reduced))
