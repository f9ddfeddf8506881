"""However the platform ends, its parts end with it; and no other process is ever ended in its name."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures_platform import ROOT, light

from unirg_core import servers, up
from unirg_core.faults import BadInput
from unirg_core.files import write_json
from unirg_core.home import locked

ON_A_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


def assert_gone(home: Path, child: subprocess.Popen, parts: set[int]) -> None:
    child.wait(timeout=30)
    assert not [pid for pid in parts if Path(f"/proc/{pid}").exists()] and not (home / "up.json").exists()


@pytest.mark.parametrize("numbers", ["INT", "TERM", "HUP", "INT INT INT", "HUP TERM", "TERM INT HUP"])
def test_no_signal_leaves_a_part_behind(unirg_home: Path, numbers: str) -> None:
    with light(unirg_home, stdout=subprocess.DEVNULL) as (child, parts):
        for number in numbers.split():
            child.send_signal(signal.Signals[f"SIG{number}"])
            time.sleep(0.7)
        assert_gone(unirg_home, child, parts)
        assert child.returncode == 0


def test_a_closed_terminal_ends_all_of_it(unirg_home: Path) -> None:
    leader, follower = pty.openpty()
    terminal = {"stdin": follower, "stdout": follower, "stderr": follower}
    with light(unirg_home, sys.executable, "-c", ON_A_TERMINAL, **terminal) as (child, parts):
        os.close(follower)
        os.close(leader)
        assert_gone(unirg_home, child, parts)


def test_down_ends_it_whatever_server_the_environment_names(unirg_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect:4200/api")
    with light(unirg_home, stdout=subprocess.DEVNULL) as (child, parts):
        assert up.down() == "The platform is down."
        assert_gone(unirg_home, child, parts)


@pytest.mark.parametrize(("held", "said"), [(False, None), (True, "is starting or ending; try again in a moment")])
@pytest.mark.parametrize("server", [None, "http://prefect:4200/api"])
def test_what_a_killed_platform_has_left_ends_no_other_process(
    unirg_home: Path, held: bool, said: str | None, server: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if server:
        monkeypatch.setenv("PREFECT_API_URL", server)
    other = subprocess.Popen(["sleep", "60"])
    write_json(unirg_home / "up.json", {"pid": other.pid, "api": "", "pages": {}})
    try:
        if said:
            with locked(unirg_home / "up.lock"), pytest.raises(BadInput, match=said):
                up.down()
        else:
            assert up.down() == "No platform is up."
        time.sleep(0.1)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_start_forgets_what_a_killed_platform_has_left(unirg_home: Path) -> None:
    write_json(unirg_home / "up.json", {"pid": 1, "api": "", "pages": {}})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="is taken"):
            up.up(ROOT, taken.getsockname()[1], 1)
    assert not (unirg_home / "up.json").exists()


@pytest.mark.parametrize(
    ("uri", "page"),
    [
        ("http://mlflow:5000", "http://mlflow:5000"),
        ("https://user:s3cret@mlflow.example.org", "https://mlflow.example.org"),
        ("databricks", "databricks"),
        ("sqlite:////srv/mlflow.db", None),
        (None, None),
    ],
)
def test_where_a_server_keeps_the_runs_no_other_is_started(
    uri: str | None, page: str | None, monkeypatch: pytest.MonkeyPatch, unirg_home: Path
) -> None:
    if uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    part = servers.mlflow(5001)
    assert servers.pages_of(4200, 5001)["MLflow"] == (page or "http://127.0.0.1:5001")
    assert (part is None) == bool(page)
    if part:
        store = part.command[part.command.index("--backend-store-uri") + 1]
        assert store == (uri or f"sqlite:///{unirg_home}/mlflow.db")
