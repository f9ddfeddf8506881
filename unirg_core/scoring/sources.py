"""Where `unirg score` finds the scores that it is asked for: in the core, in params.yaml, or over a file of reports."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.params import Scores, load_scores
from unirg_core.scores import SCORES, check_names
from unirg_core.scores.configured import check_answers, configured
from unirg_core.scores.reward import Score
from unirg_core.scores.setup import needed
from unirg_core.scoring.corpus import CORPUS

PARAMS = Path("params.yaml")


def scores(names: Sequence[str], params: Path | None, documents: Callable[[], list[str]] | None) -> Mapping[str, Score]:
    """Return the scores of those names, ready to be asked.

    Parameters
    ----------
    params
        File whose section `scores` sets some of them up; None: `params.yaml` here, if there is one. It is read only
        where a name needs it.
    documents
        Gives the texts that `cider` weighs words by; None where there are none.

    Raises
    ------
    BadInput
        For a name that is no score, or is not set up; and when a judge or service that is named does not answer.
    """
    for name in names:
        if name in CORPUS:
            raise BadInput(f"{name} needs no naming: it is told of every scoring; leave it out of --scores.")
    if all(name in SCORES for name in names):
        return SCORES
    if "cider" in names and documents is None:
        raise BadInput(needed("cider") or "")
    settings = _settings(params)
    check_answers(settings, names)
    known = {**configured(settings, documents, names), **SCORES}
    check_names(names, known)
    if "cider" in names:
        known["cider"]([], [])  # counts the documents now: a file that will not do is told before anything is scored
    return known


def _settings(params: Path | None) -> Scores:
    if params is None and not PARAMS.exists():
        return Scores()
    return load_scores(params or PARAMS)
