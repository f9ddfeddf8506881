"""Cost of the reward of one GRPO step: 256 completions of 16 prompts, 16 rollouts each.

    python benchmarks/reward_speed.py [--reward NAME=WEIGHT ...]

The reward is that of the default recipe's last step (params.yaml), or the one that is asked for. Prints which it is
and, on one core, the milliseconds of the offline reward in successive steps (fresh texts and fresh references each: the
first is cold), and warm (new texts of known sentences, as a policy writes them); of one step with references that are
new or known; the effect of scoring identical pairs once; and how scores that wait run side by side. Limit: 40 ms warm.
Peers in the same run: the same step cold, each pair by itself, and the same scores one after the other. Exit code 2
where there is no such score.

Scores that wait or compute long are stand-ins here (a pause, a busy loop): only what is done around them is measured.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from label_speed import forget, phantom_reports, real_reports, seconds

from unirg_core import params
from unirg_core.scores import SCORES, weighted
from unirg_core.scores.reward import check_names, measured
from unirg_core.training.rewards import Rewards, score_processes

ROOT = Path(__file__).resolve().parents[1]
PROMPTS, ROLLOUTS, LIMIT = 16, 16, 40.0
STEP = PROMPTS * ROLLOUTS
PAUSE, WORK = 0.2, 0.001
Step = tuple[list[str], list[str]]
Weights = Mapping[str, float]


def step_of(reports: Sequence[str], number: int, distinct: int = ROLLOUTS) -> Step:
    """Return completions and references of one step; nothing of it stands in another step.

    Rollouts of a prompt are the reports of other patients, `distinct` different ones of each prompt's 16.
    """
    mine = reports[number * (STEP + PROMPTS) :][: STEP + PROMPTS]
    references = [mine[prompt] for prompt in range(PROMPTS) for _ in range(ROLLOUTS)]
    own = range(PROMPTS, PROMPTS + STEP, ROLLOUTS)
    return [mine[first + rollout % distinct] for first in own for rollout in range(ROLLOUTS)], references


def offline(name: str, reports: Sequence[str], weights: Weights) -> None:
    """Print the milliseconds of successive steps, cold first."""
    reward, steps = weighted(weights), len(reports) // (STEP + PROMPTS)
    reward(["Clear lungs."], ["Clear lungs."])  # patterns are compiled once a process
    forget()
    took = [1000 * seconds(lambda n=n: reward(*step_of(reports, n))) for n in range(steps)]
    warm = statistics.median(1000 * seconds(lambda n=n: reward(*_reworded(reports, n))) for n in range(steps))
    same = statistics.median(1000 * seconds(lambda n=n: reward(*step_of(reports, n))) for n in range(steps))
    print(f"{name}, {len(set(reports)):,} different texts, {steps} steps")
    print(f"  cold {took[0]:.1f} ms; the steps after it, of unseen texts: median {statistics.median(took[1:]):.1f} ms")
    print(f"  warm, new texts of known sentences: median {warm:.1f} ms, {took[0] / warm:.1f} x faster than cold")
    print(f"  every text known: median {same:.1f} ms")
    print(f"  limit {LIMIT:.0f} ms warm: {LIMIT / warm:.1f} x below it")


def _reworded(reports: Sequence[str], number: int) -> Step:
    """Return a step whose completions are new texts made of sentences that its step has."""
    completions, references = step_of(reports, number)
    return [
        text.replace("Findings:", "Findings: ").replace("Impression:", " Impression:") for text in completions
    ], references


def known_references(reports: Sequence[str], weights: Weights) -> None:
    """Print what references that an earlier step has seen are worth."""
    took: dict[str, list[float]] = {"new": [], "known": []}
    for _ in range(5):
        for name, times in took.items():
            reward = _warmed(reports, weights, 3)
            completions, references = step_of(reports, 3)
            if name == "known":
                reward(references, references)
            times.append(1000 * seconds(lambda r=reward, c=completions, t=references: r(c, t)))
    new, known = (statistics.median(times) for times in took.values())
    print(f"a step with new references {new:.1f} ms, with known ones {known:.1f} ms: {1 - known / new:.0%} less")


def _warmed(reports: Sequence[str], weights: Weights, steps: int) -> Callable:
    """Return the reward with nothing known but the first steps."""
    reward = weighted(weights)
    forget()
    for number in range(steps):
        reward(*step_of(reports, number))
    return reward


def identical_pairs(reports: Sequence[str], weights: Weights) -> None:
    """Print the effect of scoring identical pairs once, for a policy that repeats itself more and more."""
    print("identical pairs scored once, against each by itself; offline reward, and a stand-in of 1 ms a pair")
    for distinct in (16, 8, 4, 1):
        step = step_of(reports, 4, distinct)
        once, single = (
            statistics.median(_after_warming(reports, weights, score, step) for _ in range(3))
            for score in (weighted(weights), partial(_singly, weights))
        )
        pairs = seconds(lambda s=step: measured("busy", Busy(), *s)) / seconds(lambda s=step: Busy()(*s))
        print(
            f"  {distinct:>2} of 16 rollouts differ: offline {once:.1f} ms against {single:.1f}: "
            f"{single / once:.1f} x; stand-in {1 / pairs:.1f} x"
        )


def _after_warming(reports: Sequence[str], weights: Weights, score: Callable, step: Step) -> float:
    _warmed(reports, weights, 4)
    return 1000 * seconds(lambda: score(*step))


def _singly(names: Iterable[str], completions: Sequence[str], references: Sequence[str]) -> None:
    for pair in zip(completions, references, strict=True):
        for name in names:
            SCORES[name]([pair[0]], [pair[1]])


class Busy:
    """Compute for a millisecond a pair."""

    place = "process"

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        for _ in candidates:
            until = time.thread_time() + WORK
            while time.thread_time() < until:
                pass
        return np.ones(len(candidates))


class Pause:
    """Wait, as for a service."""

    place = "service"

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        time.sleep(PAUSE)
        return np.ones(len(candidates))


def side_by_side(reports: Sequence[str]) -> None:
    """Print the wall time of scores that wait or compute long, together and one after the other."""
    completions, references = step_of(reports, 5)
    known = {
        "completions": [[{"role": "assistant", "content": text}] for text in completions],
        "reference": references,
        "study_id": [str(i // ROLLOUTS) for i in range(STEP)],
    }
    pauses = {f"pause {i}": Pause() for i in range(3)}
    together = wall(lambda: asked(Rewards(dict.fromkeys(pauses, 1.0), pauses), known))
    alone = wall(lambda: [pause(completions, references) for pause in pauses.values()])
    told = f"{1000 * together:.0f} ms, one after the other {1000 * alone:.0f} ms: {alone / together:.1f} x"
    print(f"3 services that take {1000 * PAUSE:.0f} ms each: {told}")
    busy = {"busy": Busy()}
    for count in (0, 2):
        with score_processes(count) as processes:
            rewards = Rewards({"busy": 1.0}, busy, processes=processes)
            asked(rewards, known)  # the processes start
            took = min(wall(lambda r=rewards: asked(r, known)) for _ in range(3))
        print(f"256 pairs of 1 ms, {count} processes: {1000 * took:.0f} ms")


def asked(rewards: Rewards, known: dict) -> None:
    """Ask the reward functions as TRL does."""

    async def together() -> None:
        await asyncio.gather(*(function(**known) for function in rewards.functions))

    asyncio.run(together())


def wall(work: Callable[[], object]) -> float:
    """Return the seconds that pass during a call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(weights: Weights) -> None:
    """Print every figure.

    Raises
    ------
    BadInput
        When there is no such score.
    """
    check_names(weights, SCORES)
    print("reward: " + ", ".join(f"{name} {weight:g}" for name, weight in weights.items()))
    phantom = phantom_reports()
    offline("phantom reports", phantom, weights)
    if real := real_reports():
        offline("Open-i reports", real, weights)
    known_references(phantom, weights)
    identical_pairs(phantom, weights)
    side_by_side(phantom)


def _weight(text: str) -> tuple[str, float]:
    name, _, weight = text.partition("=")
    return name, float(weight)


def _default() -> Weights:
    rl = params.load(ROOT / "params.yaml").rl
    return (rl.step2 or rl.step1).reward


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--reward",
        nargs="+",
        type=_weight,
        metavar="NAME=WEIGHT",
        help="as finding_credit=1 well_formed=.5; default: that of the last step in params.yaml",
    )
    asked_for = parser.parse_args().reward
    end("reward_speed", lambda: main(dict(asked_for) if asked_for else _default()))
