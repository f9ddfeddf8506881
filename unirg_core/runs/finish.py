"""How a run ends, however it ends: the record's last fields, the last commit, and the state in the run's folder last.

A kill between two of these steps loses nothing: the record that lies in the checkout says how the run was to end, and
the next request does again what is missing.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import read_json, read_lines, tree_digest, write_json
from unirg_core.progress import say
from unirg_core.runs.checkout import commit

if TYPE_CHECKING:
    from unirg_core.runs.run import Run

_RECORD = "record.json"
_COMMITTED = ("params.yaml", "inputs.json", "dvc.lock", _RECORD, "metrics")
_METRICS = ("data/validation.json", "data/drift.json", "reports/evaluation.json", "reports/verdict.json")
"""What a run's last commit holds: figures and digests; never studies, report text or weights. The metrics are committed
as copies, because DVC refuses an output that git tracks, and restores from its run cache only what it may cache."""


def ended(run: "Run", state: str, error: str | None = None) -> dict[str, Any]:
    """Return the record with state, end, segments, checkpoint digests, scores, and the evidence of a collapse."""
    return {
        **_stopped(run, state, error, records.now()),
        "checkpoints": _checkpoints(run),
        "scores": _scores(run),
        **_collapse(run),
    }


def died(run: "Run") -> dict[str, Any]:
    """Return the record of a run whose process is gone without a word; it ended when it last gave a sign of life."""
    return _stopped(run, records.KILLED, "Its process died without a word.", last_sign(run))


def last_sign(run: "Run") -> str:
    """Return when the run last wrote into its folder."""
    return records.at(max(path.stat().st_mtime for path in run.folder.iterdir() if path.is_file()))


def _stopped(run: "Run", state: str, error: str | None, when: str) -> dict[str, Any]:
    record = run.record
    times, segments = {**record["times"], "ended": when}, read_lines(run.folder / "segments.jsonl")
    return {**record, "state": state, "error": error, "times": times, "segments": segments}


def _collapse(run: "Run") -> dict[str, Any]:
    """Return the figures of a collapse; the example texts stay in the run's folder, because a record holds none."""
    path = run.folder / "collapse.json"
    if not path.exists():
        return {}
    return {"collapse": {name: value for name, value in read_json(path).items() if name != "examples"}}


def _checkpoints(run: "Run") -> dict[str, str]:
    folders = {name: run.checkout / "checkpoints" / name for name in ("sft", "rl")}
    return {name: tree_digest(folder) for name, folder in folders.items() if folder.is_dir()}


def _scores(run: "Run") -> Any:
    path = run.checkout / "reports" / "evaluation.json"
    return read_json(path) if path.exists() else None


def conclude(run: "Run", record: Mapping[str, Any], message: str) -> None:
    """Commit what the run leaves behind, the record among it, on the run's branch; then let its folder say the same.

    Raises
    ------
    BadInput
        When git takes no commit; then the folder says what it said before.
    """
    if (run.checkout / "params.yaml").exists():
        write_json(run.checkout / _RECORD, record)
        (run.checkout / "metrics").mkdir(exist_ok=True)
        for name in _METRICS:
            if (run.checkout / name).exists():
                shutil.copyfile(run.checkout / name, run.checkout / "metrics" / Path(name).name)
        commit(run.checkout, message, _COMMITTED)
    records.write(run.folder, record)


def put_down(run: "Run", record: Mapping[str, Any], message: str) -> None:
    """Conclude a run that nobody carries on; where its checkout takes no commit any more, its folder alone tells."""
    try:
        conclude(run, record, message)
    except BadInput as fault:
        say("retrain", f"The end of run {run.id} could not be committed: {fault}")
        records.write(run.folder, record)


def completion(run: "Run") -> dict[str, Any] | None:
    """Return the record with which the run was being completed when it was cut off, None where it was not."""
    path = run.checkout / _RECORD
    left = read_json(path) if path.exists() else {}
    return left if left.get("run") == run.id and left["state"] == records.COMPLETED else None
