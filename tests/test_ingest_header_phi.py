"""Nothing of a header survives: an identifier planted in every element of a DICOM file stands in no output."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from fixtures_drops import dicom, ingested, manifest, of_drop, pixels, reasons, rows, write_drop
from pydicom import dcmread
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from unirg_core.study import MANIFEST_SCHEMA

_WORD, _NUMBER = "ZQPLANTED", "7194263"
_VALUES = {
    "PN": f"{_WORD}^{_WORD}A",
    "DA": "19420713",
    "DT": "19420713071942.719426",
    "TM": "071942.719426",
    "UI": f"1.2.{_NUMBER}.{_NUMBER}.71942",
    "AS": "071W",
    **dict.fromkeys(("AE", "SH", "LO", "ST", "LT", "UT", "UC", "UR", "CS"), _WORD),
}
_PIXELS = re.compile(
    "^(ViewPosition|Modality|BodyPartExamined|PhotometricInterpretation|BurnedInAnnotation|PatientSex)$"
)
_USED = re.compile(
    r"^(SpecificCharacterSet|SOPClassUID|ConversionType|VOILUTFunction|PresentationLUTShape|.*TransferSyntax.*)$"
)


def _every_element() -> Dataset:
    """Return a dataset with every public text, person, date and UID element of the standard, and every sequence."""
    planted, nested = Dataset(), Dataset()
    nested.PatientName, nested.PatientID, nested.StudyDate = _VALUES["PN"], _WORD, _VALUES["DA"]
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if not keyword or tag >> 16 in (0, 2, 4) or _PIXELS.match(keyword) or _USED.match(keyword):
            continue
        if vr in _VALUES:
            planted.add_new(tag, vr, _VALUES[vr])
        elif vr == "SQ" and "LUT" not in keyword and "FunctionalGroups" not in keyword:
            planted.add_new(tag, vr, Sequence([nested]))
    return planted


def _with_private_overlay_and_curve(planted: Dataset) -> Dataset:
    block = planted.private_block(0x0011, f"{_WORD} CREATOR", create=True)
    for at, vr in enumerate(("LO", "PN", "UI", "DA", "LT"), 1):
        block.add_new(at, vr, _VALUES[vr])
    block.add_new(0x20, "OB", _WORD.encode() + b" ")
    planted.add_new(0x00131001, "UN", _WORD.encode() + b" ")
    for group in (0x6000, 0x6002, 0x6010):
        planted.add_new((group, 0x0010), "US", 16)
        planted.add_new((group, 0x0011), "US", 16)
        planted.add_new((group, 0x0022), "LO", _WORD)
        planted.add_new((group, 0x1500), "LO", _WORD)
        planted.add_new((group, 0x3000), "OW", (_WORD * 4).encode()[:32])
    for group in (0x5000, 0x5002):
        planted.add_new((group, 0x0022), "LO", _WORD)
        planted.add_new((group, 0x3000), "OW", _WORD.encode() + b" ")
    return planted


def _planted_file(**header: object) -> bytes:
    whole = dcmread(io.BytesIO(dicom(pixels(3), **header)))
    for element in _with_private_overlay_and_curve(_every_element()):
        if element.tag not in whole or whole[element.tag].keyword in (
            "PatientName",
            "PatientID",
            "StudyDate",
            "PatientAge",
        ):
            whole[element.tag] = element
    whole.file_meta.MediaStorageSOPInstanceUID = whole.SOPInstanceUID = _VALUES["UI"]
    whole.file_meta.SourceApplicationEntityTitle = _WORD
    whole.add_new(0xFFFCFFFC, "OB", _WORD.encode() + b" ")
    whole.preamble = (_WORD * 15).encode()[:128]
    stream = io.BytesIO()
    whole.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _outputs(folder: Path, told: str) -> str:
    """Return all that was written or said, Parquet cells as text too."""
    import pyarrow.parquet as pq

    said = [told]
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "drop" not in path.parts):
        said.append(path.read_bytes().decode("latin-1"))
        if path.suffix == ".parquet":
            said += [str(row) for row in pq.read_table(path).to_pylist()]
    return "\n".join(said)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Ingest a drop of clean studies, one planted, and planted ones that are refused for each reason; return all."""
    tmp_path, told = tmp_path_factory.mktemp("planted"), io.StringIO()
    table = rows(8, 1)
    header = {"p0v0.png": {}, "p1v0.png": {"Modality": "CT"}, "p2v0.png": {"Modality": f"{_WORD} A"}}
    header |= {"p3v0.png": {"BodyPartExamined": f"{_WORD} A"}, "p4v0.png": {"BurnedInAnnotation": "YES"}}
    files = {name: _planted_file(**changed) for name, changed in header.items()}
    files["p5v0.png"] = files["p0v0.png"][:3000]
    table[0]["report"] += f"\nADDENDUM: {_WORD} {_WORD}A was here, {_WORD.lower()}."
    drop = write_drop(tmp_path / "drop", table, files)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        patch.setenv("UNIRG_HOME", str(tmp_path / "home"))
        root = ingested(of_drop(drop), tmp_path / "run")
    return root, _outputs(tmp_path, told.getvalue())


def test_the_file_holds_what_it_should():
    whole = dcmread(io.BytesIO(_planted_file()))
    text = str(whole)
    assert len(whole) > 1500 and text.count(_WORD) > 800
    assert {element.VR for element in whole} >= {*_VALUES, "SQ", "UN", "OW"}


def test_no_identifier_of_any_element_is_in_any_output(planted):
    root, said = planted
    assert len(manifest(root)) == 3 and len(reasons(root)) == 5, reasons(root)
    for pattern in (_WORD, _NUMBER, "19420713", "071942", "1942-07-13", r"719426"):
        assert not re.search(pattern, said, re.IGNORECASE), pattern
    assert "CREATOR" not in said


def test_the_schema_holds_no_column_that_a_header_could_fill_with_words(planted):
    root, _ = planted
    (row,) = (row for row in manifest(root) if row["original_bits"] == 8 and row["modality"] == "CR")
    assert set(row) == set(MANIFEST_SCHEMA.names)
    assert (row["modality"], row["view"], row["sex"], row["photometric"]) == ("CR", "PA", "F", "MONOCHROME2")
    assert row["age"] == 40 and row["burned_in"] == ""
