"""`inputs.json`: everything a run starts from, by digest, fixed before it starts.

The digest over all of it but champion and previous dataset, which a run itself may move, is the run's key: equal keys
mean that nothing has changed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.files import digest_of, read_json, write_json
from unirg_core.params import Params
from unirg_core.runs.checkout import Code

INPUTS = "inputs.json"

_FILES = ("data/studies", "data/assignment", "data/manifest.parquet", "data/splits.json")
"""What the next version needs of a dataset; pinned by DVC's digests."""

_MOVED_BY_RUNS = ("champion", "previous_dataset")


def pin(
    root: Path,
    params: Params,
    *,
    code: Code | None = None,
) -> dict[str, Any]:
    """Return the pins of a run of `params` on the checkout `root`; without `code`, those of a bare `dvc repro`.

    Champion and previous dataset stand empty: who decides on a run fills them in.

    Raises
    ------
    BadInput
        When the source, the key or the base model cannot be read.
    """
    from unirg_core import models
    from unirg_core.home import home
    from unirg_core.ingest import listing_digest
    from unirg_core.keys import open_vault

    return {
        "source": listing_digest(params, root),
        "key": {"fingerprint": open_vault(params.ingest.source, home()).fingerprint},
        "base_model": {"name": params.model.base, "digest": models.digest(params.model.base, params.model.revision)},
        "champion": None,
        "previous_dataset": None,
        "code": None if code is None else {"commit": code.commit, "tree": code.tree, "dirty": code.dirty},
        "params": None if code is None else digest_of(params.model_dump(mode="json", by_alias=True)),
    }


def run_key(inputs: Mapping[str, Any]) -> str:
    """Return the digest that tells two runs apart: all pins but those that a run itself may have moved."""
    kept = {name: value for name, value in inputs.items() if name not in _MOVED_BY_RUNS}
    code = kept.get("code") or {}
    return digest_of({**kept, "code": code.get("tree")})


def lineage(inputs: Mapping[str, Any], params: Params) -> list[Any]:
    """Return what the versions of one line share: the kind of source, the key, and the series that was asked for.

    The phantom's worlds are other people who share institutions' names, so each is a line of its own.
    """
    world = params.ingest.phantom.world if params.ingest.source == "phantom" else None
    return [inputs["source"]["kind"], inputs["key"]["fingerprint"], params.ingest.series, world]


def may_train(record: Mapping[str, Any]) -> bool:
    """Tell whether a run's dataset passed validation, so that something may have been trained on it."""
    whole = record["state"] == "completed" and "until" not in record.get("inputs", {})
    return "data" in record and (whole or "validate" in record["stages"])


def previous_dataset(
    earlier: Sequence[tuple[Mapping[str, Any], Params]], inputs: Mapping[str, Any], params: Params
) -> dict[str, Any] | None:
    """Return the pin of the dataset that a run goes on from, None where there is none.

    That is the last other one of the same line with an institution in common that passed validation. Equal data keeps
    the predecessor that it had.

    Parameters
    ----------
    earlier
        Record and parameters of each earlier run, oldest first.
    """
    identity, line = data_identity(inputs, params), lineage(inputs, params)
    there = set(inputs["source"].get("institutions", ()))
    for record, its in reversed(earlier):
        if not may_train(record) or lineage(record["inputs"], its) != line:
            continue
        if not there & set(record["inputs"]["source"].get("institutions", ())):
            continue
        if data_identity(record["inputs"], its) == identity:
            return record["inputs"]["previous_dataset"]
        return _pinned(record)
    return None


def _pinned(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what names a run's dataset; its files only where DVC holds what the next version needs."""
    data = record["data"]
    outs = record["stages"].get("ingest", {}).get("outs", {})
    files = {name: outs[name] for name in _FILES if name in outs}
    pin = {"digest": data["digest"], "manifest": data["manifest"]}
    return pin | ({"run": record["run"], "files": files} if len(files) == len(_FILES) else {})


def data_identity(inputs: Mapping[str, Any], params: Params) -> str:
    """Return a digest of what decides the dataset's bytes, known before the dataset is made."""
    ingest = params.ingest.model_dump(mode="json", exclude={"processes", "executor", "dask"})
    return digest_of([inputs["source"], inputs["key"], ingest, params.seed])


def write_inputs(checkout: Path, inputs: Mapping[str, Any]) -> None:
    """Write the pins where the stages read them."""
    write_json(checkout / INPUTS, inputs)


def read_inputs(checkout: Path) -> dict[str, Any]:
    """Read the pins of a checkout."""
    return read_json(checkout / INPUTS)
