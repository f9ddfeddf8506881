"""What an arm writes for the test sets, scored; a process of its own, by `python -m unirg_core.ablation.measure`."""

import os
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import read_json, write_json, written_whole
from unirg_core.home import die_with, run_folder
from unirg_core.params import Params, load

ARM, SCORED, FIGURES = "arm.json", "scores.parquet", "figures.json"
TEMPLATE = "template"
"""The system whose scores stand beside the arm's: one constant normal report."""


def measure(params: Params, root: Path) -> dict[str, Any]:
    """Write `scores.parquet` of an arm and of the constant template, and return the figures of its texts.

    `arm.json` says in which checkpoint the model stands, and whether a logit bias is chosen for it.

    Raises
    ------
    BadInput
        When there is no truth file, or no study to measure by.
    """
    import pyarrow.parquet as pq

    from unirg_core.ablation import bias
    from unirg_core.evaluate import predict, scoring, summary
    from unirg_core.models import dataset
    from unirg_core.scores.answer import narratives, read_by
    from unirg_core.scores.configured import configured

    asked = read_json(root / ARM)
    folder = root / "checkpoints" / asked["checkpoint"]
    rows = predict.studies(params, root)
    subsets = [row["subset"] for row in rows]
    if empty := [name for name in predict.SUBSETS if name not in subsets]:
        raise BadInput(
            f"The world has no test study of the subset {empty[0]}, by which every arm is measured; raise "
            "ingest.phantom.patients or ingest.split.test."
        )
    pushed, strengths = bias.chosen(params, root, folder) if asked["bias"] else ({}, {})
    truth, reason = scoring.truth_of(root, rows)
    if truth is None:
        raise BadInput(f"The ablation holds reports against a truth file, and {reason}.")
    named = params.evaluate.scores
    known = configured(params.scores, lambda: [dataset.reference(row) for row in dataset.rows(root, "train")], named)
    scores = read_by(known, params.model.output)
    texts = predict.predictions(params, root, rows, [predict.System("arm", folder, pushed or None)])
    told = {system: narratives(written, params.model.output) for system, written in texts.items()}
    with written_whole(root / SCORED) as temporary:
        pq.write_table(scoring.score(rows, texts, {name: scores[name] for name in named}, truth, told), temporary)
    figures = {name: summary.text_figures(_within(told["arm"], subsets, name)) for name in predict.SUBSETS}
    return {"texts": figures, "strengths": strengths}


def _within(texts: list[str], subsets: list[str], name: str) -> list[str]:
    return [text for text, subset in zip(texts, subsets, strict=True) if subset == name]


def main(root: Path) -> None:
    """Measure the arm in `root`; leave a refusal where the parent finds it."""
    if parent := os.environ.get("UNIRG_PARENT"):
        die_with(int(parent))
    try:
        write_json(root / FIGURES, measure(load(root / "params.yaml"), root))
    except (BadInput, HonestNegative) as error:
        write_json(run_folder() / "fault.json", {"kind": type(error).__name__, "sentence": str(error)})
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(Path.cwd())
