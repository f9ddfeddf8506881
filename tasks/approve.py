"""The `approve` station: in mode ask, a run whose gate has passed waits for a person."""

import math
from typing import Any, Literal

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.states import Running
from pydantic import Field

from unirg_core import approve as approvals
from unirg_core.progress import say
from unirg_core.runs.run import Run

_SAYS_SOMETHING = r"\S"


class Approval(RunInput):
    """What the person who approves fills in; Prefect's server holds the form to it when it is sent."""

    name: str = Field(pattern=_SAYS_SOMETHING, description="Who decides")
    decision: Literal["approved", "rejected"] = Field(description="Does this model become the champion?")
    reason: str = Field(pattern=_SAYS_SOMETHING, description="On what grounds")


@task(name="approve", cache_policy=NO_CACHE)
def noted(run: Run, verdict: dict[str, Any], shown: dict[str, str]) -> dict[str, Any] | None:
    """Note the decision where no person is to be asked."""
    return approvals.without_asking(run, verdict, shown)


def approve(run: Run, verdict: dict[str, Any]) -> dict[str, Any]:
    """Return the decision; in mode ask the flow pauses until somebody has filled in the form in Prefect's UI."""
    shown = approvals.evidence(run)
    approval = noted(run, verdict, shown) or _asked(run, shown)
    say("approve", approvals.told(approval))
    return approval


def _asked(run: Run, shown: dict[str, str]) -> dict[str, Any]:
    hours = run.params.approve.wait_hours
    say("approve", f"waits {hours:g} h for a person on Prefect's page; then the model is a candidate alone")
    try:
        said = pause_flow_run(wait_for_input=Approval, timeout=math.ceil(hours * 3600))
    except FlowPauseTimeout:
        _go_on()
        return approvals.unanswered(run, shown)
    return approvals.answered(run, shown, said.decision, said.name.strip(), said.reason.strip())


def _go_on() -> None:
    """Set the flow run to running: the server lets none leave a pause that is over, and ends it as failed."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Running(), force=True)
