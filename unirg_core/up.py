"""The local platform: Prefect's server and UI, MLflow's UI and a worker: child processes that end as one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home, locked, silenced
from unirg_core.progress import say

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
POOL = "local"


@dataclass(frozen=True)
class Part:
    """One server of the platform: its command, and the address that answers when it is up."""

    name: str
    command: tuple[str, ...]
    answers: str | None = None


def up(here: Path, port: int, mlflow_port: int) -> int:
    """Start everything, print the addresses, and stay until Ctrl-C or until a part dies.

    Raises
    ------
    BadInput
        When a port is taken, a platform is up already, or a part does not start.
    """
    from unirg_core.runs.checkout import project_root

    root = project_root(here)
    os.environ.setdefault("UNIRG_HOME", str(root / ".unirg"))
    with locked(home() / "up.lock", wait=False) as mine:
        if not mine:
            there = ", ".join(f"{name} {address}" for name, address in pages().items()) or "it is starting"
            raise BadInput(f"A platform is up already ({there}); end it with `unirg down`.")
        for number in (port, mlflow_port):
            _assert_free(number)
        return _serve(root, port, mlflow_port)


def _serve(root: Path, port: int, mlflow_port: int) -> int:
    environment = _environment(root, port)
    signal.signal(signal.SIGTERM, _interrupt)
    children: list[tuple[Part, subprocess.Popen]] = []
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _start_all(children, root, environment, port, mlflow_port)
            addresses = {"Prefect": f"http://127.0.0.1:{port}", "MLflow": f"http://127.0.0.1:{mlflow_port}"}
            write_json(home() / "up.json", {"pid": os.getpid(), "api": _api(port), "pages": addresses})
            _announce(addresses)
            return _watch(children)
        return 0
    finally:
        (home() / "up.json").unlink(missing_ok=True)
        _stop(children)


def _start_all(
    children: list[tuple[Part, subprocess.Popen]], root: Path, environment: Mapping[str, str], port: int, mlflow: int
) -> None:
    """Start the servers side by side, then what needs the first of them: the deployments and the worker."""
    servers = [_prefect(port), _mlflow(mlflow)]
    for part in servers:
        children.append((part, _start(part, root, environment)))
    for part, child in children:
        _await(part, child)
    _deploy(root, environment)
    worker = Part("worker", (sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", "unirg"))
    children.append((worker, _start(worker, root, environment)))


def _prefect(port: int) -> Part:
    command = (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    return Part("prefect", command, f"{_api(port)}/health")


def _mlflow(port: int) -> Part:
    from unirg_core.register import tracking_uri

    store = ("--backend-store-uri", tracking_uri(), "--default-artifact-root", str(home() / "mlflow-artifacts"))
    command = (sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    return Part("mlflow", (*command, *store), f"http://127.0.0.1:{port}/health")


def _environment(root: Path, port: int) -> dict[str, str]:
    own = {
        "UNIRG_HOME": str(home()),
        "UNIRG_ROOT": str(root),
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_API_URL": _api(port),
        "PREFECT_SERVER_UI_API_URL": _api(port),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    return {**silenced(os.environ), **own}


def _api(port: int) -> str:
    return f"http://127.0.0.1:{port}/api"


def _assert_free(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadInput(f"Port {port} is taken; choose another with --port or --mlflow-port.") from None


def _start(part: Part, root: Path, environment: Mapping[str, str]) -> subprocess.Popen:
    """Start a part in a session of its own, so that one Ctrl-C reaches us alone and we end the parts in order."""
    say("up", f"starting {part.name}")
    with _log(part.name) as log:
        return subprocess.Popen(
            part.command, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )


@contextlib.contextmanager
def _log(name: str) -> Iterator[object]:
    folder = home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        yield log


def _await(part: Part, child: subprocess.Popen) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(part.answers, timeout=2):
            return
        time.sleep(0.3)
    raise BadInput(f"{part.name} did not start; {home() / 'logs' / part.name}.log says why.")


def _deploy(root: Path, environment: Mapping[str, str]) -> None:
    """Make the work pool and the deployments of infra/prefect.yaml; both are idempotent."""
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


def _announce(addresses: Mapping[str, str]) -> None:
    say("up", f"Prefect   {addresses['Prefect']}          start: Deployments > retrain > manual > Run")
    say("up", f"MLflow    {addresses['MLflow']}          runs, curves, registered versions")
    say("up", f"logs      {home() / 'logs'}")
    say("up", "Ctrl-C ends all of it.")


def _watch(children: list[tuple[Part, subprocess.Popen]]) -> int:
    while True:
        for part, child in children:
            if child.poll() is not None:
                say(
                    "up", f"{part.name} ended with code {child.returncode}; {home() / 'logs' / part.name}.log says why."
                )
                return 2
        time.sleep(0.5)


def _stop(children: list[tuple[Part, subprocess.Popen]]) -> None:
    """End the parts, the last started first: the worker must still reach the server to say that its runs end."""
    for part, child in reversed(children):
        if child.poll() is None:
            say("up", f"stopping {part.name}")
            _signal(child, signal.SIGINT if part.name == "worker" else signal.SIGTERM)
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
        _signal(child, signal.SIGKILL)  # what the part itself had started


def _signal(child: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def server_address() -> str | None:
    """Return the API address of the platform that is up, or None."""
    path = home() / "up.json"
    if os.environ.get("PREFECT_API_URL"):
        return os.environ["PREFECT_API_URL"]
    with locked(home() / "up.lock", wait=False) as free:
        return None if free or not path.exists() else read_json(path)["api"]


def pages() -> dict[str, str]:
    """Return the names and addresses of the pages of the platform that is up; empty where none is."""
    path = home() / "up.json"
    with locked(home() / "up.lock", wait=False) as free:
        return {} if free or not path.exists() else read_json(path)["pages"]


def down() -> str:
    """End a platform that runs in another terminal; return a sentence about it."""
    path = home() / "up.json"
    if server_address() is None or not path.exists():
        return "No platform is up."
    os.kill(read_json(path)["pid"], signal.SIGTERM)
    until = time.monotonic() + 4 * _STOP_SECONDS
    while time.monotonic() < until:
        with locked(home() / "up.lock", wait=False) as free:
            if free:
                return "The platform is down."
        time.sleep(0.2)
    raise BadInput(f"The platform (process {read_json(path)['pid']}) does not end; kill it.")
