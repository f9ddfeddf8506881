"""What `unirg retrain` and a deployment's form ask for, and how the flow is started in process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core import params
from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.params import Params
from unirg_core.progress import say
from unirg_core.runs.checkout import holds, project_root
from unirg_core.runs.run import Decision, Trigger, decide, environment


@dataclass(frozen=True)
class Request:
    """A request to retrain, as a person writes it."""

    recipe: str | None = None
    source: str | None = None
    path: str | None = None
    mapping: str | None = None
    set: tuple[str, ...] = ()
    approval: str = "auto"
    allow_dirty: bool = False
    until: str | None = None


def resolve(request: Request, root: Path, here: Path) -> Params:
    """Return the parameters that a request stands for; its paths are taken from the folder `here`.

    Raises
    ------
    BadInput
        When the recipe is unknown, any value will not do or cannot be carried out here, or a judge or scorer service
        that is used does not answer.
    """
    from unirg_core import preflight
    from unirg_core.models.loading import located
    from unirg_core.register.champion import as_base
    from unirg_core.scores.configured import asked, check_answers, configured

    above: dict[str, Any] = params.assignments(request.set)
    ingest = {
        "source": request.source,
        "path": _absolute(request.path, here),
        "mapping": _in_checkout(request.mapping, root, here),
    }
    given = {name: value for name, value in ingest.items() if value is not None}
    above = params.overlay(above, {"ingest": given} if given else {})
    above = params.overlay(above, {"approve": {"mode": request.approval}})
    resolved = as_base(located(params.resolve(root, request.recipe, above), here))
    resolved = _one_remote(resolved, here if _sets_remote(above) else root)
    preflight.check(resolved, root)
    named = asked(resolved)
    check_answers(resolved.scores, named)
    configured(resolved.scores, used=named)  # refuses a judge without a key, or a folder with other files
    return resolved


def _sets_remote(above: Mapping[str, Any]) -> bool:
    version = above.get("version")
    return isinstance(version, Mapping) and "remote" in version


def _one_remote(resolved: Params, near: Path) -> Params:
    """Return parameters whose remote is the same folder for every run, although each stands in its own checkout."""
    remote = {"remote": _absolute(resolved.version.remote, near)}
    return resolved.model_copy(update={"version": resolved.version.model_copy(update=remote)})


def _absolute(path: str | None, here: Path) -> str | None:
    return path if path is None or "://" in path else str((here / Path(path).expanduser()).resolve())


def _in_checkout(path: str | None, root: Path, here: Path) -> str | None:
    """Return a path that holds in the run's own checkout too: relative where the file is part of the code."""
    if path is None:
        return None
    absolute = (here / Path(path).expanduser()).resolve()
    inside = absolute.is_relative_to(root) and holds(root, absolute)
    return str(absolute.relative_to(root)) if inside else str(absolute)


def request_run(request: Request, here: Path, trigger: Trigger) -> Decision:
    """Resolve a request, pin it, and decide what it becomes."""
    root = project_root(here)
    os.environ.setdefault("UNIRG_HOME", str(root / ".unirg"))
    return decide(root, resolve(request, root, here), trigger, allow_dirty=request.allow_dirty, until=request.until)


def launch(request: Request, here: Path) -> int:
    """Decide, then run the flow as a child in the run's own checkout; return its exit code.

    Raises
    ------
    BadInput
        When the request cannot be run.
    """
    from unirg_core import up

    os.environ.setdefault("UNIRG_HOME", str(project_root(here) / ".unirg"))
    server = up.server_address()
    if request.approval == "ask" and not server:
        raise BadInput("--approval ask needs a server that can wait for a person: start `unirg up` first, or use auto.")
    decision = request_run(request, here, Trigger.of_command())
    say("retrain", decision.sentence)
    if decision.what in ("live", "unchanged"):
        return 0
    return _flow(decision, server)


def _flow(decision: Decision, server: str | None) -> int:
    """Run the flow in the run's checkout; the run's lock goes along, so that it is held as long as either lives.

    A flow that a signal ended, or that never came to conclude its run, has given no answer: that is a fault.
    """
    run, lock = decision.run, decision.lock.fileno()
    own = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}  # the stages' own lines are for the person here
    own |= {"PREFECT_API_URL": server} if server else {}
    command = [sys.executable, "-m", "flows.retrain", run.id]
    child = subprocess.Popen(command, cwd=run.checkout, env={**environment(run), **own}, pass_fds=[lock])
    while True:
        try:
            code = child.wait()
            return 2 if code < 0 or (code and run.record["state"] == records.RUNNING) else code
        except KeyboardInterrupt:
            say("retrain", f"Stopping; the same command goes on with run {run.id} later.")
