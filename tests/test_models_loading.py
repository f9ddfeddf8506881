"""Loading, saving, adapting and generating with tiny random models of five families."""

import json
from pathlib import Path

import pytest
from fixtures_families import FAMILIES, WORDS
from PIL import Image

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.models import (
    apply_lora,
    digest,
    freeze_vision,
    generate,
    load,
    merged,
    save,
    square,
    tiny,
    trainable_share,
)
from unirg_core.models.loading import located
from unirg_core.params import Lora, Model, resolve

ROOT = Path(__file__).resolve().parents[1]

PARTS = dict.fromkeys(("qwen3", "qwen25"), ("visual", "language_model"))
PARTS |= dict.fromkeys(("llava", "gemma3"), ("vision_tower", "language_model"))
PARTS["idefics3"] = ("vision_model", "text_model")
SMALL = {"hidden": 32, "layers": 2, "vision_hidden": 32, "depth": 1}


def params(base: str | Path, **values) -> Model:
    return Model(base=str(base), **{"max_new_tokens": 12, "threads": 1, **values})


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ("unirg-tiny", "unirg-tiny"),  # the embedded one, whatever lies here
        ("drafts/ours", "{here}/drafts/ours"),
        ("../{name}/drafts/ours", "{here}/drafts/ours"),
        ("{here}/drafts/ours", "{here}/drafts/ours"),
        ("Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen3-VL-8B-Instruct"),
        ("drafts/theirs", "drafts/theirs"),  # no folder: refused where it is read
    ],
)
def test_a_folder_is_named_by_its_whole_path_since_stages_stand_elsewhere(
    tmp_path: Path, base: str, found: str
) -> None:
    for name in ("drafts/ours", "unirg-tiny"):
        (tmp_path / name).mkdir(parents=True)
    base, found = (text.format(here=tmp_path, name=tmp_path.name) for text in (base, found))
    asked = resolve(ROOT, above={"model": {"base": base}})
    assert located(asked, tmp_path).model.base == found


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """Return the folders of three saved random models."""
    root = tmp_path_factory.mktemp("models")
    for family, build in FAMILIES.items():
        save(*build(WORDS), root / family)
    return {family: root / family for family in FAMILIES}


def pictures(count: int) -> list[Image.Image]:
    """Return pictures of several sizes and brightnesses."""
    return [
        Image.radial_gradient("L").resize((64 + 8 * i, 64)).point(lambda v, i=i: v // (1 + i)) for i in range(count)
    ]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "holds no config.json, so it is no model"),
        ({"config.json": "{}", "pytorch_model.bin": "pickle"}, "has no weights as safetensors"),
        (
            {"config.json": "{}", "pytorch_model.bin.index.json": "{}", "pytorch_model-1-of-2.bin": ""},
            "pickled",
        ),
        ({"config.json": "{}", "tf_model.h5": "", "flax_model.msgpack": ""}, "pickled ones can run code"),
        ({"config.json": '{"model_type": "llava"}', "pytorch_model.bin": "", "other.safetensors": ""}, "could not be"),
        ({"config.json": "{}", "model.safetensors": ""}, "could not be loaded as an image-text-to-text model"),
        ({"config.json": '{"model_type": "bert"}', "model.safetensors": ""}, "could not be loaded as an image-text"),
        ({"config.json": "not json", "model.safetensors": ""}, "could not be loaded as an image-text-to-text model"),
    ],
)
def test_folder_that_is_no_model_is_refused(tmp_path, files, sentence):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=sentence):
        load(params(tmp_path))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("someone/never-published", "neither unirg-tiny, nor a folder, nor in the local Hugging Face cache"),
        ("no such // name", "is no folder and no Hugging Face id"),
    ],
)
def test_unknown_model_names_the_remedy(monkeypatch, name, sentence):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadInput, match=sentence):
        load(params(name))


OLD, NEW = "0" * 39 + "1", "0" * 39 + "2"


@pytest.fixture(scope="module")
def hub(folders, tmp_path_factory) -> Path:
    """Return a Hugging Face cache that holds two commits of a/b, as the library lays them out: links to blobs."""
    cache = tmp_path_factory.mktemp("hub")
    repository = cache / "models--a--b"
    for commit, folder in ((OLD, folders["qwen3"]), (NEW, folders["qwen25"])):
        snapshot = repository / "snapshots" / commit
        snapshot.mkdir(parents=True)
        for path in folder.iterdir():
            blob = repository / "blobs" / f"{commit}-{path.name}"
            blob.parent.mkdir(exist_ok=True)
            blob.write_bytes(path.read_bytes())
            (snapshot / path.name).symlink_to(Path("../../blobs") / blob.name)
    for ref, commit in {"main": NEW, "v1": OLD}.items():
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / ref).write_text(commit)
    return cache


