"""What becomes of earlier runs when a new request comes: taken up again, said to be killed, or brought to their end."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from unirg_core.audit import record as records
from unirg_core.runs.finish import completion, died, last_sign, put_down

if TYPE_CHECKING:
    from unirg_core.runs.run import Run, Trigger


def adopt(run: "Run", trigger: "Trigger") -> None:
    """Note that a cut-off run goes on, by whom and in which environment: its first one may have been another."""
    record = run.record
    times = record["times"]
    cut_off = {"ended": times.get("ended") or last_sign(run), "error": record.get("error")}
    records.change(run.folder, state=records.RUNNING, error=None, times={"started": times["started"]})
    who = {"principal": trigger.principal, "command": trigger.command}
    records.event(run.folder, "adopted", **who, cut_off=cut_off, environment=records.environment())


def completed(run: "Run") -> bool:
    """Tell whether a run is completed; what a kill left out of its end is made up for."""
    told = run.record
    record = told if told["state"] == records.COMPLETED else completion(run)
    if record is not None and (lock := run.hold()):
        with lock:
            put_down(run, record, f"Record run {run.id}")
    return record is not None


def bury_dead(before: Iterable["Run"], key: str) -> None:
    """Say of runs of other keys that died without a word what became of them, in records and on branches."""
    for run in before:
        if run.record["state"] != records.RUNNING or run.record["key"] == key:
            continue
        if lock := run.hold():
            with lock:
                if left := completion(run):
                    put_down(run, left, f"Record run {run.id}")
                else:
                    put_down(run, died(run), "Record that the run was killed")
