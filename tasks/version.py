"""The `version` station: the dataset gets its commit and its copy in the remote."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from unirg_core.progress import say
from unirg_core.runs.run import Run
from unirg_core.version import version as version_data
from unirg_core.wording import counted


@task(name="version", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5)
def version(run: Run) -> None:
    """Push the dataset to the DVC remote and commit it on the run's branch."""
    data = version_data(run)
    say(
        "version",
        f"dataset {data['digest'][:12]}: {counted(data['studies'], 'study')} of "
        f"{counted(data['patients'], 'patient')}, {data['rejects']:,} rejected; "
        f"commit {data['commit'][:10]} on {run.branch}",
    )
