"""RadCliQ v0 and v1 (Yu et al. 2023): the composite of four scores that ReXrank ranks by. Lower is better.

The constants are the published models' own (docs/scores.md). RadCliQ crosses zero for good reports, so 1 / RadCliQ
explodes and changes sign there: reward with `scaled`, and print 1 / mean(RadCliQ) only beside RadCliQ itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from unirg_core.families import STANDARDISED
from unirg_core.faults import BadInput
from unirg_core.scores.text import bleu2

Score = Callable[[Sequence[str], Sequence[str]], np.ndarray]

Version = Literal["v0", "v1"]

# Order: RadGraph F1, BERTScore, SembScore, BLEU-2.
_MEAN = {
    "v1": (0.5379231241355762, 0.6175725628125001, 0.7647942121140658, 0.44738335396242174),
    "v0": (0.5398376019082272, 0.6312549595000001, 0.7716797866672277, 0.4607372064809605),
}
_SCALE = {
    "v1": (0.3028258411486429, 0.22430938459304575, 0.2539439110169773, 0.2989271671041838),
    "v0": (0.3018344440559102, 0.22466950746141123, 0.24750333805236252, 0.30336670936092264),
}
_COEFFICIENT = {
    "v1": (-0.37708368261038905, -0.37030009974480316, -0.25261621789593225, 4.315048405024756e-12),
    "v0": (-0.4796252644863446, -0.6762170542369337, -0.46366575161751994, 0.2165861905287535),
}
_INTERCEPT = {"v1": 2.4665525613232559e-10, "v0": 1.641666666666666}

_V1_OF_ZEROS, _V1_RANGE = 2.450143, 3.890833  # v1 where all four are 0, and from there to the perfect pair's -1.440690


def radcliq(radgraph: Any, bertscore: Any, sembscore: Any, bleu2: Any, version: Version = "v1") -> np.ndarray:
    """Return RadCliQ of each study from its four scores (arrays or numbers of one shape).

    Raises
    ------
    BadInput
        When the version is neither v0 nor v1.
    ValueError
        When a score is NaN; the sentence names the score and the sample.
    """
    if version not in _MEAN:
        raise BadInput(f"RadCliQ version {version!r} does not exist; there are v0 and v1.")
    parts = {"radgraph": radgraph, "bertscore": bertscore, "sembscore": sembscore, "bleu2": bleu2}
    values = []
    for name, part in parts.items():
        value = np.asarray(part, float)
        if np.isnan(value).any():
            raise ValueError(f"RadCliQ was given NaN as {name} of sample {int(np.argmax(np.isnan(value.ravel())))}")
        values.append(value)
    scaled_parts = (np.stack(np.broadcast_arrays(*values), axis=-1) - _MEAN[version]) / _SCALE[version]
    return scaled_parts @ np.asarray(_COEFFICIENT[version]) + _INTERCEPT[version]


def standards() -> dict[str, tuple[float, float]]:
    """Return the mean and scale by which v1 standardises each of its parts."""
    return dict(zip(STANDARDISED, zip(_MEAN["v1"], _SCALE["v1"], strict=True), strict=True))


def scaled(v1: Any) -> np.ndarray:
    """Return RadCliQ-v1 as a reward in [0, 1]: 1 for a perfect pair, 0 where every part is 0 (below, cut at 0)."""
    return np.clip((_V1_OF_ZEROS - np.asarray(v1, float)) / _V1_RANGE, 0.0, 1.0)


PROVIDED = ("radgraph_f1", "bertscore", "sembscore")
"""The model-based parts, by the names of their scores; BLEU-2 is this project's own."""


def composite(scores: Mapping[str, Score], version: Version = "v1") -> Score:
    """Return RadCliQ as a score over any provider of its parts; lower is better, so weigh it below zero in a reward.

    Raises
    ------
    BadInput
        When the provider lacks a part.
    """
    missing = [name for name in PROVIDED if name not in scores]
    if missing:
        raise BadInput(f"RadCliQ needs {', '.join(PROVIDED)}, but {', '.join(missing)} is not provided.")

    def composed(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        parts = [scores[name](candidates, references) for name in PROVIDED]
        return radcliq(*parts, bleu2(candidates, references), version=version)

    return composed


def raw_form(version: Version = "v1") -> tuple[float, tuple[float, ...]]:
    """Return RadCliQ on raw scores: the constant, and what one unit of each part adds to it."""
    weights = np.asarray(_COEFFICIENT[version]) / np.asarray(_SCALE[version])
    return float(_INTERCEPT[version] - weights @ np.asarray(_MEAN[version])), tuple(weights.tolist())
