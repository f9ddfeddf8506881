"""Files that are damaged at random, repeatably: what disks, lines, gateways and old converters do to pictures."""

import io
import warnings
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pydicom
from fixtures_drops import dicom, pixels, png
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

Generator = np.random.Generator
_SIDE = (144, 128)
_NASTY = (0, 1, 2, 7, 9, 13, 31, 127, 255, 256, 4095, 20000, 32767, 65535)
_TEXTS = (
    "",
    " ",
    "1e999",
    "nan",
    "-1",
    "0\\0",
    "9" * 16,
    "\\\\\\",
    "LINEAR",
    "SIGMOID",
    "MONOCHROME1",
    "RGB",
    "\xff\0",
)
_FIELDS = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "VOILUTFunction", "NumberOfFrames"),
    *("PhotometricInterpretation", "Modality", "BodyPartExamined", "PatientAge", "StudyDate", "PixelPaddingValue"),
)


@cache
def whole_files() -> tuple[bytes, ...]:
    """Return whole files, one of every form: ten transfer syntaxes of DICOM, PNG and JPEG."""
    import imagecodecs

    grey, twelve = pixels(1, _SIDE), pixels(2, _SIDE, most=4095)
    window = {"WindowCenter": 2000, "WindowWidth": 3000, "RescaleSlope": 1, "RescaleIntercept": 0}
    streams = {
        JPEGBaseline8Bit: imagecodecs.jpeg8_encode(grey, level=92),
        JPEGExtended12Bit: imagecodecs.jpeg8_encode(twelve, level=92, bitspersample=12),
        JPEGLosslessSV1: imagecodecs.jpeg8_encode(twelve, lossless=True, predictor=1, bitspersample=12),
        JPEGLSLossless: imagecodecs.jpegls_encode(twelve),
        JPEG2000: imagecodecs.jpeg2k_encode(twelve, level=40, bitspersample=12),
    }
    jpeg = io.BytesIO()
    Image.fromarray(grey).save(jpeg, "JPEG")
    return (
        *(dicom(twelve, syntax, BitsStored=12, **window) for syntax in (ExplicitVRLittleEndian, RLELossless)),
        dicom(twelve, JPEG2000Lossless, BitsStored=12),
        dicom(grey, PixelPaddingValue=0),
        *(_rewritten(twelve, syntax) for syntax in (ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)),
        *(
            _around(grey if syntax == JPEGBaseline8Bit else twelve, *pair)
            for pair in streams.items()
            for syntax in pair[:1]
        ),
        png(grey),
        png(twelve),
        jpeg.getvalue(),
    )


def _rewritten(values: np.ndarray, syntax: str) -> bytes:
    data = pydicom.dcmread(io.BytesIO(dicom(values, BitsStored=12)))
    data.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, data, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    return stream.getvalue()


def _around(values: np.ndarray, syntax: str, frame: bytes) -> bytes:
    data = pydicom.dcmread(io.BytesIO(dicom(values, BitsStored=12 if values.dtype.itemsize == 2 else 8)))
    data.PixelData = encapsulate([frame])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def mutated(seed: int) -> bytes:
    """Return a damaged file."""
    rng = np.random.default_rng(seed)
    content = whole_files()[seed % len(whole_files())]
    for _ in range(1 + int(rng.integers(2))):
        content = _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](content, rng)
    return content


def _flipped(content: bytes, rng: Generator) -> bytes:
    """Change some bytes anywhere."""
    return _changed(content, rng, 0, len(content))


def _flipped_early(content: bytes, rng: Generator) -> bytes:
    """Change some bytes of the header."""
    return _changed(content, rng, 0, min(len(content), 1200))


def _flipped_stream(content: bytes, rng: Generator) -> bytes:
    """Change some bytes of the codestream's own head, or of the first pixels."""
    at = max(content.find(b"\xff\xd8\xff"), content.find(b"\xff\x4f\xff\x51"), content.find(b"\xe0\x7f\x10\x00"), 0)
    return _changed(content, rng, at, min(at + 120, len(content)))


def _changed(content: bytes, rng: Generator, low: int, high: int) -> bytes:
    broken = bytearray(content)
    for at in rng.integers(low, max(high, low + 1), int(rng.integers(1, 12))):
        if at < len(broken):
            broken[at] = int(rng.choice([0, 255, int(rng.integers(256)), broken[at] ^ (1 << int(rng.integers(8)))]))
    return bytes(broken)


def _cut(content: bytes, rng: Generator) -> bytes:
    return content[: int(rng.integers(len(content) + 1))]


def _beheaded(content: bytes, rng: Generator) -> bytes:
    """Lose the start: often exactly the preamble."""
    return content[int(rng.choice([128, 132, int(rng.integers(200))])) :]


def _repeated(content: bytes, rng: Generator) -> bytes:
    """Repeat a stretch, or leave one out, or overwrite one by zeros."""
    first, last = sorted(rng.integers(0, len(content) + 1, 2).tolist())
    last = min(last, first + 4000)
    middle = (content[first:last] * 2, b"", bytes(last - first))[int(rng.integers(3))]
    return content[:first] + middle + content[last:]


def _long(content: bytes, rng: Generator) -> bytes:
    """Write a huge number over four bytes of the first thousand."""
    at = int(rng.integers(0, max(1, min(len(content), 1000))))
    return (
        content[:at]
        + (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x40")[int(rng.integers(3))]
        + content[at + 4 :]
    )


def _field(content: bytes, rng: Generator) -> bytes:
    """Give fields other values, or each other's, or none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            data = pydicom.dcmread(io.BytesIO(content))
            for _ in range(int(rng.integers(1, 4))):
                _spoil(data, rng)
            stream = io.BytesIO()
            data.save_as(stream)
            return stream.getvalue()
        except Exception:  # what pydicom will not read or write stays as it is, damaged otherwise
            return _flipped(content, rng)


def _spoil(data: pydicom.Dataset, rng: Generator) -> None:
    name = _FIELDS[int(rng.integers(len(_FIELDS)))]
    kind = int(rng.integers(4))
    if kind == 0 and name in data:
        del data[name]
    elif kind == 1:
        other = [field for field in _FIELDS if field in data]
        one, two = (other[int(at)] for at in rng.integers(0, len(other), 2))
        data[one]._value, data[two]._value = data[two]._value, data[one]._value
    elif kind == 2:
        uid = (JPEG2000, RLELossless, JPEGBaseline8Bit, JPEGLSLossless, "1.2.3", "")[int(rng.integers(6))]
        data.file_meta.TransferSyntaxUID = uid
    else:
        number = pydicom.datadict.dictionary_VR(name) in ("US", "US or SS", "SS")
        setattr(
            data, name, _NASTY[int(rng.integers(len(_NASTY)))] if number else _TEXTS[int(rng.integers(len(_TEXTS)))]
        )


_MUTATIONS: Sequence[Callable[[bytes, Generator], bytes]] = (
    *(_flipped, _flipped_early, _flipped_stream, _flipped_stream, _cut),
    *(_beheaded, _repeated, _long, _field, _field),
)
