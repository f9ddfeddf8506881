"""Set distance between sentence embeddings, as the SDR reward has it (arXiv 2606.00440): what is said, in any order.

Each sentence of one report is matched with the nearest of the other by cosine; the mean over the candidate's sentences
and the mean over the reference's are averaged. Any sentence-transformers folder does: its modules are read here
(transformer, mean/cls/max pooling, normalising), so that the package itself is not needed.

Sentences are embedded one at a time: padding and batched products change the last bits of a value, and a pair's score
may not depend on its batch. Known sentences come from a bounded cache instead, which is where the speed is. Departure
from SDR: sentences are those of the labeler (lower case, headings dropped), the same for every model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.files import read_json
from unirg_core.scores.pairs import each_pair
from unirg_core.scores.scan import sentences

_KNOWN = 1 << 16  # sentences whose embeddings are kept
_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_max_tokens": "max"}


@dataclass(frozen=True)
class Recipe:
    """How a sentence-transformers folder makes an embedding of the tokens' states."""

    folder: Path
    pooling: str
    longest: int


class Semantic:
    """Symmetric best-match cosine of two reports' sentences under one embedding model.

    `Semantic(folder)(candidates, references)` returns one float a study, in [-1, 1]; 1 where both have the same
    sentences in any order or both are empty, 0 where only one is empty. The folder's settings are read at once, its
    weights at the first call.

    Raises
    ------
    BadInput
        When the folder is missing, holds no sentence-transformers model, or one with a module that is not known here.
    """

    def __init__(self, folder: Path) -> None:
        self.recipe = _recipe(Path(folder))

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Score each candidate against its reference."""
        return each_pair(self._similarity, candidates, references)

    def _similarity(self, candidate: str, reference: str) -> float:
        ours, theirs = (list(dict.fromkeys(sentences(text))) for text in (candidate, reference))
        if not ours or not theirs:
            return 1.0 if ours == theirs else 0.0
        cosines = np.stack([self._embed(s) for s in ours]) @ np.stack([self._embed(s) for s in theirs]).T
        return float((cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2)

    @cached_property
    def _embed(self) -> Callable[[str], np.ndarray]:
        return lru_cache(maxsize=_KNOWN)(_encoder(self.recipe))


def _recipe(folder: Path) -> Recipe:
    if not (folder / "modules.json").exists():
        raise BadInput(f"{folder} is no sentence-transformers folder: modules.json is missing there.")
    kinds = {
        module["type"].rpartition(".")[2]: folder / module["path"] for module in read_json(folder / "modules.json")
    }
    if unknown := sorted(set(kinds) - {"Transformer", "Pooling", "Normalize"}):
        raise BadInput(
            f"{folder} has the module {unknown[0]}; models of Transformer, Pooling and Normalize can be read."
        )
    if missing := sorted({"Transformer", "Pooling"} - set(kinds)):
        raise BadInput(
            f"{folder} has no module {missing[0]} in its modules.json; give a whole sentence-transformers folder."
        )
    limits = kinds["Transformer"] / "sentence_bert_config.json"
    longest = read_json(limits).get("max_seq_length") if limits.exists() else None
    return Recipe(kinds["Transformer"], _pooling(kinds["Pooling"] / "config.json"), longest or 512)


def _pooling(path: Path) -> str:
    settings = read_json(path)
    chosen = [name for key, name in _POOLINGS.items() if settings.get(key)] or [settings.get("pooling_mode")]
    if len(chosen) != 1 or chosen[0] not in _POOLINGS.values():
        raise BadInput(f"{path} asks for a pooling that is none of mean, cls and max; choose another model.")
    return chosen[0]


def _encoder(recipe: Recipe) -> Callable[[str], np.ndarray]:
    """Load a model and return its function from one sentence to a unit vector, float64."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.folder, local_files_only=True)
        model = AutoModel.from_pretrained(recipe.folder, local_files_only=True, dtype=torch.float32).eval()
    except (OSError, ValueError) as error:
        raise BadInput(f"{recipe.folder} holds no model that transformers can load ({error}).") from error

    def encode(sentence: str) -> np.ndarray:
        given = tokenizer(sentence, truncation=True, max_length=recipe.longest, return_tensors="pt")
        with torch.inference_mode():
            states = model(**given).last_hidden_state[0]
        vector = _pooled(states, recipe.pooling).double().numpy()
        return vector / max(float(np.linalg.norm(vector)), 1e-12)

    return encode


def _pooled(states: Any, pooling: str) -> Any:
    """Pool the states of one sentence's tokens, (tokens, width) -> (width,); nothing is padded."""
    if pooling == "cls":
        return states[0]
    return states.mean(dim=0) if pooling == "mean" else states.max(dim=0).values
