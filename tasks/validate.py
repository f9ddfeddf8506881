"""The `validate` station: DVC's stage of that name, watched."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.runs.run import Run


@task(name="validate", cache_policy=NO_CACHE)
def validate(run: Run) -> None:
    """Check the dataset with Great Expectations, select studies, measure drift."""
    through_dvc(run, "validate")
