"""What a score that is not always there needs, in one sentence for whoever names it without having set it up."""

from unirg_core.families import TRUTH_SCORES

SERVED = ("bertscore", "sembscore", "chexbert_f1", "radgraph_f1", "ratescore", "green")
"""Scores that need weights, so that a scorer service gives them."""

_SECTIONS = {
    "judge": "judge needs scores.judge in params.yaml (docs/judge.md).",
    "agreement": "agreement needs model.output: think_answer in params.yaml (docs/models.md).",
    "semantic": "semantic needs scores.semantic in params.yaml, the folder and digest of a model (docs/scores.md).",
    "radcliq": "radcliq needs scores.service in params.yaml, with bertscore, sembscore and radgraph_f1 "
    "(docs/model-scores.md).",
    "cider": "cider needs training references to weigh words by: a run has its own, `unirg score` takes "
    "--cider-documents or --training (docs/score-files.md).",
}


def needed(name: str) -> str | None:
    """Return what a score needs before it can be named; None where there is no such score."""
    if name in SERVED:
        return (
            f"{name} needs scores.service in params.yaml, with {name} in scores.service.scores (docs/model-scores.md)."
        )
    if name in TRUTH_SCORES:
        return f"{name} needs no naming: evaluate measures it by itself where there is a truth file; leave it out."
    return _SECTIONS.get(name)
