"""What one service serves: every score of `SCORES`, and the model-based ones that its settings give weights for."""

import importlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from unirg_core.clinical.origins import ORIGINS
from unirg_core.clinical.weights import Settings, Weights, staged
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES
from unirg_core.scores.reward import Score

_VERSIONS = ("unirg-pipeline", "radeval", "torch", "transformers", "tokenizers", "numpy")


@dataclass(frozen=True)
class Served:
    """Scores by name, and for the model-based ones the digest of their weights."""

    scores: Mapping[str, Score]
    digests: Mapping[str, str]
    versions: Mapping[str, str]

    def listing(self) -> dict[str, Any]:
        """Return what GET /scores tells of names, digests and versions."""
        names = {name: {"digest": self.digests.get(name)} for name in sorted(self.scores)}
        return {"scores": names, "versions": dict(self.versions)}


def load(settings: Settings) -> Served:
    """Load every model of the settings, each from its pinned files alone, and keep it warm.

    Raises
    ------
    BadInput
        When a model does not load from its files; the sentence names the model and the reason.
    """
    scores: dict[str, Score] = dict(SCORES)
    digests: dict[str, str] = {}
    if settings.weights:
        import torch

        torch.set_num_threads(settings.threads or torch.get_num_threads())
    for model, weights in sorted(settings.weights.items()):
        given = _load_one(model, weights, settings)
        scores |= given
        digests |= dict.fromkeys(given, weights.digest)
    return Served(MappingProxyType(scores), MappingProxyType(digests), MappingProxyType(versions()))


def _load_one(model: str, weights: Weights, settings: Settings) -> Mapping[str, Score]:
    adapter = importlib.import_module(f"unirg_core.clinical.{model}")
    with staged(weights) as folder:
        try:
            return adapter.load(folder, settings.device, settings.texts_at_once)
        except BadInput:
            raise
        except Exception as error:
            raise BadInput(f"{model} does not load from {weights.folder}: {type(error).__name__}: {error}") from error


def versions() -> dict[str, str]:
    """Return the installed versions that can move a value; what is not installed here is left out."""
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def without_weights(name: str) -> str | None:
    """Return the model that would give a score, or None when no model does."""
    return next((model for model, origin in ORIGINS.items() if name in origin.scores), None)
