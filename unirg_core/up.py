"""The local platform: Prefect's server and UI, MLflow's UI and a worker: child processes that end as one."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from unirg_core import servers
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home, locked
from unirg_core.progress import say
from unirg_core.servers import Part

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `unirg down`, a terminal that is closed


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
        (home() / "up.json").unlink(missing_ok=True)  # of one that was killed: its number may be another's by now
        for number in (port, mlflow_port) if servers.mlflow(mlflow_port) else (port,):
            _assert_free(number)
        return _serve(root, port, mlflow_port)


def _serve(root: Path, port: int, mlflow_port: int) -> int:
    environment = servers.environment(root, port)
    children: list[tuple[Part, subprocess.Popen]] = []
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _heed_signals()
            _start_all(children, root, environment, port, mlflow_port)
            addresses = servers.pages_of(port, mlflow_port)
            write_json(home() / "up.json", {"pid": os.getpid(), "api": servers.api(port), "pages": addresses})
            _announce(addresses)
            return _watch(children)
        return 0
    finally:
        _ignore_signals()
        (home() / "up.json").unlink(missing_ok=True)
        _stop(children)


def _heed_signals() -> None:
    """Let the first signal end the platform; where the shell has asked to ignore one, as nohup does, it stays so."""
    for number in _ENDING:
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """Let no further signal cut the end short: a part that is not ended lives on."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _start_all(
    children: list[tuple[Part, subprocess.Popen]], root: Path, environment: Mapping[str, str], port: int, mlflow: int
) -> None:
    """Start the servers side by side, then what needs the first of them: the deployments and the worker."""
    for part in filter(None, (servers.prefect(port), servers.mlflow(mlflow))):
        children.append((part, _start(part, root, environment)))
    for part, child in children:
        _await(part, child)
    servers.deploy(root, environment)
    worker = servers.worker()
    children.append((worker, _start(worker, root, environment)))


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
            with contextlib.suppress(OSError):  # the terminal may be gone
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
    """End a platform that runs in another terminal; return a sentence about it.

    Raises
    ------
    BadInput
        When it is not up yet or no longer, or does not end.
    """
    path, lock = home() / "up.json", home() / "up.lock"
    with locked(lock, wait=False) as free:
        if free:
            return "No platform is up."
    pid = read_json(path)["pid"] if path.exists() else None
    if pid is None or not _has_open(pid, lock):
        raise BadInput(
            "The platform is starting or ending; try again in a moment, or press Ctrl-C where it was started."
        )
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 4 * _STOP_SECONDS
    while time.monotonic() < until:
        with locked(lock, wait=False) as free:
            if free:
                return "The platform is down."
        time.sleep(0.2)
    raise BadInput(f"The platform (process {pid}) does not end; kill it.")


def _has_open(pid: int, path: Path) -> bool:
    """Tell whether a process holds a file open; where the system does not say, it is taken to."""
    if not Path("/proc/self/fd").is_dir():
        return True
    with contextlib.suppress(OSError):
        for number in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed since it was listed
                if number.readlink() == path.resolve():
                    return True
    return False
