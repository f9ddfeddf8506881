"""What the judge's cache saves at 16 rollouts a prompt: real rollouts, judged by a local server of the protocol.

    python benchmarks/judge_cache.py [--model FOLDER] [--steps N]

A model samples 16 completions (temperature 1, top-p 1) for each of 16 phantom training studies a step, as the recipe's
RL does: the embedded base, or any checkpoint, as `checkpoints/sft` of a run. Prints the share of pairs that repeat
within a step, the questions that the server saw, and what judging a step again costs, as a resumed run does. Peer in
the same run: one question a completion, as judging without a cache sends. The server answers by rules, in 50 ms each.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures_judge import Server, serving, well

from unirg_core.ingest.phantom import PhantomStudy, World, render, report, studies
from unirg_core.models.prompts import compose
from unirg_core.params import Judge as Settings
from unirg_core.params import Model
from unirg_core.scores.judge import Judge

PROMPTS, ROLLOUTS, SECONDS = 16, 16, 0.05


def sampled(model: Any, processor: Any, batch: list[PhantomStudy], settings: Model) -> list[str]:
    """Return 16 completions of each study, as RL samples them."""
    import torch
    from PIL import Image

    from unirg_core.models.generation import encode, greedy
    from unirg_core.models.prompts import prompt

    pictures = [Image.fromarray((255 * picture).astype("uint8")) for picture in render(batch, 256)]
    written = [report(study) for study in batch]
    prompts = [prompt({"findings": text.findings, "impression": text.impression}) for text in written]
    repeated = [place for place in range(len(batch)) for _ in range(ROLLOUTS)]
    inputs = encode(processor, [pictures[i] for i in repeated], [prompts[i] for i in repeated], settings)
    config = greedy(model, processor, settings.max_new_tokens)
    config.update(do_sample=True, top_k=0)
    with torch.inference_mode():
        tokens = model.generate(**inputs, generation_config=config)[:, inputs["input_ids"].shape[1] :]
    return [text.strip() for text in processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)]


def judged(server: Server, judge: Judge, candidates: list[str], references: list[str]) -> tuple[int, float]:
    """Return the questions and the seconds that judging takes."""
    before, began = len(server.requests), time.perf_counter()
    judge(candidates, references)
    return len(server.requests) - before, time.perf_counter() - began


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder of a model; default: the embedded base")
    parser.add_argument("--steps", type=int, default=4, help="steps of RL whose rollouts are judged; default: 4")
    asked = parser.parse_args()
    import torch

    from unirg_core import models

    torch.manual_seed(0)
    settings = Model()
    model, processor = models.load(settings, asked.model)
    drawn = [study for study in studies(World(5, 300)) if study.institution != "phantom-c"]
    total = saw = 0
    with serving(lambda request, n: replace(well(request, n), seconds=SECONDS)) as server:
        judge = Judge(Settings(base_url=server.url, model="rules", concurrency=8))
        for step in range(asked.steps):
            batch = drawn[step * PROMPTS : (step + 1) * PROMPTS]
            candidates = sampled(model, processor, batch, settings)
            texts = [compose(text.findings, text.impression) for text in map(report, batch)]
            references = [text for text in texts for _ in range(ROLLOUTS)]
            first, cold = judged(server, judge, candidates, references)
            again, warm = judged(server, judge, candidates, references)
            total, saw = total + len(candidates), saw + first
            print(
                f"step {step}: {len(candidates)} completions, {first} questions in {cold:.2f} s; "
                f"judged again: {again} questions in {1000 * warm:.0f} ms"
            )
    print(f"model {asked.model or settings.base}: {1 - saw / total:.1%} of {total} pairs repeat within their step")
    print(f"without a cache {total} questions, with it {saw}: {total / saw:.2f} x fewer")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UNIRG_HOME"] = folder
        main()
