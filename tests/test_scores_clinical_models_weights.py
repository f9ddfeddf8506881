"""Weights by path and SHA-256: what is missing, unpinned or changed is refused in a sentence, before anything loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fixtures_clinical import pins
from fixtures_service import ROOT

from unirg_core.clinical.origins import ORIGINS, needed
from unirg_core.clinical.weights import Weights, digests, read_settings, staged
from unirg_core.faults import BadInput

FILES = ("config.json", "tokenizer.json", "model.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of no meaning under the names that BERTScore needs."""
    made = tmp_path / "bertscore"
    made.mkdir()
    for name in (*FILES, "modeling_evil.py"):
        (made / name).write_text(f"{name} as it was pinned")
    return made


def _write(folder: Path, changed: dict | None = None, **sha256: str | None) -> Path:
    pinned = {name: digest for name, digest in pins(folder).items() if name in FILES} | sha256
    kept = {name: digest for name, digest in pinned.items() if digest is not None}
    settings = {"weights": {"bertscore": {"folder": folder.name, "sha256": kept}}} | (changed or {})
    path = folder.parent / "scorer.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gpu": 1}, "gpu is no setting of the service; take it out"),
        ({"pairs": 0}, "pairs = 0 will not do"),
        ({"device": "tpu"}, "device = tpu will not do"),
        ({"weights": {"bert": {"folder": ".", "sha256": {"a": "0" * 64}}}}, "weights.bert is no model; there are bert"),
        ({"weights": {"green": {"folder": "."}}}, "weights.green.sha256 is missing; add it"),
        ({"weights": {"green": {"folder": ".", "sha256": {"a": "A" * 64}}}}, "weights.green.sha256.a = AAA"),
        ({"weights": {"green": {"folder": ".", "sha256": {"a": "0" * 64}}}}, "pins no config.json; green needs"),
    ],
)  # fmt: skip
def test_bad_settings_are_refused_with_file_and_field(folder: Path, changed: dict, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_settings(_write(folder, changed))
    assert said in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", FILES)
def test_an_unpinned_file_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(BadInput, match=rf"weights.bertscore.sha256 pins no {name}.* get them from Hugging Face"):
        read_settings(_write(folder, **{name: None}))


def test_a_missing_file_says_what_to_get_from_where_under_which_licence(folder: Path) -> None:
    path = _write(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInput) as refused:
        read_settings(path)
    assert str(refused.value) == f"{folder}/model.safetensors is missing; {needed('bertscore')}"
    assert "distilbert/distilroberta-base (licence: Apache-2.0)." in str(refused.value)


@pytest.mark.parametrize("model", ORIGINS)
def test_every_model_names_source_and_licence(model: str) -> None:
    assert "Hugging Face " in needed(model) and "(licence: " in needed(model)


def test_a_changed_file_is_refused_with_the_digest_that_it_has(folder: Path) -> None:
    path = _write(folder)
    (folder / "config.json").write_text("other")
    with pytest.raises(BadInput, match=rf"config.json has SHA-256 {pins(folder)['config.json']}, but .* pins"):
        read_settings(path)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret"])
def test_a_pin_outside_the_folder_is_refused(folder: Path, name: str) -> None:
    (folder.parent / "secret").write_text("x")
    with pytest.raises(BadInput, match="is not below"):
        read_settings(_write(folder, **{name: "0" * 64}))


def test_shards_that_an_index_names_are_pinned_too(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-1.safetensors"}}))
    with pytest.raises(BadInput, match=r"index.json names model-1.safetensors, which .* does not pin"):
        read_settings(_write(folder, **{index.name: pins(folder)[index.name]}))


def test_a_loader_sees_the_pinned_files_and_nothing_else(folder: Path) -> None:
    weights = read_settings(_write(folder)).weights["bertscore"]
    assert weights.folder == folder  # relative to the settings file
    with staged(weights) as shown:
        assert sorted(path.name for path in shown.iterdir()) == sorted(FILES)
        assert pins(shown) == weights.sha256
    assert not shown.exists()


def test_the_digest_of_a_score_is_that_of_all_its_files(folder: Path) -> None:
    settings = read_settings(_write(folder))
    weights = settings.weights["bertscore"]
    turned = Weights(folder=folder, sha256=dict(reversed(weights.sha256.items())))
    assert digests(settings) == {"bertscore": weights.digest} and turned.digest == weights.digest
    for name in FILES:
        assert Weights(folder=folder, sha256=weights.sha256 | {name: "0" * 64}).digest != weights.digest


def _scorer(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "unirg_core", "scorer", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_command_line_checks_pins_and_tells_digests(folder: Path) -> None:
    path = _write(folder)
    digest = read_settings(path).weights["bertscore"].digest
    assert _scorer("check", "--settings", str(path)).stdout.split() == ["bertscore", digest]
    assert json.loads(_scorer("check", "--settings", str(path), "--json").stdout) == {"bertscore": digest}
    (folder / "config.json").unlink()
    for verb in ("check", "serve"):
        refused = _scorer(verb, "--settings", str(path))
        assert (
            refused.returncode == 2
            and refused.stderr == f"unirg: {folder}/config.json is missing; {needed('bertscore')}\n"
        )
