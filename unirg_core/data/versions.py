"""Find versions of a dataset by what people call them, and read their files from DVC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from unirg_core.faults import BadInput
from unirg_core.ingest.stored import stored
from unirg_core.runs.checkout import git
from unirg_core.runs.pins import lineage, may_train
from unirg_core.runs.run import Run, all_runs


@dataclass(frozen=True)
class Version:
    """A version: what it was called, its files by DVC digest, and the run that made it where one is known."""

    name: str
    root: Path
    files: Mapping[str, str]
    run: Run | None = None

    def path(self, name: str) -> Path:
        """Return a file of the dataset, as `data/manifest.parquet`, in DVC's cache.

        Raises
        ------
        BadInput
            When the version has no such file, or neither cache nor remote hold it.
        """
        if name not in self.files:
            raise BadInput(f"The version {self.name} has no {name}.")
        own = self.run is not None and self.run.checkout.is_dir()  # its remote may be another than the project's
        return stored(self.run.checkout if own else self.root, [self.files[name]])[self.files[name]]


def versions(root: Path) -> list[Version]:
    """Return the version of every run whose dataset passed validation, oldest first; equal datasets once."""
    found: dict[str, Version] = {}
    for run in all_runs():
        record = run.record
        outs = record["stages"].get("ingest", {}).get("outs", {})
        if may_train(record) and outs:
            found.setdefault(record["data"]["digest"], Version(run.id, root, outs, run))
    return list(found.values())


def lines(found: list[Version]) -> dict[str, list[Version]]:
    """Group versions by the line that they belong to; the name of a line is its kind of source, key and series."""
    grouped: dict[str, list[Version]] = {}
    for version in found:
        kind, key, series, world = lineage(version.run.inputs, version.run.record["params"]["resolved"])
        name = f"{kind}{'' if world is None else f' world {world}'}, key {key}, series {series}"
        grouped.setdefault(name, []).append(version)
    return grouped


def find(reference: str, root: Path) -> Version:
    """Return the version that a run id, a dataset digest (or its beginning), a branch or a commit stands for.

    Raises
    ------
    BadInput
        When it stands for nothing, for more than one, or for a commit without a dataset.
    """
    runs = {run.id: run for run in all_runs()}
    if reference in runs:
        return _of_run(runs[reference], root, runs)
    return _of_digest(reference, root, runs) or _of_commit(reference, root)


def _of_run(run: Run, root: Path, runs: Mapping[str, Run]) -> Version:
    record = run.record
    if record.get("same_as") in runs:
        return _of_run(runs[record["same_as"]], root, runs)
    outs = record["stages"].get("ingest", {}).get("outs")
    if not outs:
        raise BadInput(f"The run {run.id} ({record['state']}) made no dataset.")
    return Version(run.id, root, outs, run)


def _of_digest(reference: str, root: Path, runs: Mapping[str, Run]) -> Version | None:
    if not re.fullmatch(r"[0-9a-f]{6,64}", reference):
        return None
    digests: dict[str, Run] = {}
    for run in runs.values():
        digests.setdefault(_digest(run.record), run)
    matching = [digest for digest in digests if digest.startswith(reference)]
    if len(matching) > 1:
        raise BadInput(f"{reference} is the beginning of {len(matching)} datasets' digests; give more of it.")
    return _of_run(digests[matching[0]], root, runs) if matching else None


def _digest(record: Mapping[str, Any]) -> str:
    return record.get("data", {}).get("digest", "")


def _of_commit(reference: str, root: Path) -> Version:
    try:
        commit = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    except BadInput:
        last = ", ".join(version.name for version in versions(root)[-3:]) or "none"
        raise BadInput(
            f"{reference} is no run, dataset digest, branch or commit; the last runs with a dataset are: {last}."
        ) from None
    try:
        lock = yaml.safe_load(git(root, "show", f"{commit}:dvc.lock"))
        outs = {out["path"]: out["md5"] for out in lock["stages"]["ingest"]["outs"]}
    except (BadInput, KeyError, TypeError):
        raise BadInput(
            f"The commit {commit[:12]} ({reference}) holds no dataset; a run's branch run/ID does."
        ) from None
    return Version(reference, root, outs)
