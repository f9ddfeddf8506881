"""A run that waits for a person, in a real flow on a real server: each answer, none, and a death while it waits."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_HOME, temporary_settings
from prefect.states import Paused
from prefect.testing.utilities import prefect_test_harness
from test_register import APPROVED, PASSED, run_of

from flows.carry import carry_held
from flows.process import in_process
from tasks.approve import approve
from tasks.register import register
from unirg_core.audit import record as records
from unirg_core.files import read_json, write_json
from unirg_core.register import client as mlflow
from unirg_core.register.registry import register as register_model
from unirg_core.runs.run import Run, find

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ONE_AT_A_TIME = Lock()  # MLflow's own word on standard error is sent to the run's log, for the whole process
GOOD = {"name": " Dr. A ", "decision": "approved", "reason": "as good as the references"}
BLANK = [{**GOOD, "name": ""}, {**GOOD, "name": " \t"}, {**GOOD, "reason": " "}, {**GOOD, "decision": "perhaps"}, {}]
HOURS = {"unanswered": 6 / 3600}


def last_stations(run: Run) -> Iterator[object]:
    yield (approval := approve(run, PASSED))
    with ONE_AT_A_TIME:
        done = register(run, PASSED, approval)
    yield done


@flow(name="waits")
def waits(run_id: str) -> str:
    return carry_held(find(run_id), last_stations)


def waiting(home: Path, number: int, name: str) -> Run:
    """Return a run whose gate has passed, in mode ask, pinned when there was no champion."""
    run = run_of(home / "runs", number)
    run.folder.rename(home / "runs" / run.id)
    run = find(run.id)
    resolved = run.record["params"]["resolved"]
    resolved["approve"] = {"mode": "ask", "wait_hours": HOURS.get(name, 0.05)}
    resolved["version"]["push"] = False
    records.change(run.folder, params={"resolved": resolved}, verdict={**PASSED, "reason": "2 passed.", "rules": []})
    records.change(run.folder, data={**run.record["data"], "rejects": 0})
    write_json(run.folder / "inputs.json", {})
    evaluation = read_json(run.checkout / "reports/evaluation.json")
    people = {"held_out": {"studies": 3, "patients": 2}}
    write_json(
        run.checkout / "reports/evaluation.json",
        {**evaluation, "subsets": people, "differences": [], "warnings": []},
    )
    return run


class Waiting:
    """Runs that wait at the same time for one answer each, and what becomes of them."""

    def __init__(self, home: Path) -> None:
        self.runs = {name: waiting(home, n, name) for n, name in enumerate(("approved", "rejected", "changed"), 1)}
        self.runs["unanswered"] = waiting(home, 4, "unanswered")
        self.dead = self._killed(home)
        self.refused: list[Any] = []
        with ThreadPoolExecutor(4) as pool:
            ends = {name: pool.submit(in_process, waits, run.id) for name, run in self.runs.items()}
            self._answer(ends)
            self.codes = {name: end.result() for name, end in ends.items()}

    def _killed(self, home: Path) -> str:
        """Return the flow run of a run that was killed while it waited."""
        run = waiting(home, 5, "killed")
        with get_client(sync_client=True) as client:
            dead = client.create_flow_run(waits, parameters={"run_id": run.id}, state=Paused(timeout_seconds=3600))
        records.change(run.folder, state=records.KILLED, flow_run=str(dead.id))
        return str(dead.id)

    def _answer(self, ends: dict[str, Future]) -> None:
        with get_client(sync_client=True) as client:
            asked = {name: self._paused(client, name, ends[name]) for name in self.runs if name != "unanswered"}
            self.refused = [client.resume_flow_run(asked["approved"], run_input=said) for said in BLANK]
            (self.runs["changed"].checkout / "checkpoints/rl/config.json").write_text("{}")
            for name, said in {"approved": GOOD, "rejected": {**GOOD, "decision": "rejected"}, "changed": GOOD}.items():
                assert client.resume_flow_run(asked[name], run_input=said).status == "ACCEPT"

    def _paused(self, client: SyncPrefectClient, name: str, end: Future) -> str:
        """Wait until a run offers its form; return its flow run."""
        until = time.monotonic() + 90
        while time.monotonic() < until and not end.done():
            known = self.runs[name].record.get("flow_run")
            if known and client.read_flow_run(known).state.is_paused():
                time.sleep(1)  # the form itself is stored a moment later
                return known
            time.sleep(0.2)
        raise AssertionError(f"{name} does not wait: {end.exception() if end.done() else 'nothing came'}")

    def state(self, flow_run: str) -> tuple[str, str]:
        """Return type and message of a flow run's state."""
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(flow_run).state
        return state.type.value, state.message or ""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    """Let another model become champion, then let runs that knew of none wait and end."""
    home = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(home))
        with temporary_settings({PREFECT_HOME: home / "prefect"}), prefect_test_harness(server_startup_timeout=120):
            register_model(run_of(home / "before", 0), PASSED, APPROVED)
            yield Waiting(home)


