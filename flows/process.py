"""Run a flow inside this process: Prefect without a standing server, and exit codes that a shell understands."""

import os
import sys
import traceback
from collections.abc import Callable

from unirg_core.audit import record as records
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.home import die_with, home, locked
from unirg_core.progress import say
from unirg_core.runs.run import find
from unirg_core.runs.stage import StageFault
from unirg_core.runs.summary import ended_early, show


def in_process(flow: Callable[[str], str], run_id: str) -> int:
    """Run a flow on a pinned run, print its summary, and return the exit code.

    0: completed; 1: the gate rejected the model, or it collapsed; 2: bad input or a fault.
    """
    if parent := os.environ.get("UNIRG_PARENT"):
        die_with(int(parent))
    try:
        _start_api()
        return _carried(flow, run_id)
    except HonestNegative as negative:
        sys.stderr.write(f"unirg: {negative}\n")
        return 1
    except StageFault as fault:
        sys.stderr.write(f"{fault.tail}\nunirg: {fault}\n")
        return 2
    except BadInput as fault:
        sys.stderr.write(f"unirg: {fault}\n")
        return 2
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a bug, or a signal of Prefect's; Python itself would end with 1, which is an honest no
        traceback.print_exc()
        return 2


def _carried(flow: Callable[[str], str], run_id: str) -> int:
    verdict = flow(run_id)
    run = find(run_id)
    if "registration" in run.record:
        show(run)
    elif run.record["state"] == records.COMPLETED:
        say("retrain", ended_early(run))
    return 1 if verdict == "failed" else 0


def _start_api() -> None:
    """Let this process's own API make or upgrade its database under a lock: two first starts at once would clash."""
    if os.environ.get("PREFECT_API_URL"):
        return
    import prefect
    from prefect.client.orchestration import get_client

    done = home() / "prefect" / f"migrated-{prefect.__version__}"
    with locked(home() / "prefect.lock"):
        if not done.exists():
            with get_client(sync_client=True) as client:
                if fault := client.api_healthcheck():
                    raise fault
            done.touch()
