"""The control that costs no training: push an SFT model towards stating findings, by a bias on its logits.

A greedy report states a finding where that is the likeliest text, and normal phrases are likely because they are few.
Each token's bias is a strength times the log of how much oftener it stands in training reports with a finding than in
normal ones; of all tokens, or only of those of findings, or only of those of normal reports. Part and strength are
chosen on the validation studies, by micro F1 of the labels, the nearest to the endpoint that a model may be tuned by.
Strengths below zero push towards normal; zero is among them, so the control is never made worse than the model there.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.models import dataset
from unirg_core.params import Params
from unirg_core.progress import say
from unirg_core.scores.clinical import agreement, positive
from unirg_core.scores.labels import label_one
from unirg_core.training import data

PARTS: Mapping[str, Callable[[float], bool]] = {
    "all": lambda value: True,
    "findings": lambda value: value > 0,
    "normal": lambda value: value < 0,
}
STRENGTHS = (-0.2, 0.1, 0.2, 0.4, 0.8)
_COUNTED_BEFORE = 1.0  # added to each token's count: a token that never came says little
_FARTHEST = 3.0


def chosen(params: Params, root: Path, folder: Path) -> tuple[dict[int, float], dict[str, float]]:
    """Return the best bias, and micro F1 on the validation studies of each that was tried; `none` is among them.

    Raises
    ------
    BadInput
        When there are no validation studies.
    """
    from unirg_core import models
    from unirg_core.evaluate.predict import System, predictions

    rows = [row for row in dataset.rows(root, "validation") if dataset.reference(row)]
    if not rows:
        raise BadInput(
            "A logit bias is chosen on validation studies, and there are none; raise ingest.split.validation."
        )
    _, processor = models.load(params.model, folder)
    direction = lean(data.references(data.training_studies(root)), processor.tokenizer)
    tried = pushes(direction)
    texts = predictions(params, root, rows, [System(name, folder, bias) for name, bias in tried.items()])
    references = [dataset.reference(row) for row in rows]
    found = {name: micro_f1(texts[name], references) for name in tried}
    best = max(found, key=lambda name: found[name])  # of equal ones the first, which is none
    say("ablate", f"logit bias {best}: " + ", ".join(f"{name} {f1:.3f}" for name, f1 in found.items()))
    return tried[best], found


def lean(references: Sequence[str], tokenizer: Any) -> dict[int, float]:
    """Return each token's log ratio of its share in reports with a finding to that in normal ones, within +-3."""
    counts: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for text in references:
        counts[bool(positive(label_one(text)))].update(tokenizer(text, add_special_tokens=False)["input_ids"])
    tokens = sorted(counts[True].keys() | counts[False].keys())
    shares = []
    for told in (counts[True], counts[False]):
        seen = np.array([told[token] for token in tokens]) + _COUNTED_BEFORE
        shares.append(np.log(seen / seen.sum()))
    values = np.clip(shares[0] - shares[1], -_FARTHEST, _FARTHEST)
    return dict(zip(tokens, map(float, values), strict=True))


def pushes(direction: Mapping[int, float]) -> dict[str, dict[int, float]]:
    """Return every bias that is tried, by its name: none, then each part at each strength."""
    found: dict[str, dict[int, float]] = {"none": {}}
    for part, of_it in PARTS.items():
        for strength in STRENGTHS:
            pushed = {token: strength * value for token, value in direction.items() if of_it(value)}
            found[f"{part} {strength:g}"] = pushed
    return found


def micro_f1(candidates: Sequence[str], references: Sequence[str]) -> float:
    """Return F1 over the positive labels of all reports together; 1 where there are none."""
    right = wrong = 0
    for candidate, reference in zip(candidates, references, strict=True):
        seen = agreement(candidate, reference)
        right += seen.found
        wrong += len(seen.false) + len(seen.missed)
    return 2 * right / (2 * right + wrong) if right or wrong else 1.0
