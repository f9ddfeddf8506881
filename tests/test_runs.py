"""What a request becomes is decided by its pins: new, adopted, left alone, or nothing at all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures_clone import Clone, clone_at

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.home import descendants
from unirg_core.models.prompts import identity
from unirg_core.runs import pins
from unirg_core.runs.checkout import code_of, project_root
from unirg_core.runs.finish import conclude
from unirg_core.runs.launch import Request, resolve
from unirg_core.runs.run import Run, Trigger, all_runs, decide, find

TRIGGER = Trigger("command", "someone", "unirg retrain")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = clone_at(tmp_path)
    monkeypatch.setenv("UNIRG_HOME", str(made.home))
    return made


def asked(clone: Clone, *assignments: str) -> params.Params:
    return params.resolve(clone.root, "smoke", params.assignments(assignments))


def complete(run: Run) -> None:
    """Bring a run to its end without doing its work: the decision reads nothing but its record."""
    records.change(run.folder, state=records.COMPLETED, data={"digest": "d1", "manifest": "datasets/d1.parquet"})


def test_a_folder_outside_a_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not inside a checkout of the pipeline"):
        project_root(tmp_path)


def test_an_unknown_run_is_refused_and_names_the_last() -> None:
    with pytest.raises(BadInput, match=r"There is no run 2026-none under .*; the last ones are: none"):
        find("2026-none")


def test_changed_code_is_refused_unless_allowed_and_then_flagged(clone: Clone) -> None:
    (clone.root / "flows" / "new.py").write_text("x = 1\n")
    with pytest.raises(BadInput, match=r"changes that are not committed \(flows/new.py\)"):
        code_of(clone.root)
    (clone.root / "README.md").write_text("changed\n")
    with pytest.raises(BadInput, match=r"changes that are not committed \(README.md, flows/new.py\)"):
        code_of(clone.root)
    clone.git("checkout", "--quiet", "README.md")
    snapshot = code_of(clone.root, allow_dirty=True)
    assert snapshot.dirty
    assert clone.git("show", f"{snapshot.commit}:flows/new.py") == "x = 1"
    assert clone.git("status", "--porcelain") == "?? flows/new.py"  # the user's own index is as it was


def test_a_new_run_has_its_own_checkout_branch_pins_and_record(clone: Clone) -> None:
    decision = decide(clone.root, asked(clone), TRIGGER)
    run = decision.run
    assert decision.what == "new"
    assert run.checkout.joinpath("flows/retrain.py").exists()
    assert params.load(run.checkout / "params.yaml") == asked(clone) == run.params
    assert pins.read_inputs(run.checkout) == run.inputs == run.record["inputs"]
    assert clone.git("branch", "--list", run.branch)
    assert run.record["state"] == "running" and run.record["trigger"]["principal"] == "someone"
    assert run.record["prompt"] == identity("short")
    assert clone.git("status", "--porcelain") == ""


def test_equal_inputs_of_a_completed_run_change_nothing_and_are_recorded(clone: Clone) -> None:
    first = decide(clone.root, asked(clone), TRIGGER).run
    complete(first)
    second = decide(clone.root, asked(clone), TRIGGER)
    assert second.what == "unchanged"
    assert second.run.record["state"] == "unchanged" and second.run.record["same_as"] == first.id
    assert not second.run.checkout.exists()


@pytest.mark.parametrize("assignment", ["seed=7", "rl.step1.steps=3", "ingest.phantom.world=5", "model.threads=3"])
def test_any_changed_input_is_a_new_run(clone: Clone, assignment: str) -> None:
    complete(decide(clone.root, asked(clone), TRIGGER).run)
    assert decide(clone.root, asked(clone, assignment), TRIGGER).what == "new"


def test_changed_code_is_a_new_run_and_the_same_tree_in_another_commit_is_not(clone: Clone) -> None:
    complete(decide(clone.root, asked(clone), TRIGGER).run)
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    clone.git(*who, "commit", "--quiet", "--allow-empty", "-m", "Same tree")
    assert decide(clone.root, asked(clone), TRIGGER).what == "unchanged"
    (clone.root / "README.md").write_text("changed\n")
    clone.git(*who, "commit", "--quiet", "-am", "Other tree")
    assert decide(clone.root, asked(clone), TRIGGER).what == "new"


def test_a_dead_run_of_the_same_inputs_is_adopted_with_its_pins(clone: Clone) -> None:
    dead = decide(clone.root, asked(clone), TRIGGER).run
    taken = decide(clone.root, asked(clone), TRIGGER)
    assert (taken.what, taken.run) == ("adopted", dead)
    assert [event["what"] for event in dead.record["events"]] == ["adopted"]
    assert len(all_runs()) == 1


def test_a_live_run_is_left_alone(clone: Clone) -> None:
    run = decide(clone.root, asked(clone), TRIGGER).run
    with holder(run):
        decision = decide(clone.root, asked(clone), TRIGGER)
    assert (decision.what, decision.run) == ("live", run)
    assert run.record["events"] == []


def test_a_run_is_held_from_the_decision_on(clone: Clone) -> None:
    decision = decide(clone.root, asked(clone), TRIGGER)
    assert decide(clone.root, asked(clone), TRIGGER).what == "live"
    decide(clone.root, asked(clone, "seed=9"), TRIGGER)
    assert decision.run.record["state"] == "running"  # not taken for dead by another's request
    decision.lock.close()
    assert decide(clone.root, asked(clone), TRIGGER).what == "adopted"


def test_a_dead_run_of_other_inputs_is_recorded_as_killed_on_its_branch(clone: Clone) -> None:
    dead = decide(clone.root, asked(clone), TRIGGER).run
    decide(clone.root, asked(clone, "seed=9"), TRIGGER)
    assert dead.record["state"] == "killed"
    assert '"state":"killed"' in clone.git("show", f"{dead.branch}:record.json")
    assert decide(clone.root, asked(clone), TRIGGER).what == "adopted"  # and may still be taken up


def _data_of(clone: Clone, *assignments: str) -> dict | None:
    return decide(clone.root, asked(clone, *assignments), TRIGGER).run.inputs["previous_dataset"]


def test_the_predecessor_is_the_last_other_dataset_of_the_line(clone: Clone) -> None:
    assert _data_of(clone) is None
    complete(all_runs()[0])
    assert _data_of(clone, "rl.step1.steps=3") is None  # equal data keeps its predecessor: nothing before rl changes
    d1 = {"digest": "d1", "manifest": "datasets/d1.parquet"}
    assert _data_of(clone, "ingest.phantom.patients=90") == d1
    assert _data_of(clone, "ingest.phantom.world=3") is None  # other people, although the institutions' names agree
    assert _data_of(clone, "ingest.series=second") is None


def test_the_files_of_the_predecessor_are_pinned_and_what_was_never_validated_is_none(clone: Clone) -> None:
    outs = {f"data/{name}": f"md5 of {name}" for name in ("studies", "truth.parquet")}
    outs |= {f"data/{name}": f"md5 of {name}" for name in ("assignment", "manifest.parquet", "splits.json")}
    first = decide(clone.root, asked(clone), TRIGGER).run
    data = {"digest": "d1", "manifest": "datasets/d1.parquet"}
    records.change(first.folder, state=records.FAILED, data=data, stages={"ingest": {"outs": outs}})
    assert _data_of(clone, "ingest.phantom.patients=90") is None
    records.change(first.folder, stages={"ingest": {"outs": outs}, "validate": {}})
    pinned = _data_of(clone, "ingest.phantom.patients=96")
    assert pinned["run"] == first.id and len(pinned["files"]) == 4 and "data/truth.parquet" not in pinned["files"]


def _folder_pins(*institutions: str, kind: str = "folder", key: str = "k", digest: str = "s") -> dict:
    source = {"kind": kind, "digest": digest, "count": 3, "institutions": list(institutions)}
    return {"source": source, "key": {"fingerprint": key}, "previous_dataset": None}


@pytest.mark.parametrize(
    ("now", "digest"),
    [
        (_folder_pins("a"), "of a"),
        (_folder_pins("b", "c"), "of b"),
        (_folder_pins("a", "b"), "of b"),  # the last that shares one
        (_folder_pins("c"), None),
        (_folder_pins("a", key="other"), None),
        (_folder_pins("a", kind="phantom"), None),  # a phantom never goes on from a hospital's data
    ],
)
def test_a_predecessor_has_the_source_the_key_and_an_institution_in_common(now: dict, digest: str | None) -> None:
    section = {"source": "folder", "path": "/d", "policy": "p"}
    its = params.resolve(Path(__file__).resolve().parents[1], above={"ingest": section})
    earlier = [_record("a", pins.plain(its)), _record("b", pins.plain(its))]
    found = pins.previous_dataset(earlier, now, pins.plain(its))
    assert (found and found["digest"]) == digest


def _record(institution: str, values: dict) -> dict:
    data = {"digest": f"of {institution}", "manifest": ""}
    inputs = _folder_pins(institution, digest=f"earlier {institution}")
    record = {"run": institution, "state": "completed", "stages": {}, "inputs": inputs, "data": data}
    return {**record, "params": {"resolved": values}}


def _of_another_code(run: Run, section: str, state: str, **values: object) -> None:
    """Give a run's record parameters that today's checks refuse, as an earlier or a later code has left them."""
    resolved = run.record["params"]["resolved"]
    changed = {**resolved, section: {**resolved[section], **values}}
    records.change(run.folder, state=state, params={"digest": "", "resolved": changed})
    with pytest.raises(BadInput):
        _ = run.params


@pytest.mark.parametrize("state", [records.COMPLETED, records.FAILED, records.KILLED])
@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("rl", {"renamed_since": 3}),
        ("sft", {"steps": -1}),  # allowed once
        ("ingest", {"renamed_since": True}),
        ("ingest", {"file_seconds": 0}),
    ],
)
def test_runs_of_another_code_are_gone_on_from(clone: Clone, section: str, values: dict, state: str) -> None:
    first = decide(clone.root, asked(clone), TRIGGER).run
    complete(first)
    records.change(first.folder, stages={"validate": {}})
    _of_another_code(first, section, state, **values)
    assert _data_of(clone, "ingest.phantom.patients=90") == {"digest": "d1", "manifest": "datasets/d1.parquet"}


def test_data_of_a_code_that_knew_fewer_parameters_is_known_as_equal(clone: Clone) -> None:
    first = decide(clone.root, asked(clone), TRIGGER).run
    complete(first)
    resolved = first.record["params"]["resolved"]
    older = {name: value for name, value in resolved["ingest"].items() if name not in ("lateral", "compact")}
    records.change(first.folder, params={"digest": "", "resolved": {**resolved, "ingest": older}})
    assert _data_of(clone, "rl.step1.steps=3") is None  # its predecessor, which is none
    assert _data_of(clone, "ingest.lateral=true")["digest"] == "d1"


def test_the_last_commit_holds_the_record_and_is_made_by_unirg(clone: Clone) -> None:
    run = decide(clone.root, asked(clone), TRIGGER).run
    conclude(run, run.record, "Record the run")
    assert clone.git("log", "-1", "--format=%an <%ae>", run.branch) == "unirg <unirg@localhost>"
    assert set(clone.git("diff", "--name-only", "main", run.branch).split()) >= {"params.yaml", "record.json"}


def test_the_committed_pins_are_those_of_the_default_parameters(clone: Clone) -> None:
    assert pins.read_inputs(clone.root) == pins.pin(clone.root, params.resolve(clone.root))


def test_paths_are_taken_from_where_the_person_stands(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    (tmp_path / "drop").mkdir()
    mapping = str(root / "recipes/mappings/covid-folder.yaml")
    request = Request(source="folder", path="drop", mapping=mapping, set=("ingest.policy=consent-1",))
    resolved = resolve(request, root, tmp_path)
    assert resolved.ingest.path == str(tmp_path / "drop")
    assert resolved.ingest.mapping == "recipes/mappings/covid-folder.yaml"  # relative: it holds in the run's checkout


class holder:
    """Hold a run in another process, as a live flow does, and die with it."""

    def __init__(self, run: Run) -> None:
        code = (
            "import sys, time; from pathlib import Path; from unirg_core.runs.run import Run\n"
            "lock = Run(sys.argv[1], Path(sys.argv[2])).hold()\n"
            "print('held' if lock else 'free', flush=True); time.sleep(60)"
        )
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, run.id, str(run.folder)], stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> None:
        assert self.child.stdout.readline().strip() == "held"

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()


def test_a_process_ends_although_nobody_reads_any_more_what_it_says() -> None:
    parent = subprocess.Popen(["sleep", "60"])
    code = "import sys, time; from unirg_core.home import die_with; die_with(int(sys.argv[1])); time.sleep(30)"
    read, write = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", code, str(parent.pid)], stdout=write, stderr=write)
    os.close(write)
    os.close(read)  # as that of a flow that was killed
    parent.kill()
    parent.wait()
    assert child.wait(timeout=10) == 137


def test_a_process_ends_soon_after_the_one_it_belongs_to() -> None:
    parent = subprocess.Popen(["sleep", "60"])
    code = (
        "import sys, time, subprocess; from unirg_core.home import die_with; die_with(int(sys.argv[1]))\n"
        "print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True); time.sleep(30)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(parent.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    grandchild = int(child.stdout.readline())
    time.sleep(1.0)
    assert child.poll() is None and grandchild in descendants(child.pid)
    os.kill(parent.pid, signal.SIGKILL)  # not reaped yet: a zombie counts as gone
    assert child.wait(timeout=5) == 137
    parent.wait()
    until = time.monotonic() + 5
    while Path(f"/proc/{grandchild}").exists():  # what it had started goes with it
        assert time.monotonic() < until
        time.sleep(0.05)
