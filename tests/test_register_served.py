"""Files of runs that a standing MLflow server keeps go to that server, and not onto this machine's disk."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fixtures_platform import free_ports

from unirg_core.register import client
from unirg_core.register.tracking import _experiment


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start a real server of its own home; return the folder that it keeps files in."""
    port, files = free_ports()[0], tmp_path / "server" / "files"
    files.mkdir(parents=True)
    command = [sys.executable, "-m", "mlflow", "server", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/server/db", "--artifacts-destination", str(files)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until, address = time.monotonic() + 120, f"http://127.0.0.1:{port}"
    while time.monotonic() < until:
        assert child.poll() is None
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=2):
            break
        time.sleep(0.3)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    yield files
    child.terminate()
    child.wait()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_servers_files_stay_with_the_server(server: Path, tmp_path: Path, unirg_home: Path) -> None:
    store = client()
    page = store.create_run(_experiment(store)).info.run_id
    (tmp_path / "figure.png").write_bytes(b"drawn")
    store.log_artifact(page, str(tmp_path / "figure.png"), "figures")
    assert [path.read_bytes() for path in server.rglob("figure.png")] == [b"drawn"]
    assert not (unirg_home / "mlflow-artifacts").exists()


def test_of_a_store_of_ones_own_the_files_lie_beside_it(unirg_home: Path) -> None:
    store = client()
    made = store.get_experiment(_experiment(store))
    assert made.artifact_location == str(unirg_home / "mlflow-artifacts")
