"""The pictures: equal bytes however they are drawn, findings where they belong, an institution's look, a sheet."""

import hashlib
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unirg_core.ingest.phantom import FINDINGS, INSTITUTIONS, World, contact_sheet, render, studies
from unirg_core.ingest.phantom.contact import specimens
from unirg_core.ingest.phantom.frame import clouds, stroke, turns
from unirg_core.ingest.phantom.world import Finding, LookAlike

SIZE = 96


@pytest.fixture(scope="module")
def population():
    return studies(World(seed=12, patients=300, image_size=SIZE))


@pytest.fixture(scope="module")
def normal(population):
    """A woman's and a man's normal PA study without any faint finding or look-alike."""
    clear = [s for s in population if not s.drawn and not s.look_alikes and s.view == "PA"]
    return [next(s for s in clear if s.sex == sex) for sex in "FM"]


def _finding(label, side="", degree=0.7, position=(0.5, 0.5), kind=""):
    return Finding(label, side, "" if kind else "moderate", degree, position, kind)


def _difference(study, finding, size=SIZE):
    """Return the picture with the finding less the one without it; all else is drawn from the same seeds."""
    return (render([replace(study, findings=(finding,))], size) - render([study], size))[0]


def test_pictures_are_values_in_range(population):
    pictures = render(population[:20], SIZE)
    assert pictures.shape == (20, SIZE, SIZE)
    assert pictures.dtype == np.float32
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert np.array_equal(np.rint(pictures * 4095).astype(np.float32) * np.float32(1 / 4095), pictures)


def test_no_studies_no_pictures():
    assert render([], SIZE).shape == (0, SIZE, SIZE)


@pytest.mark.parametrize("size", [64, 96, 255, 256])
def test_alone_or_in_any_batch_the_same_bytes(population, size):
    batch = render(population[:6], size)
    alone = np.concatenate([render([study], size) for study in population[:6]])
    turned = render(population[:6][::-1], size)[::-1]
    assert batch.tobytes() == alone.tobytes() == turned.tobytes()


