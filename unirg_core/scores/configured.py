"""The scores that a run can name: those that need nothing, and those that its settings bring."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.params import Params, Scores
from unirg_core.scores.reward import Score, all_scores

Training = Callable[[], Sequence[str]]
"""Gives the training references, when a score first asks for them."""


def configured(
    settings: Scores, training: Training | None = None, used: Collection[str] | None = None
) -> Mapping[str, Score]:
    """Return `SCORES`, `cider`, and the scores that the section `scores` of params.yaml sets up.

    Parameters
    ----------
    training
        Where `cider` counts its document frequencies; without, it can be named but not asked.
    used
        The names that will be asked. What is set up but not used is left out: no key, folder or service is looked at
        for its sake. By default everything is here.

    Raises
    ------
    BadInput
        When a score that is set up cannot work here, as a judge whose key is not in the environment, a folder without a
        model, or a service with other weights than those pinned.
    ScoreFault
        When the service does not answer.
    """
    scores = {**all_scores(), "cider": _cider(training)}
    if settings.judge and _wanted(used, "judge"):
        from unirg_core.scores.judge import Judge

        scores["judge"] = Judge(settings.judge)
    if settings.semantic and _wanted(used, "semantic"):
        scores["semantic"] = _semantic(Path(settings.semantic.folder), settings.semantic.digest)
    if settings.service and _wanted(used, "radcliq", *settings.service.scores):
        from unirg_core.scores.service import service_scores

        scores |= service_scores(settings)
    return MappingProxyType(scores)


def asked(params: Params) -> list[str]:
    """Return the name of each score for which RL or evaluation asks what the section `scores` sets up."""
    steps = [step for step in (params.rl.step1, params.rl.step2) if step]
    looked = params.rl.validation_scores if params.rl.validate_every else ()
    return sorted({*params.evaluate.scores, *looked, *(name for step in steps for name in step.reward)})


def check_answers(settings: Scores, used: Collection[str]) -> None:
    """Ask a judge and a scorer service that are set up and used, once and without report text, whether they answer.

    Raises
    ------
    BadInput
        When one does not answer, or not as what it is taken for; one sentence with the remedy.
    """
    if settings.judge and _wanted(used, "judge"):
        from unirg_core.scores.judge import Judge

        Judge(settings.judge).check()
    if settings.service and _wanted(used, "radcliq", *settings.service.scores):
        from unirg_core.scores.service import Service

        Service(settings.service.url, settings.service.scores, settings.service.timeout).check()


def _wanted(used: Collection[str] | None, *names: str) -> bool:
    return used is None or not set(names).isdisjoint(used)


def _cider(training: Training | None) -> Score:
    from unirg_core.scores.cider import Cider, document_frequencies

    @cache
    def counted() -> Cider:
        if training is None:
            raise BadInput("cider weighs words by the training references, and none are given here.")
        return Cider(document_frequencies(training()))

    return lambda candidates, references: counted()(candidates, references)


def _semantic(folder: Path, pinned: str) -> Score:
    from unirg_core.scores.semantic import Semantic

    score = Semantic(folder)
    if (found := tree_digest(folder)) != pinned:
        raise BadInput(
            f"scores.semantic.folder {folder} has digest {found}, not {pinned}; put the pinned files back, "
            "or pin what is there as scores.semantic.digest."
        )
    return score
