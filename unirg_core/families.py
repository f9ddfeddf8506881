"""Families of scores, and which scores are held out of the reward.

What is optimised says little about what was gained: scores of one family rise together, by what they read and not by
what the model sees (test_scores_traps, 5 and 8). So a score judges only where neither it nor any of its families
is in the reward. A score is in every family whose reading it rests on: `entity_f1` and `temporal_f1` find their words
with the labeler's lexicon, RadCliQ is made of three families.

This module imports no score, so that `params` can refuse a recipe at once.
"""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unirg_core.params import Params, Rl

TRUTH_SCORES = ("truth_micro_f1", "truth_macro_f1", "truth_side_micro_f1")
"""Scores against the source's truth file: always evaluated where there is one, never a reward."""

WITH_TRUTH = ("phantom", "openi-drawn")
"""Kinds of data (`ingest.kind`) that come with a truth file: their pictures are drawn."""

DRAWN_REPORTS = ("phantom",)
"""Kinds of data whose reports are drawn too, so that they may be quoted anywhere."""

STANDARDISED = ("radgraph_f1", "bertscore", "sembscore", "bleu2")
"""Scores with a published mean and scale, those of RadCliQ-v1, in its order (docs/scores.md)."""

LOWER_IS_BETTER = ("radcliq",)
"""Scores of which less is better; of all others more is."""

_BOUNDS = {
    "finding_credit": (-1.0, 1.0),
    "semantic": (-1.0, 1.0),
    "cider": (0.0, 10.0),
    "micro_gain": (-inf, inf),
    "radcliq": (-inf, inf),
}
"""What a score of one report can be, where that is not 0 to 1."""

_MEMBERS = {
    "text": ("bleu2", "bleu4", "rouge_l", "cider", "radcliq"),
    "labels": (
        *("labels_f1", "finding_credit", "error_count", "micro_gain"),
        *("chexbert_f1", "entity_f1", "temporal_f1", "agreement"),
    ),
    "entities": ("entity_f1", "temporal_f1", "radgraph_f1", "ratescore", "radcliq"),
    "semantic": ("semantic", "bertscore", "sembscore", "radcliq"),
    "form": ("well_formed",),
    "judge": ("judge", "green"),
    "truth": TRUTH_SCORES,
}

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(family for family, members in _MEMBERS.items() if name in members)
        for name in dict.fromkeys(name for members in _MEMBERS.values() for name in members)
    }
)
"""Score -> its families."""


def called(kind: str) -> str:
    """Return what a kind of data is called where a person reads it: what is drawn is called synthetic."""
    return {"phantom": "synthetic phantom", "openi-drawn": "openi-drawn, synthetic pictures"}.get(kind, kind)


def bounds(name: str) -> tuple[float, float]:
    """Return the least and the most that a score of one report can be (docs/scores.md)."""
    return _BOUNDS.get(name, (0.0, 1.0))


def gain(name: str, value: float) -> float:
    """Return a score's value, or a difference, turned so that more is better."""
    return -value if name in LOWER_IS_BETTER else value


def directed(name: str) -> str:
    """Return a score's name for a table or a plot, with its direction where that is not the usual one."""
    return f"{name} (lower is better)" if name in LOWER_IS_BETTER else name


def families(name: str) -> tuple[str, ...]:
    """Return the families of a score; one that is not listed is a family of its own."""
    return FAMILIES.get(name, (name,))


def rewarded(rl: "Rl") -> frozenset[str]:
    """Return the scores that have a weight other than zero in either step."""
    weights = [*rl.step1.reward.items(), *(rl.step2.reward.items() if rl.step2 else ())]
    return frozenset(name for name, weight in weights if weight)


def independent(name: str, reward: frozenset[str]) -> bool:
    """Tell whether a score shares no family with any rewarded one."""
    taken = {family for score in reward for family in families(score)}
    return name not in reward and taken.isdisjoint(families(name))


def held_out(params: "Params") -> tuple[str, ...]:
    """Return the scores that are evaluated and held out of the reward: of no family that is rewarded.

    Scores against the truth count only where the source has a truth file.
    """
    truth = TRUTH_SCORES if params.ingest.kind in WITH_TRUTH else ()
    reward = rewarded(params.rl)
    return tuple(name for name in (*params.evaluate.scores, *truth) if independent(name, reward))


def refusal(params: "Params") -> str | None:
    """Say why a recipe could not be judged fairly, or return None.

    Three things are asked: an evaluated score of another family than the reward's, a rule of the gate by such a score
    (trap 5), and a rule against the truth file where there is one and the reward reads the rule-based labels (trap 8).
    """
    reward, out = rewarded(params.rl), held_out(params)
    taken = sorted({family for score in reward for family in families(score)})
    if not out:
        others = ", ".join(name for name in FAMILIES if name not in TRUTH_SCORES and independent(name, reward))
        return f"evaluate.scores are all of the reward's families ({', '.join(taken)}); add one of another: {others}"
    rules = {rule.score for rule in params.gate.rules}
    if rules.isdisjoint(out):
        return (
            "gate.rules judge only by scores that are in the reward, or of its families "
            f"({', '.join(taken)}); add a rule with one that is held out: {', '.join(out)}"
        )
    if "labels" in taken and params.ingest.kind in WITH_TRUTH and rules.isdisjoint(TRUTH_SCORES):
        return (
            "gate.rules never look at the truth file, although the reward reads rule-based labels; add a rule with "
            f"{TRUTH_SCORES[0]}"
        )
    return None
