"""What the tasks share: run a DVC stage as a child process, show its lines, hand its curves and figures to MLflow."""

import time

from prefect.logging import get_run_logger

from tasks.live import Bar, show_samples
from unirg_core.faults import HonestNegative
from unirg_core.progress import relay, say
from unirg_core.register.tracking import Curves, log_figures
from unirg_core.runs.run import Run
from unirg_core.runs.stage import run_stage

_FLUSH_SECONDS = 5.0


def through_dvc(run: Run, stage: str) -> None:
    """Run one stage; what it says goes to the log and moves its bar, its figures go to MLflow while it runs."""
    log, curves, bar, flushed = get_run_logger(), Curves(run), Bar(run, stage), time.monotonic()

    def heard(line: str) -> None:
        nonlocal flushed
        bar.heard(line)
        if line.startswith(f"[{stage}]"):  # any other may be a trace that quotes a patient: it stays in log.txt
            log.info(line)
            relay(line)
        if time.monotonic() - flushed > _FLUSH_SECONDS:
            curves.flush()
            flushed = time.monotonic()

    def show() -> None:
        curves.flush()
        log_figures(run, stage)
        show_samples(run, stage)

    try:
        outcome = run_stage(run, stage, heard)
    except HonestNegative:  # of a training that has collapsed there is the more to see
        show()
        raise
    show()
    say(stage, f"{'done' if outcome['how'] == 'ran' else 'unchanged, taken from the cache'} in {outcome['seconds']} s")
