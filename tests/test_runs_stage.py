"""A stage begins although a kill cut DVC's own files in the middle of a write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unirg_core.runs.stage import drop_torn_files

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
