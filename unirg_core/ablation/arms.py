"""The arms: what each changes in the parameters, and what it starts from.

Two controls are missing in the paper (arXiv 2601.17151), and RL has to beat both: more SFT, and an SFT model that
is merely pushed towards stating findings, by a bias on its logits (`bias.py`). In the arms of single rewards all steps
are of step 1, with nothing but that score; in those of settings, both steps change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from unirg_core.faults import BadInput
from unirg_core.params import Params

Overlay = Mapping[str, Any]

SFT_STEPS = 8
"""SFT steps that `sft_more` gets for each step of RL: a fixed number, no measured time.

On the claim's worlds a step of RL with 128 completions took as long as seven of SFT with 32 studies, and five, as it
was then, were too few (docs/claim.md). It knows nothing of prompts and rollouts: the table's seconds of training tell.
"""


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes
    ----------
    trains
        The stage that the arm runs.
    start
        The arm whose SFT model RL starts from, or whose model a biased one is.
    changes
        What is laid over the parameters.
    """

    name: str
    title: str
    group: str
    trains: Literal["sft", "rl", "bias"]
    changes: Callable[[Params], Overlay]
    start: str = "sft"


def _nothing(_: Params) -> Overlay:
    return {}


def _no_sft(_: Params) -> Overlay:
    return {"sft": {"steps": 0, "epochs": 0}}


def rl_steps(params: Params) -> int:
    """Return the optimiser steps of both steps of RL.

    Raises
    ------
    BadInput
        When they are given as epochs.
    """
    steps = [step.steps for step in (params.rl.step1, params.rl.step2) if step]
    if not all(steps) or not params.sft.steps:
        raise BadInput("The ablation counts steps: set sft.steps, rl.step1.steps and rl.step2.steps, not epochs.")
    return sum(steps)


def _more_sft(params: Params) -> Overlay:
    return {"sft": {"steps": params.sft.steps + SFT_STEPS * rl_steps(params)}}


def _single(**reward: float) -> Callable[[Params], Overlay]:
    def changes(params: Params) -> Overlay:
        return {"rl": {"step1": {"steps": rl_steps(params), "reward": reward}, "step2": None}}

    return changes


def _both(**values: Any) -> Callable[[Params], Overlay]:
    def changes(params: Params) -> Overlay:
        return {"rl": {name: dict(values) for name in ("step1", "step2") if getattr(params.rl, name)}}

    return changes


def _group(rollouts: int) -> Callable[[Params], Overlay]:
    """Return groups of another size, and as many completions as before; refuse what those do not divide into."""

    def changes(params: Params) -> Overlay:
        steps = {name: getattr(params.rl, name) for name in ("step1", "step2")}
        whole = {name: step.prompts * step.rollouts for name, step in steps.items() if step}
        for name, count in whole.items():
            if count % rollouts:
                raise BadInput(
                    f"Arm group_{rollouts} keeps the number of completions a step, in groups of {rollouts}, but "
                    f"rl.{name}.prompts x rl.{name}.rollouts is {count}; make that a multiple of {rollouts}, or name "
                    "other arms in --arms."
                )
        return {"rl": {name: {"rollouts": rollouts, "prompts": count // rollouts} for name, count in whole.items()}}

    return changes


def _arms(group: str, *arms: tuple[str, str, Callable[[Params], Overlay]]) -> list[Arm]:
    return [Arm(name, title, group, "rl", changes) for name, title, changes in arms]


ARMS: Mapping[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("base", "base model", "training", "sft", _no_sft),
        Arm("sft", "SFT", "training", "sft", _nothing),
        Arm("sft_more", "more SFT, eight steps for each of RL", "training", "sft", _more_sft),
        Arm("sft_bias", "SFT with a logit bias", "training", "bias", _nothing),
        Arm("rl_only", "RL only", "training", "rl", _nothing, start="base"),
        Arm("sft_rl", "SFT + RL, as the recipe", "training", "rl", _nothing),
        *_arms(
            "reward",
            ("reward_finding_credit", "finding credit alone", _single(finding_credit=1.0)),
            ("reward_micro_gain", "micro gain alone", _single(micro_gain=1.0)),
            ("reward_labels_f1", "label F1 alone", _single(labels_f1=1.0)),
            ("reward_entity_f1", "entity F1 alone", _single(entity_f1=1.0)),
            ("reward_error_count", "error count alone", _single(error_count=1.0)),
            ("reward_well_formed", "well-formed alone", _single(well_formed=1.0)),
            ("reward_bleu2", "BLEU-2 alone", _single(bleu2=1.0)),
            ("reward_rouge_l", "ROUGE-L alone", _single(rouge_l=1.0)),
        ),
        *_arms("group size", ("group_4", "4 rollouts a prompt", _group(4)), ("group_16", "16 rollouts", _group(16))),
        *_arms("beta", ("beta_00", "no KL in both steps", _both(beta=0.0)), ("beta_10", "KL .1", _both(beta=0.1))),
        *_arms(
            "temperature",
            ("temperature_05", "temperature .5", _both(temperature=0.5)),
            ("temperature_07", "temperature .7", _both(temperature=0.7)),
        ),
        *_arms("advantage", ("advantage_group", "over the group's deviation", _both(advantage="group"))),
        *_arms(
            "loss",
            ("loss_grpo", "mean of each completion", _both(loss="grpo")),
            ("loss_dr_grpo", "over a fixed length", _both(loss="dr_grpo")),
        ),
    )
}
"""Every arm by its name, in the order in which the table shows them."""


RECIPE = "sft_rl"
"""The arm that varied ones are held against besides."""


def varied(arm: Arm) -> bool:
    """Tell whether an arm is the recipe with something changed, rather than another way to train."""
    return arm.group != ARMS[RECIPE].group


def chosen(names: tuple[str, ...] | None) -> list[Arm]:
    """Return arms by name in the order of `ARMS`, with those they start from and are held against; None means all.

    Raises
    ------
    BadInput
        When no arm is named, or one that is not there.
    """
    if names is None:
        return list(ARMS.values())
    if not names:
        raise BadInput(f"--arms names no arm; leave it out for all of them, or name some of {', '.join(ARMS)}.")
    if unknown := [name for name in names if name not in ARMS]:
        raise BadInput(f"There is no arm {unknown[0]}; there are {', '.join(ARMS)}.")
    wanted = {*names, "sft"} | ({RECIPE} if any(varied(ARMS[name]) for name in names) else set())
    wanted |= {ARMS[name].start for name in wanted if ARMS[name].trains != "sft"}
    return [arm for arm in ARMS.values() if arm.name in wanted]