def test_another_process_draws_the_same_bytes(population):
    program = (
        "import hashlib; from unirg_core.ingest.phantom import World, render, studies;"
        "print(hashlib.sha256(render(studies(World(12, 300, 96))[:5], 96).tobytes()).hexdigest())"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert result.stdout.strip() == hashlib.sha256(render(population[:5], SIZE).tobytes()).hexdigest()


@pytest.mark.parametrize("features", ["X86_V4 AVX512_ICL AVX512_SPR", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"])
def test_a_lesser_processor_draws_the_same_bytes(population, features):
    """Pictures are pinned by digest: without the vector units that this machine may have they must come out equal."""
    program = (
        "import hashlib; from unirg_core.ingest.phantom import World, render, studies;"
        "print(hashlib.sha256(render(studies(World(12, 300, 96))[:12], 256).tobytes()).hexdigest())"
    )
    lesser = {"NPY_DISABLE_CPU_FEATURES": features, "OPENBLAS_CORETYPE": "Nehalem", "PYTHONWARNINGS": "ignore"}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, env={**os.environ, **lesser}
    )
    assert result.stdout.strip() == hashlib.sha256(render(population[:12], 256).tobytes()).hexdigest()


def test_every_picture_is_another(population):
    pictures = render(population[:60], SIZE)
    assert len({picture.tobytes() for picture in pictures}) == 60


def test_a_chest_is_a_chest(normal):
    """Air is dark, the middle and the belly are bright, the corners above the shoulders black."""
    for picture in render(normal, SIZE):
        part = {
            name: picture[int(top * SIZE) : int(bottom * SIZE), int(left * SIZE) : int(right * SIZE)].mean()
            for name, (top, bottom, left, right) in {
                "right lung": (0.3, 0.5, 0.22, 0.35),
                "left lung": (0.3, 0.5, 0.65, 0.78),
                "spine": (0.3, 0.6, 0.47, 0.53),
                "heart": (0.60, 0.70, 0.50, 0.62),
                "belly": (0.88, 0.98, 0.2, 0.8),
                "corner": (0.0, 0.05, 0.0, 0.1),
            }.items()
        }
        lungs = max(part["right lung"], part["left lung"])
        assert lungs + 0.2 < min(part["spine"], part["heart"], part["belly"])
        assert part["corner"] < 0.2
        assert 0.05 < picture.std() < 0.4


@pytest.mark.parametrize(
    ("label", "side", "position", "brighter"),
    [
        ("Pleural Effusion", "left", (0.76, 0.77), True),
        ("Pleural Effusion", "right", (0.24, 0.77), True),
        ("Consolidation", "left", (0.70, 0.50), True),
        ("Consolidation", "right", (0.30, 0.35), True),
        ("Lung Lesion", "left", (0.72, 0.40), True),
        ("Lung Lesion", "right", (0.28, 0.45), True),
        ("Atelectasis", "left", (0.70, 0.65), True),
        ("Atelectasis", "right", (0.30, 0.65), True),
        ("Pneumothorax", "left", (0.72, 0.18), False),
        ("Pneumothorax", "right", (0.28, 0.18), False),
    ],
)
def test_a_finding_changes_its_own_side(normal, label, side, position, brighter):
    for study in normal:
        change = _difference(study, _finding(label, side, position=position))
        halves = {"right": change[:, : SIZE // 2], "left": change[:, SIZE // 2 :]}
        here, there = halves.pop(side), next(iter(halves.values()))
        assert np.abs(here).sum() > 8 * np.abs(there).sum()
        assert (here.max() > 0.1) if brighter else (here.min() < -0.03)


@pytest.mark.parametrize("label", ["Pleural Effusion", "Consolidation", "Atelectasis"])
def test_bilateral_is_both_sides(normal, label):
    change = np.abs(_difference(normal[0], _finding(label, "bilateral", position=(0.72, 0.62))))
    right, left = change[:, : SIZE // 2].sum(), change[:, SIZE // 2 :].sum()
    assert 0.4 < right / left < 2.5


@pytest.mark.parametrize(
    "finding",
    [
        _finding("Cardiomegaly"),
        _finding("Pleural Effusion", "left", position=(0.76, 0.77)),
        _finding("Pneumothorax", "right", position=(0.28, 0.18)),
        _finding("Consolidation", "left", position=(0.70, 0.45)),
        _finding("Lung Lesion", "right", position=(0.30, 0.40)),
        _finding("Edema"),
        _finding("Atelectasis", "left", position=(0.70, 0.65)),
    ],
    ids=lambda finding: finding.label,
)
def test_more_degree_shows_more_down_to_ambiguous(normal, finding):
    noise = 0.02
    for study in normal:
        changes = [np.abs(_difference(study, replace(finding, degree=d))).sum() for d in (0.1, 0.25, 0.5, 0.75, 1.0)]
        assert changes == sorted(changes)
        assert 0 < changes[0] < 0.5 * changes[-1]
        assert changes[-1] > noise * SIZE  # the plainest is over the noise of a whole column


@pytest.mark.parametrize(
    ("kind", "side"),
    [("pacemaker", "left"), ("pacemaker", "right"), ("central line", "right"), ("endotracheal tube", "")],
)
@pytest.mark.parametrize("size", [64, 256])
def test_devices_are_bright_lines(normal, kind, side, size):
    change = _difference(normal[1], _finding("Support Devices", side, 0.6, kind=kind), size)
    lit = change > 0.08
    assert change.min() > -0.01
    assert 0.003 < lit.mean() < 0.08


@pytest.mark.parametrize("kind", ["nipple", "skin fold", "fat pad"])
def test_look_alikes_are_drawn(normal, kind):
    shown = replace(normal[0], look_alikes=(LookAlike(kind, "left", 0.8),))
    change = np.abs(render([shown], SIZE) - render([normal[0]], SIZE))[0]
    assert change[:, SIZE // 2 :].max() > 0.02
    assert change[:, : SIZE // 2].max() < 0.02


def test_one_finding_leaves_the_shadows_of_another_alone(normal):
    """Taking away a consolidation moves no lesion: each shadow has its own uniforms."""
    lesion = _finding("Lung Lesion", "left", position=(0.72, 0.35))
    other = _finding("Consolidation", "right", position=(0.28, 0.5))
    alone = render([replace(normal[1], findings=(lesion,))], SIZE)[0]
    both = render([replace(normal[1], findings=(lesion, other))], SIZE)[0]
    assert np.abs((both - alone)[:, SIZE // 2 + 4 :]).max() < 0.005


def test_institutions_look_mildly_different(normal):
    pictures = {name: render([replace(normal[0], institution=name)], SIZE)[0] for name in INSTITUTIONS}
    means = [float(p.mean()) for p in pictures.values()]
    assert 0.005 < max(means) - min(means) < 0.2
    first, second, third = pictures.values()
    assert min(np.corrcoef(first.ravel(), other.ravel())[0, 1] for other in (second, third)) > 0.9


def test_visits_share_the_build_but_not_the_exposure(population):
    visits = [s for s in population if s.anatomy == next(s.anatomy for s in population if s.visit == 1)]
    pictures = render(visits, SIZE)
    assert len(visits) > 1
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.01


def test_a_small_picture_is_like_a_large_one_made_small(population):
    """A base model may be trained on pictures drawn small: they must be what ingest makes of large ones."""
    large = render(population[:8], 256).reshape(8, 64, 4, 64, 4).mean((2, 4))
    small = render(population[:8], 64)
    assert np.abs(large.mean((1, 2)) - small.mean((1, 2))).max() < 0.01
    assert np.abs(large.std((1, 2)) - small.std((1, 2))).max() < 0.02
    assert np.abs(large - small).mean() < 0.03


@pytest.mark.parametrize("size", [32, 64, 256])
def test_clouds_are_the_same_at_every_size(size):
    coarse = np.random.default_rng(0).standard_normal((9, 9))
    field = clouds(coarse, size)
    reference = clouds(coarse, 512).reshape(size, 512 // size, size, 512 // size).mean((1, 3))
    assert np.abs(field - reference).max() < 0.05
    assert np.allclose(clouds(np.ones((9, 9)), size), 1, atol=1e-5)


@pytest.mark.parametrize(("dy", "dx"), [(0.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (0.3, 0.9), (-2.0, 0.1), (5.0, 0.001)])
def test_turns_are_angles(dy, dx):
    found = turns(np.float32([dy]), np.float32([dx]))[0]
    assert found == pytest.approx(math.atan2(dy, dx) / math.tau, abs=2e-6)


@pytest.mark.parametrize("width", [0.004, 0.02, 0.1])
def test_a_line_holds_its_light_at_every_size(width):
    """A line thinner than a pixel is fainter, not gone: what it adds to a row is its width."""
    for size in (64, 256):
        across = (np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1
        assert stroke(across, width, size).sum() * 2 / size == pytest.approx(width, rel=0.6)


def test_contact_sheet_shows_every_finding(tmp_path):
    world = World(seed=12, patients=120, image_size=64)
    shown = specimens(world)
    assert {f.label for s in shown for f in s.drawn} == set(FINDINGS)
    assert sum(not s.drawn for s in shown) == 4
    contact_sheet(tmp_path / "sheet.png", world=world)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (6 * 64, -(-len(shown) // 6) * (64 + 30))
        assert np.asarray(sheet).std() > 30


def test_contact_sheet_of_chosen_studies(tmp_path, population):
    contact_sheet(tmp_path / "sheet.png", population[:3], world=World(12, 300, 64), columns=2)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (128, 2 * 94)
