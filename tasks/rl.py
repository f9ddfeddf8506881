"""The `rl` station: DVC's stage of that name, watched."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.runs.run import Run


@task(name="rl", cache_policy=NO_CACHE)
def rl(run: Run) -> None:
    """Fine-tune with GRPO on the clinical scores."""
    through_dvc(run, "rl")
