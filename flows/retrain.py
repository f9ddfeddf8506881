"""From a data drop to a registered model: the main path.

`unirg retrain` pins a run and starts `python -m flows.retrain RUN` in the run's own checkout; a deployment's form
starts the flow itself, which then pins the run first.
"""

import sys
from collections.abc import Iterator

from prefect import State, flow
from prefect.states import Failed

from flows.carry import EMPTY, Form, carry, carry_held
from tasks.approve import approve
from tasks.evaluate import evaluate
from tasks.gate import gate
from tasks.ingest import ingest
from tasks.register import register
from tasks.rl import rl
from tasks.sft import sft
from tasks.validate import validate
from tasks.version import version
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.runs.run import Run, find
from unirg_core.runs.stage import StageFault


def way(run: Run) -> Iterator[object]:
    """Take a run through its stations, one each time that it is asked on."""
    yield ingest(run)
    yield version(run)
    yield validate(run)
    yield sft(run)
    yield rl(run)
    yield evaluate(run)
    yield (verdict := gate(run))
    yield (approval := approve(run, verdict))
    yield register(run, verdict, approval)


@flow(name="retrain", validate_parameters=True)
def retrain(form: Form = EMPTY) -> str | State:
    """Retrain the report model on the data of a source, judge it, and register it.

    Args:
        form: What to retrain on and how; every field has a default, so an empty form retrains on the phantom.
    """
    try:
        return carry(form, way)
    except (BadInput, HonestNegative, StageFault) as told:  # the page shows the sentence alone
        return Failed(message=str(told))


@flow(name="retrain")
def retrain_pinned(run_id: str) -> str:
    """Carry out a run that `unirg retrain` has pinned, and whose lock it has handed over."""
    return carry_held(find(run_id), way)


if __name__ == "__main__":
    from flows.process import in_process

    sys.exit(in_process(retrain_pinned, sys.argv[1]))
