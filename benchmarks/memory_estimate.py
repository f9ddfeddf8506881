"""Hold the estimate of a training stage's memory against the measured peak of tiny models on this machine's CPU.

    python benchmarks/memory_estimate.py

Each line: what was run, growth of resident memory at the peak over what the imports leave, the estimate, their ratio.
The bound that tests/test_sft_memory.py keeps is .9 to 2.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

LARGER = {"hidden": 512, "layers": 8}
CASES = [
    ("sft", {}, {"sft": {"steps": 1, "batch_size": 128}, "model": {"max_new_tokens": 60}}),
    ("sft", {}, {"sft": {"steps": 1, "batch_size": 512}, "model": {"max_new_tokens": 60}}),
    ("sft", {}, {"sft": {"steps": 1, "batch_size": 512, "micro_batch": 128}, "model": {"max_new_tokens": 60}}),
    ("sft", LARGER, {"sft": {"steps": 2}, "model": {"max_new_tokens": 32}}),
    ("sft", LARGER, {"sft": {"steps": 2}, "model": {"max_new_tokens": 32, "lora": {"rank": 8}}}),
    ("rl", {}, {"rl": {"step1": {"steps": 1, "prompts": 64, "rollouts": 8}, "step2": None}}),
    ("rl", LARGER, {"rl": {"step1": {"steps": 1, "prompts": 4, "rollouts": 8, "beta": 0.1}, "step2": None}}),
]


def main() -> None:
    """Print a row of docs/doctor.md for each case."""
    os.chdir(ROOT)
    import fixtures_training  # torch comes with it: --help need not wait for it
    from fixtures_launch import checkout
    from fixtures_memory import peak_growth

    from unirg_core import params
    from unirg_core.training import memory
    from unirg_core.training.shapes import shape_of

    plain = dict(fixtures_training.SIZES)
    print("| stage | model | parameters | set | measured MiB | estimated MiB | ratio |\n|---|---|--:|---|--:|--:|--:|")
    for stage, sizes, above in CASES:
        fixtures_training.SIZES.update({**plain, **sizes})
        with tempfile.TemporaryDirectory() as folder:
            make = fixtures_training.root_with_sft if stage == "rl" else fixtures_training.training_root
            root = make(Path(folder) / "root")
            checkout(root, above)
            loaded = params.load(root / "params.yaml")
            shape = shape_of(loaded.model)
            estimated = memory.estimate(loaded, stage, shape, memory.Division(), gpu=False).peak
            measured = peak_growth(root, stage)
        name = "8 layers of 512" if sizes else "1 layer of 32"
        told = ", ".join(f"{k} {v}" for part in above.values() for k, v in part.items() if v is not None)
        print(
            f"| {stage} | {name} | {shape.parameters / 1e6:.1f} M | {told} | {measured / 2**20:.0f} | "
            f"{estimated / 2**20:.0f} | {estimated / measured:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
