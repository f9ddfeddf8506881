"""Alarms while RL trains: figures of what it samples leave their bounds, and the run ends as collapsed.

A reward of label F1 alone is hacked within 150 steps (gibberish, then repeated sentences, completions that grow to the
limit), and each further step is wasted. Bounds are relative to the first step, whose completions the step's start has
written; what is compared with them is the mean over the last steps, so that one odd batch rings nothing. The history
comes from the trainer's log, which its checkpoints carry: a resumed run rings at the same step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unirg_core.faults import HonestNegative
from unirg_core.files import write_json
from unirg_core.home import run_folder
from unirg_core.params import Alarms, EntropyBand, LengthBand
from unirg_core.training.completions import DISTINCT, TEMPLATE, Kept, examples

EVIDENCE = "collapse.json"
LENGTH, ENTROPY, TRUNCATED = "completions/mean_length", "entropy", "completions/clipped_ratio"
_SAID = {
    DISTINCT: "the share of distinct reports",
    TEMPLATE: "the share of the commonest report",
    LENGTH: "the mean length in tokens",
    TRUNCATED: "the share of cut completions",
    ENTROPY: "the entropy a token",
}
SHOWN = (DISTINCT, TEMPLATE, LENGTH, TRUNCATED, ENTROPY, "reward", "kl", "loss", "grad_norm")


@dataclass(frozen=True)
class Reading:
    """One figure against its bounds: at the start of the step, now, and where it must stay."""

    figure: str
    start: float
    now: float
    least: float | None
    most: float | None

    @property
    def rings(self) -> bool:
        """Tell whether the figure has left its bounds."""
        below = self.least is not None and self.now < self.least
        return below or (self.most is not None and self.now > self.most)

    def __str__(self) -> str:
        said = "at least" if self.most is None or (self.least is not None and self.now < self.least) else "at most"
        bound = self.least if said == "at least" else self.most
        return f"{_SAID[self.figure]} is {self.now:.3g} (at the start {self.start:.3g}, bound {said} {bound:.3g})"


def readings(history: Sequence[Mapping[str, Any]], bounds: Alarms) -> list[Reading]:
    """Compare the mean of the last `bounds.window` steps with the first step; nothing before there are as many more.

    Parameters
    ----------
    history
        The figures of each step from the first one on.
    """
    if len(history) <= bounds.window:
        return []
    first, last = history[0], history[-bounds.window :]

    def pair(name: str) -> tuple[str, float, float]:
        return name, float(first[name]), sum(float(entry[name]) for entry in last) / len(last)

    found = [
        _share(*pair(DISTINCT), least=bounds.distinct_share),
        _band(*pair(LENGTH), bounds.length),
        _band(*pair(ENTROPY), bounds.entropy),
    ]
    for name, rise in ((TEMPLATE, bounds.template_share), (TRUNCATED, bounds.truncated_share)):
        figure, start, now = pair(name)
        found.append(Reading(figure, start, now, None, start + rise))
    return found


def _share(figure: str, start: float, now: float, least: float) -> Reading:
    return Reading(figure, start, now, start * least, None)


def _band(figure: str, start: float, now: float, band: LengthBand | EntropyBand) -> Reading:
    return Reading(figure, start, now, start * band.least, start * band.most)


def check(
    history: Sequence[Mapping[str, Any]], bounds: Alarms, phase: str, kept: Kept | None = None, *, texts: bool = False
) -> None:
    """Stop a run that has collapsed.

    Parameters
    ----------
    kept
        Holds the batch of this step, for examples.
    texts
        Let the evidence quote examples: of drawn data alone.

    Raises
    ------
    HonestNegative
        When a figure has left its bounds; the evidence lies in the run's folder as `collapse.json`.
    """
    found = readings(history, bounds)
    ringing = [reading for reading in found if reading.rings]
    if not ringing:
        return
    step = int(history[-1]["step"])
    told = "; ".join(str(reading) for reading in ringing)
    evidence = {
        "phase": phase,
        "step": step,
        "reason": told,
        "readings": [vars(reading) for reading in found],
        "last_steps": [_shown(entry) for entry in history[-bounds.window :]],
        "first_step": _shown(history[0]),
        "examples": examples(kept.last) if texts and kept and kept.last else [],
    }
    write_json(run_folder() / EVIDENCE, evidence)
    raise HonestNegative(
        f"collapsed: at step {step} of {phase}, over the last {bounds.window} steps, {told}; lower "
        f"rl.{phase}.learning_rate or raise its beta, and keep well_formed in its reward."
    )


def _shown(entry: Mapping[str, Any]) -> dict[str, float]:
    return {"step": entry["step"], **{name: float(entry[name]) for name in SHOWN if entry.get(name) is not None}}
