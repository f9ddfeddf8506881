"""The `register` station: results into MLflow, a model version with its verdict, the aliases that it has earned."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from unirg_core.progress import say
from unirg_core.register.registry import register as register_model
from unirg_core.register.tracking import log_results
from unirg_core.runs.run import Run
from unirg_core.version import push


@task(name="register", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5)
def register(run: Run, verdict: dict[str, Any], approval: dict[str, Any]) -> None:
    """Log the results, push every output, register the model with its verdict and move the aliases it has earned.

    The aliases move last: where the remote fails for good, the run is recorded as failed and nothing stands for it.
    """
    log_results(run)
    if run.params.version.push:
        push(run)
    done = register_model(run, verdict, approval)
    aliases = ", ".join(move["alias"] for move in done["aliases"]) or "none"
    say("register", f"{done['name']} version {done['version']} ({done['verdict']}), aliases: {aliases}")
    if done["withheld"]:
        say("register", done["withheld"])
        create_markdown_artifact(done["withheld"], "champion-withheld", f"run {run.id}")
