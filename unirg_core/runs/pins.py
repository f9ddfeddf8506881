"""`inputs.json`: everything a run starts from, by digest, fixed before it starts.

The digest over all of it but champion and previous dataset, which a run itself may move, is the run's key: equal keys
mean that nothing has changed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unirg_core.files import digest_of, read_json, write_json
from unirg_core.params import Params
from unirg_core.runs.checkout import Code

INPUTS = "inputs.json"

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


def data_identity(inputs: Mapping[str, Any], params: Params) -> str:
    """Return a digest of what decides the dataset's bytes, known before the dataset is made."""
    ingest = params.ingest.model_dump(mode="json", exclude={"processes"})
    return digest_of([inputs["source"], inputs["key"], ingest, params.seed])


def write_inputs(checkout: Path, inputs: Mapping[str, Any]) -> None:
    """Write the pins where the stages read them."""
    write_json(checkout / INPUTS, inputs)


def read_inputs(checkout: Path) -> dict[str, Any]:
    """Read the pins of a checkout."""
    return read_json(checkout / INPUTS)
