"""The checks that need no recipe: tools, packages, GPU, disk, stores, keys."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unirg_core.faults import BadInput
from unirg_core.files import read_json

State = Literal["ok", "note", "fault"]

_DISK_NOTED = 20 * 2**30
_DISK_LEAST = 2 * 2**30
_SECONDS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    state
        ok; note: it works, but a person should know; fault: a run would fail, and `said` tells the remedy.
    """

    name: str
    state: State
    said: str


def tools(root: Path) -> Iterator[Finding]:
    """Look for git and Python, and whether this is a checkout that git knows."""
    version = sys.version_info
    fits = version[:2] == (3, 11)
    said = f"{version.major}.{version.minor}.{version.micro}"
    yield Finding("python", "ok" if fits else "fault", said if fits else f"{said}; install Python 3.11")
    git = shutil.which("git")
    if git is None:
        yield Finding("git", "fault", "not found; install git")
        return
    yield Finding("git", "ok", _first_line([git, "--version"]))
    inside = subprocess.run([git, "rev-parse", "--git-dir"], cwd=root, capture_output=True, check=False).returncode == 0
    if not inside:
        yield Finding("checkout", "fault", f"{root} is no git repository; clone the project instead of copying it")


def packages(root: Path) -> Iterator[Finding]:
    """Compare every dependency with the range of pyproject.toml, and with the version of constraints.txt."""
    import tomllib
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    needed = [Requirement(line) for line in project["dependencies"]]
    pinned = _pins(root / "constraints.txt")
    tried = []
    for requirement in needed:
        try:
            found = version(requirement.name).partition("+")[0]  # a local build of torch is 2.13.0+cpu
        except PackageNotFoundError:
            yield Finding(requirement.name, "fault", "not installed; say: make .venv")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield Finding(requirement.name, "fault", f"{found} does not fit {requirement.specifier}; say: make .venv")
        elif (exact := pinned.get(requirement.name.lower())) and exact != found:
            tried.append(f"{requirement.name} {found} (tried with {exact})")
    if tried:
        yield Finding("packages", "note", f"other versions than constraints.txt: {', '.join(tried)}")
    else:
        yield Finding("packages", "ok", f"{len(needed)} dependencies, as in constraints.txt")


def _pins(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return {name.lower(): exact for name, _, exact in (line.partition("==") for line in lines) if exact}


def gpu(wanted: str = "auto", gib: float | None = None) -> Iterator[Finding]:
    """Name the GPUs with their free memory; none is no fault by itself.

    Parameters
    ----------
    wanted
        `model.device`: what is to train on a GPU does not train here without one.
    gib
        Memory of the GPU that is asked about in place of what is here.
    """
    import torch

    if gib:
        yield Finding("gpu", "note", f"memory is judged by one of {gib:g} GiB (--gpu-memory), not by what is here")
    if not torch.cuda.is_available():
        if not gib:
            idle = (
                "model.device = cuda does not train here" if wanted == "cuda" else "what trains here trains on the CPU"
            )
            yield Finding("gpu", "note", f"none; {idle}")
        return
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        name = torch.cuda.get_device_name(number)
        yield Finding(f"gpu {number}", "ok", f"{name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free")


def disk(home: Path) -> Iterator[Finding]:
    """Tell the space that is left where all state lies."""
    place = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / 2**30:.1f} GiB free under {home}"
    if free < _DISK_LEAST:
        yield Finding("disk", "fault", f"{said}; a run needs 2 GiB at least: make room, or set UNIRG_HOME")
    else:
        yield Finding("disk", "note" if free < _DISK_NOTED else "ok", said)


def mlflow_store() -> Iterator[Finding]:
    """Ask the tracking store for its models, where there is one."""
    from unirg_core.register import client, store_exists, tracking_uri

    if not store_exists():
        yield Finding("mlflow", "ok", "no store yet; the first run makes one")
        return
    from mlflow.exceptions import MlflowException

    try:
        count = len(client().search_registered_models(max_results=100))
    except (MlflowException, OSError) as error:
        yield Finding("mlflow", "fault", f"{tracking_uri()} does not answer ({type(error).__name__}); start it")
        return
    yield Finding("mlflow", "ok", f"{tracking_uri()} answers; {count} registered models")


def dvc_remote(address: str | None, home: Path) -> Iterator[Finding]:
    """Look whether the DVC remote can be reached: a folder that can be written, or a bucket that answers."""
    remote = address or str(home / "dvc" / "remote")
    if remote.startswith("s3://"):
        yield _bucket(remote)
        return
    folder = Path(remote)
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    writable = _writable(place)
    said = f"{remote}" if folder.exists() else f"{remote} (made by the first run)"
    yield Finding("dvc remote", "ok" if writable else "fault", said if writable else f"{place} cannot be written")


def _writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _bucket(address: str) -> Finding:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    settings = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 1})
    try:
        boto3.client("s3", config=settings).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        return Finding("dvc remote", "fault", f"{address}: {said}; check address, network and credentials")
    return Finding("dvc remote", "ok", f"{address} answers")


def keys(home: Path) -> Iterator[Finding]:
    """Look at the vault without making a key: permissions, and whether the datasets were made with this key."""
    from unirg_core.keys import open_vault

    path, marker = home / "keys" / "key", home / "keyed.json"
    if not path.exists() and not marker.exists():
        yield Finding("keys", "ok", "none yet; the first real source draws one (the phantom's is public)")
        return
    try:
        fingerprint = open_vault("folder", home).fingerprint
    except BadInput as error:
        yield Finding("keys", "fault", str(error).rstrip("."))
        return
    used = "datasets were made with it" if marker.exists() and read_json(marker) else "no dataset yet"
    salts = path.with_name("salts.jsonl")
    if salts.exists() and salts.stat().st_mode & 0o077:
        yield Finding("keys", "fault", f"{salts} is open to other users; say: chmod 600 {salts}")
        return
    yield Finding("keys", "ok", f"fingerprint {fingerprint}, 0600; {used}")


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    return (done.stdout or done.stderr).strip().splitlines()[0]
