"""Dynamic sampling: groups whose completions all earn the same give way to further prompts (DAPO, arXiv 2503.14476).

A group without spread has advantages of zero and teaches nothing. TRL 1.16 counts such groups and has no hook to
replace them. Here they are looked for right after generation, and further prompts are put in their place before
anything is learnt, round after round, until all groups have spread or `factor` x the step's prompts have been tried;
what is left then stays, and is counted.

Which prompts stand by follows from seed and step alone, and each is drawn with the trainer's own random numbers, which
its checkpoints keep: a resumed run replaces the same groups. What is replaced is noted in the phase's folder, so that
the digest of consumed studies tells what was learnt from. One process only: groups would have to be gathered otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.files import append_line, read_lines, written_whole
from unirg_core.training.rewards import Rewards, Tell, groups_without_spread, texts_of

NOTE = "replaced.jsonl"

Made = tuple[Any, ...]
"""What `GRPOTrainer._generate` returns: lists of one entry a prompt, or None, or facts of the whole."""

_PER_PROMPT = (0, 1, 3, 4, 6)  # prompt ids, completion ids, completions, log probabilities, pictures


@dataclass(frozen=True)
class Reserve:
    """Prompts that stand by.

    Attributes
    ----------
    order
        Places of the planned studies, `prompts` a step.
    shown
        Place -> example, as the trainer's data holds it.
    """

    order: Sequence[int]
    studies: int
    prompts: int
    factor: float
    seed: int
    shown: Callable[[int], dict[str, Any]]

    def places(self, step: int) -> list[int]:
        """Return the places that stand by for a step (from 1), none of them planned for it."""
        planned = set(self.order[(step - 1) * self.prompts : step * self.prompts])
        others = [place for place in range(self.studies) if place not in planned]
        most = round((self.factor - 1) * self.prompts)
        return [others[i] for i in np.random.default_rng([self.seed, step]).permutation(len(others))[:most]]


class Resampler:
    """Replace the groups without spread of each step.

    Parameters
    ----------
    folder
        The phase's, where replacements are noted.
    """

    def __init__(self, reserve: Reserve, rewards: Rewards, rollouts: int, folder: Path) -> None:
        self.reserve, self.rewards, self.rollouts, self.note = reserve, rewards, rollouts, folder / NOTE

    def __call__(
        self,
        step: int,
        inputs: list[Any],
        prompts: list[Any],
        made: Made,
        more: Callable[[list[Any]], Made],
        tell: Tell,
    ) -> Made:
        """Return what was made with its dead groups replaced; `inputs` and `prompts` are changed in place.

        Parameters
        ----------
        more
            Generates for further examples, `rollouts` copies of each: (prompts, made).
        """
        made = tuple(
            list(part) if place in _PER_PROMPT and part is not None else part for place, part in enumerate(made)
        )
        dead, waiting = self._dead(inputs, made), self.reserve.places(step)
        at_first, tried = len(dead), 0
        while dead and waiting:
            taken, waiting = waiting[: len(dead)], waiting[len(dead) :]
            tried += len(taken)
            examples = [example for place in taken for example in [self.reserve.shown(place)] * self.rollouts]
            asked, further = more(examples)
            useless = set(self._dead(examples, further))
            for source in (number for number in range(len(taken)) if number not in useless):
                target = dead.pop(0)
                self._move(source, examples, asked, further, target, inputs, prompts, made)
                append_line(
                    self.note, {"step": step, "place": target, "study": examples[source * self.rollouts]["study_id"]}
                )
        groups = len(inputs) // self.rollouts
        tell("resampling/without_spread", at_first / groups)
        tell("resampling/replaced", (at_first - len(dead)) / groups)
        tell("resampling/tried", tried)
        return made

    def _dead(self, inputs: Sequence[Any], made: Made) -> list[int]:
        references, studies = ([row[name] for row in inputs] for name in ("reference", "study_id"))
        return groups_without_spread(self.rewards.totals(texts_of(made[3]), references, studies), self.rollouts)

    def _move(self, source: int, examples: Any, asked: Any, further: Made, target: int, *into: Any) -> None:
        inputs, prompts, made = into
        old, new = (slice(n * self.rollouts, (n + 1) * self.rollouts) for n in (target, source))
        inputs[old], prompts[old] = examples[new], asked[new]
        for place in _PER_PROMPT:
            if made[place] is not None:
                made[place][old] = further[place][new]


def consumed_order(folder: Path, order: Sequence[str], per_step: int) -> list[str]:
    """Return the studies that were learnt from: those planned, with what has taken their place."""
    learnt = list(order)
    for line in read_lines(folder / NOTE):
        learnt[(line["step"] - 1) * per_step + line["place"]] = line["study"]
    return learnt


def forget_after(folder: Path, step: int) -> None:
    """Drop what a killed process has noted of steps that will be done again."""
    lines = read_lines(folder / NOTE)
    kept = [line for line in lines if line["step"] <= step]
    if kept == lines:
        return
    with written_whole(folder / NOTE) as temporary:
        temporary.touch()
        for line in kept:
            append_line(temporary, line)
