"""The GPU benchmark where there is no GPU: reports of the length that it states, and figures of both stages."""

import math
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from fixtures_benchmarks import ROOT, script

from unirg_core.models import dataset
from unirg_core.models.loading import load_processor

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
