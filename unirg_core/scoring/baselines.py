"""What costs nothing: a constant template, and copies of training reports. A model that does not beat them is none.

`template` says "normal" of everybody. `nearest_by_context` copies the training report whose context (indication and
comparison) is nearest to the study's: all that a system knows without looking at the picture. `nearest_by_reference`
copies the one nearest to the *reference itself*: it has seen the answer, so it is no competitor but the best that
copying can do - what a retrieval model may hope for. Nearness is the cosine of TF-IDF vectors of words. Never a
report of the same study, nor of the same patient where patients are known.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unirg_core.evaluate.predict import TEMPLATE
from unirg_core.faults import BadInput
from unirg_core.models.prompts import split_report
from unirg_core.scoring.texts import Report, Setting, candidate_text, missing

TEMPLATE_NAME, BY_CONTEXT, BY_REFERENCE = "template", "nearest_by_context", "nearest_by_reference"
BASELINES = (TEMPLATE_NAME, BY_CONTEXT, BY_REFERENCE)

_ALWAYS = "report"
_BLOCK_ENTRIES = 4_000_000
"""Similarities held at once."""


def template(setting: Setting) -> str:
    """Return the constant normal report in one setting."""
    return split_report(TEMPLATE)[0] if setting == "findings" else TEMPLATE


def nearest(
    references: Sequence[Report], training: Sequence[Report], setting: Setting, source: Path
) -> dict[str, list[str]]:
    """Return, for each nearest-report baseline that can be had, its report of each study.

    Parameters
    ----------
    references, training
        The studies to be scored, and those to copy from.
    setting
        Training reports that have nothing in this setting are left out.
    source
        The training file, for the sentences.

    Raises
    ------
    BadInput
        When the training file has nothing to copy for some study.
    """
    pool = [report for report in training if candidate_text(report, setting)]
    if not pool:
        raise BadInput(f"{source}: no training report has text in the setting {setting}; give another --training.")
    texts = [candidate_text(report, setting) for report in pool]
    found = {BY_REFERENCE: _copied(references, pool, [r.written for r in references], [r.written for r in pool])}
    if any(report.context for report in references) and any(report.context for report in pool):
        asked, known = [r.context for r in references], [r.context for r in pool]
        found = {BY_CONTEXT: _copied(references, pool, asked, known)} | found
    for places in found.values():
        if (places < 0).any():
            study = references[int(np.argmax(places < 0))].study_id
            raise BadInput(
                f"{source} holds no report but those of study {study} or its patient; give another --training."
            )
    return {name: [texts[place] for place in places] for name, places in found.items()}


def _copied(
    references: Sequence[Report], pool: Sequence[Report], asked: Sequence[str], known: Sequence[str]
) -> np.ndarray:
    """Return the place in the pool of each study's nearest text, the first of equals; -1 where none is allowed."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import linear_kernel

    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    there = words.fit_transform([f"{text} {_ALWAYS}" for text in known])  # no text is without a word
    here = words.transform(asked)
    forbidden = _forbidden(references, pool)
    places = np.empty(len(references), int)
    size = max(1, _BLOCK_ENTRIES // len(pool))
    for start in range(0, len(references), size):
        similar = linear_kernel(here[start : start + size], there)
        for row, closest in enumerate(similar, start=start):
            closest[forbidden[row]] = -1.0
            places[row] = np.argmax(closest) if closest.max() >= 0 else -1
    return places


def _forbidden(references: Sequence[Report], pool: Sequence[Report]) -> list[list[int]]:
    """Return, for each study, the places in the pool that are its own or its patient's."""
    studies: dict[str, list[int]] = {}
    patients: dict[str, list[int]] = {}
    for place, report in enumerate(pool):
        studies.setdefault(report.study_id, []).append(place)
        if not missing(report.patient_id):
            patients.setdefault(report.patient_id, []).append(place)
    return [studies.get(report.study_id, []) + patients.get(report.patient_id, []) for report in references]
