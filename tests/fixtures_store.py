"""A real S3 server over a folder, through rclone: it checks keys, and knows list, head and get."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEY, SECRET = "unirgtestaccesskey", "unirgtestsecretkeythatislongenough"


def rclone() -> str:
    """Return the program, of this environment or the path; empty where there is none."""
    own = Path(sys.executable).parent / "rclone"
    return str(own) if own.exists() else shutil.which("rclone") or ""


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the sub-folders of a folder as buckets; yield the environment that reaches them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = [rclone(), "serve", "s3", "--addr", address, "--auth-key", f"{KEY},{SECRET}", str(folder)]
    quiet = {**os.environ, "RCLONE_CONFIG": os.devnull}
    server = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, server)
        yield {
            "AWS_ENDPOINT_URL": f"http://{address}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert server.poll() is None, "rclone ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("rclone did not answer")
