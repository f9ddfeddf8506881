"""Evaluate: the reports of every system on the frozen test sets, their scores, and intervals over whole patients.

Reads manifest, selection, shards, truth, the checkpoints and `inputs.json`; writes `reports/predictions.parquet`,
`reports/scores.parquet` and `reports/evaluation.json`. Figures go to the run's folder.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unirg_core.params import Params

if TYPE_CHECKING:
    import pyarrow as pa

PREDICTIONS, SCORES, EVALUATION = "reports/predictions.parquet", "reports/scores.parquet", "reports/evaluation.json"


def evaluate(params: Params, root: Path) -> None:
    """Predict, score and summarise the test sets of the checkout `root`.

    Raises
    ------
    BadInput
        When a score does not exist, when there is no test study, or when a model is not the one that is pinned.
    """
    from unirg_core.evaluate import predict, scoring
    from unirg_core.evaluate.figures import draw
    from unirg_core.evaluate.summary import summarise
    from unirg_core.files import read_json, write_json
    from unirg_core.home import run_folder
    from unirg_core.models import dataset
    from unirg_core.scores import check_names
    from unirg_core.scores.answer import ill_formed, narratives, read_by
    from unirg_core.scores.configured import configured

    named = params.evaluate.scores
    known = configured(params.scores, lambda: [dataset.reference(row) for row in dataset.rows(root, "train")], named)
    scores = read_by(known, params.model.output)
    check_names(named, scores)
    asked, absent = predict.systems(params, root, read_json(root / "inputs.json"))
    rows = predict.studies(params, root)
    truth, no_truth = scoring.truth_of(root, rows)
    texts = predict.predictions(params, root, rows, asked)
    _write(root / PREDICTIONS, _spread(rows, texts))
    told = {system: narratives(written, params.model.output) for system, written in texts.items()}
    table = scoring.score(rows, texts, {name: scores[name] for name in named}, truth, told)
    _write(root / SCORES, table)
    found = summarise(params, table, told)
    if params.model.output == "think_answer":
        found["ill_formed"] = {system: ill_formed(written) for system, written in texts.items()}
    found["source"] = scoring.source_of(root)
    missing = dict.fromkeys(scoring.TRUTH_SCORES, no_truth) if truth is None else {}
    found["absent"] = {"systems": absent, "scores": missing}
    write_json(root / EVALUATION, found)
    draw(found, run_folder() / "figures")
    _tell(found)


def _spread(rows: Sequence[Mapping[str, Any]], texts: Mapping[str, Sequence[str]]) -> "pa.Table":
    """Return the predictions as rows of study_id, system, text."""
    import pyarrow as pa

    columns = {
        "study_id": [row["study_id"] for _ in texts for row in rows],
        "system": [system for system in texts for _ in rows],
        "text": [text for reports in texts.values() for text in reports],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _write(path: Path, table: "pa.Table") -> None:
    import pyarrow.parquet as pq

    from unirg_core.files import written_whole

    with written_whole(path) as temporary:
        pq.write_table(table, temporary)


def _tell(found: Mapping[str, Any]) -> None:
    """Print what RL changed against SFT, as it came out, and which reports are of no use."""
    from unirg_core.progress import say

    for row in found["differences"]:
        if row["against"] == "sft" and row["subset"] != "all":
            interval = "no interval" if row["low"] is None else f"[{row['low']:+.3f}, {row['high']:+.3f}]"
            value = "undefined" if row["value"] is None else f"{row['value']:+.3f}"
            people = f"{row['studies']} studies of {row['patients']} patients"
            say("evaluate", f"{row['subset']}: {row['score']} of RL less SFT {value} {interval} ({people})")
    for warning in found["warnings"]:
        say("evaluate", f"warning: {warning}")
