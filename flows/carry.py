"""Carry a run from its pins to its last commit: what holds for every flow that makes a model."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.named import name_flow_run
from flows.trigger import trigger_here
from unirg_core.approve import nobody_answered
from unirg_core.audit import record as records
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.params import SOURCES
from unirg_core.progress import say
from unirg_core.register.tracking import close_run
from unirg_core.runs.finish import conclude, ended
from unirg_core.runs.launch import Request, request_run
from unirg_core.runs.run import STATIONS, UNTIL, Run
from unirg_core.runs.stage import StageFault, StageKilled


class Asked(BaseModel):
    """What to retrain on and how, as every form asks it."""

    model_config = ConfigDict(extra="forbid")

    recipe: str | None = Field(None, description="A file of recipes/ without its ending, as smoke; empty: params.yaml")
    source: Literal[SOURCES] | None = Field(None, description="Where studies come from; empty: as the recipe says")
    path: str | None = Field(None, description="Folder on the worker's machine, or s3://bucket/prefix")
    mapping: str | None = Field(
        None, description="YAML that names the table's columns; empty: mapping.yaml in the drop"
    )
    set: list[str] = Field(default_factory=list, description="Single parameters, as rl.step1.steps=40")
    approval: Literal["ask", "auto"] = Field("ask", description="ask waits for a person; auto is recorded as such")

    def request(self) -> Request:
        """Return what `unirg retrain` would make of the same wishes."""
        known = {field.name for field in fields(Request)}
        return Request(**{**self.model_dump(include=known), "set": tuple(self.set)})


class Form(Asked):
    """What to retrain on and how."""

    until: Literal[UNTIL] | None = Field(
        None, description="End after this station and register nothing: validate to look at data first"
    )
    drop: str | None = Field(None, description="Filled in by watch/drop: the drop that asked for the run")


EMPTY = Form()


Way = Callable[[Run], Iterable[object]]
"""Passes one station of a run each time that it is asked on, in the order of STATIONS."""


def carry(form: Form, way: Way) -> str:
    """Pin what a form asks for, unless nothing changed or the run is alive already, and carry it out."""
    decision = request_run(form.request(), Path.cwd(), trigger_here(form.drop))
    say("retrain", decision.sentence)
    if decision.what in ("live", "unchanged"):
        return decision.sentence
    with decision.lock:
        return carry_held(decision.run, way)


def carry_held(run: Run, way: Way) -> str:
    """Take a run whose lock is held through its way, and conclude it however it ends.

    Returns the gate's verdict, or, where the run was to end before it, after which station it did.

    Raises
    ------
    HonestNegative
        Among others where the run was completed, and nobody answered for its model in time.
    """
    name_flow_run(run)
    try:
        for _ in zip(run.stations, way(run), strict=False):  # a run may be asked to end after one of them
            pass
    except StageKilled as fault:
        _end(run, records.KILLED, "Record that a stage was killed", error=str(fault))
        raise
    except (BadInput, HonestNegative, StageFault) as fault:
        _end(run, records.FAILED, f"Record that the run failed: {type(fault).__name__}", error=str(fault))
        raise
    except Exception as fault:
        _end(run, records.FAILED, "Record that the run failed on a fault", error=f"{type(fault).__name__}: {fault}")
        raise
    except BaseException as end:  # an interrupt or a termination: the same request takes the run up again
        _end(run, records.KILLED, "Record that the run was cut off", error=type(end).__name__)
        raise
    if run.stations != STATIONS:
        records.event(run.folder, "ended early", after=run.stations[-1])
    _end(run, records.COMPLETED, f"Record run {run.id}")
    if said := nobody_answered(run.record):
        raise HonestNegative(said)
    verdict = run.record.get("verdict")
    return verdict["verdict"] if verdict else f"ended after {run.stations[-1]}"


def _end(run: Run, state: str, message: str, error: str | None = None) -> None:
    """Conclude a run, then close its page; where it has failed, no further fault takes the place of the first one."""
    try:
        conclude(run, ended(run, state, error), message)
    except Exception as fault:
        if state == records.COMPLETED:
            raise
        say("retrain", f"The end of run {run.id} could not be committed ({type(fault).__name__}: {fault}).")
        records.change(run.folder, state=state, error=error)
    try:
        close_run(run, state)
    except Exception as fault:  # MLflow is a view of the record
        say("retrain", f"The MLflow page of run {run.id} stays open ({type(fault).__name__}: {fault}).")
