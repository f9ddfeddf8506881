"""Validate: a suite of expectations over the dataset, quarantine of single studies, drift from an earlier dataset.

Reads `data/manifest.parquet`, the shards' ids and `inputs.json`; writes `data/selection.parquet` (the manifest less
the quarantined studies), `data/quarantine.parquet` (those, each with the reasons), `data/validation.json` and
`data/drift.json`. Data Docs, the list of quarantined studies as CSV and figures go to the run's folder.
"""

from pathlib import Path

from unirg_core.params import Params


def validate(params: Params, root: Path) -> None:
    """Check the dataset below `root`, write selection, validation and drift.

    Raises
    ------
    BadInput
        When an expectation of severity `stop` is not met (one sentence: which, how many, which studies), or when
        the manifest is missing. `data/validation.json` and the Data Docs are written before.
    """
    from unirg_core.validate.run import validate as run

    run(params, root)
