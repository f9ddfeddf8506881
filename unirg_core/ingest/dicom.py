"""Decode one DICOM radiograph to 8-bit grey levels as a viewer would show it, and take what the schema needs.

Nothing of the header leaves this module but modality, view, sex, age, study day, bits and photometric; names and ids
are handed on in memory only, to be scrubbed from the report.
"""

import io
import re
import struct
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np

from unirg_core.ingest.burned import declared
from unirg_core.ingest.mapping import age_of, frontal_or_other
from unirg_core.ingest.picture import Decoded, check_size, stretched
from unirg_core.ingest.source import Rejected

_MODALITIES = ("CR", "DX")
_PREFIX = slice(128, 132)
_KINDS = (
    ("id", re.compile(r"ID$|IDs$|^AccessionNumber$")),
    ("phone", re.compile(r"Telephone")),
    ("place", re.compile(r"^InstitutionName$|Address$")),
)
_TEXT_VRS = ("PN", "LO", "SH", "ST", "LT", "UT")


def is_dicom(content: bytes) -> bool:
    """Tell whether bytes are a DICOM Part 10 file."""
    return content[_PREFIX] == b"DICM"


def decode_dicom(content: bytes) -> Decoded:
    """Decode a single-frame CR or DX chest radiograph.

    The modality rescale comes first, then the VOI table or window (the first of several; else the full range), then
    MONOCHROME1 is turned so that 0 is black.

    Raises
    ------
    Rejected
        When it is cut short, cannot be decoded, has several frames or colours, or is another modality or body part.
    """
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = pydicom.dcmread(io.BytesIO(content))
            _check(header)
            grey = _shown(header, _pixels(header))
            return Decoded(grey, int(header.BitsStored), header.PhotometricInterpretation, **_facts(header))
        except Rejected:
            raise
        except (EOFError, struct.error):
            raise Rejected("The DICOM file is cut short.") from None
        except (AttributeError, KeyError):
            raise Rejected("The DICOM header lacks what a picture needs.") from None
        except Exception:  # a hostile file makes pydicom and its decoders raise whatever; it must not stop the run
            raise Rejected("The DICOM file is damaged and cannot be decoded.") from None


def _check(header: Any) -> None:
    """Refuse what is no single grey frontal chest picture, before its pixels are decoded."""
    modality = str(header.get("Modality", "")).upper()
    if "PixelData" not in header and modality in ("", *_MODALITIES):
        raise Rejected("The DICOM file is cut short: it has no pixels.")
    if modality not in _MODALITIES:
        raise Rejected(f"The modality is {_word(modality)}; only CR and DX are taken.")
    part = str(header.get("BodyPartExamined", "")).upper()
    if part and not re.search(r"CHEST|THORAX|LUNG|TORAX", part):
        raise Rejected(f"The body part is {_word(part)}, not the chest.")
    if int(header.get("NumberOfFrames", 1) or 1) > 1:
        raise Rejected("The file has several frames; only single radiographs are taken.")
    if not str(header.PhotometricInterpretation).startswith("MONOCHROME") or int(header.get("SamplesPerPixel", 1)) != 1:
        raise Rejected("The picture is in colour; radiographs are grey.")
    check_size(int(header.Rows), int(header.Columns))


def _word(text: str) -> str:
    """Quote a code of the header only where it is a plain short word, as codes are and names could be taken for."""
    return text if re.fullmatch(r"[A-Z]{1,12}", text) else "another one" if text else "not given"


def _pixels(header: Any) -> np.ndarray:
    """Return the stored values (rows, columns), float32."""
    from pydicom.pixels import pixel_array

    syntax = header.file_meta.TransferSyntaxUID
    needed = int(header.Rows) * int(header.Columns) * int(header.BitsAllocated) // 8
    if not syntax.is_compressed and len(header.PixelData) < needed:
        raise Rejected("The DICOM file is cut short: part of its pixels is missing.")
    return pixel_array(header).astype(np.float32)


