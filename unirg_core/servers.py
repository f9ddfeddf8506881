"""The parts of the local platform: what each is started with, which address answers, and what is deployed on them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.home import home, silenced

POOL = "local"


@dataclass(frozen=True)
class Part:
    """One server of the platform: its command, and the address that answers when it is up."""

    name: str
    command: tuple[str, ...]
    answers: str | None = None


def api(port: int) -> str:
    """Return the address of Prefect's API."""
    return f"http://127.0.0.1:{port}/api"


def prefect(port: int) -> Part:
    """Return Prefect's server and pages."""
    command = (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    return Part("prefect", command, f"{api(port)}/health")


def mlflow(port: int) -> Part | None:
    """Return MLflow's pages over the store of this machine; None where another server keeps the runs."""
    from unirg_core.register import served, tracking_uri

    if served():
        return None
    store = ("--backend-store-uri", tracking_uri(), "--default-artifact-root", str(home() / "mlflow-artifacts"))
    command = (sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    return Part("mlflow", (*command, *store), f"http://127.0.0.1:{port}/health")


def worker() -> Part:
    """Return the worker, which starts the runs."""
    return Part("worker", (sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", "unirg"))


def pages_of(port: int, mlflow_port: int) -> dict[str, str]:
    """Return the addresses of the pages; of a server elsewhere without the credentials that stand in its address."""
    from unirg_core.register import served, tracking_uri

    there = re.sub(r"//[^/@]*@", "//", tracking_uri()) if served() else f"http://127.0.0.1:{mlflow_port}"
    return {"Prefect": f"http://127.0.0.1:{port}", "MLflow": there}


def environment(root: Path, port: int) -> dict[str, str]:
    """Return the environment of every part."""
    own = {
        "UNIRG_HOME": str(home()),
        "UNIRG_ROOT": str(root),
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_API_URL": api(port),
        "PREFECT_SERVER_UI_API_URL": api(port),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    return {**silenced(os.environ), **own}


def deploy(root: Path, environment: Mapping[str, str]) -> None:
    """Make the work pool and the deployments of infra/prefect.yaml; both are idempotent.

    Raises
    ------
    BadInput
        With Prefect's last line when it refuses.
    """
    prefect = (sys.executable, "-m", "prefect", "--no-prompt")
    commands = (
        ("work-pool", "create", POOL, "--type", "process", "--overwrite"),
        ("deploy", "--prefect-file", "infra/prefect.yaml", "--all"),
    )
    for command in commands:
        done = subprocess.run(
            (*prefect, *command), cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
            raise BadInput(f"prefect {command[0]} failed: {said[-1]}")
    if (home() / "watch" / "settings.json").exists():  # deploying has taken the schedule away
        subprocess.run((sys.executable, "-m", "flows.watch", "--apply"), cwd=root, env=environment, check=False)
