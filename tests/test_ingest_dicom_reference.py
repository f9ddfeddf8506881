"""Real files of many makers, and drawn ones, against pydicom's own LUT functions behind other decoders."""

import io
import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from fixtures_drops import REAL, dicom, pixels
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from unirg_core.ingest.dicom import decode_dicom, is_dicom
from unirg_core.ingest.phantom import World, dicom_bytes, render, studies
from unirg_core.ingest.phantom.dicomfile import form

_SHARED = ("RG1_J2KI.dcm", "1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm")
_PACKAGED = (
    # radiographs: one chest, one leg, each as two lossless and two lossy files
    *(f"RG{number}_{kind}.dcm" for number in (1, 3) for kind in ("J2KI", "J2KR", "UNCI", "UNCR")),
    # nuclear medicine and ultrasound: JPEG lossless, signed 16 bits, 12-bit JPEG, JPEG 2000
    "JPEG-LL.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "JPGExtended.dcm",
    "JPEG2000.dcm",
    "JPEG2000_UNC.dcm",
    # CT and MR: signed, rescaled, windowed, tables, padded, either byte order, JPEG-LS, a wrong sign in the codestream
    "693_J2KI.dcm",
    "693_UNCR.dcm",
    "mlut_18.dcm",
    "vlut_04.dcm",
    "explicit_VR-UN.dcm",
    "bad_sequence.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_expb.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_padded.dcm",
    "MR2_J2KR.dcm",
    "examples_overlay.dcm",
    "image_dfl.dcm",
)
_CHEST = {"Modality": "CR", "BodyPartExamined": "CHEST", "ViewPosition": "PA"}
_OTHER_DECODERS = {"1.2.840.10008.1.2.4.50": "pillow", "1.2.840.10008.1.2.5": "pydicom"}


def _reference(content: bytes) -> np.ndarray:
    """Return grey levels by pydicom alone: its decoder, modality LUT and VOI LUT, and the range that these fill."""
    header = pydicom.dcmread(io.BytesIO(content), force=True)
    plugin = _OTHER_DECODERS.get(str(header.file_meta.TransferSyntaxUID), "")
    rescaled = apply_modality_lut(pixel_array(header, decoding_plugin=plugin), header)
    values = np.asarray(apply_voi_lut(rescaled, header), np.float64)
    low, high = values.min(), values.max()
    if header.get("VOILUTSequence"):
        low, high = 0, 2 ** header.VOILUTSequence[0].LUTDescriptor[2] - 1
    elif "WindowWidth" in header:  # pydicom spreads a window over the range that the rescaled values can have
        slope, intercept = float(header.get("RescaleSlope", 1)), float(header.get("RescaleIntercept", 0))
        signed, bits = header.PixelRepresentation, header.BitsStored
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        low, high = low * slope + intercept, high * slope + intercept
    grey = np.clip((values - low) / (high - low), 0, 1) * 255
    return 255 - grey if header.PhotometricInterpretation == "MONOCHROME1" else grey


def _as_chest(content: bytes) -> bytes:
    """Return a file with the header of a chest radiograph: its pixels and their description are left as they are."""
    header = pydicom.dcmread(io.BytesIO(content), force=True)
    for name, value in _CHEST.items():
        setattr(header, name, value)
    stream = io.BytesIO()
    header.save_as(stream)
    return stream.getvalue()


