"""DICOM files that are no chest radiograph, or are damaged: each is refused with its reason, none is taken wrongly."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pydicom
import pytest
from fixtures_drops import dicom, pixels
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from unirg_core.ingest.dicom import decode_dicom, is_dicom
from unirg_core.ingest.source import Rejected

_GREY = pixels(1, most=4095)
_EIGHT = pixels(1)


def _around(frame: bytes, syntax: str = JPEG2000Lossless, **header) -> bytes:
    """Return a file whose header describes `_GREY` but holds another codestream."""
    data = pydicom.dcmread(io.BytesIO(dicom(_GREY, **{"BitsStored": 12, **header})))
    data.PixelData = encapsulate([frame])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def _bomb() -> bytes:
    """Return a deflated file of a quarter of a megabyte that unpacks to a quarter of a gigabyte."""
    data = pydicom.dcmread(io.BytesIO(dicom(_GREY, BitsStored=12)))
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    data.save_as(stream)
    content = stream.getvalue()
    start = 144 + struct.unpack("<I", content[140:144])[0]
    packer = zlib.compressobj(wbits=-15)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(16))
    return content[:start] + packed + packer.flush()


def _tiny_tiles() -> bytes:
    """Return a JPEG 2000 codestream that calls its tiles one pixel wide: millions of them."""
    frame = bytearray(imagecodecs.jpeg2k_encode(_GREY, level=0, codecformat="j2k"))
    frame[24:32] = struct.pack(">2I", 1, 1)
    return bytes(frame)


def _rle(**changed: int) -> bytes:
    frame = bytearray(imagecodecs.packbits_encode(bytes(_GREY.size)))
    head = struct.pack("<16I", *([2, 64, changed.get("second", 64 + len(frame))] + [0] * 13))
    return head + frame + frame[: changed.get("left", len(frame))]


_REFUSED = [
    # by what it is
    ({"Modality": "CT"}, r"modality is CT; only CR and DX"),
    ({"Modality": "ZACHARIASEN"}, r"modality is another one;"),
    ({"BodyPartExamined": "KNEE"}, r"body part is KNEE, not the chest"),
    ({"BodyPartExamined": "QUILLAN"}, r"body part is another one, not"),
    (
        {"BodyPartExamined": None, "StudyDescription": "XR Knee 2 views, Zachariasen"},
        r"after another body part \(KNEE\)",
    ),
    ({"BodyPartExamined": "UNKNOWN", "SeriesDescription": "ABDOMEN ap"}, r"another body part \(ABDOMEN\)"),
    ({"PresentationIntentType": "FOR PROCESSING"}, r"raw one \(FOR PROCESSING\)"),
    ({"NumberOfFrames": "7"}, "several frames"),
    ({"PhotometricInterpretation": "RGB"}, "in colour"),
    ({"PhotometricInterpretation": "YBR_FULL_422"}, "in colour"),
    ({"SamplesPerPixel": 3}, "in colour"),
    ({"PhotometricInterpretation": "GREYISH"}, r"does not tell .*\(PhotometricInterpretation\)"),
    ({"PhotometricInterpretation": None}, "lacks what a picture needs"),
    # by what is missing or makes no sense
    ({"Rows": None}, r"lacks what a picture needs \(Rows\)"),
    ({"Columns": 0}, "0 x 80 pixels"),
    ({"Rows": 30000}, "more pixels than a radiograph"),
    ({"Rows": 90}, "cut short: part of its pixels"),
    ({"BitsAllocated": 32}, "12 bits in 32 a pixel"),
    ({"BitsStored": 17}, "17 bits in 16 a pixel"),
    ({"PixelData": None}, "has no pixels"),
]


@pytest.mark.parametrize(("header", "said"), _REFUSED, ids=[str(header) for header, _ in _REFUSED])
def test_a_header_that_is_none_of_a_chest_radiograph(header, said):
    with pytest.raises(Rejected, match=said) as refused:
        decode_dicom(dicom(_GREY, **{"BitsStored": 12, **header}))
    assert not any(name in str(refused.value).upper() for name in ("ZACHARIASEN", "QUILLAN"))


_STREAMS = {
    "nothing": (bytes(2), "cut short|damaged"),
    "no codestream": (bytes(200), "damaged"),
    "another size": (imagecodecs.jpeg2k_encode(pixels(1, (90, 90), most=4095), level=0), "another size"),
    "in colour": (imagecodecs.jpeg2k_encode(np.stack([_EIGHT] * 3, -1), level=0), "in colour or deeper"),
    "tiny tiles": (_tiny_tiles(), "damaged"),
    "jpeg without a frame": (b"\xff\xd8\xff\xda" + bytes(100), "damaged"),
    "jpeg whose scan is gone": (imagecodecs.jpeg8_encode(_EIGHT)[:250], "damaged"),
    "rle beyond its end": (_rle(second=10**6), "damaged"),
    "rle of one plane and a half": (_rle(left=20), "cut short"),
}


@pytest.mark.parametrize("name", _STREAMS)
def test_a_codestream_that_is_not_the_picture_of_the_header(name):
    frame, said = _STREAMS[name]
    with pytest.raises(Rejected, match=said):
        decode_dicom(_around(frame, RLELossless if name.startswith("rle") else JPEG2000Lossless))


def test_a_deflated_file_that_unpacks_to_far_too_much_is_not_unpacked():
    import resource

    content = _bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Rejected, match="unpacks to more than a radiograph"):
        decode_dicom(content)
    assert len(content) < 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000  # kB


@pytest.mark.parametrize(
    "content", [b"", b"\x08", b"\x08\0\x08\0\xff\xff\xff\xff", b"\x89PNG\r\n", b"\xff\xd8\xff", bytes(300)]
)
def test_what_is_no_dicom(content):
    assert not is_dicom(content)


_WHOLE = dicom(_GREY, BitsStored=12)
_META_END = 144 + struct.unpack("<I", _WHOLE[140:144])[0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_WHOLE[128:], id="no preamble"),
        pytest.param(_WHOLE[132:], id="neither preamble nor prefix"),
        pytest.param(_WHOLE[_META_END:], id="no meta information"),
    ],
)
def test_files_without_their_head_are_read(content):
    assert is_dicom(content)
    assert np.array_equal(decode_dicom(content).grey, decode_dicom(_WHOLE).grey)


def test_a_compressed_file_without_meta_information_is_read():
    content = dicom(_GREY, JPEG2000Lossless, BitsStored=12)
    start = 144 + struct.unpack("<I", content[140:144])[0]
    assert np.array_equal(decode_dicom(content[start:]).grey, decode_dicom(_WHOLE).grey)


def _with_vr(content: bytes, tag: bytes, vr: bytes) -> bytes:
    at = content.index(tag)
    return content[: at + 4] + vr + content[at + 6 :]


_ROWS, _CENTER, _SEX = b"\x28\0\x10\0", b"\x28\0\x50\x10", b"\x10\0\x40\0"


@pytest.mark.parametrize(("tag", "vr"), [(_ROWS, b"SS"), (_CENTER, b"LO"), (_SEX, b"SH"), (_SEX, b"US")])
def test_a_wrong_vr_does_not_matter(tag, vr):
    content = dicom(_GREY, BitsStored=12, WindowCenter=2000, WindowWidth=3000)
    wrong = _with_vr(content, tag, vr)
    assert wrong != content
    assert np.array_equal(decode_dicom(wrong).grey, decode_dicom(content).grey)


def test_a_vr_that_shifts_all_that_follows_is_damage():
    """OB has a length of four bytes: what was the value is read as a length."""
    with pytest.raises(Rejected, match=r"damaged|cut short|lacks"):
        decode_dicom(_with_vr(dicom(_GREY, BitsStored=12), _ROWS, b"OB"))


@pytest.mark.parametrize("value", ["abc", "1e999", "nan", "", "\\\\"])
@pytest.mark.parametrize("name", ["WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"])
def test_a_number_that_is_none_is_left_out(name, value):
    written = dicom(_GREY, BitsStored=12, **{name: "777777"})
    broken = written.replace(b"777777", value.encode().ljust(6))
    assert broken != written
    plain = dicom(_GREY, BitsStored=12)
    assert np.array_equal(decode_dicom(broken).grey, decode_dicom(plain).grey)


@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": 90000, "WindowWidth": 10},
        {"WindowCenter": -5000, "WindowWidth": 2, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 90000, "WindowWidth": 1, "VOILUTFunction": "SIGMOID"},
    ],
)
def test_a_window_that_shows_nothing_is_none(window):
    content = dicom(_GREY, BitsStored=12, **window)
    assert np.array_equal(decode_dicom(content).grey, decode_dicom(dicom(_GREY, BitsStored=12)).grey)


def test_jpeg_called_big_endian_or_anything_is_read_as_jpeg():
    frame = imagecodecs.jpeg8_encode(_EIGHT, level=95)
    content = _around(frame, JPEGBaseline8Bit, BitsAllocated=8, BitsStored=8, HighBit=7)
    expected = decode_dicom(content).grey
    for wrong in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.90", "1.2.3.4.5.6.7.8.9.10"):
        assert np.array_equal(
            decode_dicom(_around(frame, wrong, BitsAllocated=8, BitsStored=8, HighBit=7)).grey, expected
        )
