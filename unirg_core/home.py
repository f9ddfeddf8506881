"""Where state lives: `$UNIRG_HOME`, or `.unirg` in the checkout; and the settings that keep every tool silent."""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from unirg_core.faults import BadInput

SILENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "DVC_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "DISABLE_MLFLOW_INTEGRATION": "TRUE",  # the trainers' own: the parent alone writes to MLflow
    "TOKENIZERS_PARALLELISM": "false",
}
"""Telemetry of every tool that this project starts is off."""

PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of a computation sleep while they wait: spinning ones take the cores that the others of them need, and on a
machine that does something else besides, a stage takes many times as long."""

_WATCH_SECONDS = 0.5


def home() -> Path:
    """Return the folder of all state, absolute: `$UNIRG_HOME`, or `.unirg` below the current folder."""
    return Path(os.environ.get("UNIRG_HOME") or ".unirg").absolute()


def run_folder() -> Path:
    """Return the folder of the current run's logs, curves and figures: never an output, so times may stand there."""
    return Path(os.environ.get("UNIRG_RUN") or home() / "runs" / "by-hand").absolute()


def work_folder(stage: str, digest: str) -> Path:
    """Return (and make) the folder where a stage keeps its checkpoints, named by the digest of its input."""
    folder = home() / "work" / f"{stage}-{digest[:20]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def silenced(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which no tool phones home."""
    offline = {} if environment.get("HF_HUB_OFFLINE") else {"HF_HUB_OFFLINE": "1"}
    return {**PATIENT, **environment, **SILENT, **offline}


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold an exclusive file lock; yield whether it is held. The kernel frees it when the holder dies."""
    lock = take_lock(path, wait=wait)
    try:
        yield lock is not None
    finally:
        if lock:
            lock.close()


def take_lock(path: Path, *, wait: bool = False) -> IO[str] | None:
    """Return the open, exclusively locked file, or None where another holds it; closing the last copy frees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        stream.close()
        return None
    return stream


def die_with(parent: int) -> None:
    """End this process soon after process `parent` is gone, so that no stage outlives the run that started it.

    What this process has started ends with it, as a temporary server that would outlive it.
    A thread asks twice a second: PR_SET_PDEATHSIG would fire when the *thread* that started us ends, and
    orchestrators start children from worker threads.
    """
    if parent <= 1:
        raise BadInput(f"UNIRG_PARENT={parent} names no process that could be watched.")

    def watch() -> None:
        pause = threading.Event()
        while not pause.wait(_WATCH_SECONDS):
            if not _alive(parent):
                with suppress(OSError):  # whoever read it may be gone too
                    sys.stderr.write(f"The process {parent} that started this one is gone: ending.\n")
                for child in descendants(os.getpid()):
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                os._exit(137)

    threading.Thread(target=watch, daemon=True, name="die-with-parent").start()


def descendants(pid: int) -> set[int]:
    """Return the processes that a process has started, and those that they have started (Linux; elsewhere none)."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")  # one list a thread
    with suppress(OSError):
        found = {int(child) for path in lists for child in path.read_text().split()}
        return found | {deeper for child in found for deeper in descendants(child)}
    return set()


def _alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie, killed but not yet reaped, does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except ProcessLookupError:
        return False
    except OSError:  # not ours, or a system without /proc: it is there
        return True
    return state not in "ZX"
