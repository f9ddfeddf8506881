"""The `ingest` station: DVC's stage of that name, watched."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.runs.run import Run


@task(name="ingest", cache_policy=NO_CACHE)
def ingest(run: Run) -> None:
    """Read the drop, de-identify it in memory and write shards and manifest."""
    through_dvc(run, "ingest")
