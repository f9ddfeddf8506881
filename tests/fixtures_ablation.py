"""An ablation whose stages write made-up bytes in place of training, so that its bookkeeping is tested in a second."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from unirg_core import params
from unirg_core.ablation import arms, measure, run
from unirg_core.files import digest_of, read_json, write_json
from unirg_core.study import MANIFEST, SELECTION, TRUTH

ROOT = Path(__file__).resolve().parents[1]
PAIR = run.Pair(20, 0)


def made_up(ran: list[str]) -> Callable[..., None]:
    """Return a stand-in for `roots.run_stage` that writes what the stage would, and notes `ARM stage`."""

    def stage(folder: Path, *command: str) -> None:
        ran.append(f"{folder.name} {command[-1].rpartition('.')[2]}")
        for path in (MANIFEST, SELECTION, TRUTH) if command[-1] == "ingest" else ():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f"{folder.name} {path}")
        if command[-1] in ("sft", "rl"):
            pinned = read_json(folder / "inputs.json")["base_model"]["digest"]
            (folder / "checkpoints" / command[-1]).mkdir(parents=True)
            (folder / "checkpoints" / command[-1] / "model").write_text(
                digest_of([pinned, (folder / "params.yaml").read_text()])
            )
        if command[-1].endswith("measure"):
            pq.write_table(pa.table({"system": ["arm", "template"], "score": [0.5, 0.0]}), folder / measure.SCORED)
            write_json(folder / measure.FIGURES, {"texts": {}, "strengths": {}})

    return stage


def small(*assigned: str) -> params.Params:
    """Return the smallest recipe, with something set above it."""
    return params.resolve(ROOT, "smoke", params.assignments(assigned))


def ablated(*names: str, of: params.Params, keep: Path | None = None) -> dict[str, run.Measured]:
    """Run arms on one pair, and return each by its name."""
    chosen = [arm for arm in arms.ARMS.values() if arm.name in names]
    return {one.arm.name: one for one in run.ablate(of, chosen, [PAIR], 1, keep)}
