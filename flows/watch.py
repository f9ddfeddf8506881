"""New data? Look at a drop; when it has changed and stands still, tell Prefect, whose automation retrains on it.

A drop's event has an id that follows from the drop, and the flow run is looked for before and after: a look that was
cut off between two steps is finished by the next one. Should the automation not answer, the run is started through
the API under the drop's own idempotency key.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from pydantic import Field

from flows.carry import Asked
from flows.trigger import drop_key
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home
from unirg_core.progress import say
from unirg_core.runs.checkout import project_root
from unirg_core.watch import watching

ARRIVED = "unirg.drop.arrived"
RETRAIN, WATCH = "retrain/manual", "watch/drop"
_ANSWER_SECONDS = 45.0
_RECENT = 50
_SETTINGS = "settings.json"


class WatchForm(Asked):
    """What to watch, and what to retrain with when something new is there."""

    settle: float = Field(60.0, ge=0, description="Seconds that the drop must have stood still")


@flow(name="watch", validate_parameters=True)
def watch(form: WatchForm) -> str:
    """Look once at a drop, and start one run of retrain when something new is there and has stood still.

    Args:
        form: The drop, and what to retrain with.
    """
    said = look(form, Path.cwd())
    say("watch", said)
    return said


def look(form: WatchForm, here: Path) -> str:
    """Look once; return what was found, in a sentence."""
    root = project_root(here)
    with watching(form.request(), root) as watched:
        if watched is None:
            return "Another look is under way."
        found = watched.look(form.settle)
        if found.drop is None:
            return found.sentence
        with get_client(sync_client=True) as client:
            flow_run, how = hand_over(client, form, found.drop)
        watched.acted(found.drop, str(flow_run))
    return f"{found.sentence} Flow run {flow_run} retrains on it, {how}."


def hand_over(client: SyncPrefectClient, form: Asked, drop: str) -> tuple[UUID, str]:
    """Emit the drop's event and return the one flow run that came of it, and how it came."""
    deployment = client.read_deployment_by_name(RETRAIN)
    if earlier := _run_of(client, deployment.id, drop):
        return earlier, "started before"
    asked = {**form.model_dump(exclude={"settle"}), "drop": drop}
    _emit(client, drop, asked)
    until = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < until:
        if started := _run_of(client, deployment.id, drop):
            return started, "started by the event"
        time.sleep(1)
    run = client.create_flow_run_from_deployment(
        deployment.id, parameters={"form": asked}, idempotency_key=drop_key(drop), tags=["watch"]
    )
    return run.id, "started directly: no automation answered the event"


def _emit(client: SyncPrefectClient, drop: str, form: dict[str, Any]) -> None:
    """Post the event until the server has it: `emit_event` only queues, and a process can end before it sends."""
    event = {
        "id": str(uuid5(NAMESPACE_URL, f"{ARRIVED}/{drop}")),
        "occurred": datetime.now(UTC).isoformat(),
        "event": ARRIVED,
        "resource": {"prefect.resource.id": f"unirg.drop.{drop}", "prefect.resource.name": f"drop {drop[:12]}"},
        "payload": {"form": form},
    }
    client._client.post("/events", json=[event]).raise_for_status()


def _run_of(client: SyncPrefectClient, deployment: UUID, drop: str) -> UUID | None:
    """Return the flow run that was started for a drop."""
    asked = {
        "flow_runs": {"deployment_id": {"any_": [str(deployment)]}},
        "sort": "EXPECTED_START_TIME_DESC",
        "limit": _RECENT,
    }
    found = client._client.post("/flow_runs/filter", json=asked).raise_for_status().json()
    runs = (run for run in found if (run["parameters"].get("form") or {}).get("drop") == drop)
    return next((UUID(run["id"]) for run in runs), None)


def switch(form: WatchForm | None, every: float) -> str:
    """Set the schedule of watch/drop: on with a form, off with None; the choice outlives the server."""
    settings = home() / "watch" / _SETTINGS
    if form is None:
        settings.unlink(missing_ok=True)
    else:
        write_json(settings, {"form": form.model_dump(), "every": every})
    return apply()


def apply() -> str:
    """Make the server's schedule of watch/drop what the settings say."""
    settings = home() / "watch" / _SETTINGS
    wanted = read_json(settings) if settings.exists() else None
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(WATCH)
        except Exception as error:
            raise BadInput(
                f"{WATCH} cannot be asked for at {client.api_url} ({type(error).__name__}): is `unirg up` running?"
            ) from None
        for schedule in deployment.schedules:
            client._client.delete(f"/deployments/{deployment.id}/schedules/{schedule.id}").raise_for_status()
        if wanted is None:
            return f"{WATCH} is off."
        interval = timedelta(seconds=wanted["every"]).total_seconds()
        schedule = {"schedule": {"interval": interval}, "active": True, "parameters": {"form": wanted["form"]}}
        client._client.post(f"/deployments/{deployment.id}/schedules", json=[schedule]).raise_for_status()
    return f"{WATCH} looks at {wanted['form']['path']} every {interval:.0f} s."


def main(arguments: list[str]) -> int:
    """Switch the schedule from the command line; see `unirg watch --help`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--form")
    parser.add_argument("--every", type=float, default=300.0)
    parser.add_argument("--apply", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        form = WatchForm.model_validate_json(asked.form) if asked.form else None
        say("watch", apply() if asked.apply else switch(form, asked.every))
    except BadInput as fault:
        sys.stderr.write(f"unirg: {fault}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