def _shown(header: Any, stored: np.ndarray) -> np.ndarray:
    """Return grey levels 0-255 as a viewer shows the stored values."""
    padding = header.get("PixelPaddingValue")
    inside = stored[stored != padding] if isinstance(padding, int) else stored
    if "VOILUTSequence" in header or "ModalityLUTSequence" in header:
        values = _by_tables(header, stored)
    else:
        slope, intercept = float(header.get("RescaleSlope", 1) or 1), float(header.get("RescaleIntercept", 0) or 0)
        values = stored * np.float32(slope) + np.float32(intercept)
    windowed = None if "VOILUTSequence" in header else _windowed(header, values)
    if windowed is None:
        if inside.size == 0:
            raise Rejected("The picture is one even grey.")
        low, high = (float(values[stored == edge][0]) for edge in (inside.min(), inside.max()))
        windowed = stretched(np.clip(values, min(low, high), max(low, high)))
    return 255.0 - windowed if header.PhotometricInterpretation == "MONOCHROME1" else windowed


def _by_tables(header: Any, stored: np.ndarray) -> np.ndarray:
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    values = apply_modality_lut(stored.astype(np.int32), header)
    if "VOILUTSequence" in header:
        values = apply_voi_lut(np.asarray(values).astype(np.int32), header, prefer_lut=True)
    return np.asarray(values, dtype=np.float32)


def _windowed(header: Any, values: np.ndarray) -> np.ndarray | None:
    """Return 0-255 by the header's first window (DICOM PS3.3 C.11.2.1.2), or None where it has no usable one."""
    center, width = (_first_number(header.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width < 1:
        return None
    function = str(header.get("VOILUTFunction", "LINEAR") or "LINEAR").upper()
    if function == "SIGMOID":
        return 255.0 / (1.0 + np.exp(-4.0 * (values - np.float32(center)) / np.float32(width)))
    if function == "LINEAR" and width > 1:
        center, width = center - 0.5, width - 1.0
    return np.clip((values - np.float32(center)) / np.float32(width) + 0.5, 0, 1) * 255.0


def _first_number(value: Any) -> float | None:
    if value is None or value == "":
        return None
    several = not isinstance(value, int | float | str)
    return _first_number(next(iter(value), None)) if several else float(value)


def _facts(header: Any) -> dict[str, Any]:
    """Return what the schema takes from the header, and the identifiers that the report is scrubbed of."""
    sex = str(header.get("PatientSex", "")).strip().upper()
    return {
        "modality": str(header.Modality).upper(),
        "view": _view(header),
        "sex": sex if sex in ("F", "M") else "",
        "age": age_of(str(header.get("PatientAge", ""))),
        "day": _day(str(header.get("StudyDate", ""))),
        "burned_in": declared(header),
        "identifiers": tuple(dict.fromkeys(_identifiers(header))),
    }


def _view(header: Any) -> str:
    """Return the view by ViewPosition, else by what the series says of itself."""
    named = frontal_or_other(str(header.get("ViewPosition", "")))
    if named:
        return named
    described = frontal_or_other(str(header.get("SeriesDescription", "")))
    return described if described in ("PA", "AP", "LATERAL") else ""


def _day(text: str) -> int | None:
    try:
        day = datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
    return (day - date(1970, 1, 1)).days if day.year > 1901 else None


def _identifiers(header: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, id or place, text) of whatever could stand in a report too."""
    for element in header:
        if element.VR not in _TEXT_VRS:
            continue
        kind = _kind(element)
        if not kind:
            continue
        values = [element.value] if isinstance(element.value, str) or element.VM < 2 else element.value
        yield from ((kind, str(value)) for value in values if value)


def _kind(element: Any) -> str:
    """Return what kind of identifier an element holds, empty for none."""
    if element.VR == "PN":
        return "name"
    return next((kind for kind, keyword in _KINDS if keyword.search(element.keyword)), "")
