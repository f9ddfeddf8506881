"""A history of versions made as runs make them: pinned, `dvc repro` in the run's own checkout, pushed, committed."""

from typing import Any

from fixtures_clone import Clone

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.runs.run import Run, Trigger, decide
from unirg_core.runs.stage import run_stage
from unirg_core.version import version

_SPLIT = {"held_out": [], "validation": 0.1, "test": 0.2}


def version_run(clone: Clone, drop: str, *, remote: dict[str, Any] | None = None, **section: Any) -> Run:
    """Run ingest and version on a drop, and conclude as if the rest had passed."""
    ingest = {"source": "folder", "path": drop, "policy": "consent-1", "processes": 1, "image_size": 32}
    asked = params.resolve(
        clone.root,
        above={"ingest": {**ingest, "split": _SPLIT, **section}, "version": {"push": False, **(remote or {})}},
    )
    decision = decide(clone.root, asked, Trigger("command", "t", "unirg retrain"))
    assert decision.what in ("new", "adopted"), decision.sentence
    with decision.lock:
        run_stage(decision.run, "ingest", lambda line: None)
        version(decision.run)
        records.change(decision.run.folder, state=records.COMPLETED)
    return decision.run
