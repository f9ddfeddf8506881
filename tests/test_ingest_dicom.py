"""DICOM: what a viewer would show, over depths, polarities, windows, tables and transfer syntaxes; real files too."""

import io

import numpy as np
import pydicom
import pytest
from fixtures_drops import dicom, pixels
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from unirg_core.ingest.dicom import decode_dicom
from unirg_core.ingest.source import Rejected

_RAMP = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (64, 1))
_FULL = np.tile(np.linspace(0, 255, 64), (64, 1))


def _signed(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.int32) - 2048).astype(np.int16)


@pytest.mark.parametrize(
    ("values", "header", "expected"),
    [
        # without a window the whole range is shown
        (_RAMP, {"BitsStored": 12}, _FULL),
        (_RAMP, {"BitsStored": 12, "PhotometricInterpretation": "MONOCHROME1"}, 255 - _FULL),
        (_signed(_RAMP), {"BitsStored": 12}, _FULL),
        ((_RAMP // 16).astype(np.uint8), {}, _FULL),
        (_RAMP * 16, {"BitsStored": 16}, _FULL),
        # a window that holds everything, after a rescale
        (_RAMP, {"BitsStored": 12, "WindowCenter": 2048, "WindowWidth": 4096}, _FULL),
        (
            _RAMP,
            {"BitsStored": 12, "RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 3996, "WindowWidth": 8192},
            _FULL,
        ),
        # half the range, the first of two windows, an exact one
        (_RAMP, {"BitsStored": 12, "WindowCenter": 1024, "WindowWidth": 2048}, np.clip(_FULL * 2, 0, 255)),
        (
            _RAMP,
            {"BitsStored": 12, "WindowCenter": [1024, 9], "WindowWidth": [2048, 1]},
            np.clip(_FULL * 2, 0, 255),
        ),
        (
            _RAMP,
            {"BitsStored": 12, "WindowCenter": 1024, "WindowWidth": 2048, "VOILUTFunction": "LINEAR_EXACT"},
            np.clip(_FULL * 2, 0, 255),
        ),
        # a negative slope turns the picture, as MONOCHROME1 does
        (_RAMP, {"BitsStored": 12, "RescaleSlope": -1, "RescaleIntercept": 4095}, 255 - _FULL),
        # an unusable window is none
        (_RAMP, {"BitsStored": 12, "WindowCenter": 5, "WindowWidth": 0}, _FULL),
    ],
)
def test_grey_levels_are_those_of_a_viewer(values, header, expected):
    found = decode_dicom(dicom(values, **header))
    assert np.abs(found.grey - expected).max() <= 2.1
    assert found.bits == header.get("BitsStored", values.dtype.itemsize * 8)


def test_padding_does_not_stretch_the_range():
    values = _RAMP // 4 + 500
    values[:, :8] = 4095
    found = decode_dicom(dicom(values, BitsStored=12, PixelPaddingValue=4095)).grey
    assert found[:, 8:].max() > 250 and found[:, 8:].min() < 5


def _table(name: str, entries: np.ndarray) -> Dataset:
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [len(entries), 0, 8], entries.astype("<u2").tobytes()
    if name == "ModalityLUTSequence":
        table.ModalityLUTType = "US"
    return table


@pytest.mark.parametrize("name", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_are_applied(name):
    values = (_RAMP // 16).astype(np.uint8)
    found = decode_dicom(dicom(values, **{name: [_table(name, np.arange(256)[::-1])]}))
    assert np.abs(found.grey - (255 - _FULL)).max() <= 2.1


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless, JPEG2000Lossless]
)
def test_lossless_syntaxes_give_the_same_picture(syntax):
    values = pixels(3, (96, 80), most=4095)
    plain = decode_dicom(dicom(values, BitsStored=12)).grey
    if syntax == DeflatedExplicitVRLittleEndian:
        dataset = pydicom.dcmread(io.BytesIO(dicom(values, BitsStored=12)))
        dataset.file_meta.TransferSyntaxUID = syntax
        stream = io.BytesIO()
        dataset.save_as(stream)
        content = stream.getvalue()
    else:
        content = dicom(values, syntax, BitsStored=12)
    assert pydicom.dcmread(io.BytesIO(content)).file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(decode_dicom(content).grey, plain)


def test_the_header_gives_only_what_the_schema_takes():
    found = decode_dicom(
        dicom(_RAMP, AccessionNumber="ACC123456", InstitutionName="Saint Elsewhere", OperatorsName="Ng^Mo")
    )
    assert (found.modality, found.view, found.sex, found.age, found.day) == ("CR", "PA", "F", 61, 17959)
    assert set(found.identifiers) >= {
        ("name", "Zachariasen^Quillan"),
        ("id", "PID0099887"),
        ("id", "ACC123456"),
        ("place", "Saint Elsewhere"),
        ("name", "Ng^Mo"),
    }


@pytest.mark.parametrize(
    ("header", "view"),
    [
        ({"ViewPosition": "AP"}, "AP"),
        ({"ViewPosition": "LL"}, "LATERAL"),
        ({"ViewPosition": "RLO"}, "LATERAL"),
        ({"ViewPosition": "", "SeriesDescription": "view: PA"}, "PA"),
        ({"ViewPosition": None, "SeriesDescription": "W Chest Lat."}, "LATERAL"),
        ({"ViewPosition": None}, ""),
    ],
)
def test_view(header, view):
    assert decode_dicom(dicom(_RAMP, **header)).view == view


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless])
def test_a_truncated_file_is_rejected(syntax, cut):
    content = dicom(pixels(1, most=4095), syntax, BitsStored=12)
    with pytest.raises(Rejected, match=r"cut short|damaged"):
        decode_dicom(content[: int(len(content) * cut)])


def test_flipped_bytes_never_end_in_anything_but_a_picture_or_a_reason():
    content = dicom(pixels(1, most=4095), BitsStored=12)
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(content)
        for at in rng.integers(132, 1200, 3):
            broken[at] = rng.integers(256)
        try:
            assert decode_dicom(bytes(broken)).grey.ndim == 2
        except Rejected as reason:
            assert str(reason).endswith(".")
