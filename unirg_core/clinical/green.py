"""GREEN (Ostmeier et al. 2024): a 7B model lists errors and matched findings; matched / (matched + significant errors).

RadEval's own code asks and parses. Departure: an answer that lacks a section stops the work, where RadEval counts no
matched finding and scores 0; and one pair is asked at a time, so that padding cannot move an answer.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from unirg_core.clinical import radeval
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.reward import Score

_JUDGED = ("Clinically Significant Errors", "Matched Findings")


def load(folder: Path, device: str, texts_at_once: int) -> Mapping[str, Score]:
    """Load the model once and return `green`, in [0, 1]. One pair is asked at a time, whatever `texts_at_once` says."""
    from datasets import disable_progress_bars

    disable_progress_bars()
    judge = radeval.part("metrics.green_score.green").GREEN(str(folder), cpu=device == "cpu", num_gpus=1)

    def one(candidate: str, reference: str) -> float:
        value = judge([reference], [candidate])[2][0]
        for section in _JUDGED:
            if judge.parse_error_counts(judge.completions[0], section, for_reward=True)[0] is None:
                raise ValueError(f"GREEN's answer holds no section [{section}]")
        return float(value)

    def green(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return each_pair(one, candidates, references)

    return {"green": green}
