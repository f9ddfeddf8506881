"""Pictures: modes and depths of PNG and JPEG, the stored size, equal bytes, and a hash that survives rendering."""

import io

import numpy as np
import pytest
from fixtures_drops import pixels, png
from PIL import Image

from unirg_core.ingest.picture import decode_picture, store
from unirg_core.ingest.source import Rejected

_GREY = pixels(2, (90, 70))


def _saved(image: Image.Image, form: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    return _saved(Image.fromarray(_GREY[::-1, ::-1]), "JPEG", quality=98, exif=exif)


@pytest.mark.parametrize(
    ("content", "bits", "photometric", "off"),
    [
        (png(_GREY), 8, "MONOCHROME2", 0),
        (_saved(Image.fromarray(_GREY).convert("RGB")), 8, "RGB", 1),
        (_saved(Image.fromarray(_GREY).convert("RGBA")), 8, "RGB", 1),
        (_saved(Image.fromarray(_GREY).convert("LA")), 8, "MONOCHROME2", 1),
        (_saved(Image.fromarray(_GREY).convert("P")), 8, "RGB", 8),
        (_saved(Image.fromarray(_GREY), "JPEG", quality=98), 8, "MONOCHROME2", 6),
        (_turned(), 8, "MONOCHROME2", 6),
    ],
)
def test_every_mode_is_read_as_grey(content, bits, photometric, off):
    found = decode_picture(content)
    assert (found.bits, found.photometric) == (bits, photometric)
    assert np.abs(found.grey.astype(int) - _GREY).max() <= off


def test_sixteen_bits_are_stretched_over_their_range():
    found = decode_picture(png(_GREY.astype(np.uint16) * 100 + 7))
    low, high = int(_GREY.min()), int(_GREY.max())
    assert found.bits == 16
    assert np.abs(found.grey - (_GREY.astype(float) - low) * 255 / (high - low)).max() < 0.01


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_saved(Image.fromarray(_GREY), "BMP"), "neither DICOM nor PNG nor JPEG"),
        (_saved(Image.fromarray(_GREY), "JPEG")[:400], "cut short"),
        (png(_GREY)[:-200], "cut short"),
        (png(np.zeros((16, 400), np.uint8)), "400 x 16 pixels"),
        (png(np.full((64, 64), 3, np.uint16)), "one even grey"),
        (_saved(Image.new("1", (30_000, 40))), "more pixels"),
    ],
)
def test_what_is_no_radiograph_is_rejected(content, said):
    with pytest.raises(Rejected, match=said):
        decode_picture(content)


@pytest.mark.parametrize(
    ("shape", "side", "stored"),
    [((90, 70), 45, (45, 35)), ((70, 90), 45, (35, 45)), ((50, 50), 64, (64, 64)), ((40, 2000), 64, (1, 64))],
)
def test_the_longer_side_has_the_stored_size(shape, side, stored):
    found = store(pixels(1, shape), side)
    image = Image.open(io.BytesIO(found.png))
    assert (found.height, found.width) == (image.height, image.width) == stored
    assert image.mode == "L" and not image.info


def test_figures_are_those_of_the_stored_picture():
    found = store(np.clip(_GREY.astype(np.float32) * 1.5 - 60, -20, 300), 64)
    kept = np.asarray(Image.open(io.BytesIO(found.png)))
    assert found.mean == pytest.approx(kept.mean())
    assert found.std == pytest.approx(kept.std())
    assert found.saturated == pytest.approx(np.isin(kept, (0, 255)).mean()) and found.saturated > 0
    assert store(np.clip(_GREY.astype(np.float32) * 1.5 - 60, -20, 300), 64).png == found.png


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_hash_tells_pictures_apart_and_renderings_not():
    own = store(_GREY, 64).phash
    rendered = [decode_picture(_saved(Image.fromarray(_GREY), "JPEG", quality=90)).grey, _GREY * 0.8 + 12]
    assert len(own) == 64
    assert max(_distance(own, store(grey.astype(np.float32), 64).phash) for grey in rendered) <= 16
    others = [store(pixels(seed, (90, 70)), 64).phash for seed in (11, 25, 40)]
    assert min(_distance(own, other) for other in others) >= 64


@pytest.mark.parametrize("size", [(512, 430), (33, 65), (512, 512)])
def test_figures_are_those_of_the_plain_formulas_to_the_last_bit(size):
    stored = store(pixels(4, size), max(size))
    kept = np.asarray(Image.open(io.BytesIO(stored.png)))
    assert stored.mean == float(kept.mean(dtype=np.float64))
    assert stored.std == float(kept.std(dtype=np.float64))
    assert stored.saturated == float(((kept == 0) | (kept == 255)).mean())
