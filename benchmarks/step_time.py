"""Time the steps of `unirg sft` and `unirg rl` against bare TRL scripts with the same model, data and settings.

    python benchmarks/step_time.py [--stage sft rl] [--steps 24] [--batch 32] [--prompts 4] [--rollouts 8]

Two processes, one thread each, take turns step by step, so that both meet the same load of the machine: one runs the
stage as the pipeline does, the other TRL's own `SFTTrainer` or `GRPOTrainer`, its data held as a `datasets.Dataset`.
Model: the embedded base, for RL after 40 steps of SFT; data: drawn pictures with short reports. Seeds are equal, so
that both sides take the same way, which the last loss shows. A step is all from one `on_step_begin` to the next:
reading, sampling, rewards, update, logging, and what is told to whoever watches. No checkpoint falls into the run.

Prints medians after warm-up, wall clock and CPU time of the process, and their ratio; for RL the mean completion length
of both sides, and the rewards' share of a step. Exit code 1 where the ratio of CPU time, which other programs move less
than the clock on the wall, is above 1.05, or the share above .10; 2 at a fault.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fixtures_dataset import studies, write_root  # noqa: E402

from unirg_core import models, params, rl, sft  # noqa: E402
from unirg_core.files import read_json, read_lines, write_json  # noqa: E402
from unirg_core.home import silenced  # noqa: E402
from unirg_core.models import dataset, loading, prompts  # noqa: E402
from unirg_core.scores.reward import all_scores  # noqa: E402
from unirg_core.training import curriculum, data  # noqa: E402

RATIO, SHARE = 1.05, 0.10
WARM_UP = 4
LEARNT = 40
OPTIONS = (
    ("steps", 24, f"steps of each side, {WARM_UP} of warm-up among them"),
    ("batch", 32, "studies a step of SFT"),
    ("prompts", 4, "studies a step of RL"),
    ("rollouts", 8, "reports that RL samples a study"),
)


def clocked(mine: Any, other: Any, told: Path) -> type:
    """Return a trainer callback class that waits for its turn before each step and notes what the last one took."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.taken: list[tuple[float, float]] = []
            self.began: tuple[float, float] | None = None

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            """End a step, hand over, wait, and begin the next."""
            now = (time.perf_counter(), time.process_time())
            if self.began:
                self.taken.append((now[0] - self.began[0], now[1] - self.began[1]))
            other.release()
            mine.acquire()
            self.began = (time.perf_counter(), time.process_time())

        def on_train_end(self, args: Any, state: Any, *_: Any, **__: Any) -> None:
            """Write the times, and the other waits no more."""
            lengths = [log["completions/mean_length"] for log in state.log_history if "completions/mean_length" in log]
            losses = [log["loss"] for log in state.log_history if "loss" in log]
            write_json(told, {"taken": self.taken, "length": float(np.mean(lengths or [0])), "loss": losses[-1]})
            for _ in range(10_000):
                other.release()

    return Clock


def ours(stage: str, root: Path, wanted: params.Params, clock: tuple[Any, Any, Path]) -> None:
    """Run the stage, with the clock beside its own watchers."""
    from unirg_core.training import trainers

    name = {"sft": "ExactSft", "rl": "ExactGrpo"}[stage]
    real, clock_class = getattr(trainers, name), clocked(*clock)

    class Clocked(real):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.add_callback(clock_class())

    setattr(trainers, name, Clocked)
    os.environ.update(UNIRG_HOME=str(root / "home"), UNIRG_RUN=str(root / "run"))
    {"sft": sft.sft, "rl": rl.rl}[stage](wanted, root)


