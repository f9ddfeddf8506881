"""RadGraph F1 as inside RadCliQ (Jain et al. 2021; Yu et al. 2023): the mean of entity F1 and relation F1.

The original `radgraph` model (DyGIE++), not radgraph-xl. RadEval's own code computes it. Published behaviour that
surprises: a report without relations has relation F1 0, so an identical pair of such reports scores .5; of two
reports without entities, 0. Departure from RadEval: a report that its reader drops stops the work instead of scoring 0.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from unirg_core.clinical import radeval
from unirg_core.scores.reward import Score

_CPU = -1


def load(folder: Path, device: str, texts_at_once: int) -> Mapping[str, Score]:
    """Load the model once and return `radgraph_f1`; it reads one text at a time, whatever `texts_at_once` says."""
    graph = _graph(folder, device)
    module = radeval.part("metrics.radgraph_radcliq.radgraph_radcliq")
    scorer = module.RadGraphRadCliQ.__new__(module.RadGraphRadCliQ)  # its __init__ would fetch the model by name
    scorer._radgraph = _whole(graph)

    def radgraph_f1(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return np.asarray(scorer.forward(hyps=list(candidates), refs=list(references))[1], float)

    return {"radgraph_f1": radgraph_f1}


def _graph(folder: Path, device: str) -> Any:
    """Build RadEval's RadGraph from the pinned files alone: its config names the encoder, here by the local folder."""
    core = radeval.part("metrics.radgraph._vendor.core")
    with TemporaryDirectory(prefix="unirg-radgraph-") as cache:
        model = Path(cache) / "radgraph"
        shutil.copytree(folder / "vocabulary", model / "vocabulary")
        (model / "weights.th").symlink_to((folder / "weights.th").resolve())
        config = json.loads((folder / "config.json").read_text())
        for place in (config["dataset_reader"]["token_indexers"], config["model"]["embedder"]["token_embedders"]):
            place["bert"]["model_name"] = str(folder / "encoder")
        (model / "config.json").write_text(json.dumps(config))
        return core.RadGraph(model_type="radgraph", model_cache_dir=cache, cuda=_CPU if device == "cpu" else 0)


def _whole(graph: Any) -> Callable[[list[str]], dict[str, Any]]:
    """Return the reader of texts, which never leaves one out."""

    def read(texts: list[str]) -> dict[str, Any]:
        # RadGraph takes an empty text for the word None, and a blank one breaks its reader.
        found = graph([text if text.strip() else "" for text in texts])
        left_out = [i for i in range(len(texts)) if str(i) not in found]
        if left_out:
            raise ValueError(f"RadGraph could not read text {left_out[0]} of {len(texts)}")
        return found

    return read