@pytest.fixture(autouse=True)
def there(ended: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in the home of those runs."""
    monkeypatch.setenv("UNIRG_HOME", str(ended.runs["approved"].folder.parents[1]))


def test_a_form_that_names_nobody_or_no_reason_is_not_taken(ended: Waiting) -> None:
    assert [answer.status.value for answer in ended.refused] == ["REJECT"] * len(BLANK)


def test_what_changed_while_it_waited_is_not_what_was_approved(ended: Waiting) -> None:
    record = ended.runs["changed"].record
    assert ended.codes["changed"] == 2 and record["state"] == "failed"
    assert record["error"].startswith("checkpoints/rl of run") and "does not count" in record["error"]
    assert "approval" not in record and "registration" not in record


def test_a_model_that_nobody_answers_for_stays_a_candidate(ended: Waiting) -> None:
    record = ended.runs["unanswered"].record
    assert ended.codes["unanswered"] == 1 and record["state"] == "completed" and record["error"] is None
    assert (record["approval"]["decision"], record["approval"]["by"]) == ("not approved", "nobody")
    assert record["approval"]["reason"] == "nobody answered in 0.00166667 h"
    assert [move["alias"] for move in record["registration"]["aliases"]] == ["candidate"]
    kind, said = ended.state(record["flow_run"])
    assert kind == "FAILED" and "is not approved: nobody answered" in said and "registered as a candidate" in said


def test_a_rejected_model_stays_a_candidate(ended: Waiting) -> None:
    record = ended.runs["rejected"].record
    assert ended.codes["rejected"] == 0 and record["state"] == "completed"
    assert (record["approval"]["decision"], record["approval"]["by"]) == ("rejected", "Dr. A")
    assert [move["alias"] for move in record["registration"]["aliases"]] == ["candidate"]
    assert record["registration"]["withheld"] is None
    assert ended.state(record["flow_run"])[0] == "COMPLETED"


def test_an_approved_model_does_not_displace_a_champion_that_it_was_never_compared_with(ended: Waiting) -> None:
    record = ended.runs["approved"].record
    assert ended.codes["approved"] == 0 and record["approval"]["decision"] == "approved"
    done = record["registration"]
    assert record["approval"]["evidence"]["checkpoints/rl"] == done["checkpoint"]
    assert [move["alias"] for move in done["aliases"]] == ["candidate"]
    assert "it stands at version 1 by now, and this run was compared with no version" in done["withheld"]
    assert mlflow().get_model_version(done["name"], done["version"]).tags["withheld"] == done["withheld"]
    assert str(mlflow().get_model_version_by_alias(done["name"], "champion").version) == "1"
    with get_client(sync_client=True) as client:
        shown = client.read_artifacts(limit=200)
    assert [one.data for one in shown if one.key == "champion-withheld"] == [done["withheld"]]


def test_a_run_that_was_killed_while_it_waited_offers_its_form_no_more(ended: Waiting) -> None:
    assert ended.state(ended.dead) == ("CRASHED", "Its process was killed.")
    with get_client(sync_client=True) as client:
        assert client.resume_flow_run(ended.dead, run_input=GOOD).status == "ABORT"


def test_a_run_that_is_taken_up_after_the_answer_does_not_ask_again(ended: Waiting) -> None:
    before = ended.runs["rejected"].record
    assert in_process(waits, before["run"]) == 0
    after = ended.runs["rejected"].record
    assert after["approval"] == before["approval"] and after["registration"] == before["registration"]
    assert after["flow_run"] != before["flow_run"]
