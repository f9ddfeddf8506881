"""BERTScore as inside RadCliQ (docs/scores.md): distilroberta-base, layer 5, rescaled with .8473319, idf off.

RadEval's own code computes it. Departures from its `RadCliQ` metric: idf is off, because over the texts of one GRPO
group it is zero and an identical pair scores -5.55 (trap 2). An empty text scores -5.55 too, the library's
raw 0 rescaled: in a reward that is a strong no, in a mean it weighs as much as several reports.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.clinical import radeval
from unirg_core.scores.reward import Score

LAYER = 5
_MOST_TOKENS = 512
BASELINE = (0.84732, 0.84759504, 0.8473319)
"""Precision, recall, F1 of unrelated sentences at layer 5, as published with bert_score."""


def load(folder: Path, device: str, texts_at_once: int) -> Mapping[str, Score]:
    """Load the encoder once and return `bertscore`: the rescaled F1 of each pair, 1 for identical texts."""
    import torch

    scorer_class = radeval.part("metrics.bertscore._vendor").BERTScorer
    scorer = _with_prefix_space(scorer_class, folder, device)
    scorer._baseline_vals = torch.tensor(BASELINE)

    def bertscore(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        if not candidates:
            return np.empty(0)
        _, _, f1 = scorer.score(list(candidates), list(references), batch_size=texts_at_once)
        return f1.double().numpy()

    return {"bertscore": bertscore}


def _with_prefix_space(scorer_class: type, folder: Path, device: str) -> Any:
    """Build the scorer; its tokenizer reads the family of the model from its name, which a local path need not hold."""
    from transformers import AutoTokenizer

    scorer = scorer_class(
        model_type=str(folder), num_layers=LAYER, rescale_with_baseline=True, lang="en", device=device
    )
    tokenizer = AutoTokenizer.from_pretrained(str(folder), add_prefix_space=True)
    tokenizer.model_max_length = _MOST_TOKENS  # else unlimited where tokenizer_config.json is not pinned
    scorer._tokenizer = tokenizer
    return scorer
