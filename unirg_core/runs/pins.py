"""`inputs.json`: everything a run starts from, by digest, fixed before it starts.

The digest over all of it but champion and previous dataset, which a run itself may move, is the run's key: equal keys
mean that nothing has changed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.files import digest_of, read_json, write_json
from unirg_core.params import Ingest, Params, overlay
from unirg_core.runs.checkout import Code

INPUTS = "inputs.json"

_FILES = ("data/studies", "data/assignment", "data/manifest.parquet", "data/splits.json")
"""What the next version needs of a dataset; pinned by DVC's digests."""

_NOT_IN_THE_BYTES = ("processes", "executor", "dask")
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
        "params": None if code is None else digest_of(plain(params)),
    }


def plain(params: Params) -> dict[str, Any]:
    """Return parameters as a record keeps them."""
    return params.model_dump(mode="json", by_alias=True)


def run_key(inputs: Mapping[str, Any]) -> str:
    """Return the digest that tells two runs apart: all pins but those that a run itself may have moved."""
    kept = {name: value for name, value in inputs.items() if name not in _MOVED_BY_RUNS}
    code = kept.get("code") or {}
    return digest_of({**kept, "code": code.get("tree")})


def lineage(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> list[Any]:
    """Return what the versions of one line share: the kind of source, the key, and the series that was asked for.

    The phantom's worlds are other people who share institutions' names, so each is a line of its own.

    Parameters
    ----------
    values
        The parameters as a record keeps them: plain, since those of an earlier code need not pass today's checks.
    """
    ingest = _ingest(values)
    world = ingest["phantom"]["world"] if ingest["source"] == "phantom" else None
    return [inputs["source"]["kind"], inputs["key"]["fingerprint"], ingest["series"], world]


def _ingest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section as it was used; a parameter that its code did not know yet is at its default."""
    return overlay(Ingest().model_dump(mode="json"), values["ingest"])


def may_train(record: Mapping[str, Any]) -> bool:
    """Tell whether a run's dataset passed validation, so that something may have been trained on it."""
    whole = record["state"] == "completed" and "until" not in record.get("inputs", {})
    return "data" in record and (whole or "validate" in record["stages"])


def previous_dataset(
    earlier: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the pin of the dataset that a run goes on from, None where there is none.

    That is the last other one of the same line with an institution in common that passed validation. Equal data keeps
    the predecessor that it had.

    Parameters
    ----------
    earlier
        The record of each earlier run, oldest first.
    values
        The run's own parameters, plain.
    """
    identity, line = data_identity(inputs, values), lineage(inputs, values)
    there = set(inputs["source"].get("institutions", ()))
    for record in filter(may_train, reversed(earlier)):
        pinned, its = record["inputs"], record["params"]["resolved"]
        if lineage(pinned, its) != line or not there & set(pinned["source"].get("institutions", ())):
            continue
        return pinned["previous_dataset"] if data_identity(pinned, its) == identity else _pinned(record)
    return None


def _pinned(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what names a run's dataset; its files only where DVC holds what the next version needs."""
    data = record["data"]
    outs = record["stages"].get("ingest", {}).get("outs", {})
    files = {name: outs[name] for name in _FILES if name in outs}
    pin = {"digest": data["digest"], "manifest": data["manifest"]}
    return pin | ({"run": record["run"], "files": files} if len(files) == len(_FILES) else {})


def data_identity(inputs: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return a digest of what decides the dataset's bytes, known before the dataset is made."""
    ingest = {name: value for name, value in _ingest(values).items() if name not in _NOT_IN_THE_BYTES}
    return digest_of([inputs["source"], inputs["key"], ingest, values["seed"]])


def write_inputs(checkout: Path, inputs: Mapping[str, Any]) -> None:
    """Write the pins where the stages read them."""
    write_json(checkout / INPUTS, inputs)


def read_inputs(checkout: Path) -> dict[str, Any]:
    """Read the pins of a checkout."""
    return read_json(checkout / INPUTS)
