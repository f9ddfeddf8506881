"""The local platform over parts that start in a moment, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unirg_core.home import descendants

ROOT = Path(__file__).resolve().parents[1]

# the platform itself, over parts that start in a moment and take two seconds to end
LIGHT = """
import sys
from pathlib import Path
from unirg_core import servers, up

code = (
    "import http.server as h, signal, sys, time\\n"
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), sys.exit()))\\n"
    "h.HTTPServer(('127.0.0.1', int(sys.argv[1])), h.SimpleHTTPRequestHandler).serve_forever()"
)

def part(name, port):
    return servers.Part(name, (sys.executable, "-c", code, str(port)), f"http://127.0.0.1:{port}/")

servers.prefect = lambda port: part("prefect", port)
servers.mlflow = lambda port: part("mlflow", port)
servers.worker = lambda: servers.Part("worker", ("sleep", "600"))
servers.deploy = lambda root, environment: None
sys.exit(up.up(Path.cwd(), *map(int, sys.argv[1:])))
"""


def free_ports() -> list[str]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in (one, other)]


@contextmanager
def light(home: Path, *before: str, **streams: object) -> Iterator[tuple[subprocess.Popen, set[int]]]:
    """Start a light platform; yield it, once it is up, and the processes of its parts."""
    command = [*before, sys.executable, "-c", LIGHT, *free_ports()]
    own = {**os.environ, "UNIRG_HOME": str(home), "PYTHONPATH": str(ROOT)}
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}  # the tests may run under nohup
    child = subprocess.Popen(command, cwd=ROOT, env=own, start_new_session=True, **heeding, **streams)
    parts: set[int] = set()
    try:
        until = time.monotonic() + 60
        while not (home / "up.json").exists():
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        parts = descendants(child.pid)
        assert len(parts) == 3
        yield child, parts
    finally:
        for pid in (child.pid, *parts):
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        child.wait()
