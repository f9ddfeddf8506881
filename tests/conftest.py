"""What every test stands on: silent tools, and a home of its own that is never the user's."""

import os
from pathlib import Path

import pytest

from unirg_core.home import silenced

os.environ.update(silenced(os.environ))
for name in ("UNIRG_HOME", "UNIRG_RUN", "UNIRG_PARENT", "PREFECT_API_URL", "MLFLOW_TRACKING_URI"):
    os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def unirg_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own."""
    home = tmp_path / "unirg-home"
    monkeypatch.setenv("UNIRG_HOME", str(home))
    return home
