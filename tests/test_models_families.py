"""Families end to end: SFT and both steps of RL with tiny random models, full and with an adapter."""

from pathlib import Path

import pytest
from fixtures_dataset import studies, write_root
from fixtures_families import FAMILIES
from fixtures_training import QUICK, REPOSITORY, digests, state_in, trajectory
from PIL import Image

from unirg_core import models, params
from unirg_core.files import read_json, write_json
from unirg_core.models import dataset
from unirg_core.models.generation import encode
from unirg_core.rl import rl
from unirg_core.sft import sft
from unirg_core.training.shapes import shape_of

STEPS = {
    "model": {"max_new_tokens": 6},
    "sft": {"steps": 2, "batch_size": 4, "checkpoint_steps": 2},
    "rl": {  # small rates: two steps of a large one leave a random model with one text for all, which stops the stage
        "step1": {"steps": 2, "learning_rate": 1e-6},
        "step2": {"steps": 1, "learning_rate": 1e-6},
        "checkpoint_steps": 2,
    },
}
WAYS = {
    "full": {"model": {"freeze_vision": True}},
    "whole": {"model": {"freeze_vision": False}},
    "lora": {"model": {"lora": {"rank": 2, "alpha": 4}}},
}


def family_root(folder: Path, family: str) -> Path:
    """Write a dataset with a random base model of a family, pinned."""
    write_root(folder, studies(12))
    words = sorted({word for row in dataset.rows(folder) for word in dataset.reference(row).split()})
    models.save(*FAMILIES[family]([*words, "findings", "impression"]), folder / "base")
    pins = read_json(folder / "inputs.json")
    pins["base_model"] = {"name": "base", "digest": models.digest(str(folder / "base"))}
    write_json(folder / "inputs.json", pins)
    return folder


def recipe(root: Path, above: dict) -> params.Params:
    values = params.read_yaml(REPOSITORY / "params.yaml")
    for layer in (QUICK, STEPS, {"model": {"base": str(root / "base")}}, above):
        values = params.overlay(values, layer)
    return params.parse(values)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: family_root(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


@pytest.mark.parametrize(
    ("family", "way"),
    [
        ("qwen3", "whole"),  # the paper's
        ("qwen25", "full"),
        ("qwen25", "lora"),
        ("llava", "full"),
        ("idefics3", "full"),
        ("idefics3", "whole"),
        ("idefics3", "lora"),
        ("gemma3", "full"),
        ("gemma3", "lora"),
    ],
)
def test_a_family_learns_by_both_stages(roots: dict[str, Path], tmp_path: Path, family: str, way: str) -> None:
    root = roots[family]
    settings = recipe(root, WAYS[way])
    with state_in(tmp_path):
        sft(settings, root)
        rl(settings, root)
    told = trajectory(root, "sft", "sft")
    assert [entry["step"] for entry in told] == [1, 2] and all(entry["grad_norm"] > 0 for entry in told)
    assert abs(trajectory(root, "rl", "step2")[0]["kl"]) < 1e-9
    folders = {name: root / "checkpoints" / name for name in ("sft", "rl")}
    assert models.digest(str(folders["sft"])) != models.digest(str(root / "base"))
    before, after = (dict(models.load(settings.model, path)[0].named_parameters()) for path in (None, folders["sft"]))
    moved = {name for name, value in after.items() if not value.equal(before[name])}
    seeing = {name for name in moved if set(name.split(".")) & set(models.adapting.VISION_NAMES)}
    assert moved and bool(seeing) == (way == "whole")
    assert not [path.name for path in folders["rl"].iterdir() if path.suffix in (".bin", ".pt", ".pth", ".pkl")]


@pytest.mark.parametrize("family", ["idefics3"])
def test_a_family_leaves_equal_bytes(roots: dict[str, Path], tmp_path: Path, family: str) -> None:
    found = []
    for attempt in ("first", "second"):
        with state_in(tmp_path / attempt):
            sft(recipe(roots[family], {}), roots[family])
        found.append(digests(roots[family], "sft"))
    assert found[0] == found[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shape_counts_a_familys_picture_tokens(roots: dict[str, Path], family: str) -> None:
    """What the memory estimate counts by is what the processor really gives."""
    settings = recipe(roots[family], {}).model
    model, processor = models.load(settings)
    ids = encode(processor, [Image.new("RGB", (64, 64))], ["findings"], settings)["input_ids"][0]
    image_token = getattr(model.config, "image_token_id", None) or model.config.image_token_index
    assert int((ids == image_token).sum()) == shape_of(settings).tokens
