"""Measure SFT and GRPO of the Qwen3-VL architecture on a GPU: tokens a second, FLOP utilisation, memory, and the split.

    python benchmarks/gpu_training.py [--size 2b 8b] [--ways full lora] [--steps 8]
    python benchmarks/gpu_training.py --size tiny --steps 3          # on any machine: shows that the script runs

Random weights of the true shape (`unirg_core.training.shapes.PUBLIC`), bf16, one picture of 512 pixels (256 tokens) and
reports of about 300 tokens; the stages themselves are run, as a run does. Each token of the true vocabulary is a word
of the tokenizer: random weights write any of them, and a score is to read as many words as it would of real reports.
`full` trains all weights but the vision tower's (2B on one 80 GB GPU; 8B does not fit), `lora` the adapter of the
size's recipe for one GPU. Model FLOP utilisation: 6 x parameters x tokens for SFT of all weights (4 x where only an
adapter learns; attention's own share is left out) over the peak in bf16 without sparsity. GRPO's step is split into
generating, scoring and the update with all else. Results go to
benchmarks/results/gpu-NAME.json. Without a CUDA device it says so, measures nothing but `tiny`, and ends with 0.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fixtures_dataset import studies, write_root  # noqa: E402

from unirg_core import models, params, rl, sft  # noqa: E402
from unirg_core.faults import BadInput, HonestNegative  # noqa: E402
from unirg_core.files import read_json, read_lines, write_json  # noqa: E402
from unirg_core.home import silenced  # noqa: E402
from unirg_core.models import loading  # noqa: E402
from unirg_core.recipes import resolved  # noqa: E402
from unirg_core.training import shapes  # noqa: E402

NAMES = {"2b": "Qwen/Qwen3-VL-2B-Instruct", "8b": "Qwen/Qwen3-VL-8B-Instruct"}
RECIPES = {"tiny": "unirg-cxr-8b-lora", "2b": "qwen3-vl-2b-lora", "8b": "unirg-cxr-8b-lora"}
WAYS = ("full", "lora")
FITS = {("8b", "full"): "about 140 GB of weights, gradients and optimiser states do not fit into one GPU"}
PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "B200": 2250e12}
"""Peak of a device in bf16 without sparsity, FLOP/s, by its maker's data sheet."""
SENTENCE = "There is a small left pleural effusion with adjacent atelectasis, unchanged since the prior study. "
WARM_UP = 2
WORDS = 235  # with headings and impression 292 to 311 tokens of the tiny tokenizer


def random_base(folder: Path, size: str) -> None:
    """Write a model with random weights of the size, and the tiny preset's processor with the family's patches."""
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    from unirg_core.models import tiny  # torch comes with it: --help need not wait for it

    words = SENTENCE.lower().split()
    model, processor = tiny.fresh(words)
    if size != "tiny":
        settings = dict(shapes.PUBLIC[NAMES[size]])
        tokens = {f"{name}_id": processor.tokenizer.convert_tokens_to_ids(t) for name, t in tiny.SPECIAL.items()}
        config = Qwen3VLConfig(**settings, **tokens)
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            torch.set_default_dtype(torch.bfloat16)
            model = Qwen3VLForConditionalGeneration(config)
            torch.set_default_dtype(torch.float32)
        model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
        model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
        pictures = processor.image_processor
        pictures.patch_size, pictures.merge_size, pictures.temporal_patch_size = 16, 2, 2
    models.save(model, processor, folder)
    fill(folder / "tokenizer.json", model.config.text_config.vocab_size)


def fill(path: Path, size: int) -> None:
    """Give a tokenizer a word for each further token below `size`; no text is read as one of them."""
    told = json.loads(path.read_bytes())
    known = told["model"]["vocab"]
    known |= {f"\u0120w{token}": token for token in range(len(known), size)}  # \u0120: the space before a word
    path.write_text(json.dumps(told))


def adapter(size: str) -> dict[str, Any]:
    """Return the adapter of the size's recipe."""
    found, _ = resolved(ROOT, RECIPES[size])
    return found.model.lora.model_dump(mode="json")


def rooted(folder: Path, size: str) -> Path:
    """Write a data set whose pictures and reports have the size of real ones, and pin the base."""
    rows = studies(24, size=64 if size == "tiny" else 512)
    for row in rows:
        row["findings"] = " ".join((SENTENCE * 40).split()[:WORDS])
    write_root(folder, rows)
    random_base(folder / "base", size)
    pins = read_json(folder / "inputs.json")
    pins["base_model"] = {"name": "base", "digest": models.digest(str(folder / "base"))}
    write_json(folder / "inputs.json", pins)
    return folder


def settings_of(root: Path, size: str, way: str, given: argparse.Namespace) -> params.Params:
    """Return the parameters: the repository's, with a model, a batch and a length of real size."""
    small = size == "tiny"
    never = 10 * given.steps
    step = {"steps": given.steps, "prompts": given.prompts, "rollouts": given.rollouts, "learning_rate": 1e-6}
    model = {"base": str(root / "base"), "image_size": 64 if small else 512, "max_new_tokens": 60 if small else 300}
    device = {"device": "cpu", "dtype": "float32"} if small else {"device": "cuda", "dtype": "bfloat16"}
    above = {
        "model": {**model, **device, "lora": adapter(size) if way == "lora" else None},
        "sft": {"steps": given.steps, "batch_size": given.batch, "micro_batch": given.micro, "checkpoint_steps": never},
        "rl": {
            "step1": {**step, "reward": {"rouge_l": 1.0, "finding_credit": 1.0}},
            "step2": None,
            "micro_batch": given.micro,
            "checkpoint_steps": never,
            "alarms": None,
        },
    }
    return params.parse(params.overlay(params.read_yaml(ROOT / "params.yaml"), above))


