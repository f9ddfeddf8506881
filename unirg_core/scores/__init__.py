"""Clinical scores: defined once, rewarded by `rl`, reported by `evaluate`, judged by `gate`.

`SCORES[name](candidates, references)` returns an array of one finite float a study. A score is a pure function of the
pair: the batch that a pair stands in never changes its value. docs/scores.md says what each gets wrong. Scores that
need something besides the pair are made, not listed: `cider.Cider(frequencies)`, `semantic.Semantic(folder)`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from unirg_core.scores.clinical import error_count, finding_credit, labels_f1, micro_gain
from unirg_core.scores.entities import entity_f1
from unirg_core.scores.form import well_formed
from unirg_core.scores.radcliq import radcliq
from unirg_core.scores.reward import check_names, weighted
from unirg_core.scores.temporal import temporal_f1
from unirg_core.scores.text import bleu2, bleu4, rouge_l

Score = Callable[[Sequence[str], Sequence[str]], np.ndarray]

SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "bleu2": bleu2,
        "bleu4": bleu4,
        "rouge_l": rouge_l,
        "labels_f1": labels_f1,
        "entity_f1": entity_f1,
        "temporal_f1": temporal_f1,
        "finding_credit": finding_credit,
        "error_count": error_count,
        "micro_gain": micro_gain,
        "well_formed": well_formed,
    }
)

__all__ = ["SCORES", "check_names", "radcliq", "weighted"]
