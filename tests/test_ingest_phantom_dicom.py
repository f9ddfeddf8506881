"""The files: real DICOM of every form, whose pixels are the picture and whose headers hold what was planted."""

import io
from collections import Counter
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_windowing

from unirg_core.ingest.phantom import World, dicom_bytes, planted_phi, render, studies
from unirg_core.ingest.phantom.dicomfile import SYNTAXES, Form, form

SIZE = 64


@pytest.fixture(scope="module")
def population():
    return studies(World(seed=14, patients=400, image_size=SIZE))


@pytest.fixture(scope="module")
def picture(population):
    return render(population[:1], SIZE)[0]


def _read(content):
    return pydicom.dcmread(io.BytesIO(content))


def _shown(dataset):
    """Return the picture as a viewer shows it, by pydicom's own look-up: rescale, window, polarity; 0..1."""
    values = apply_modality_lut(dataset.pixel_array, dataset).astype(float)
    if "WindowCenter" in dataset:
        low = float(dataset.get("RescaleIntercept", 0))
        span = (2**dataset.BitsStored - 1) * float(dataset.get("RescaleSlope", 1))
        values = (apply_windowing(values, dataset, index=0) - low) / span
    else:
        values = values / (2**dataset.BitsStored - 1)
    return 1 - values if dataset.PhotometricInterpretation == "MONOCHROME1" else values


def test_same_study_same_bytes(population, picture):
    assert dicom_bytes(population[0], picture) == dicom_bytes(population[0], picture)


def test_pixels_come_back_within_a_step(population):
    """Every file of many: rescale, window and polarity undone give the render, within quantisation."""
    seen = Counter()
    for study, pixels in zip(population[:150], render(population[:150], SIZE), strict=True):
        written = form(study)
        dataset = _read(dicom_bytes(study, pixels))
        step = 1 / (written.high - written.low)
        error = np.abs(_shown(dataset) - pixels)
        if written.syntax == "jpeg":
            assert error.mean() < 3 * step
        else:
            assert error.max() < 0.51 * step + 1e-6
        seen[written.syntax, written.photometric] += 1
    assert len(seen) >= 10


@pytest.mark.parametrize(
    ("syntax", "bits"),
    [(syntax, bits) for syntax in SYNTAXES for bits in ((8,) if syntax == "jpeg" else (8, 10, 12, 15))],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_every_form_is_readable(population, picture, syntax, bits, photometric):
    most = 2**bits - 1
    written = Form("DX", photometric, bits, syntax, most // 20, most - most // 16, 1, 2, -200)
    dataset = _read(dicom_bytes(population[0], picture, written))
    assert dataset.file_meta.TransferSyntaxUID == SYNTAXES[syntax]
    assert (dataset.BitsStored, dataset.HighBit, dataset.BitsAllocated) == (bits, bits - 1, 8 if bits == 8 else 16)
    assert dataset.PhotometricInterpretation == photometric
    assert np.abs(_shown(dataset) - picture).mean() < 3 / most


@pytest.mark.parametrize("shape", [(33, 47), (64, 32), (101, 101)])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated", "rle", "jpeg2000"])
def test_odd_sizes_are_padded_rightly(population, shape, syntax):
    pixels = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    dataset = _read(dicom_bytes(population[0], pixels, Form("CR", "MONOCHROME2", 8, syntax, 0, 255, 0, 1, 0)))
    assert np.array_equal(dataset.pixel_array, np.rint(pixels * 255))


def test_values_out_of_range_are_clipped(population):
    dataset = _read(dicom_bytes(population[0], np.full((32, 32), 7, np.float32)))
    assert int(dataset.pixel_array.max()) < 2**dataset.BitsStored


def test_forms_are_many(population):
    forms = [form(study) for study in population]
    assert {f.modality for f in forms} == {"CR", "DX"}
    assert {f.bits for f in forms} == {8, 10, 12, 15}
    assert {f.syntax for f in forms} == set(SYNTAXES)
    assert {f.windows for f in forms} == {0, 1, 2}
    assert {f.slope for f in forms} == {1, 2}
    assert 0.2 < sum(f.photometric == "MONOCHROME1" for f in forms) / len(forms) < 0.4
    assert all(f.bits == 8 for f in forms if f.syntax == "jpeg")
    assert all(0 <= f.low < f.high < 2**f.bits for f in forms)


def test_the_form_does_not_tell_the_institution(population):
    """A model must not learn the house style from bit depths: forms come from the study's seed alone."""
    for study in population[:50]:
        assert form(study) == form(replace(study, institution="phantom-c"))


def test_every_planted_identifier_stands_in_the_header(population, picture):
    for study in population[:40]:
        dataset = _read(dicom_bytes(study, picture))
        for planted in planted_phi(study):
            if planted.where == "PrivateNote":
                value = dataset.private_block(0x0011, "PHANTOM NOTES")[0x01].value
                text = value.decode() if isinstance(value, bytes) else value  # implicit files do not say its type
                assert text.strip() == planted.text
            elif planted.where != "report":
                assert str(dataset[planted.where].value) == planted.text, planted


def test_headers_tell_the_study(population, picture):
    for study in population[:20]:
        dataset = _read(dicom_bytes(study, picture))
        assert dataset.ViewPosition == study.view
        assert dataset.PatientSex == study.sex
        assert dataset.PatientAge == f"{study.age:03d}Y"
        assert dataset.Modality == form(study).modality
        assert "synthetic" in dataset.Manufacturer.lower()
        assert (dataset.Rows, dataset.Columns) == (SIZE, SIZE)


def test_identifiers_of_files_are_unique_and_legal(population, picture):
    uids = set()
    for study in population[:60]:
        dataset = _read(dicom_bytes(study, picture))
        for uid in (dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID):
            assert uid.is_valid
            uids.add(str(uid))
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert len(uids) == 180


def test_a_file_begins_as_part_10_asks(population, picture):
    content = dicom_bytes(population[0], picture)
    assert content[:128] == bytes(128)
    assert content[128:132] == b"DICM"
    assert len(content) > SIZE * SIZE // 4
