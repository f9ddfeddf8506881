"""A stage begins though a kill left DVC's files torn or DVC at work; the record tells what ran, and quotes nothing."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unirg_core.audit import record as records
from unirg_core.home import _alive as lives
from unirg_core.home import descendants
from unirg_core.runs.dvc import drop_leftovers
from unirg_core.runs.run import Run
from unirg_core.runs.stage import StageFault, StageKilled, run_stage

ROOT = Path(__file__).resolve().parents[1]

RWLOCK = ".dvc/tmp/rwlock"
STAGE = "stages:\n  copy:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n"


def dvc(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "text", "dropped"),
    [
        (RWLOCK, "", True),
        (RWLOCK, '{"write": {"/a": {"pid": 4', True),
        (RWLOCK, "{}", True),
        (RWLOCK, '{"write": {}, "read": {"/a": [{"pid": 4, "cmd": "repro"}]}}', True),  # 4 may be alive, and another
        ("dvc.lock", "", True),
        ("dvc.lock", "schema: '2.0'\n", True),
        ("dvc.lock", "schema: '2.0'\nstages:\n  copy: {cmd: 'cp a", True),
        ("dvc.lock", "schema: '2.0'\nstages: {}\n", False),
    ],
)
def test_only_what_keeps_dvc_from_beginning_is_dropped(tmp_path: Path, name: str, text: str, dropped: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert drop_leftovers(tmp_path) == [name] * dropped
    assert path.exists() is not dropped
    assert drop_leftovers(tmp_path / "empty") == []


def test_dvc_refuses_torn_files_and_takes_up_its_work_without_them(tmp_path: Path) -> None:
    assert dvc(tmp_path, "init", "--no-scm").returncode == 0
    (tmp_path / "dvc.yaml").write_text(STAGE)
    (tmp_path / "a").write_text("1")
    assert dvc(tmp_path, "repro").returncode == 0
    (tmp_path / RWLOCK).write_text("")
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages:\n  copy: {cmd: 'cp a")
    assert dvc(tmp_path, "repro").returncode != 0
    assert drop_leftovers(tmp_path) == [RWLOCK, "dvc.lock"]
    again = dvc(tmp_path, "repro")
    assert again.returncode == 0 and "cp a b" not in again.stdout  # from the cache of runs


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python -c 'raise KeyError(\"MRN 4711\")'", "sft ended badly with exit code 1;"),
        ("echo it exited with 5; echo MRN 4711; exit 3", "sft ended badly with exit code 3;"),
        (None, "sft ended badly;"),  # DVC itself refuses
    ],
)
def test_a_stage_that_ends_badly_says_how_and_keeps_its_words_for_the_terminal(
    tmp_path: Path, command: str | None, said: str
) -> None:
    run = Run("r", tmp_path)
    run.checkout.mkdir()
    records.write(run.folder, {"stages": {}})
    assert dvc(run.checkout, "init", "--no-scm").returncode == 0
    if command:
        (run.checkout / "dvc.yaml").write_text(f"stages:\n  sft:\n    cmd: {json.dumps(command)}\n")
    with pytest.raises(StageFault) as ended:
        run_stage(run, "sft", lambda line: None)
    fault = pickle.loads(pickle.dumps(ended.value))
    assert str(fault) == f"{said} {tmp_path / 'log.txt'} says why."
    assert ("4711" in fault.tail) == bool(command) and fault.tail in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo MRN 4711; kill -9 $$", "sft was killed by signal 9 (SIGKILL), often because memory ran out ("),
        ("echo MRN 4711; exit 137", "sft was killed by signal 9 (SIGKILL), often because memory ran out ("),
        (
            "echo MRN 4711; kill -15 $$",
            "sft was killed by signal 15 (SIGTERM); the same command goes on",
        ),
        ("kill -9 $PPID", "sft was killed by signal 9 (SIGKILL), often because memory ran out ("),  # DVC itself
    ],
)
def test_a_stage_that_a_signal_ends_is_killed_and_its_run_goes_on(tmp_path: Path, command: str, said: str) -> None:
    run = Run("r", tmp_path)
    run.checkout.mkdir()
    records.write(run.folder, {"stages": {}})
    assert dvc(run.checkout, "init", "--no-scm").returncode == 0
    (run.checkout / "dvc.yaml").write_text(f"stages:\n  sft:\n    cmd: {json.dumps(command)}\n")
    with pytest.raises(StageKilled) as ended:
        run_stage(run, "sft", lambda line: None)
    fault = pickle.loads(pickle.dumps(ended.value))
    assert str(fault).startswith(said) and str(fault).endswith("the same command goes on with this run.")
    assert "4711" not in str(fault)


MARKED = "stages:\n  copy:\n    cmd: touch ../copy.ran; {work}\n    deps: [a]\n    outs: [b]\n"
"""A stage that says that it ran, as `python -m unirg_core <stage>` does."""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run whose checkout is a DVC project of one stage."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run = Run("r", tmp_path / "r")
    run.checkout.mkdir(parents=True)
    assert dvc(run.checkout, "init", "--no-scm").returncode == 0
    (run.checkout / "dvc.yaml").write_text(MARKED.format(work="cp a b"))
    (run.checkout / "a").write_text("1")
    records.write(run.folder, {"stages": {}})
    return run


def repeated(run: Run) -> tuple[str, dict]:
    """Run the stage; return how its result came, and what the record says."""
    return run_stage(run, "copy", lambda line: None)["how"], run.record["stages"]["copy"]


def test_what_an_earlier_attempt_ran_stays_noted(small: Run) -> None:
    how, first = repeated(small)
    assert (how, first["how"]) == ("ran", "ran")
    assert repeated(small) == ("cached", first)
    (small.checkout / "b").unlink()
    assert repeated(small) == ("cached", first)
    (small.checkout / "a").write_text("2")
    how, other = repeated(small)
    assert (how, other["how"]) == ("ran", "ran") and other["outs"] != first["outs"]


@pytest.mark.parametrize(("marked", "how"), [(True, "ran"), (False, "cached")])
def test_a_stage_that_ran_in_this_run_counts_though_a_kill_came_before_the_note(
    small: Run, marked: bool, how: str
) -> None:
    repeated(small)
    records.change(small.folder, stages={})
    if not marked:  # another run has made it
        (small.folder / "copy.ran").unlink()
    assert repeated(small)[1]["how"] == how


def test_dvc_dies_with_the_flow_and_whoever_takes_the_run_up_waits_for_that(small: Run) -> None:
    (small.checkout / "dvc.yaml").write_text(MARKED.format(work="test -e go && cp a b || sleep 60"))
    code = (
        "import sys; from pathlib import Path; from unirg_core.runs.run import Run\n"
        "from unirg_core.runs.stage import run_stage\n"
        "run_stage(Run('r', Path(sys.argv[1])), 'copy', print)"
    )
    flow = subprocess.Popen([sys.executable, "-c", code, str(small.folder)], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (small.folder / "copy.ran").exists():
        assert flow.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    orphans = descendants(flow.pid)
    os.kill(flow.pid, signal.SIGKILL)
    flow.wait()
    (small.checkout / "go").touch()
    assert repeated(small)[1]["outs"]
    assert len(orphans) >= 2 and not [pid for pid in orphans if lives(pid)]