def bare(stage: str, root: Path, wanted: params.Params, clock: tuple[Any, Any, Path]) -> None:
    """Run TRL's own trainer as a script would."""
    import torch
    from transformers import AutoModelForImageTextToText

    torch.set_num_threads(1)
    start = {"sft": loading.TINY_FOLDER, "rl": root / "checkpoints" / "sft"}[stage]
    model = AutoModelForImageTextToText.from_pretrained(start, dtype=torch.float32)
    models.freeze_vision(model)
    processor = loading.load_processor(start, wanted.model.image_size)
    shared = {
        "output_dir": str(root / "bare"),
        "seed": wanted.seed,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_pin_memory": False,
    }
    trainer = {"sft": bare_sft, "rl": bare_rl}[stage](model, processor, shared, root, wanted)
    trainer.add_callback(clocked(*clock)())
    trainer.train()


def bare_sft(model: Any, processor: Any, shared: dict[str, Any], root: Path, wanted: params.Params) -> Any:
    """Return an `SFTTrainer` on the same examples in the same order."""
    from trl import SFTConfig, SFTTrainer

    known, settings = data.training_studies(root), wanted.sft
    order = data.drawn_order(len(known), settings.steps * settings.batch_size, wanted.seed)
    config = SFTConfig(
        **shared,
        per_device_train_batch_size=settings.batch_size,
        max_steps=settings.steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=round(settings.warmup_share * settings.steps),
        completion_only_loss=True,
        max_length=None,
        train_sampling_strategy="sequential",
    )
    examples = held(known, order, wanted, data.supervised)
    return SFTTrainer(model=model, args=config, train_dataset=examples, processing_class=processor)


def bare_rl(model: Any, processor: Any, shared: dict[str, Any], root: Path, wanted: params.Params) -> Any:
    """Return a `GRPOTrainer` on the same prompts in the same order, with the same scores as plain functions."""
    from trl import GRPOConfig, GRPOTrainer

    known, step = data.training_studies(root), wanted.rl.step1
    order = curriculum.order(step.curriculum, known.rows, step.steps, step.prompts, wanted.seed)
    names = sorted(name for name, weight in step.reward.items() if weight)
    config = GRPOConfig(
        **shared,
        per_device_train_batch_size=step.prompts * step.rollouts,
        num_generations=step.rollouts,
        max_completion_length=wanted.model.max_new_tokens,
        max_steps=step.steps,
        learning_rate=step.learning_rate,
        lr_scheduler_type=step.schedule,
        warmup_steps=round(step.warmup_share * step.steps),
        epsilon=step.clip_low,
        epsilon_high=step.clip_high,
        beta=step.beta,
        temperature=step.temperature,
        top_p=step.top_p,
        scale_rewards=step.advantage,
        reward_weights=[step.reward[name] for name in names],
        shuffle_dataset=False,
        disable_dropout=True,
    )
    return GRPOTrainer(
        model=model,
        args=config,
        reward_funcs=[reward(name) for name in names],
        train_dataset=held(known, order, wanted, data.rewarded),
        processing_class=processor,
    )


def reward(name: str) -> Any:
    """Return a score as a plain reward function."""
    score = all_scores()[name]

    def function(completions: Any, reference: Any, **_: Any) -> list[float]:
        return [float(v) for v in score([one[0]["content"].strip() for one in completions], list(reference))]

    function.__name__ = name
    return function


def held(known: data.Studies, order: list[int], wanted: params.Params, shown: Any) -> Any:
    """Return the examples in order, made beforehand, their pictures as `datasets` keeps them."""
    from datasets import Dataset

    made = {}
    for place in sorted(set(order)):
        row = known.rows[place]
        picture = models.square(dataset.image(known.root, row), wanted.model.image_size)
        made[place] = shown(row, [picture], prompts.prompt(row, wanted.model.prompt))
    return Dataset.from_list([made[place] for place in order])


def settings_of(given: argparse.Namespace) -> params.Params:
    """Return the parameters of the repository, with one thread, one step of RL, and no checkpoint within the run."""
    never = 10 * given.steps
    above = {
        "model": {"base": "unirg-tiny", "threads": 1},
        "sft": {"steps": given.steps, "batch_size": given.batch, "checkpoint_steps": never},
        "rl": {
            "step1": {"steps": given.steps, "prompts": given.prompts, "rollouts": given.rollouts},
            "step2": None,
            "checkpoint_steps": never,
        },
    }
    return params.parse(params.overlay(params.read_yaml(ROOT / "params.yaml"), above))


