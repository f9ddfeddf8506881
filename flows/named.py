"""Keep Prefect's page true: a flow run bears its run's id, and one whose process is gone does not run on there."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

from unirg_core.audit import record as records
from unirg_core.runs.run import Run, all_runs

_UNENDED = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING, StateType.PAUSED)


def name_flow_run(run: Run) -> None:
    """Name this flow run after its run, note it in the record, and end those that died without a word.

    A killed process tells Prefect nothing, so the runs that are recorded as killed, and the earlier attempts at this
    one, are set to `Crashed` by the next flow that starts on the same server. One that died while it waited for a
    person offers its form no more: nobody would hear the answer.
    """
    here = str(flow_run.id)
    dead = [
        known
        for other in all_runs()
        if (other.id == run.id or other.record["state"] == records.KILLED)
        and (known := other.record.get("flow_run"))
        and known != here
    ]
    records.change(run.folder, flow_run=here)
    with get_client(sync_client=True) as client:
        if flow_run.name != run.id:
            client.update_flow_run(here, name=run.id)
        if dead:
            _end(client, dead)


def _end(client: object, dead: list[str]) -> None:
    unended = FlowRunFilter(
        id=FlowRunFilterId(any_=dead), state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_UNENDED)))
    )
    for found in client.read_flow_runs(flow_run_filter=unended):
        client.set_flow_run_state(found.id, Crashed(message="Its process was killed."), force=True)