def _close(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert is_dicom(content)
        # half a level comes of each side's rounding to whole ones
        assert np.abs(decode_dicom(content).grey - np.rint(_reference(content))).max() <= 1


@pytest.mark.parametrize("name", _SHARED)
def test_a_real_chest_file_equals_the_reference(name):
    path = REAL / "dicom" / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    _close(path.read_bytes())
    assert decode_dicom(path.read_bytes()).view == "PA"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", _PACKAGED)
def test_the_pixels_of_a_real_file_equal_the_reference(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"{name} is not here: pip install pydicom-data")
    _close(_as_chest(Path(path).read_bytes()))


def test_drawn_files_of_every_form_equal_the_reference():
    population = studies(World(seed=5, patients=40, image_size=128))
    forms = {}
    for study in population:
        written = form(study)
        key = (written.syntax, written.photometric, written.windows, written.slope)
        forms.setdefault(key, (study, written))
    assert len(forms) >= 20 and len({key[0] for key in forms}) >= 5
    for study, written in forms.values():
        _close(dicom_bytes(study, render([study], 128)[0], written))


_TWELVE = pixels(4, (120, 100), most=4095)
_SIGNED = (_TWELVE.astype(np.int32) - 2048).astype(np.int16)


def _jpeg(values: np.ndarray, **options) -> bytes:
    return imagecodecs.jpeg8_encode(values, **options)


def _wrapped(values: np.ndarray, frame: bytes, syntax: str, **header) -> bytes:
    """Return a DICOM file around a codestream."""
    data = pydicom.dcmread(io.BytesIO(dicom(values, BitsStored=12, **header)))
    data.PixelData = encapsulate([frame])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def _native(values: np.ndarray, syntax: str, **header) -> bytes:
    data = pydicom.dcmread(io.BytesIO(dicom(values, BitsStored=12, **header)))
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        data.PixelData = values.astype(values.dtype.newbyteorder(">")).tobytes()
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream,
        data,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return stream.getvalue()


_FORMS = {
    "explicit": _native(_TWELVE, ExplicitVRLittleEndian),
    "implicit": _native(_TWELVE, ImplicitVRLittleEndian),
    "big endian": _native(_TWELVE, ExplicitVRBigEndian),
    "rle": dicom(_TWELVE, RLELossless, BitsStored=12),
    "jpeg 2000": dicom(_TWELVE, JPEG2000Lossless, BitsStored=12),
    "jpeg-ls": _wrapped(_TWELVE, imagecodecs.jpegls_encode(_TWELVE), JPEGLSLossless),
    **{
        f"jpeg lossless {predictor}": _wrapped(
            _TWELVE, _jpeg(_TWELVE, lossless=True, predictor=predictor, bitspersample=12), JPEGLosslessSV1
        )
        for predictor in (1, 4, 6, 7)
    },
    # what the header calls it is wrong, what it is counts
    "jpeg-ls called jpeg 2000": _wrapped(_TWELVE, imagecodecs.jpegls_encode(_TWELVE), JPEG2000Lossless),
}


@pytest.mark.parametrize("name", _FORMS)
def test_every_lossless_form_gives_the_same_picture(name):
    window = _TWELVE.astype(float)
    expected = np.rint((window - window.min()) * 255 / (window.max() - window.min()))
    assert np.abs(decode_dicom(_FORMS[name]).grey - expected).max() <= 1


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 100, "WindowWidth": 2000}])
def test_signed_values_keep_their_order(syntax, window):
    _close(_native(_SIGNED, syntax, **window))
    assert np.array_equal(decode_dicom(_native(_SIGNED, syntax)).grey, decode_dicom(_FORMS["explicit"]).grey)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_signed_values_in_codestreams(syntax):
    assert np.array_equal(
        decode_dicom(dicom(_SIGNED, syntax, BitsStored=12)).grey,
        decode_dicom(_native(_SIGNED, syntax=ExplicitVRLittleEndian)).grey,
    )


def test_twelve_bits_of_jpeg():
    content = _wrapped(_TWELVE, _jpeg(_TWELVE, level=98, bitspersample=12), JPEGExtended12Bit)
    expected = decode_dicom(_FORMS["explicit"]).grey.astype(int)
    assert np.abs(decode_dicom(content).grey - expected).mean() < 1


@pytest.mark.parametrize("junk", [0xF000, 0x8000])
def test_bits_above_those_stored_do_not_count(junk):
    """Old files keep overlays there."""
    marked = _TWELVE.copy()
    marked[10:20, 10:20] |= junk
    assert np.array_equal(
        decode_dicom(_native(marked, ExplicitVRLittleEndian)).grey, decode_dicom(_FORMS["explicit"]).grey
    )
