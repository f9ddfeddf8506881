"""The `gate` station: DVC's stage of that name, and its verdict."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.stage import through_dvc
from unirg_core.audit import record as records
from unirg_core.files import read_json
from unirg_core.progress import say
from unirg_core.runs.run import Run


@task(name="gate", cache_policy=NO_CACHE)
def gate(run: Run) -> dict[str, Any]:
    """Judge the RL model by the rules of params.yaml and return the verdict."""
    through_dvc(run, "gate")
    verdict = read_json(run.checkout / "reports" / "verdict.json")
    records.change(run.folder, verdict=verdict)
    say("gate", verdict["verdict"])
    return verdict
