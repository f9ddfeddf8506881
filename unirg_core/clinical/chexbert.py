"""SembScore and CheXbert F1 from one CheXbert labeler (Smit et al. 2020): BERT with 13 four-way heads and one two-way.

`sembscore` is the cosine of the two CLS embeddings (768-d in the published weights), as inside RadCliQ. `chexbert_f1`
is, per study, the F1 over the 13 classes without No Finding, present or uncertain counting as positive and empty
against empty as 1: the convention of this project's `labels_f1`, so the two differ by the labeler alone. RadEval's
figure for a sample is label accuracy, by which an all-blank report scores .8 (trap 4); it is not used.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.clinical import radeval
from unirg_core.scores.reward import Score

_HEADS, _NO_FINDING = 13, 13


def load(folder: Path, device: str, texts_at_once: int) -> Mapping[str, Score]:
    """Load the labeler once and return `sembscore` and `chexbert_f1`."""
    labeler = _labeler(folder, device, texts_at_once)

    def sembscore(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        ours, theirs = _each(labeler.get_embeddings, candidates), _each(labeler.get_embeddings, references)
        norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
        return np.einsum("nd,nd->n", ours, theirs) / norms

    def chexbert_f1(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        ours = _each(labeler.get_labels, candidates)[:, :_NO_FINDING]
        theirs = _each(labeler.get_labels, references)[:, :_NO_FINDING]
        both, either = (ours * theirs).sum(axis=1), ours.sum(axis=1) + theirs.sum(axis=1)
        return np.where(either == 0, 1.0, 2 * both / np.maximum(either, 1))

    return {"sembscore": _none_is_none(sembscore), "chexbert_f1": _none_is_none(chexbert_f1)}


def _none_is_none(score: Score) -> Score:
    return lambda candidates, references: score(candidates, references) if len(candidates) else np.empty(0)


def _each(read: Any, texts: Sequence[str]) -> np.ndarray:
    """Read each different text once; (texts, ...) in the given order."""
    different = list(dict.fromkeys(texts))
    place = {text: i for i, text in enumerate(different)}
    return np.asarray(read(different), float)[[place[text] for text in texts]]


def _labeler(folder: Path, device: str, texts_at_once: int) -> Any:
    from transformers import AutoTokenizer, BertConfig, BertModel

    base = radeval.part("metrics._chexbert_base")
    model = base.BaseBertLabeler(
        device=device,
        backbone=BertModel(BertConfig.from_pretrained(str(folder))),
        num_4way_heads=_HEADS,
        state_dict=_state(folder),
    )
    labeler = _evaluator(base.BaseCheXbertEvaluator)()
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    labeler._init_evaluator(model=model.eval(), tokenizer=tokenizer, device=device, batch_size=texts_at_once)
    return labeler


@cache
def _evaluator(base: type) -> type:
    # RadEval's F1CheXbert names the same classes but fetches its files from a hub by name.
    return type("Evaluator", (base,), {"CONDITION_NAMES": [], "NO_FINDING": "No Finding", "TOP5": []})


def _state(folder: Path) -> dict[str, Any]:
    """Read the weights, never more than tensors; the published file wraps them and prefixes their names."""
    import torch
    from safetensors.torch import load_file

    safe = folder / "chexbert.safetensors"
    if safe.exists():
        raw = load_file(str(safe))
    else:
        raw = torch.load(folder / "chexbert.pth", map_location="cpu", weights_only=True)
        raw = raw.get("model_state_dict", raw)
    named = {name.removeprefix("module."): tensor for name, tensor in raw.items()}
    return {name: tensor for name, tensor in named.items() if not name.endswith("position_ids")}  # a constant buffer
