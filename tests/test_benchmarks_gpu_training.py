"""The GPU benchmark where there is no GPU: its reports, tokenizer and adapter, and figures of both stages."""

import argparse
import math
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from fixtures_benchmarks import ROOT, script
from PIL import Image

from unirg_core import models
from unirg_core.models import dataset
from unirg_core.models.loading import load_processor
from unirg_core.params import Model, read_yaml

EACH = {"parameters", "seconds_a_step"}
TOLD = {
    "sft": EACH | {"tokens_per_second", "tflops"},
    "rl": EACH | {"generate", "score", "update", "tokens_a_completion"},
}


def test_an_answer_has_about_300_tokens(tmp_path: Path) -> None:
    root = script("gpu_training").rooted(tmp_path, "tiny")
    tokenizer = load_processor(root / "base", 64).tokenizer
    tokens = [len(tokenizer(dataset.reference(row))["input_ids"]) for row in dataset.rows(root)]
    assert 295 < median(tokens) < 305 and max(abs(count - 300) for count in tokens) <= 15


SMALL = {
    "text_config": {
        "vocab_size": 9000,
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [8, 4, 4]},
    },
    "vision_config": {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 32,
        "out_hidden_size": 64,
        "num_heads": 1,
        "patch_size": 16,
        "deepstack_visual_indexes": [],
    },
    "tie_word_embeddings": True,
}
"""A shape with a true one's wealth of words: more than the reports have."""


def test_random_weights_write_words_of_their_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = script("gpu_training")
    benchmark.random_base(tmp_path / "tiny", "tiny")
    monkeypatch.setitem(benchmark.shapes.PUBLIC, benchmark.NAMES["2b"], SMALL)
    benchmark.random_base(tmp_path / "base", "2b")
    asked = Model(base=str(tmp_path / "base"), max_new_tokens=40, temperature=2.0)  # hot: any of the 9,000
    model, processor = models.load(asked)
    assert len(processor.tokenizer) == model.config.text_config.vocab_size == 9000
    (text,) = models.generate(model, processor, [Image.new("RGB", (64, 64))], ["Describe."], asked)
    assert len(text.split()) > 35, text
    few = load_processor(tmp_path / "tiny", 64).tokenizer
    assert processor.tokenizer(benchmark.SENTENCE)["input_ids"] == few(benchmark.SENTENCE)["input_ids"]


@pytest.mark.parametrize("size", ["tiny", "2b", "8b"])
def test_what_is_adapted_is_the_recipes(size: str, tmp_path: Path) -> None:
    benchmark = script("gpu_training")
    given = argparse.Namespace(steps=3, batch=16, micro=4, prompts=4, rollouts=8)
    recipe = read_yaml(ROOT / "recipes" / f"{'qwen3-vl-2b' if size == '2b' else 'unirg-cxr-8b'}-lora.yaml")
    found = benchmark.settings_of(tmp_path, size, "lora", given).model.lora.model_dump(mode="json")
    assert found == {**found, **recipe["model"]["lora"]}
    assert benchmark.settings_of(tmp_path, size, "full", given).model.lora is None


def row(line: str) -> dict[str, str]:
    return dict(figure.split(" ", 1) for figure in line.split(", "))


@pytest.mark.slow
def test_the_tiny_size_measures_both_stages() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu_training.py")]
    command += ["--size", "tiny", "--ways", "lora", "--steps", "3"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "",
    }  # a GPU's results stay as they are
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=240)
    rows = {
        told["stage"]: told
        for told in map(row, filter(lambda line: line.startswith("size "), done.stdout.splitlines()))
    }
    assert set(rows) == set(TOLD)
    for stage, names in TOLD.items():
        figures = {name: float(rows[stage][name]) for name in names}
        assert all(math.isfinite(value) and value > 0 for value in figures.values()), figures
