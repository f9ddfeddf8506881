"""The local platform: both pages in a real browser, a run from the form to a person's approval, one Ctrl-C for all."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures_clone import Clone, clone_at
from prefect.client.orchestration import SyncPrefectClient

from unirg_core import up
from unirg_core.faults import BadInput

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
RULES = [f"{{score: {score}, subset: all, at_least: 0.0}}" for score in ("rouge_l", "truth_micro_f1")]
PASSING = f"gate.rules=[{', '.join(RULES)}]"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match=r"Port \d+ is taken; choose another"):
            up.up(Path(__file__).parents[1], taken.getsockname()[1], free_port())


def test_without_a_platform_there_is_no_address_and_nothing_to_end() -> None:
    assert up.server_address() is None
    assert up.down() == "No platform is up."


class Platform:
    """A platform that is up in a clone of its own."""

    def __init__(self, clone: Clone) -> None:
        self.clone, self.port, self.mlflow = clone, free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.child = clone.start("up", "--port", str(self.port), "--mlflow-port", str(self.mlflow))
        self.said = ""
        while "Ctrl-C ends" not in self.said:
            line = self.child.stdout.readline()
            assert line, self.said
            self.said += line

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Send a request to Prefect's API by its own client, which asks again where a busy SQLite answers 503."""
        method = method or ("GET" if body is None else "POST")
        with SyncPrefectClient(self.api) as client:
            answer = client.request(method, f"/{path}", **({} if body is None else {"json": body}))
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def start(self, **form: Any) -> str:
        """Start a run of retrain/manual with a form; return its id."""
        deployment = self.ask("deployments/name/retrain/manual")["id"]
        return self.ask(f"deployments/{deployment}/create_flow_run", {"parameters": {"form": form}})["id"]

    def wait(self, flow_run: str, *states: str) -> dict:
        """Wait until a run is in one of these states."""
        until = time.monotonic() + 500
        while time.monotonic() < until:
            state = self.ask(f"flow_runs/{flow_run}")["state"]
            if state["type"] in states:
                return state
            assert state["type"] not in ("FAILED", "CRASHED"), state["message"]
            time.sleep(1)
        raise AssertionError(f"still {state['type']} after 500 s")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(clone_at(tmp_path_factory.mktemp("up")))
    yield made
    if made.child.poll() is None:
        os.killpg(made.child.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def approved(platform: Platform) -> dict:
    """Start a run whose gate passes, approve it as a person does, and return its record."""
    flow_run = platform.start(recipe="smoke", set=["gate.minimum_patients=1", PASSING], approval="ask")
    platform.wait(flow_run, "PAUSED")
    answer = {"name": "Dr. A", "decision": "approved", "reason": "as good as the references"}
    platform.ask(f"flow_runs/{flow_run}/resume", {"run_input": answer})
    platform.wait(flow_run, "COMPLETED")
    return platform.clone.records()[-1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_second_platform_is_refused(platform: Platform) -> None:
    for ports in ((free_port(), free_port()), (platform.port, platform.mlflow)):
        said = platform.clone.unirg("up", "--port", str(ports[0]), "--mlflow-port", str(ports[1]), code=2)
        there = f"MLflow http://127.0.0.1:{platform.mlflow}, Prefect http://127.0.0.1:{platform.port}"
        assert f"A platform is up already ({there})" in said


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_from_the_form_waits_for_a_person_and_makes_a_champion(platform: Platform, approved: dict) -> None:
    assert approved["state"] == "completed" and approved["trigger"]["kind"] == "deployment"
    assert approved["verdict"]["verdict"] == "passed"
    assert (approved["approval"]["by"], approved["approval"]["mode"]) == ("Dr. A", "ask")
    assert [move["alias"] for move in approved["registration"]["aliases"]] == ["candidate", "champion"]


def artifacts(platform: Platform, record: dict) -> dict[str, dict[str, Any]]:
    """Return what Prefect shows beside a run, by key."""
    asked = {"artifacts": {"flow_run_id": {"any_": [record["flow_run"]]}}}
    return {artifact["key"]: artifact for artifact in platform.ask("artifacts/filter", asked)}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_progress_and_samples_stand_beside_the_run(platform: Platform, approved: dict) -> None:
    found = artifacts(platform, approved)
    for stage in ("sft", "rl"):
        assert found[f"{stage}-progress"]["data"] == 100
        assert approved["run"] in found[f"{stage}-progress"]["description"]
    rows = json.loads(found["rl-samples"]["data"])
    assert {"phase", "step", "study_id", "reference", "completion", "reward"} == set(rows[0])
    assert {row["phase"] for row in rows} == {"step1", "step2"}
    assert all(row["reference"].startswith(("Findings:", "Impression:")) for row in rows)  # drawn: it may stand here


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_form_with_a_bad_value_fails_with_the_sentence(platform: Platform) -> None:
    flow_run = platform.start(set=["sft.stepz=3"])
    until = time.monotonic() + 120
    while (state := platform.ask(f"flow_runs/{flow_run}")["state"])["type"] != "FAILED":
        assert time.monotonic() < until, state
        time.sleep(1)
    assert state["message"] == "params.yaml with what was set: sft.stepz is not a parameter; perhaps steps is meant."


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
def test_both_pages_show_the_run_in_a_browser(platform: Platform, approved: dict, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        page.goto(f"http://127.0.0.1:{platform.port}/deployments")
        page.get_by_text("manual", exact=True).first.click()
        page.wait_for_url("**/deployment/**")
        page.goto(page.url.split("?")[0] + "/run")
        for field in ("Recipe", "Source", "Path", "Mapping", "Set", "Approval"):
            expect(page.get_by_text(f"{field} (Optional)", exact=True)).to_be_visible(timeout=30_000)
        expect(page.get_by_text("ask waits for a person")).to_be_visible()
        page.goto(f"http://127.0.0.1:{platform.port}/runs/flow-run/{approved['flow_run']}")
        expect(page.get_by_text("Completed").first).to_be_visible(timeout=30_000)
        expect(page.get_by_text(approved["run"]).first).to_be_visible()
        for key, said in (("rl-progress", "100%"), ("rl-samples", "Findings:")):
            page.goto(f"http://127.0.0.1:{platform.port}/artifacts/artifact/{artifacts(platform, approved)[key]['id']}")
            expect(page.get_by_text(said).first).to_be_visible(timeout=30_000)
            if folder := os.environ.get("UNIRG_SCREENSHOTS"):
                page.wait_for_timeout(1500)
                page.screenshot(path=f"{folder}/prefect-{key}.png")
        page.goto(f"http://127.0.0.1:{platform.mlflow}/#/runs/{approved['mlflow_run']}")
        expect(page.get_by_role("heading", name=approved["run"]).first).to_be_visible(timeout=60_000)
        if folder := os.environ.get("UNIRG_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/mlflow-run.png")
        page.goto(f"http://127.0.0.1:{platform.mlflow}/#/models/unirg-cxr-phantom")
        expect(page.get_by_text("champion").first).to_be_visible(timeout=60_000)
        browser.close()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_one_interrupt_ends_all_of_it(platform: Platform) -> None:
    """Last of this file: the platform is gone afterwards."""
    for _ in range(2):  # an impatient person presses it again
        os.kill(platform.child.pid, signal.SIGINT)
        time.sleep(0.5)
    said, _ = platform.child.communicate(timeout=60)
    assert platform.child.returncode == 0, said
    for port in (platform.port, platform.mlflow):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
