"""Grey levels as a viewer shows them, by one table of 256 or 65,536 entries: exact, and one look-up a pixel.

The order is that of DICOM PS3.4 N.2: modality LUT or rescale, VOI LUT or window, polarity. A picture has few distinct
stored values and many pixels, so all arithmetic is done on the values.
"""

import math
from typing import Any

import numpy as np

from unirg_core.ingest.elements import first_number, whole
from unirg_core.ingest.picture import ONE_GREY
from unirg_core.ingest.source import Rejected


def shown(header: Any, patterns: np.ndarray, bits: int, low_bit: int) -> np.ndarray:
    """Return grey levels 0-255, uint8, of bit patterns (rows, columns) of which `bits` from `low_bit` on count.

    The VOI LUT goes before the window, the first of several is taken; a window that shows nothing of the picture is
    none, and without any the range of the values outside the padding is shown.

    Raises
    ------
    Rejected
        When the picture is one even grey.
    """
    stored = stored_values(patterns.dtype.itemsize * 8, bits, low_bit, whole(header, "PixelRepresentation", 0))
    values = _rescaled(header, stored)
    for levels in (_by_table(header, values), _by_window(header, values)):
        if levels is not None:
            grey = _looked_up(header, levels, patterns)
            if grey.min() < grey.max():
                return grey
    return _looked_up(header, _by_range(header, stored, values, patterns), patterns)


def stored_values(width: int, bits: int, low_bit: int, signed: int) -> np.ndarray:
    """Return the stored value, int32, of every bit pattern of 8 or 16 bits."""
    values = (np.arange(1 << width, dtype=np.int32) >> low_bit) & ((1 << bits) - 1)
    return np.where(values >> (bits - 1), values - (1 << bits), values) if signed else values


def _looked_up(header: Any, levels: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    import pyarrow as pa

    turned = 255.0 - levels if header.PhotometricInterpretation == "MONOCHROME1" else levels
    table = pa.array(np.clip(np.rint(turned), 0, 255).astype(np.uint8))
    places = pa.array(np.ascontiguousarray(patterns, patterns.dtype.newbyteorder("=")).ravel())
    return table.take(places).to_numpy().reshape(patterns.shape)  # NumPy widens each index to 64 bits first


def _rescaled(header: Any, stored: np.ndarray) -> np.ndarray:
    """Return float32 values after the modality LUT or rescale."""
    if header.get("ModalityLUTSequence"):
        from pydicom.pixels import apply_modality_lut

        return np.asarray(apply_modality_lut(stored, header), np.float32)
    slope, intercept = first_number(header, "RescaleSlope"), first_number(header, "RescaleIntercept")
    return stored.astype(np.float32) * np.float32(slope or 1) + np.float32(intercept or 0)


def _by_table(header: Any, values: np.ndarray) -> np.ndarray | None:
    """Return levels 0-255 by the first VOI LUT, None without one.

    White is the most that the descriptor's bits hold; where no entry comes near it (tables of 12 bits that call
    themselves 16), the most that the entries' own bits hold.
    """
    if not header.get("VOILUTSequence"):
        return None
    from pydicom.pixels import apply_voi

    entries = np.asarray(apply_voi(np.rint(values).astype(np.int32), header), np.float32)
    bits = int(header.VOILUTSequence[0].LUTDescriptor[2])
    needed = max(int(entries.max()), 1).bit_length()
    white = (1 << (bits if needed <= bits <= needed + 1 else needed)) - 1
    return entries * np.float32(255.0 / white)


def _by_window(header: Any, values: np.ndarray) -> np.ndarray | None:
    """Return levels 0-255 by the first window (DICOM PS3.3 C.11.2.1.2), None where there is no usable one."""
    center, width = (first_number(header, name) for name in ("WindowCenter", "WindowWidth"))
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    if center is None or width is None or width < (1 if function == "LINEAR" else 1e-6):
        return None
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return 255.0 / (1.0 + np.exp(-4.0 * (values - np.float32(center)) / np.float32(width)))
    if function == "LINEAR" and width > 1:
        center, width = center - 0.5, width - 1.0
    return np.clip((values - np.float32(center)) / np.float32(width) + 0.5, 0, 1) * 255.0


def _by_range(header: Any, stored: np.ndarray, values: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Return levels 0-255 from the least to the greatest of the picture's own values that are no padding."""
    present = np.zeros(stored.size, bool)
    present[patterns] = True
    padding = [first_number(header, name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if padding[0] is not None:
        ends = sorted(end for end in padding if end is not None)
        present &= (stored < ends[0]) | (stored > ends[-1])
    inside = values[present]
    low, high = (float(inside.min()), float(inside.max())) if inside.size else (0.0, 0.0)
    if not math.isfinite(high - low) or high <= low:
        raise Rejected(ONE_GREY)
    return (np.clip(values, low, high) - np.float32(low)) * np.float32(255.0 / (high - low))
