"""Who or what asked for a flow run, as the server tells it: into a form anybody can write anything."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run

from unirg_core.runs.run import Kind, Trigger


def drop_key(drop: str) -> str:
    """Return the idempotency key of the run that a drop's own look starts without an event."""
    return f"drop-{drop}"


def trigger_here(drop: str | None) -> Trigger:
    """Return what asked for this flow run, whose form names a drop or none."""
    with get_client(sync_client=True) as client:
        return trigger_of(client.read_flow_run(flow_run.id), drop)


def trigger_of(run: FlowRun, drop: str | None) -> Trigger:
    """Return what asked for a flow run; a drop asked only where an automation or its own look has started the run."""
    kind, principal = _who(run, drop)
    return Trigger(kind, principal, f"flow run {run.id}")


def _who(run: FlowRun, drop: str | None) -> tuple[Kind, str]:
    by = run.created_by.type if run.created_by else None
    if by == "SCHEDULE":
        return "schedule", f"schedule {run.created_by.display_value} ({run.created_by.id})"
    if drop and (by == "AUTOMATION" or run.idempotency_key == drop_key(drop)):
        return "event", f"drop {drop}"
    if by == "AUTOMATION":
        return "event", f"automation {run.created_by.display_value}"
    return "deployment", str(run.deployment_id or "by hand")