@pytest.fixture
def offline_hub(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("offline_hub")
@pytest.mark.parametrize(
    ("revision", "family"),
    [(None, "qwen25"), ("main", "qwen25"), (NEW, "qwen25"), ("v1", "qwen3"), (OLD, "qwen3")],
)
def test_a_model_is_loaded_by_its_id_at_the_revision_that_is_named(folders, revision, family):
    settings = params("a/b", revision=revision)
    model, processor = load(settings)
    wanted, _ = load(params(folders[family]))
    assert type(model) is type(wanted)
    found, wanted = model.state_dict(), wanted.state_dict()
    assert found.keys() == wanted.keys() and all(found[name].equal(wanted[name]) for name in wanted)
    assert digest("a/b", revision) == digest(str(folders[family]))
    assert generate(model, processor, pictures(1), ["findings"], settings)


@pytest.mark.usefixtures("offline_hub")
@pytest.mark.parametrize("revision", ["v2", "0" * 40])
def test_a_revision_that_is_not_in_the_cache_is_refused(revision):
    with pytest.raises(BadInput, match="a/b is neither unirg-tiny, nor a folder, nor in the local Hugging Face cache"):
        load(params("a/b", revision=revision))


@pytest.mark.usefixtures("offline_hub")
def test_a_trained_checkpoint_has_no_revision(folders):
    """The base's revision names a commit of the base, and the folder of a stage has none."""
    model, _ = load(params("a/b", revision=OLD), folders["qwen25"])
    assert model.config.model_type == "qwen2_5_vl"


def test_truncated_weights_are_refused(folders, tmp_path):
    for path in folders["qwen3"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(BadInput, match=f"{tmp_path} could not be loaded"):
        load(params(tmp_path))


def test_folder_without_processor_is_refused(folders, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folders["qwen3"] / name).read_bytes())
    with pytest.raises(BadInput, match="has no usable processor"):
        load(params(tmp_path))


def test_missing_gpu_is_said(folders):
    import torch

    if torch.cuda.is_available():
        pytest.skip("a GPU is there")
    with pytest.raises(BadInput, match=r"model\.device = 'cuda', but no CUDA device is there"):
        load(params(folders["qwen3"], device="cuda"))


def test_lora_without_a_fitting_module_is_refused(folders):
    model, _ = load(params(folders["qwen3"]))
    with pytest.raises(BadInput, match=r"model\.lora\.targets = \['no_such'\] fit no module"):
        apply_lora(model, Lora(targets=("no_such",)))


def test_model_without_vision_tower_cannot_be_frozen():
    import torch

    with pytest.raises(BadInput, match="no vision tower of a known name"):
        freeze_vision(torch.nn.Linear(2, 2))


@pytest.mark.parametrize("family", FAMILIES)
def test_saving_again_gives_equal_bytes(folders, tmp_path, family):
    loaded = load(params(folders[family]))
    save(*loaded, tmp_path / "first")
    save(*loaded, tmp_path / "second")
    save(*load(params(tmp_path / "first")), tmp_path / "third")
    assert tree_digest(tmp_path / "first") == tree_digest(tmp_path / "second") == tree_digest(tmp_path / "third")


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_folder_tells_nothing_of_this_machine(folders, family):
    folder = folders[family]
    for path in folder.glob("*.json"):
        assert str(folder.parent) not in path.read_text()
        assert "_name_or_path" not in json.loads(path.read_text())
    assert not [p.name for p in folder.iterdir() if p.suffix in (".bin", ".pt", ".pth", ".pkl")]


def test_digest_follows_the_weights_and_not_the_card(folders, tmp_path):
    save(*load(params(folders["qwen3"])), tmp_path / "m")
    before = digest(str(tmp_path / "m"))
    (tmp_path / "m" / "README.md").write_text("A card.")
    (tmp_path / "m" / "unirg.json").write_text("{}")
    assert digest(str(tmp_path / "m")) == before
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert digest(str(tmp_path / "m")) != before


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("image_size", [64, 96])
def test_batch_says_what_single_pictures_say(folders, family, image_size):
    settings = params(folders[family], image_size=image_size)
    model, processor = load(settings)
    prompts = ["findings", "the lungs are clear findings impression", "impression", "findings", "no"]
    finished: list[int] = []
    together = generate(model, processor, pictures(5), prompts, settings, batch_size=2, said=finished.append)
    alone = [
        generate(model, processor, [image], [text], settings)[0]
        for image, text in zip(pictures(5), prompts, strict=True)
    ]
    assert together == alone
    assert len(set(together)) > 1  # else equality would say nothing
    assert finished == [2, 2, 1]


def test_generation_needs_a_prompt_a_picture(folders):
    model, processor = load(params(folders["qwen3"]))
    with pytest.raises(ValueError, match="2 images but 1 prompts"):
        generate(model, processor, pictures(2), ["findings"], params(folders["qwen3"]))


def test_generation_keeps_the_mode(folders):
    settings = params(folders["qwen3"])
    model, processor = load(settings)
    model.train()
    generate(model, processor, pictures(1), ["findings"], settings)
    assert model.training


@pytest.mark.parametrize("family", FAMILIES)
def test_frozen_vision_leaves_the_language_part(folders, family):
    model, _ = load(params(folders[family]))
    frozen = freeze_vision(model)
    assert 0 < frozen < sum(p.numel() for p in model.parameters())
    tower, language = PARTS[family]
    assert not any(p.requires_grad for p in model.model.get_submodule(tower).parameters())
    assert all(p.requires_grad for p in model.model.get_submodule(language).parameters())
    assert 0 < trainable_share(model) < 1


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_learns_in_the_language_part_and_merges_into_plain_weights(folders, tmp_path, family):
    import torch

    settings = params(folders[family])
    model, processor = load(settings)
    adapted = apply_lora(model, Lora(rank=2, alpha=4))
    learning = {name: p for name, p in adapted.named_parameters() if p.requires_grad}
    assert learning and all("lora_" in name and PARTS[family][1] in name for name in learning)
    for parameter in learning.values():
        torch.nn.init.normal_(parameter, std=0.5)
    adapted.eval()
    said = generate(adapted, processor, pictures(3), ["findings"] * 3, settings)
    save(adapted, processor, tmp_path / "merged")
    plain, processor = load(params(tmp_path / "merged"))
    assert not any("lora" in name for name, _ in plain.named_parameters())
    assert generate(plain, processor, pictures(3), ["findings"] * 3, settings) == said
    assert digest(str(tmp_path / "merged")) != digest(str(folders[family]))


def test_plain_model_needs_no_merging(folders):
    model, _ = load(params(folders["qwen3"]))
    assert merged(model) is model


@pytest.mark.parametrize(
    ("size", "mode"),
    [((64, 64), "RGB"), ((64, 40), "L"), ((300, 100), "I;16"), ((7, 64), "RGBA")],
)
def test_pictures_become_rgb_squares(size, mode):
    made = square(Image.new(mode, size), 64)
    assert made.size == (64, 64) and made.mode == "RGB"


def test_fresh_models_follow_their_seed():
    one, two, other = (tiny.fresh(WORDS, seed=seed, **SMALL)[0].state_dict() for seed in (1, 1, 2))
    assert all(bool((one[name] == two[name]).all()) for name in one)
    assert any(bool((one[name] != other[name]).any()) for name in one)


@pytest.mark.parametrize("text", ["The lungs are clear.", "No left pleural effusion, 12 cm.", "Unseen 'wörds' – yes."])
def test_tokenizer_gives_back_any_text(text):
    tokens = tiny.tokenizer(WORDS)
    assert tokens.decode(tokens(text)["input_ids"]) == text


def test_known_words_are_one_token_each():
    tokens = tiny.tokenizer(WORDS)
    assert len(tokens("The lungs are clear. No small left pleural effusion")["input_ids"]) == 10
    assert len(tokens("123")["input_ids"]) == 3


def test_no_module_of_the_package_hides_a_function():
    import importlib
    import pkgutil

    from unirg_core import models

    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"unirg_core.models.{module.name}")
    assert all(callable(getattr(models, name)) for name in models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'no_such'"):
        models.no_such  # noqa: B018 - asking for it is the test
