"""The `register` station: results into MLflow, a model version with its verdict, the aliases that it has earned."""

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from unirg_core.progress import say
from unirg_core.register.registry import register as register_model
from unirg_core.register.tracking import log_results
from unirg_core.runs.run import Run
from unirg_core.version import push


@task(name="register", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5)
def register(run: Run, verdict: dict[str, Any], approval: dict[str, Any]) -> None:
    """Log the results, register the model with its verdict and move the aliases that it has earned."""
    log_results(run)
    done = register_model(run, verdict, approval)
    if run.params.version.push:
        push(run)
    aliases = ", ".join(move["alias"] for move in done["aliases"]) or "none"
    say("register", f"{done['name']} version {done['version']} ({done['verdict']}), aliases: {aliases}")
