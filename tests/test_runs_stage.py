"""A stage begins although a kill cut DVC's own files in mid-write; one that ends badly says how, and quotes nothing."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from unirg_core.runs.run import Run
from unirg_core.runs.stage import StageFault, drop_torn_files, run_stage

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
    ("name", "text", "torn"),
    [
        (RWLOCK, "", True),
        (RWLOCK, '{"write": {"/a": {"pid": 4', True),
        (RWLOCK, "{}", False),
        (RWLOCK, '{"write": {}, "read": {"/a": [{"pid": 4, "cmd": "repro"}]}}', False),
        ("dvc.lock", "", True),
        ("dvc.lock", "schema: '2.0'\n", True),
        ("dvc.lock", "schema: '2.0'\nstages:\n  copy: {cmd: 'cp a", True),
        ("dvc.lock", "schema: '2.0'\nstages: {}\n", False),
    ],
)
def test_only_what_cannot_be_read_is_dropped(tmp_path: Path, name: str, text: str, torn: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert drop_torn_files(tmp_path) == [name] * torn
    assert path.exists() is not torn
    assert drop_torn_files(tmp_path / "empty") == []


def test_dvc_refuses_torn_files_and_takes_up_its_work_without_them(tmp_path: Path) -> None:
    assert dvc(tmp_path, "init", "--no-scm").returncode == 0
    (tmp_path / "dvc.yaml").write_text(STAGE)
    (tmp_path / "a").write_text("1")
    assert dvc(tmp_path, "repro").returncode == 0
    (tmp_path / RWLOCK).write_text("")
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages:\n  copy: {cmd: 'cp a")
    assert dvc(tmp_path, "repro").returncode != 0
    assert drop_torn_files(tmp_path) == [RWLOCK, "dvc.lock"]
    again = dvc(tmp_path, "repro")
    assert again.returncode == 0 and "cp a b" not in again.stdout  # from the cache of runs


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python -c 'raise KeyError(\"MRN 4711\")'", "sft ended badly with exit code 1;"),
        ("echo it exited with 5; echo MRN 4711; exit 3", "sft ended badly with exit code 3;"),
        ("echo MRN 4711; kill -9 $$", "sft ended badly with exit code -9;"),
        (None, "sft ended badly;"),  # DVC itself refuses
    ],
)
def test_a_stage_that_ends_badly_says_how_and_keeps_its_words_for_the_terminal(
    tmp_path: Path, command: str | None, said: str
) -> None:
    run = Run("r", tmp_path)
    run.checkout.mkdir()
    assert dvc(run.checkout, "init", "--no-scm").returncode == 0
    if command:
        (run.checkout / "dvc.yaml").write_text(f"stages:\n  sft:\n    cmd: {json.dumps(command)}\n")
    with pytest.raises(StageFault) as ended:
        run_stage(run, "sft", lambda line: None)
    fault = pickle.loads(pickle.dumps(ended.value))
    assert str(fault) == f"{said} {tmp_path / 'log.txt'} says why."
    assert ("4711" in fault.tail) == bool(command) and fault.tail in (tmp_path / "log.txt").read_text()
