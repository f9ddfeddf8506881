"""What every test stands on: silent tools, and a home of its own that is never the user's."""

import os
import signal
from pathlib import Path

import pytest

from unirg_core.home import silenced

os.environ.update(silenced(os.environ))
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job, whose children would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)
_LEAVE = ("UNIRG_HOME", "UNIRG_RUN", "UNIRG_PARENT", "PREFECT_API_URL", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


def _forget() -> None:
    """Take away what would lead a test to another's state; MLflow sets such a variable itself."""
    for name in _LEAVE:
        os.environ.pop(name, None)


_forget()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a folder of the current run."""
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def unirg_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own."""
    _forget()
    home = tmp_path / "unirg-home"
    monkeypatch.setenv("UNIRG_HOME", str(home))
    return home
