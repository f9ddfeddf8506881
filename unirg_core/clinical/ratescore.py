"""RaTEScore (Zhao et al. 2024, arXiv 2406.16845): entities matched by meaning, with synonyms and negation. Held out.

RadEval's own code computes it, with the affinity matrix "long" that its authors give as default, on one pair at a
time: given several, it loses its place after a text without sentences and scores later pairs against wrong references.
A pair of which one side has no entity scores .5, as published.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from unirg_core.clinical import radeval
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.reward import Score

_NO_ENTITY = 0.5


def load(folder: Path, device: str, texts_at_once: int) -> Mapping[str, Score]:
    """Load both models once and return `ratescore`, in [0, 1]. `texts_at_once` counts the sentences of one report."""
    module = radeval.part("metrics.RaTEScore.scorer")
    scorer = module.RaTEScore(
        bert_model=str(folder / "entities"),
        eval_model=str(folder / "synonyms"),
        batch_size=texts_at_once,
        use_gpu=device == "cuda",
    )
    sentences = radeval.part("metrics.RaTEScore.utils").sentence_split

    def one(candidate: str, reference: str) -> float:
        if not all(sentences([text])[0] for text in (candidate, reference)):
            return _NO_ENTITY
        return float(scorer.compute_score([candidate], [reference])[0][0])

    def ratescore(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return each_pair(one, candidates, references)

    return {"ratescore": ratescore}
