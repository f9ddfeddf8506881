"""The scores that a run can name: those that need nothing, and those that its settings bring."""

from collections.abc import Mapping
from types import MappingProxyType

from unirg_core.params import Scores
from unirg_core.scores import SCORES, Score


def configured(settings: Scores) -> Mapping[str, Score]:
    """Return `SCORES` and the scores that the section `scores` of params.yaml sets up.

    Raises
    ------
    BadInput
        When a score that is set up cannot work here, as a judge whose key is not in the environment.
    """
    scores = dict(SCORES)
    if settings.judge:
        from unirg_core.scores.judge import Judge

        scores["judge"] = Judge(settings.judge)
    return MappingProxyType(scores)
