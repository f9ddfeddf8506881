"""Decode one DICOM radiograph to 8-bit grey levels as a viewer would show it, and take what the schema needs.

Nothing of the header leaves this module but modality, view, sex, age, study day, bits and photometric; names and ids
are handed on in memory only, to be scrubbed from the report.
"""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from unirg_core.ingest.burned import declared
from unirg_core.ingest.elements import code, whole
from unirg_core.ingest.greys import shown
from unirg_core.ingest.mapping import age_of, frontal_or_other
from unirg_core.ingest.picture import Decoded, check_size
from unirg_core.ingest.pixels import stored_bits
from unirg_core.ingest.source import Rejected

_MODALITIES = ("CR", "DX")
_PREFIX, _META = slice(128, 132), slice(132, 138)
_GROUP_LENGTH, _DEFLATED = b"\x02\0\0\0UL", b"1.2.840.10008.1.2.1.99"
_MOST_INFLATED = 200_000_000  # bytes: ten thousand pixels a side at 16 bits
_COLOURS = ("RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
_NO_PART = ("UNKNOWN", "OTHER", "NONE", "UNSPECIFIED")
_CHEST = re.compile(r"CHEST|THORA|LUNG|TORAX|POUMON|PULM|\bCXR\b|\bRIBS?\b|CARDIA|HEART")
_OTHER_MODALITY = re.compile(
    r"AU|BI|CT|DG|DOC|ECG|EEG|ES|GM|IO|IVUS|KO|MG|MR|NM|OCT|OP|OT|PR|PT|PX|REG|RF|RTDOSE|RTIMAGE|RTPLAN|RTRECORD|"
    r"RTSTRUCT|SC|SEG|SM|SR|TG|US|XA|XC"
)
_OTHER_PART = re.compile(
    r"\b(ABDOMEN|KUB|PELVIS|HIPS?|FEMUR|KNEES?|TIBIA|FIBULA|ANKLES?|FOOT|FEET|TOES?|HANDS?|FINGERS?|THUMB|WRISTS?|FOREARM|"
    r"ELBOWS?|HUMERUS|SHOULDERS?|SKULL|SINUS(?:ES)?|MANDIBLE|ORBITS?|EXTREMITY|LUMBAR|CERVICAL|SACRUM|MAMMO(?:GRAM|GRAPHY)?)\b"
)
_KINDS = (
    ("id", re.compile(r"ID$|IDs$|^AccessionNumber$")),
    ("phone", re.compile(r"Telephone")),
    ("place", re.compile(r"^InstitutionName$|Address$")),
)
_TEXT_VRS = ("PN", "LO", "SH", "ST", "LT", "UT")


def is_dicom(content: bytes) -> bool:
    """Tell whether bytes are a DICOM file; one without preamble or file meta information is known by its first tag."""
    return content[_PREFIX] == b"DICM" or content[:4] == b"DICM" or _starts_with_a_tag(content)


def _starts_with_a_tag(content: bytes) -> bool:
    """Tell whether the first element is of group 2 or 8, as a data set's first is, with a VR or a length that fits."""
    if content[:2] not in (b"\x02\0", b"\x08\0", b"\0\x08"):
        return False
    return re.fullmatch(rb"[A-Z]{2}", content[4:6]) is not None or 0 < int.from_bytes(content[4:8], "little") < 1024


def decode_dicom(content: bytes, check_view: Callable[[str], None] = lambda view: None) -> Decoded:
    """Decode a single-frame CR or DX chest radiograph.

    Parameters
    ----------
    check_view
        Called with the view that the header tells, before the pixels are decoded; it may raise Rejected.

    Raises
    ------
    Rejected
        When it is cut short, cannot be decoded, has several frames or colours, or is another modality or body part.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = _read(content)
            _check(header)
            check_view(_view(header))
            patterns, bits, low_bit = stored_bits(header)
            grey = shown(header, patterns, bits, low_bit)
            return Decoded(grey, whole(header, "BitsStored"), header.PhotometricInterpretation, **_facts(header))
        except Rejected:
            raise
        except (EOFError, struct.error):
            raise Rejected("The DICOM file is cut short.") from None
        except (AttributeError, KeyError):
            raise Rejected("The DICOM header lacks what a picture needs.") from None
        except Exception:  # a hostile file makes pydicom and its decoders raise whatever; it must not stop the run
            raise Rejected("The DICOM file is damaged and cannot be decoded.") from None


def _read(content: bytes) -> Any:
    """Parse a file, with or without preamble, file meta information or deflation."""
    import pydicom

    if content[_PREFIX] != b"DICM" and content[:4] == b"DICM":
        content = bytes(_PREFIX.start) + content
    elif content[_PREFIX] != b"DICM" and content[:2] == b"\x02\0":
        content = bytes(_PREFIX.start) + b"DICM" + content
    if content[_META] == _GROUP_LENGTH and _DEFLATED in content[:1024]:
        start = _META.stop + 6 + int.from_bytes(content[_META.stop + 2 : _META.stop + 6], "little")
        header = pydicom.dcmread(io.BytesIO(_inflated(content[start:])), force=True)
        header.file_meta = pydicom.dcmread(io.BytesIO(content[:start])).file_meta
        return header
    return pydicom.dcmread(io.BytesIO(content), force=True)


def _inflated(packed: bytes) -> bytes:
    """Inflate a data set, but never to more than a radiograph can be."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, _MOST_INFLATED)
    except zlib.error:
        raise Rejected("The DICOM file is damaged and cannot be decoded.") from None
    if inflater.unconsumed_tail:
        raise Rejected("The DICOM file unpacks to more than a radiograph can be.")
    if not inflater.eof:
        raise Rejected("The DICOM file is cut short.")
    return content


def _check(header: Any) -> None:
    """Refuse what is no single grey chest picture, before its pixels are decoded."""
    modality = code(header, "Modality")
    if "PixelData" not in header and modality in ("", *_MODALITIES):
        raise Rejected("The DICOM file is cut short: it has no pixels.")
    if modality not in _MODALITIES:
        raise Rejected(f"The modality is {_word(modality, _OTHER_MODALITY)}; only CR and DX are taken.")
    _check_chest(header)
    if code(header, "PresentationIntentType") == "FOR PROCESSING":
        raise Rejected("The picture is a detector's raw one (FOR PROCESSING), not the one that is read.")
    if whole(header, "NumberOfFrames", 1) > 1:
        raise Rejected("The file has several frames; only single radiographs are taken.")
    if header.PhotometricInterpretation in _COLOURS or whole(header, "SamplesPerPixel", 1) != 1:
        raise Rejected("The picture is in colour; radiographs are grey.")
    if header.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise Rejected("The header does not tell whether low values are black or white (PhotometricInterpretation).")
    check_size(whole(header, "Rows"), whole(header, "Columns"))


def _check_chest(header: Any) -> None:
    """Refuse another body part: by BodyPartExamined, or where that says nothing by the study's and series' names."""
    part = code(header, "BodyPartExamined")
    if part and part not in _NO_PART:
        if not _CHEST.search(part):
            raise Rejected(f"The body part is {_word(part, _OTHER_PART)}, not the chest.")
        return
    names = " ".join(code(header, name) for name in ("StudyDescription", "SeriesDescription", "ProtocolName"))
    other = _OTHER_PART.search(names)
    if other and not _CHEST.search(names):
        raise Rejected(f"The study is named after another body part ({other[0]}), not the chest.")


def _word(text: str, known: re.Pattern[str]) -> str:
    """Quote a code of the header only where it is a known one: anything else could be a name in the wrong field."""
    return text if known.fullmatch(text) else "another one" if text else "not given"


def _facts(header: Any) -> dict[str, Any]:
    """Return what the schema takes from the header, and the identifiers that the report is scrubbed of."""
    sex = code(header, "PatientSex")
    return {
        "modality": code(header, "Modality"),
        "view": _view(header),
        "sex": sex if sex in ("F", "M") else "",
        "age": age_of(code(header, "PatientAge")),
        "day": _day(code(header, "StudyDate")),
        "burned_in": declared(header),
        "identifiers": tuple(dict.fromkeys(_identifiers(header))),
    }


def _view(header: Any) -> str:
    """Return the view by ViewPosition, else by what the series says of itself."""
    named = frontal_or_other(code(header, "ViewPosition"))
    if named:
        return named
    described = frontal_or_other(code(header, "SeriesDescription"))
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
