"""However a run ends, and whenever it is killed on the way, record and branch tell the same in the end."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures_clone import Clone, clone_at

from flows.carry import _end
from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import append_line
from unirg_core.register import client
from unirg_core.register.tracking import open_run
from unirg_core.runs.run import Decision, Run, Trigger, decide

TRIGGER = Trigger("command", "someone", "unirg retrain")
SEGMENT = {"phase": "sft", "start": 0}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = clone_at(tmp_path)
    monkeypatch.setenv("UNIRG_HOME", str(made.home))
    return made


def decided(clone: Clone, *assignments: str) -> Decision:
    return decide(clone.root, params.resolve(clone.root, "smoke", params.assignments(assignments)), TRIGGER)


def begun(clone: Clone) -> Run:
    """Return a run that has begun, and whose process is gone."""
    decision = decided(clone)
    decision.lock.close()
    append_line(decision.run.folder / "segments.jsonl", SEGMENT)
    return decision.run


def commits(clone: Clone, run: Run) -> int:
    return int(clone.git("rev-list", "--count", f"main..{run.branch}"))


def branch_says(clone: Clone, run: Run, state: str) -> bool:
    return f'"state":"{state}"' in clone.git("show", f"{run.branch}:record.json")


@pytest.mark.parametrize("state", [records.COMPLETED, records.FAILED, records.KILLED])
def test_a_run_ends_where_mlflow_does_not_answer(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, state: str, capsys
) -> None:
    run = begun(clone)
    records.change(run.folder, mlflow_run="a" * 32)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    _end(run, state, "Record the end", error="the first fault")
    assert (run.record["state"], run.record["error"]) == (state, "the first fault")
    assert run.record["segments"] == [SEGMENT] and run.record["times"]["ended"]
    assert branch_says(clone, run, state) and commits(clone, run) == 1
    assert f"The MLflow page of run {run.id} stays open (" in capsys.readouterr().out


@pytest.mark.parametrize(("state", "page"), [(records.COMPLETED, "FINISHED"), (records.FAILED, "FAILED")])
def test_the_page_in_mlflow_ends_with_the_run(clone: Clone, state: str, page: str) -> None:
    run = begun(clone)
    known = open_run(run)
    _end(run, state, "Record the end")
    assert client().get_run(known).info.status == page


def test_where_nothing_can_be_committed_a_failed_run_keeps_its_fault_and_a_whole_one_is_not_completed(
    clone: Clone, capsys
) -> None:
    run = begun(clone)
    (run.checkout / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(BadInput, match="git add failed"):
        _end(run, records.COMPLETED, "Record the end")
    assert run.record["state"] == records.RUNNING
    _end(run, records.FAILED, "Record the end", error="the first fault")
    assert (run.record["state"], run.record["error"]) == (records.FAILED, "the first fault")
    assert f"The end of run {run.id} could not be committed (BadInput: git add failed" in capsys.readouterr().out


KILL_PYTHON = "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat)"
"""In a hook, whose parent is git, and git's the process that ends the run."""


@pytest.mark.parametrize("another", [(), ("seed=9",)], ids=["same request", "another request"])
@pytest.mark.parametrize(
    ("hook", "body"), [("prepare-commit-msg", f"{KILL_PYTHON}; kill -9 $PPID"), ("post-commit", KILL_PYTHON)]
)
def test_a_run_killed_around_its_last_commit_is_completed(clone: Clone, hook: str, body: str, another: tuple) -> None:
    run = begun(clone)
    _hook(clone, hook, body)
    code = (
        "import sys; from unirg_core.runs.run import find; from flows.carry import _end\n"
        "_end(find(sys.argv[1]), 'completed', 'Record the end')"
    )
    done = subprocess.run([sys.executable, "-c", code, run.id], cwd=clone.root, env=clone.environment(), check=False)
    assert done.returncode == -signal.SIGKILL and run.record["state"] == records.RUNNING
    assert commits(clone, run) == (hook == "post-commit")
    _hook(clone, hook, "exit 0")
    assert decided(clone, *another).what == ("new" if another else "unchanged")
    assert run.record["state"] == records.COMPLETED and run.record["segments"] == [SEGMENT]
    assert branch_says(clone, run, records.COMPLETED) and commits(clone, run) == 1
    assert decided(clone).what == "unchanged" and commits(clone, run) == 1


def _hook(clone: Clone, name: str, body: str) -> None:
    path = clone.root / ".git" / "hooks" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_a_completed_run_without_its_last_commit_gets_it(clone: Clone) -> None:
    run = begun(clone)
    records.change(run.folder, state=records.COMPLETED, events=[{"what": "moved"}])
    assert decided(clone).what == "unchanged"
    assert branch_says(clone, run, records.COMPLETED) and commits(clone, run) == 1
    records.event(run.folder, "told later")
    assert decided(clone).what == "unchanged"
    assert [event["what"] for event in run.record["events"]] == ["moved", "told later"]


@pytest.mark.parametrize(
    "lose", [lambda run: shutil.rmtree(run.checkout), lambda run: (run.checkout / ".git").write_text("gitdir: /no\n")]
)
@pytest.mark.parametrize(("state", "then"), [(records.COMPLETED, "unchanged"), (records.RUNNING, "new")])
def test_a_run_whose_checkout_is_lost_stands_in_nobodys_way(clone: Clone, lose, state: str, then: str) -> None:
    run = begun(clone)
    records.change(run.folder, state=state)
    lose(run)
    assert decided(clone, *(["seed=9"] if then == "new" else [])).what == then
    assert run.record["state"] == {"unchanged": records.COMPLETED, "new": records.KILLED}[then]


def test_the_record_of_another_run_that_lies_in_the_code_completes_nothing(clone: Clone) -> None:
    """A run can start from the branch of a completed one, whose record then stands in its checkout."""
    run = begun(clone)
    other = {**run.record, "run": "20200101-000000-other", "state": records.COMPLETED}
    records.write(run.checkout, other)
    assert decided(clone).what == "adopted"


def test_a_run_that_died_without_a_word_ended_with_its_last_sign_of_life(clone: Clone) -> None:
    run = begun(clone)
    long_ago = 1_700_000_000
    for path in run.folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    decided(clone, "seed=9")
    record = run.record
    assert (record["state"], record["times"]["ended"]) == (records.KILLED, records.at(long_ago))
    assert record["segments"] == [SEGMENT] and "died without a word" in record["error"]


@pytest.mark.parametrize("state", [records.RUNNING, records.KILLED])
def test_an_adopted_run_bears_no_end_and_tells_who_went_on_where(clone: Clone, state: str) -> None:
    run = begun(clone)
    if state == records.KILLED:
        _end(run, state, "Record the end", error="KeyboardInterrupt")
    records.change(run.folder, environment={"python": "3.9"})
    before = run.record
    assert decided(clone).what == "adopted"
    assert (run.record["state"], run.record["error"]) == (records.RUNNING, None)
    assert run.record["times"] == {"started": before["times"]["started"]}
    (event,) = run.record["events"]
    assert (event["what"], event["principal"]) == ("adopted", "someone")
    assert event["environment"] == records.environment() and run.record["environment"] == {"python": "3.9"}
    assert event["cut_off"]["error"] == before.get("error")
    assert event["cut_off"]["ended"] == before["times"].get("ended", event["cut_off"]["ended"]) <= event["time"]
