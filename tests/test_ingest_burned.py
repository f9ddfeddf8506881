"""Burned-in annotation: what a header says refuses, what pixels look like only marks."""

import numpy as np
import pytest
from fixtures_drops import REAL, dicom, ingested, manifest, of_drop, pixels, reasons, rows, write_drop
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from scipy import ndimage

from unirg_core.files import read_json
from unirg_core.ingest import burned, phantom
from unirg_core.ingest.burned import CAPTURED, DECLARED, SUSPECTED, check_declared, declared, suspected
from unirg_core.ingest.source import Rejected

_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"BurnedInAnnotation": "YES"}, DECLARED),
        ({"BurnedInAnnotation": "yes"}, DECLARED),
        ({"SOPClassUID": _CAPTURE}, CAPTURED),
        ({"SOPClassUID": f"{_CAPTURE}.4"}, CAPTURED),
        ({"ConversionType": "SD"}, CAPTURED),
        ({"SOPClassUID": _CAPTURE, "BurnedInAnnotation": "NO"}, ""),
        ({"BurnedInAnnotation": "NO"}, ""),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1"}, ""),
        ({}, ""),
    ],
)
def test_what_a_header_says(header, why):
    data = Dataset()
    for name, value in header.items():
        setattr(data, name, value)
    assert declared(data) == why


@pytest.mark.parametrize("why", [DECLARED, CAPTURED])
def test_a_declared_picture_is_refused_with_the_way_out_and_taken_when_only_marked(why):
    with pytest.raises(Rejected, match=r"set ingest\.deid\.burned_in to flag"):
        check_declared(why, "refuse")
    check_declared(why, "flag")
    check_declared("", "refuse")
    check_declared(SUSPECTED, "refuse")


@pytest.mark.parametrize(("mode", "taken", "refused"), [("refuse", 4, 2), ("flag", 6, 0)])
def test_the_setting_decides_and_the_report_counts(tmp_path, mode, taken, refused):
    files = {
        "p0v0.png": dicom(pixels(), BurnedInAnnotation="YES"),
        "p1v0.png": dicom(pixels(1), SOPClassUID=_CAPTURE),
    }
    drop = write_drop(tmp_path / "drop", rows(6, 1), files)
    root = ingested(of_drop(drop, deid={"burned_in": mode}), tmp_path / "run")
    said = read_json(root / "data/deid.json")
    assert len(manifest(root)) == taken and len(reasons(root)) == refused
    assert said["refused"] == {"burned_in_annotation": refused}
    marks = [row["burned_in"] for row in manifest(root)]
    assert said["taken_but_marked"] == {why: marks.count(why) for why in (DECLARED, CAPTURED, SUSPECTED)}
    assert (marks.count(DECLARED), marks.count(CAPTURED)) == ((1, 1) if mode == "flag" else (0, 0))


def _drawn(text: str, size: int = 26, fill: int = 255, at: tuple[int, int] = (30, 20)) -> np.ndarray:
    study = phantom.studies(phantom.World(5, 6, 768))[:1]
    image = Image.fromarray(np.rint(phantom.render(study, 768)[0] * 255).astype(np.uint8))
    ImageDraw.Draw(image).text(at, text, fill=fill, font=ImageFont.load_default(size))
    return np.asarray(image)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", False),
        ("L", False),
        ("R", False),
        ("AP", False),
        ("HOLLINGSWORTH 12/03/1961", True),
        ("PORTABLE 09:14", True),
    ],
)
def test_lines_of_print_are_suspected_and_side_markers_are_not(text, seen):
    assert suspected(_drawn(text)) is seen
    assert suspected(_drawn(text).astype(np.float32)) is seen


def test_a_suspected_picture_is_taken_and_marked(tmp_path):
    drop = write_drop(tmp_path / "drop", rows(4, 1), {"p0v0.png": dicom(_drawn("HOLLINGSWORTH 12/03/1961"))})
    root = ingested(of_drop(drop), tmp_path / "run")
    assert [row["burned_in"] for row in manifest(root)].count(SUSPECTED) == 1
    assert read_json(root / "data/deid.json")["taken_but_marked"][SUSPECTED] == 1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.float32]))
def test_no_picture_is_too_small_or_odd_to_be_looked_at(height, width, seed, kind):
    assert suspected(np.random.default_rng(seed).integers(0, 256, (height, width)).astype(kind)) in (True, False)


def test_few_real_pictures_are_suspected():
    folder = REAL / "covid_cxr"
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))[::3]
    found = [path for path in paths if suspected(np.asarray(Image.open(path).convert("L")))]
    assert len(paths) == 28 and len(found) <= 4


def _boxes_of_all(ink: np.ndarray) -> list[tuple[slice, slice]]:
    """Find letters in the picture as it is, one after the other."""
    parts, _ = ndimage.label(ink, np.ones((3, 3)))
    found = []
    for number, (down, across) in enumerate(ndimage.find_objects(parts), 1):
        height, width = down.stop - down.start, across.stop - across.start
        share = (parts[down, across] == number).sum() / (height * width)
        if 5 <= height <= 40 and 1 <= width <= 44 and 0.12 <= share <= 0.95:
            found.append((down, across))
    return found


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.0003, 0.003, 0.03, 0.2]), st.integers(0, 3))
def test_letters_are_found_among_specks_wherever_they_stand(seed, specks, written):
    rng = np.random.default_rng(seed)
    image = Image.fromarray(((rng.random((90, 300)) < specks) * 255).astype(np.uint8))
    for _ in range(written):
        at = (int(rng.integers(0, 250)), int(rng.integers(-10, 90)))
        ImageDraw.Draw(image).text(at, "DOE JANE 19.3.", 255, ImageFont.load_default(int(rng.integers(8, 30))))
    ink = np.asarray(image) > 128
    wanted = sorted(_boxes_of_all(ink), key=repr)
    found = sorted(burned._letter_boxes(ink), key=repr)
    assert found == wanted or (not found and len(wanted) < 6)  # fewer make no line, so they are not looked for