def rooted(folder: Path, stage: str, wanted: params.Params) -> Path:
    """Write data, pin the base model, and for RL let it learn to write short reports first."""
    write_root(folder, studies(90))
    pins = read_json(folder / "inputs.json")
    pins["base_model"] = {"name": "unirg-tiny", "digest": models.digest(wanted.model.base)}
    write_json(folder / "inputs.json", pins)
    if stage == "rl":
        os.environ.update(UNIRG_HOME=str(folder / "home"), UNIRG_RUN=str(folder / "before"))
        learnt = wanted.sft.model_copy(update={"steps": LEARNT, "batch_size": 32})
        sft.sft(wanted.model_copy(update={"sft": learnt}), folder)
    return folder


def raced(stage: str, root: Path, wanted: params.Params) -> dict[str, dict[str, Any]]:
    """Run both sides, turn by turn; return what each has told."""
    context = multiprocessing.get_context("spawn")
    turns = (context.Semaphore(0), context.Semaphore(0))
    children, told = [], {}
    for number, work in enumerate((ours, bare)):
        told[work.__name__] = root / f"{work.__name__}-{stage}.json"
        clock = (turns[number], turns[1 - number], told[work.__name__])
        children.append(context.Process(target=work, args=(stage, root, wanted, clock)))
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise SystemExit(f"a side has failed: exit codes {[child.exitcode for child in children]}")
    return {name: read_json(path) for name, path in told.items()}


def reported(stage: str, found: dict[str, dict[str, Any]], root: Path) -> bool:
    """Print the lines of a stage; return whether it keeps within the bounds."""
    times = {name: np.median(np.array(side["taken"])[WARM_UP:], axis=0) for name, side in found.items()}
    lines = [f"{stage}: median of {len(found['ours']['taken']) - WARM_UP} steps after {WARM_UP} of warm-up"]
    for column, kind in enumerate(("wall", "CPU")):
        a, b = times["ours"][column], times["bare"][column]
        lines.append(f"  {kind:4} ours {a * 1e3:8.1f} ms   bare TRL {b * 1e3:8.1f} ms   ratio {a / b:.3f}")
    within = a / b <= RATIO  # of CPU time, the last of the two
    lines.append(f"  loss of the last step: ours {found['ours']['loss']:.4g}, bare {found['bare']['loss']:.4g}")
    if stage == "rl":
        steps = [line["figures"] for line in read_lines(root / "run" / "metrics.jsonl") if line["stage"] == "rl"]
        shares = [step["seconds/rewards"] / step["seconds/step"] for step in steps[WARM_UP:] if "seconds/step" in step]
        lines.append(f"  tokens a completion: ours {found['ours']['length']:.1f}, bare {found['bare']['length']:.1f}")
        lines.append(f"  rewards: {np.median(shares):.2%} of a step")
        within = within and np.median(shares) <= SHARE
    print("\n".join([*lines, f"  within the bounds ({RATIO}, {SHARE:.0%}): {'yes' if within else 'no'}"]), flush=True)
    return bool(within)


def main() -> int:
    """Print the times of both stages; return 1 where one is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", nargs="+", default=["sft", "rl"], choices=["sft", "rl"], help="default: both")
    for name, value, said in OPTIONS:
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{said}; default: {value}")
    given = parser.parse_args()
    if given.steps < WARM_UP + 2:  # the last step has no end that is seen
        parser.error(f"--steps {given.steps} leaves none to time; at least {WARM_UP + 2}")
    os.environ.update(silenced(os.environ))
    wanted = settings_of(given)
    within = []
    for stage in given.stage:
        with tempfile.TemporaryDirectory() as folder:
            root = rooted(Path(folder), stage, wanted)
            within.append(reported(stage, raced(stage, root, wanted), root))
    return 0 if all(within) else 1


if __name__ == "__main__":
    from ending import end

    end("step_time", main)
