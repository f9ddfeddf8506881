"""What the tasks share: run a DVC stage as a child process, show its lines, hand its curves to MLflow."""

import time

from prefect.logging import get_run_logger

from unirg_core.progress import relay, say
from unirg_core.register.tracking import Curves
from unirg_core.runs.run import Run
from unirg_core.runs.stage import run_stage

_FLUSH_SECONDS = 5.0


def through_dvc(run: Run, stage: str) -> None:
    """Run one stage; its lines go to the log, its figures to MLflow while it runs."""
    log, curves, flushed = get_run_logger(), Curves(run), time.monotonic()

    def heard(line: str) -> None:
        nonlocal flushed
        log.info(line)
        if line.startswith(f"[{stage}]"):
            relay(line)
        if time.monotonic() - flushed > _FLUSH_SECONDS:
            curves.flush()
            flushed = time.monotonic()

    outcome = run_stage(run, stage, heard)
    curves.flush()
    say(stage, f"{'done' if outcome['how'] == 'ran' else 'unchanged, taken from the cache'} in {outcome['seconds']} s")
