"""A record says who or what asked for a run as a real Prefect server tells it, whatever a form holds."""

from base64 import b64encode
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.testing.utilities import prefect_test_harness

from flows.trigger import drop_key, trigger_here, trigger_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DROP = "d" * 64
BY_AUTOMATION = {"prefect-automation-id": str(uuid4()), "prefect-automation-name": b64encode(b"nightly").decode()}


@flow
def asks(drop: str | None = None) -> tuple[str, str]:
    """Return what asked for this flow run."""
    trigger = trigger_here(drop)
    return trigger.kind, trigger.principal


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=120), get_client(sync_client=True) as asked:
        yield asked


@pytest.fixture(scope="module")
def deployment(client: SyncPrefectClient) -> UUID:
    return client.create_deployment(flow_id=client.create_flow(asks), name="manual", paused=False)


def post(client: SyncPrefectClient, path: str, body: dict, headers: dict[str, str] | None = None) -> dict:
    return client._client.post(path, json=body, headers=headers).raise_for_status().json()


@pytest.mark.parametrize("drop", [None, DROP])
@pytest.mark.parametrize(
    ("body", "headers", "without", "with_a_drop"),
    [
        ({}, {}, ("deployment", "{deployment}"), ("deployment", "{deployment}")),  # anybody can fill in the field
        ({"idempotency_key": "mine"}, {}, ("deployment", "{deployment}"), ("deployment", "{deployment}")),
        ({"idempotency_key": drop_key(DROP)}, {}, ("deployment", "{deployment}"), ("event", f"drop {DROP}")),
        ({}, BY_AUTOMATION, ("event", "automation nightly"), ("event", f"drop {DROP}")),
    ],
    ids=["a form", "a form with a key", "the drop's own look", "an automation"],
)
def test_a_drop_asked_only_where_it_started_the_run(
    client: SyncPrefectClient, deployment: UUID, body: dict, headers: dict, without: tuple, with_a_drop: tuple, drop
) -> None:
    made = post(client, f"/deployments/{deployment}/create_flow_run", {"parameters": {}, **body}, headers)
    found = trigger_of(client.read_flow_run(UUID(made["id"])), drop)
    kind, principal = with_a_drop if drop else without
    assert (found.kind, found.principal) == (kind, principal.format(deployment=deployment))
    assert found.command == f"flow run {made['id']}"


@pytest.mark.parametrize("drop", [None, DROP])
def test_a_scheduled_run_names_its_schedule(client: SyncPrefectClient, deployment: UUID, drop: str | None) -> None:
    made = post(client, f"/deployments/{deployment}/schedules", [{"schedule": {"interval": 3600}, "active": True}])
    client._client.post(f"/deployments/{deployment}/schedule", json={"max_runs": 1, "min_runs": 1}).raise_for_status()
    filters = {"flow_runs": {"deployment_id": {"any_": [str(deployment)]}, "tags": {"all_": ["auto-scheduled"]}}}
    runs = {run["created_by"]["id"]: run["id"] for run in post(client, "/flow_runs/filter", filters)}
    found = trigger_of(client.read_flow_run(UUID(runs[made[0]["id"]])), drop)
    assert (found.kind, found.principal) == ("schedule", f"schedule IntervalSchedule ({made[0]['id']})")


@pytest.mark.parametrize("drop", [None, DROP])
def test_a_flow_that_a_person_starts_himself_is_by_hand(client: SyncPrefectClient, drop: str | None) -> None:
    assert asks(drop) == ("deployment", "by hand")
