"""The `sft` station: DVC's stage of that name, watched."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.runs.run import Run


@task(name="sft", cache_policy=NO_CACHE)
def sft(run: Run) -> None:
    """Fine-tune the base model on the reference reports."""
    through_dvc(run, "sft")
