"""The scores that a run can name: those that need nothing, and those that its settings bring."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from unirg_core.params import Scores
from unirg_core.scores.reward import Score, all_scores


def configured(settings: Scores) -> Mapping[str, Score]:
    """Return `SCORES` and the scores that the section `scores` of params.yaml sets up.

    Raises
    ------
    BadInput
        When a score that is set up cannot work here, as a judge whose key is not in the environment, a folder without a
        model, or a service with other weights than those pinned.
    ScoreFault
        When the service does not answer.
    """
    scores = dict(all_scores())
    if settings.judge:
        from unirg_core.scores.judge import Judge

        scores["judge"] = Judge(settings.judge)
    if settings.semantic:
        from unirg_core.scores.semantic import Semantic

        scores["semantic"] = Semantic(Path(settings.semantic))
    if settings.service:
        from unirg_core.scores.service import service_scores

        scores |= service_scores(settings)
    return MappingProxyType(scores)
