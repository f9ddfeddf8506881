"""The run's record: one canonical JSON file a run, also of one that fails, is killed or finds nothing to do.

It holds digests and figures, never report text or anything that names a person. It names the code and the data commit,
never the commit that it stands in.
"""

import importlib.metadata
import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unirg_core.files import digest_of, read_json, write_json

SCHEMA = "unirg.run-record/1"

RUNNING, COMPLETED, FAILED, KILLED, UNCHANGED = "running", "completed", "failed", "killed", "unchanged"

_PACKAGES = (
    "unirg-pipeline",
    "prefect",
    "dvc",
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "mlflow",
    "great_expectations",
    "pydicom",
    "pyarrow",
    "pandas",
    "numpy",
    "scipy",
    "pydantic",
    "tokenizers",
    "safetensors",
)


def now() -> str:
    """Return the time in UTC, to the second, as ISO 8601."""
    return at(time.time())


def at(seconds: float) -> str:
    """Return a time given in seconds since 1970 as `now` would have told it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(
    run_id: str, key: str, inputs: Mapping[str, Any], params: Mapping[str, Any], trigger: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of a run that has just begun."""
    return {
        "schema": SCHEMA,
        "run": run_id,
        "key": key,
        "state": RUNNING,
        "trigger": dict(trigger),
        "code": inputs["code"],
        "inputs": dict(inputs),
        "params": {"digest": digest_of(params), "resolved": dict(params)},
        "environment": environment(),
        "times": {"started": now()},
        "stages": {},
        "events": [],
    }


def environment() -> dict[str, Any]:
    """Return versions of Python, of the system and of the packages that decide a result."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def read(folder: Path) -> dict[str, Any]:
    """Read the record in a run's folder."""
    return read_json(folder / "record.json")


def write(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record into a run's folder, whole."""
    write_json(folder / "record.json", record)


def change(folder: Path, **values: Any) -> dict[str, Any]:
    """Set fields of a record and write it; return it."""
    record = {**read(folder), **values}
    write(folder, record)
    return record


def event(folder: Path, what: str, **details: Any) -> None:
    """Append an event (adopted, resumed, alias moved ...) to a record, with its time."""
    record = read(folder)
    change(folder, events=[*record["events"], {"time": now(), "what": what, **details}])
