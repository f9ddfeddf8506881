"""Fill in the record's last fields when a run ends, however it ends."""

from typing import Any

from unirg_core.audit import record as records
from unirg_core.files import read_json, read_lines, tree_digest
from unirg_core.runs.run import Run


def finish(run: Run, state: str, error: str | None = None) -> None:
    """Set state, end, segments, checkpoint digests, scores, and the evidence of a collapse in the record."""
    record = run.record
    records.change(
        run.folder,
        state=state,
        error=error,
        times={**record["times"], "ended": records.now()},
        segments=read_lines(run.folder / "segments.jsonl"),
        checkpoints=_checkpoints(run),
        scores=_scores(run),
        **_collapse(run),
    )


def _collapse(run: Run) -> dict[str, Any]:
    """Return the figures of a collapse; the example texts stay in the run's folder, because a record holds none."""
    path = run.folder / "collapse.json"
    if not path.exists():
        return {}
    return {"collapse": {name: value for name, value in read_json(path).items() if name != "examples"}}


def _checkpoints(run: Run) -> dict[str, str]:
    folders = {name: run.checkout / "checkpoints" / name for name in ("sft", "rl")}
    return {name: tree_digest(folder) for name, folder in folders.items() if folder.is_dir()}


def _scores(run: Run) -> Any:
    path = run.checkout / "reports" / "evaluation.json"
    return read_json(path) if path.exists() else None
