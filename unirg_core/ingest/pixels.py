"""The stored values of a DICOM picture: native, or in a codestream, which the fastest correct decoder reads.

The decoder is chosen by what the codestream is, not by what the header calls it. Its own size, depth and number of
components are read before it is decoded, so a few damaged bytes cannot ask for gigabytes. `benchmarks/decoders.py`
measures the decoders; docs/dicom.md has the table.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from unirg_core.ingest.elements import whole
from unirg_core.ingest.source import Rejected

_JPEG2000, _JP2, _JPEG = b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ", b"\xff\xd8\xff"
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_LS = 0xF7
_BARE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length
_DAMAGED = "The DICOM file is damaged and cannot be decoded."


@dataclass(frozen=True)
class Codestream:
    """What a compressed picture says of itself before it is decoded."""

    kind: str  # jpeg, jpeg-ls, jpeg2000 or rle
    height: int
    width: int
    components: int
    precision: int


def stored_bits(header: Any) -> tuple[np.ndarray, int, int]:
    """Return the picture's bit patterns (rows, columns), uint8 or uint16, and which bits of them count.

    Returns
    -------
    The patterns, the number of bits that hold the value and the place of the lowest of them. Whether they are signed
    stands in the header (PixelRepresentation).

    Raises
    ------
    Rejected
        When pixels are missing, or the codestream cannot be read or is not the picture that the header describes.
    """
    allocated, stored, rows, columns = (
        whole(header, name) for name in ("BitsAllocated", "BitsStored", "Rows", "Columns")
    )
    if allocated not in (8, 16) or not 1 <= stored <= allocated:
        raise Rejected(f"The header gives {stored} bits in {allocated} a pixel; up to 16 bits in 8 or 16 are taken.")
    if not _encapsulated(header):
        low = whole(header, "HighBit", stored - 1) + 1 - stored
        return _native(header, rows, columns, allocated), stored, low if 0 <= low <= allocated - stored else 0
    frame = _frame(header)
    told = codestream(frame, rows, columns, allocated)
    if (told.height, told.width) != (rows, columns):
        raise Rejected("The picture has another size than the DICOM header says.")
    if told.components != 1 or told.precision > 16:
        raise Rejected("The picture is in colour or deeper than 16 bits, though the header says it is plain grey.")
    values = decoded(told, frame)
    if values.shape != (told.height, told.width) or values.dtype.itemsize > 2:
        raise Rejected(_DAMAGED)
    return values.view(f"u{values.dtype.itemsize}"), max(stored, told.precision), 0


def _encapsulated(header: Any) -> bool:
    """Tell whether the pixels are a codestream, by how they lie in the file or else by the transfer syntax."""
    if header["PixelData"].is_undefined_length:
        return True
    syntax = header.file_meta.get("TransferSyntaxUID")
    return bool(syntax and syntax.is_transfer_syntax and not syntax.is_private and syntax.is_encapsulated)


def _native(header: Any, rows: int, columns: int, allocated: int) -> np.ndarray:
    content = header.PixelData
    if len(content) < rows * columns * allocated // 8:
        raise Rejected("The DICOM file is cut short: part of its pixels is missing.")
    big_endian = not header.original_encoding[1]
    if allocated == 8 and big_endian and header["PixelData"].VR == "OW":
        content = np.frombuffer(content, "u2", len(content) // 2).byteswap().tobytes()  # 8 bits in swapped words
    kind = "u1" if allocated == 8 else ">u2" if big_endian else "<u2"
    return np.frombuffer(content, kind, rows * columns).reshape(rows, columns)


def _frame(header: Any) -> bytes:
    from pydicom.encaps import get_frame

    try:
        return get_frame(header.PixelData, 0, number_of_frames=1)
    except (ValueError, EOFError, struct.error):
        raise Rejected("The DICOM file is cut short: part of its pixels is missing.") from None


def codestream(frame: bytes, rows: int, columns: int, allocated: int) -> Codestream:
    """Return what a compressed picture is; rows, columns and bits allocated are those of RLE, which holds none.

    Raises
    ------
    Rejected
        When it is none that can be read.
    """
    at = frame.find(_JPEG2000, 0, 4096) if frame.startswith(_JP2) else 0
    if at >= 0 and frame.startswith(_JPEG2000, at):
        return _of_jpeg2000(frame[at:])
    if frame.startswith(_JPEG):
        return _of_jpeg(frame)
    segments = int.from_bytes(frame[:4], "little")
    if len(frame) > 64 and segments == allocated // 8 and frame[4:8] == b"\x40\0\0\0":
        return Codestream("rle", rows, columns, 1, allocated)
    raise Rejected(_DAMAGED)


def _of_jpeg2000(stream: bytes) -> Codestream:
    """Read the SIZ segment (ISO/IEC 15444-1 A.5.1)."""
    if len(stream) < 43:
        raise Rejected(_DAMAGED)
    right, bottom, left, top, tile_width, tile_height = struct.unpack(">6I", stream[8:32])
    components, depth = struct.unpack(">HB", stream[40:43])
    width, height = right - left, bottom - top
    if min(tile_width, tile_height) < min(16, max(width, 1), max(height, 1)):
        raise Rejected(_DAMAGED)  # tiles of a few pixels are none that anyone writes, and take hours
    return Codestream("jpeg2000", height, width, components, (depth & 0x7F) + 1)


def _of_jpeg(stream: bytes) -> Codestream:
    """Walk the markers to the frame header (ITU-T T.81 B.2.2, T.87 C.2.2)."""
    at = 2
    while at + 10 <= len(stream):
        if stream[at] != 0xFF:
            break
        marker = stream[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
        elif marker in _SOF or marker == _JPEG_LS:
            precision, height, width, components = struct.unpack(">BHHB", stream[at + 4 : at + 10])
            return Codestream("jpeg-ls" if marker == _JPEG_LS else "jpeg", height, width, components, precision)
        else:
            at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    raise Rejected(_DAMAGED)


def decoded(told: Codestream, frame: bytes) -> np.ndarray:
    """Return the values (height, width) of a codestream by the fastest decoder that is right for its kind."""
    if told.kind == "rle":
        return _of_rle(told, frame)
    import imagecodecs

    if told.kind == "jpeg":
        return imagecodecs.jpeg8_decode(frame)  # libjpeg-turbo 3: baseline, 12 bits and lossless
    if told.kind == "jpeg-ls":
        return imagecodecs.jpegls_decode(frame)
    return imagecodecs.jpeg2k_decode(frame, numthreads=1)


def _of_rle(told: Codestream, frame: bytes) -> np.ndarray:
    """Decode byte planes, the highest first (DICOM PS3.5 annex G).

    Plane by plane: of damaged files, imagecodecs' decoder of whole frames crashes on some, and pylibjpeg-rle's panics.
    """
    from rle.utils import decode_segment

    planes, pixels = told.precision // 8, told.height * told.width
    starts = [*struct.unpack_from(f"<{planes}I", frame, 4), len(frame)]
    values = np.zeros(pixels, f"<u{planes}")
    for number in range(planes):
        if not 64 <= starts[number] <= starts[number + 1]:
            raise Rejected(_DAMAGED)
        plane = decode_segment(frame[starts[number] : starts[number + 1]])
        if len(plane) < pixels:
            raise Rejected("The DICOM file is cut short: part of its pixels is missing.")
        if number:
            values <<= 8
        values |= np.frombuffer(plane, np.uint8, pixels)
    return values.reshape(told.height, told.width)