@contextmanager
def generation_timed(taken: list[float]) -> Iterator[None]:
    """Note what each generation of completions takes."""
    from unirg_core.training import trainers

    real = trainers.ExactGrpo._generate

    def timed(self: Any, prompts: Any) -> Any:
        began = time.perf_counter()
        made = real(self, prompts)
        taken.append(time.perf_counter() - began)  # the completions are lists on the CPU: the GPU is done with them
        return made

    trainers.ExactGrpo._generate = timed
    try:
        yield
    finally:
        trainers.ExactGrpo._generate = real


def measured(root: Path, size: str, way: str, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run both stages and yield their figures."""
    wanted = settings_of(root, size, way, given)
    shape = shapes.shape_of(wanted.model)
    generating: list[float] = []
    for stage, work in (("sft", sft.sft), ("rl", rl.rl)):
        os.environ.update(UNIRG_HOME=str(root / f"home-{way}"), UNIRG_RUN=str(root / f"run-{way}"))
        _forget_peak(wanted)
        try:
            with generation_timed(generating):
                work(wanted, root)
        except (BadInput, HonestNegative) as error:
            yield {"size": size, "way": way, "stage": stage, "refused": str(error)}
            return
        lines = read_lines(root / f"run-{way}" / "metrics.jsonl")
        steps = [line["figures"] for line in lines if line["stage"] == stage][WARM_UP:]
        row = {"size": size, "way": way, "stage": stage, "parameters": shape.parameters, "peak_gib": _peak(wanted)}
        yield {**row, **(_sft(steps, shape, way) if stage == "sft" else _rl(steps, generating[WARM_UP:]))}


def _sft(steps: list[Mapping[str, float]], shape: shapes.Shape, way: str) -> dict[str, float]:
    speed = float(np.median([step["tokens_per_second"] for step in steps]))
    flops = (6 if way == "full" else 4) * (shape.parameters - shape.vision_parameters) * speed
    peak = _device_peak()
    told = {"tokens_per_second": speed, "seconds_a_step": _median(steps, "seconds/step"), "tflops": flops / 1e12}
    return {**told, **({"flop_utilisation": flops / peak} if peak else {})}


def _rl(steps: list[Mapping[str, float]], generating: list[float]) -> dict[str, float]:
    whole, scoring = _median(steps, "seconds/step"), _median(steps, "seconds/rewards")
    generate = float(np.median(generating))
    told = {"seconds_a_step": whole, "generate": generate, "score": scoring, "update": whole - generate - scoring}
    return {**told, "tokens_a_completion": _median(steps, "completions/mean_length")}


def _median(steps: list[Mapping[str, float]], name: str) -> float:
    return float(np.median([step[name] for step in steps]))


def _forget_peak(wanted: params.Params) -> None:
    import torch

    if loading.device(wanted.model) == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _peak(wanted: params.Params) -> float | None:
    import torch

    return torch.cuda.max_memory_allocated() / 2**30 if loading.device(wanted.model) == "cuda" else None


def machine() -> str:
    """Return the name of the GPU, or `cpu`."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def _device_peak() -> float | None:
    return next((peak for name, peak in PEAK.items() if name in machine()), None)


_COUNTS = (
    ("steps", 8, "optimiser steps of each stage"),
    ("batch", 16, "studies of a step of SFT"),
    ("micro", 4, "studies or completions in one pass"),
    ("prompts", 4, "prompts of a step of GRPO"),
    ("rollouts", 8, "completions a prompt"),
)


def main() -> None:
    """Print a line for each model, way and stage, and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--size",
        nargs="+",
        default=["2b", "8b"],
        choices=["tiny", *NAMES],
        help="sizes of the model; tiny runs anywhere; default: 2b 8b",
    )
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS, help="what learns; default: both")
    for name, value, said in _COUNTS:
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{said}; default: {value}")
    given = parser.parse_args()
    if given.steps <= WARM_UP:
        parser.error(f"--steps {given.steps} leaves none to time; at least {WARM_UP + 1}")
    os.environ.update(silenced(os.environ))
    if machine() == "cpu" and set(given.size) - {"tiny"}:
        print("No CUDA device is here, so nothing was measured; the script stands ready for one.")
        return
    rows = []
    for size in given.size:
        with tempfile.TemporaryDirectory() as folder:
            root = rooted(Path(folder), size)
            for way in given.ways:
                if why := FITS.get((size, way)):
                    print(f"{size} {way}: {why}", flush=True)
                    continue
                for row in measured(root, size, way, given):
                    rows.append(row)
                    told = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()}
                    print(", ".join(f"{name} {value}" for name, value in told.items()), flush=True)
    if machine() != "cpu":
        name = machine().replace(" ", "-").lower()
        write_json(ROOT / "benchmarks" / "results" / f"gpu-{name}.json", {"machine": machine(), "rows": rows})


if __name__ == "__main__":
    main()
