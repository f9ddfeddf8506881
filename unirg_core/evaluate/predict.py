"""Reports of every system on the frozen test sets, greedily.

The systems: `template` (one constant normal report), `base` (what training started from), `sft`, `rl`, and `champion`
where one is pinned. All see the same pictures and prompts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.home import home
from unirg_core.models import dataset
from unirg_core.models.longitudinal import question
from unirg_core.models.prompts import compose
from unirg_core.params import Params
from unirg_core.progress import Progress, say
from unirg_core.scores.answer import tagged
from unirg_core.scores.labels import label_one

TEMPLATE = compose(
    "The lungs are clear. The heart is normal in size. The mediastinal contours are normal. "
    "There is no pleural effusion or pneumothorax. The bones are unremarkable.",
    "No acute cardiopulmonary abnormality.",
)
"""The constant normal report, in no institution's house style: what a score gives for saying nothing of the picture.

Such a template reaches RadGraph F1 .397 on IU X-ray, above a trained model (test_scores_traps, 5), so it stands beside
every figure.
"""

SYSTEMS = ("template", "base", "sft", "rl", "champion")
SUBSETS = ("in_domain", "held_out")


@dataclass(frozen=True)
class System:
    """A model to be asked: its name here, and the folder or name that it is loaded from (None: the pinned base).

    `bias` is added to the logits of its tokens at every step.
    """

    name: str
    path: Path | None
    bias: Mapping[int, float] | None = None


def studies(params: Params, root: Path) -> list[dict[str, Any]]:
    """Return the test studies, each with its `subset`; at most `evaluate.maximum_studies` a subset, by study id.

    Study ids are keyed pseudonyms, so their order is random but fixed.

    Raises
    ------
    BadInput
        When there is no test study.
    """
    rows = sorted(dataset.rows(root, "test"), key=lambda row: row["study_id"])
    if not rows:
        raise BadInput("There is no test study to evaluate on; raise ingest.split.test or hold an institution out.")
    kept: dict[str, list[dict[str, Any]]] = {name: [] for name in SUBSETS}
    for row in rows:
        subset = "held_out" if row["institution"] in params.ingest.split.held_out else "in_domain"
        kept[subset].append({**row, "subset": subset})
    cap = params.evaluate.maximum_studies or len(rows)
    return [row for name in SUBSETS for row in kept[name][:cap]]


def systems(params: Params, root: Path, inputs: Mapping[str, Any]) -> tuple[list[System], dict[str, str]]:
    """Return the models to ask and, for those that are absent, the reason.

    Raises
    ------
    BadInput
        When base or champion is not the one that `inputs.json` pins.
    """
    from unirg_core import models

    pinned, found = inputs["base_model"]["digest"], models.digest(params.model.base, params.model.revision)
    if found != pinned:
        raise BadInput(
            f"model.base = {params.model.base} has digest {found[:12]}, but inputs.json pins {pinned[:12]}; "
            "restore the pinned model or start a new run."
        )
    present = [
        System("base", None),
        System("sft", root / "checkpoints" / "sft"),
        System("rl", root / "checkpoints" / "rl"),
    ]
    champion = inputs.get("champion")
    if not champion:
        return present, {"champion": "there is no champion yet"}
    return [*present, System("champion", _champion_folder(champion))], {}


def _champion_folder(champion: Mapping[str, Any]) -> Path:
    """Return the pinned champion's folder, after a look at its digest; relative paths start at UNIRG_HOME."""
    folder = home() / (champion.get("path") or champion.get("uri") or "")
    if not folder.is_dir():
        raise BadInput(f"inputs.json: champion.path {folder} is no folder; fetch that model or start a new run.")
    if tree_digest(folder) != champion["digest"]:
        raise BadInput(f"The champion in {folder} is not the one that inputs.json pins; remove it and start a new run.")
    return folder


def predictions(params: Params, root: Path, rows: list[dict[str, Any]], asked: list[System]) -> dict[str, list[str]]:
    """Return the reports of each system, in the order of `rows`."""
    template = TEMPLATE if params.model.output == "plain" else tagged(TEMPLATE, label_one(TEMPLATE).values)
    texts = {"template": [template] * len(rows)}
    progress = Progress("evaluate", len(rows) * len(asked), "reports")
    for system in asked:
        say("evaluate", f"{system.name} writes {len(rows):,} reports")
        texts[system.name] = list(_written(params, root, rows, system, progress))
    return texts


def _written(
    params: Params, root: Path, rows: list[dict[str, Any]], system: System, progress: Progress
) -> Iterator[str]:
    """Yield one report a study; only a batch of pictures is in memory at a time."""
    from unirg_core import models

    model, processor = models.load(params.model, system.path)
    size = params.evaluate.batch_size
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        asked = [question(root, row, params.model) for row in batch]
        images, prompts = [one.pictures for one in asked], [one.prompt for one in asked]
        yield from models.generate(model, processor, images, prompts, params.model, size, system.bias)
        progress.step(len(batch))
