"""The `evaluate` station: DVC's stage of that name, watched."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.runs.run import Run


@task(name="evaluate", cache_policy=NO_CACHE)
def evaluate(run: Run) -> None:
    """Predict and score the frozen test sets."""
    through_dvc(run, "evaluate")
