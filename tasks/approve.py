"""The `approve` station: in mode ask, a run whose gate has passed waits for a person."""

from typing import Any, Literal

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

from unirg_core import approve as approvals
from unirg_core.progress import say
from unirg_core.runs.run import Run


class Approval(RunInput):
    """What the person who approves fills in."""

    name: str = Field(description="Who decides")
    decision: Literal["approved", "rejected"] = Field(description="Does this model become the champion?")
    reason: str = Field(description="On what grounds")


@task(name="approve", cache_policy=NO_CACHE)
def noted(run: Run, verdict: dict[str, Any]) -> dict[str, Any] | None:
    """Note the decision where no person is to be asked."""
    return approvals.without_asking(run, verdict)


def approve(run: Run, verdict: dict[str, Any]) -> dict[str, Any]:
    """Return the decision; in mode ask the flow pauses until somebody has filled in the form in Prefect's UI."""
    approval = noted(run, verdict)
    if approval is None:
        said = pause_flow_run(wait_for_input=Approval, timeout=int(run.params.approve.wait_hours * 3600))
        approval = approvals.decided(run, said.decision, said.name, "ask", said.reason)
    say("approve", approvals.told(approval))
    return approval
