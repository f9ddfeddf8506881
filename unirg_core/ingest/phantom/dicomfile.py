"""A study's picture as a real DICOM Part 10 file: CR or DX, either polarity, four depths, six transfer syntaxes.

What a study's file is like comes from its seed alone. A reader that applies rescale, window and polarity gets the
picture back within one step of the stored depth (JPEG baseline: within its loss). `window` is missing in some files,
which then use their whole range, and doubled in others, as in life.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unirg_core.ingest.phantom.phi import header_values
from unirg_core.ingest.phantom.world import PhantomStudy

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SYNTAXES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "jpeg": "1.2.840.10008.1.2.4.50",
}
"""Transfer syntax UIDs (DICOM PS3.6 annex A); all but `jpeg` are lossless."""

_CLASSES = {"CR": "1.2.840.10008.5.1.4.1.1.1", "DX": "1.2.840.10008.5.1.4.1.1.1.1"}
_JPEG_QUALITY = 92
_CREATOR = "PHANTOM NOTES"


@dataclass(frozen=True)
class Form:
    """How one study's file is written."""

    modality: str  # CR or DX
    photometric: str  # MONOCHROME1 or MONOCHROME2
    bits: int
    syntax: str  # a key of SYNTAXES
    low: int  # stored value of black (MONOCHROME2)
    high: int  # stored value of white
    windows: int  # how many windows the header offers: 0, 1 or 2
    slope: int
    intercept: int


def form(study: PhantomStudy) -> Form:
    """Return how a study's file is written, from the part of its seed that nothing else uses."""
    u = np.random.Generator(np.random.Philox(key=[study.seed, 3])).random(10).tolist()
    bits = (8, 10, 12, 12, 15)[int(u[0] * 5)]
    syntaxes = ("explicit", "explicit", "implicit", "deflated", "rle", "jpeg2000")
    syntax = "jpeg" if bits == 8 and u[1] < 0.3 else syntaxes[int(u[2] * len(syntaxes))]
    windows = 0 if u[3] < 0.12 else 2 if u[3] > 0.93 else 1
    most = 2**bits - 1
    rescaled = windows > 0 and u[4] < 0.3
    return Form(
        modality="DX" if u[5] < 0.6 else "CR",
        photometric="MONOCHROME1" if u[6] < 0.3 else "MONOCHROME2",
        bits=bits,
        syntax=syntax,
        low=int(most * 0.08 * u[7]) if windows else 0,
        high=most - int(most * 0.10 * u[8]) if windows else most,
        windows=windows,
        slope=2 if rescaled and u[9] < 0.5 else 1,
        intercept=-200 if rescaled else 0,
    )


