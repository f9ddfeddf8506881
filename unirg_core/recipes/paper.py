"""The published recipe, every number in one place: what arXiv 2601.17151 states, and what we chose where it is silent.

`item` names the paper's part that states a value (its method section is about these items in this order). Nothing else
in this project repeats these numbers; recipes are compared with them (`departures`).
"""

from dataclasses import dataclass
from typing import Any

SOURCE = "arXiv 2601.17151"
STUDIES = 563_494
"""Training studies of the paper: MIMIC-CXR, CheXpert Plus, ReXGradient-160K and IU X-ray."""

VALIDATION_STUDIES = 1_024


@dataclass(frozen=True)
class Number:
    """One value of the recipe.

    Attributes
    ----------
    path
        Where it stands in params.yaml.
    stated
        Whether the paper states it; where it does not, `why` says what led us to it.
    """

    path: str
    value: Any
    item: str
    stated: bool = True
    why: str = ""


_STEP1 = {"bleu2": 0.0, "bertscore": 0.370, "sembscore": 0.253, "radgraph_f1": 0.377}

STATED = (
    Number("model.base", "Qwen/Qwen3-VL-8B-Instruct", "base model"),
    Number("model.image_size", 512, "image"),
    Number("model.prompt", "paper", "prompts"),
    Number("model.prior", "image_and_report", "longitudinal input"),
    Number("model.temperature", 0.0, "inference"),
    Number("ingest.split.validation", round(VALIDATION_STUDIES / STUDIES, 4), "validation"),
    Number("sft.learning_rate", 5e-5, "SFT"),
    Number("sft.batch_size", 256, "SFT"),
    Number("sft.steps", 0, "SFT: 3 epochs"),
    Number("sft.epochs", 3.0, "SFT"),
    Number("rl.step1.rollouts", 16, "RL"),
    Number("rl.step1.learning_rate", 5e-6, "RL"),
    Number("rl.step1.completions", 256, "RL"),
    Number("rl.step1.steps", 0, "RL step 1: 1 epoch"),
    Number("rl.step1.epochs", 1.0, "RL step 1"),
    Number("rl.step1.beta", 0.0, "RL step 1"),
    Number("rl.step1.reward", _STEP1, "RL step 1"),
    Number("rl.step2.rollouts", 16, "RL"),
    Number("rl.step2.learning_rate", 5e-6, "RL"),
    Number("rl.step2.completions", 256, "RL"),
    Number("rl.step2.steps", 0, "RL step 2: 1 epoch"),
    Number("rl.step2.epochs", 1.0, "RL step 2"),
    Number("rl.step2.beta", 0.03, "RL step 2"),
    Number("rl.step2.reward", {**_STEP1, "judge": 0.5}, "RL step 2"),
)


def _both(name: str, value: Any, why: str) -> tuple[Number, Number]:
    one, two = (Number(f"rl.{step}.{name}", value, "RL", stated=False, why=why) for step in ("step1", "step2"))
    return one, two


CHOSEN = (
    Number("model.lora", None, "base model", False, "the paper says neither; all weights of the 8B are the recipe"),
    Number("model.freeze_vision", False, "base model", False, "the paper says neither; all weights learn"),
    *_both("clip_low", 0.20, "DAPO's, and RadVLM-GRPO's on the same base model"),
    *_both("clip_high", 0.28, "DAPO's; the paper says only that the upper clip is raised"),
    *_both("temperature", 1.0, "custom of GRPO"),
    *_both("top_p", 1.0, "custom of GRPO"),
    *_both("advantage", "group", "TRL's default; EditGRPO and Dr. GRPO go without"),
    *_both("loss", "dapo", "TRL's default; the upper clip that the paper raises is DAPO's too"),
    *_both("prompts", 16, "batch 256 read as completions, as TRL counts: 16 prompts x 16 rollouts"),
    *_both("weights", "raw", "the paper prints the weights and not what they apply to"),
    Number("scores.judge.errors", "all", "RL step 2", False, "the paper writes #errors and not which"),
)
