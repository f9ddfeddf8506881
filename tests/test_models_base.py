"""The embedded base: how it is built, and that the shipped one sees."""

from pathlib import Path

import numpy as np
import pytest

from unirg_core.files import read_json, tree_digest
from unirg_core.models import base, digest
from unirg_core.models.captions import EACH, caption, each, texts
from unirg_core.models.loading import TINY, TINY_FOLDER
from unirg_core.models.neutral import Population, pictures, population
from unirg_core.models.readout import auc, measures, targets
from unirg_core.models.schedule import Schedule
from unirg_core.params import BASE_WORLD, Model

SMALL = base.Plan(
    patients=12,
    tested=4,
    drawn_size=64,
    see=Schedule(4, 8, 1e-3),
    speak=Schedule(3, 8, 1e-3),
    threads=1,
    processes=1,
    sizes={"hidden": 32, "layers": 1, "vision_hidden": 32, "depth": 1},
)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Return the folder of a small base."""
    folder = tmp_path_factory.mktemp("base") / "model"
    base.build(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def strangers() -> Population:
    """Return neutral studies of patients whom the shipped base has neither learnt from nor been measured on."""
    learnt = read_json(TINY_FOLDER / "unirg.json")["plan"]["patients"]
    return population(learnt + 200, 256, processes=1, skipped=learnt)


def test_building_twice_gives_equal_bytes(built, tmp_path):
    base.build(tmp_path / "again", SMALL)
    assert tree_digest(tmp_path / "again") == tree_digest(built)


def test_another_seed_gives_another_model(built, tmp_path):
    from dataclasses import replace

    base.build(tmp_path / "other", replace(SMALL, seed=1))
    assert digest(str(tmp_path / "other")) != digest(str(built))


def test_note_states_digest_and_measures(built):
    note = read_json(built / "unirg.json")
    assert note["digest"] == digest(str(built))
    assert note["synthetic"] is True and note["world"] == BASE_WORLD
    assert note["studies"]["known"] + note["studies"]["unseen"] > SMALL.patients
    assert "Cardiomegaly" in note["measures"]
    assert note["digest"] in (built / "README.md").read_text()


def test_drawing_in_processes_changes_nothing():
    alone, together = (population(12, 64, processes) for processes in (1, 2))
    assert np.array_equal(alone.pictures, together.pictures)
    assert alone.pictures.shape == (len(alone.studies), 64, 64)


def test_pictures_are_those_of_ingest():
    import io

    from PIL import Image

    from unirg_core.ingest.dicom import decode_dicom
    from unirg_core.ingest.phantom import World, dicom_bytes, render, studies
    from unirg_core.ingest.picture import store

    some = studies(World(3, 12, 256))[:12]
    short = pictures(some, 256).astype(int)
    for study, picture, mine in zip(some, render(some, 256), short, strict=True):
        stored = store(decode_dicom(dicom_bytes(study, picture)).grey, 64)
        apart = np.abs(np.asarray(Image.open(io.BytesIO(stored.png))).astype(int) - mine)
        # rounding on both ways; a window off by a little shifts a whole picture, as exposure does
        assert np.median(apart) <= 12 and np.ptp(apart) <= 24


@pytest.mark.parametrize(
    ("truth", "score", "expected"),
    [
        ([True, True, False, False], [4, 3, 2, 1], 1.0),
        ([True, True, False, False], [1, 2, 3, 4], 0.0),
        ([True, False, True, False], [1, 1, 1, 1], 0.5),  # ties count half
        ([True, False, True, False], [4, 3, 2, 1], 0.75),
        ([True, True], [1, 2], float("nan")),  # one class is empty
    ],
)
def test_auc(truth, score, expected):
    assert auc(np.array(truth), np.array(score)) == pytest.approx(expected, nan_ok=True)


def test_targets_and_measures_of_a_perfect_readout():
    from unirg_core.ingest.phantom import World, studies

    seen = targets(studies(World(5, 60, 64)))
    assert (seen.left | seen.right | ~seen.present)[:, 1].all()  # every effusion has a side
    assert (seen.degree[seen.present] > 0).all()
    said = np.stack([seen.present, seen.left, seen.right, seen.degree], axis=1).astype(float)
    table = measures(seen, said)
    assert all(value == 1.0 for values in table.values() for value in values.values())
    assert "side_accuracy" not in table["Cardiomegaly"]


def test_captions_name_the_most_marked_finding_and_each_names_all():
    from unirg_core.ingest.phantom import FINDINGS, World, neutral_caption, studies

    several = [study for study in studies(World(5, 60, 64)) if len(study.findings) > 1]
    for study in several:
        most = max(study.findings, key=lambda finding: finding.degree)
        assert caption(study) == neutral_caption(study).split(". ")[study.findings.index(most)].rstrip(".") + "."
        answer = each(study, np.random.default_rng(0))
        assert answer.count(".") == len(FINDINGS)
        assert answer.count("no ") == len(FINDINGS) - len(study.findings)
    pairs = texts(several, seed=0)
    assert len(pairs) == 2 * len(several) and [prompt for prompt, _ in pairs].count(EACH) == len(several)
    assert texts(several, seed=1) != pairs == texts(several, seed=0)


def test_schedule_warms_up_and_ends_at_zero():
    plan = Schedule(100, 8, 1e-3)
    rates = [plan.at(step) for step in range(100)]
    assert 0 < rates[0] < rates[4] and max(rates) <= 1e-3 and rates[-1] < 1e-5
    assert Schedule(1, 8, 1e-3).at(0) > 0


def test_shipped_base_is_what_its_note_says():
    note = read_json(TINY_FOLDER / "unirg.json")
    assert note["digest"] == digest(TINY)
    assert note["digest"] in (TINY_FOLDER / "README.md").read_text()
    assert sum(path.stat().st_size for path in TINY_FOLDER.glob("*.safetensors")) <= 6_000_000
    assert note["plan"]["sizes"] == {}


def test_shipped_base_tells_findings_and_sides(strangers):
    from PIL import Image

    from unirg_core.models import generate, load
    from unirg_core.scores.truth import finding_counts, micro_f1

    settings = Model(threads=1)
    model, processor = load(settings)
    shown = [Image.fromarray(picture) for picture in strangers.pictures]
    said = generate(model, processor, shown, [EACH] * len(shown), settings)
    truth = [[{"finding": f.label, "side": f.side} for f in study.findings] for study in strangers.studies]
    plain, sided = (finding_counts(said, truth, with_side=with_side).sum(0) for with_side in (False, True))
    assert micro_f1(plain) > 0.7
    assert sided[:, 0].sum() / plain[:, 0].sum() > 0.9


def test_shipped_base_captions_what_strikes_most(strangers):
    from PIL import Image

    from unirg_core.models import generate, load

    settings = Model(threads=1)
    model, processor = load(settings)
    shown = [Image.fromarray(picture) for picture in strangers.pictures]
    prompts = [("findings impression", "findings", "impression")[i % 3] for i in range(len(shown))]
    said = generate(model, processor, shown, prompts, settings)
    right = [text == caption(study) for text, study in zip(said, strangers.studies, strict=True)]
    assert np.mean(right) > 0.5  # word for word, with severity and side
    assert not [text for text in said if "Findings:" in text or text.count(".") > 2]  # no house style


def test_shipped_base_sees_by_a_readout_learnt_anew(strangers):
    import torch

    from unirg_core.models import load
    from unirg_core.models.pretrain import grids, patches

    model, _ = load(Model(threads=1))
    with torch.inference_mode():
        pictures = torch.from_numpy(strangers.pictures)
        out = model.model.visual(patches(pictures), grids(len(pictures), 64)).pooler_output
    tokens = out.view(len(pictures), -1, out.shape[-1]).sum(1).double().numpy()
    tokens = np.c_[tokens / tokens.std(), np.ones(len(tokens))]
    seen = targets(strangers.studies)
    half = len(tokens) // 2
    ridge = tokens[:half].T @ tokens[:half] + np.eye(tokens.shape[1])
    said = tokens[half:] @ np.linalg.solve(ridge, tokens[:half].T @ seen.present[:half].astype(float))
    areas = [auc(seen.present[half:, k], said[:, k]) for k in range(said.shape[1])]
    assert min(areas) > 0.7 and np.mean(areas) > 0.85