def dicom_bytes(
    study: PhantomStudy, pixels: np.ndarray, written: Form | None = None, *, anonymous: bool = False
) -> bytes:
    """Return a study's DICOM file.

    Parameters
    ----------
    pixels
        (rows, columns) in 0..1, 1 white, as `render` gives them.
    written
        How to write it, where it should not be as the study's seed says.
    anonymous
        Leave out all that tells whose picture it is: identifiers, dates, sex and age. For a picture that stands
        beside another's report, in which an invented name could be taken for a word that must be scrubbed.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import dcmwrite

    written = written or form(study)
    dataset = _header(study, written)
    if not anonymous:
        _identify(dataset, study)
    _describe_pixels(dataset, written, pixels.shape)
    _put_pixels(dataset, written, _stored(pixels, written))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = SYNTAXES[written.syntax]
    meta.ImplementationClassUID = _uid("implementation")
    dataset.file_meta = meta
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _stored(pixels: np.ndarray, written: Form) -> np.ndarray:
    """Return the picture as stored values: its range laid on low..high, turned over for MONOCHROME1."""
    values = np.rint(written.low + np.clip(pixels, 0, 1) * np.float32(written.high - written.low))
    if written.photometric == "MONOCHROME1":
        values = 2**written.bits - 1 - values
    return values.astype(np.uint8 if written.bits == 8 else "<u2")


def _uid(*parts: str) -> str:
    return f"2.25.{int.from_bytes(hashlib.sha256('/'.join(parts).encode()).digest()[:15], 'big')}"


def _header(study: PhantomStudy, written: Form) -> "Dataset":
    """Return the study and equipment part."""
    from pydicom.dataset import Dataset

    dataset = Dataset()
    source = f"{study.seed}/{study.key}"
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SOPClassUID = _CLASSES[written.modality]
    dataset.SOPInstanceUID = _uid(source, "image")
    dataset.StudyInstanceUID = _uid(source, "study")
    dataset.SeriesInstanceUID = _uid(source, "series")
    dataset.Modality = written.modality
    dataset.Manufacturer = "Phantom (synthetic)"
    dataset.SeriesDescription = f"Synthetic chest {study.view}"
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = study.view
    dataset.BurnedInAnnotation = "NO"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    if written.modality == "DX":
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.PixelIntensityRelationship = "LOG"
        dataset.PresentationLUTShape = "INVERSE" if written.photometric == "MONOCHROME1" else "IDENTITY"
    return dataset


def _identify(dataset: "Dataset", study: PhantomStudy) -> None:
    """Add the patient: sex, age, and identifiers planted, in a private block too."""
    dataset.PatientSex = study.sex
    dataset.PatientAge = f"{study.age:03d}Y"
    for keyword, (_, value) in header_values(study).items():
        if keyword == "PrivateNote":
            dataset.private_block(0x0011, _CREATOR, create=True).add_new(0x01, "LO", value)
        else:
            setattr(dataset, keyword, value)


def _describe_pixels(dataset: "Dataset", written: Form, shape: tuple[int, ...]) -> None:
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = written.photometric
    dataset.BitsAllocated = 8 if written.bits == 8 else 16
    dataset.BitsStored, dataset.HighBit = written.bits, written.bits - 1
    dataset.PixelRepresentation = 0
    if written.slope != 1 or written.intercept:
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = written.slope, written.intercept, "US"
    if written.windows:
        _offer_windows(dataset, written)


def _offer_windows(dataset: "Dataset", written: Form) -> None:
    """Give the window that maps low..high to black..white under the LINEAR function (DICOM PS3.3 C.11.2.1.2)."""
    low, high = written.low, written.high
    if written.photometric == "MONOCHROME1":
        low, high = 2**written.bits - 1 - high, 2**written.bits - 1 - low
    low, high = (value * written.slope + written.intercept for value in (low, high))
    centre, width = (low + high + 1) / 2, high - low + 1
    if written.windows == 2:
        dataset.WindowCenter, dataset.WindowWidth = [centre, centre + width // 8], [width, width // 2]
        dataset.WindowCenterWidthExplanation = ["NORMAL", "HARDER"]
    else:
        dataset.WindowCenter, dataset.WindowWidth = centre, width


def _put_pixels(dataset: "Dataset", written: Form, values: np.ndarray) -> None:
    if written.syntax in ("rle", "jpeg2000", "jpeg"):
        from pydicom.encaps import encapsulate

        dataset.PixelData = encapsulate([_encoded(written, values)])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        if written.syntax == "jpeg":
            dataset.LossyImageCompression = "01"
            dataset.LossyImageCompressionMethod = "ISO_10918_1"
        return
    raw = values.tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OW"


def _encoded(written: Form, values: np.ndarray) -> bytes:
    """Return one compressed frame."""
    if written.syntax == "jpeg":
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(values).save(stream, "JPEG", quality=_JPEG_QUALITY)
        return stream.getvalue()
    from pydicom.pixels import get_encoder

    return get_encoder(SYNTAXES[written.syntax]).encode(
        values.tobytes(),
        index=0,
        encoding_plugin="pylibjpeg",
        rows=values.shape[0],
        columns=values.shape[1],
        samples_per_pixel=1,
        number_of_frames=1,
        bits_allocated=8 * values.itemsize,
        bits_stored=written.bits,
        pixel_representation=0,
        photometric_interpretation=written.photometric,
    )
