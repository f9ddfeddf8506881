"""Decide what a request to retrain becomes: a new run, a dead run taken up again, a live one left alone, or nothing.

The decision needs the pins alone, so it is made before any orchestrator starts.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from unirg_core.audit import record as records
from unirg_core.faults import BadInput
from unirg_core.files import read_json, write_json
from unirg_core.home import home, locked, take_lock
from unirg_core.models.prompts import identity
from unirg_core.params import Params, dump, load, parse
from unirg_core.runs import pins
from unirg_core.runs.checkout import add_worktree, code_of
from unirg_core.runs.earlier import adopt, bury_dead, completed
from unirg_core.runs.finish import completion

_DYING_SECONDS = 4.0  # a killed run's children notice within a second each and then free its lock

STATIONS = ("ingest", "version", "validate", "sft", "rl", "evaluate", "gate", "approve", "register")
"""The stations of a run, in the order of flows/retrain.py."""

UNTIL = STATIONS[: STATIONS.index("gate") + 1]
"""Those that a run may be asked to end after: what comes then would register a model."""


@dataclass(frozen=True)
class Run:
    """One run: its name, its folder of state, and its own checkout of the code."""

    id: str
    folder: Path

    @property
    def checkout(self) -> Path:
        """Return the run's own worktree."""
        return self.folder / "checkout"

    @property
    def branch(self) -> str:
        """Return the branch that the run commits to."""
        return f"run/{self.id}"

    @property
    def record(self) -> dict[str, Any]:
        """Return the record as it stands."""
        return records.read(self.folder)

    @property
    def inputs(self) -> dict[str, Any]:
        """Return the pins."""
        return read_json(self.folder / "inputs.json")

    @property
    def params(self) -> Params:
        """Return the run's parameters."""
        return parse(self.record["params"]["resolved"], f"run {self.id}")

    @property
    def stations(self) -> tuple[str, ...]:
        """Return the stations that the run was asked to pass: all, or those up to one."""
        until = self.inputs.get("until")
        return STATIONS[: STATIONS.index(until) + 1] if until else STATIONS

    def hold(self, patience: float = 0.0) -> IO[str] | None:
        """Return the run's lock, held until it is closed or its last holder dies; None while another holds it."""
        until = time.monotonic() + patience
        while (lock := take_lock(self.folder / "lock")) is None and time.monotonic() < until:
            time.sleep(0.2)
        return lock


@dataclass(frozen=True)
class Decision:
    """What a request became: `what` it is, the run it is about, and a sentence for the person.

    `lock` is that of a run to be carried out. It is held from the decision on, and handed to the flow's process, so
    that nobody takes a run for dead that has not quite begun.
    """

    what: Literal["new", "adopted", "live", "unchanged"]
    run: Run
    sentence: str
    lock: IO[str] | None = None


Kind = Literal["command", "deployment", "schedule", "event"]
"""What asks for runs: a command line, a person's form, a schedule, or the arrival of a drop."""


@dataclass(frozen=True)
class Trigger:
    """Who or what asked for a run."""

    kind: Kind
    principal: str
    command: str

    @classmethod
    def of_command(cls) -> "Trigger":
        """Return the trigger of this process: its user and its command line."""
        import getpass

        return cls("command", getpass.getuser(), " ".join(["unirg", *sys.argv[1:]]))


def all_runs() -> list[Run]:
    """Return every run that has a record, oldest first."""
    folders = sorted((home() / "runs").glob("*/record.json"), key=lambda path: path.parent.name)
    return [Run(path.parent.name, path.parent) for path in folders]


def find(run_id: str) -> Run:
    """Return the run of that id.

    Raises
    ------
    BadInput
        When there is none; the sentence names the last few.
    """
    folder = home() / "runs" / run_id
    if not (folder / "record.json").exists():
        last = ", ".join(run.id for run in all_runs()[-3:]) or "none"
        raise BadInput(f"There is no run {run_id} under {home() / 'runs'}; the last ones are: {last}.")
    return Run(run_id, folder)


def decide(
    root: Path, params: Params, trigger: Trigger, *, allow_dirty: bool = False, until: str | None = None
) -> Decision:
    """Pin the inputs and decide what the request becomes; a new run gets its checkout, a dead one is taken up.

    A run that is to end after the station `until` is another one than the whole way on the same inputs.

    Raises
    ------
    BadInput
        When the inputs cannot be pinned, or a run cannot end after that station.
    """
    if until is not None and until not in UNTIL:
        raise BadInput(f"--until {until} is no station that a run can end after; they are: {', '.join(UNTIL)}.")
    code = code_of(root, allow_dirty=allow_dirty)
    with locked(home() / "decide.lock"):
        before = all_runs()
        inputs = pins.pin(root, params, code=code)
        inputs |= {} if until is None else {"until": until}
        inputs["previous_dataset"] = pins.previous_dataset([run.record for run in before], inputs, pins.plain(params))
        key = pins.run_key(inputs)
        bury_dead(before, key)
        same = [run for run in before if run.record["key"] == key]
        return _known(same, params, inputs, key, trigger) or _new(root, params, inputs, key, trigger)


def _known(same: list[Run], params: Params, inputs: Mapping[str, Any], key: str, trigger: Trigger) -> Decision | None:
    """Return the decision where a run of the same key exists that is completed, live or dead."""
    for run in reversed(same):
        if run.record["state"] in (records.RUNNING, records.KILLED):
            lock = run.hold(_DYING_SECONDS)
            if lock is None:
                return Decision("live", run, f"Run {run.id} of the same inputs is alive; it is left alone.")
            if (run.checkout / "params.yaml").exists() and completion(run) is None:
                adopt(run, trigger)
                said = f"Run {run.id} of the same inputs was cut off; it goes on where it stood."
                return Decision("adopted", run, said, lock)
            lock.close()
        if completed(run):
            now = _unchanged(run, params, inputs, key, trigger)
            return Decision(
                "unchanged", now, f"Nothing has changed since run {run.id}{_ending(run)} recorded as {now.id}."
            )
    return None


def _ending(run: Run) -> str:
    """Say how a completed run ended, and where that stands."""
    verdict = run.record.get("verdict")
    told = f" (verdict {verdict['verdict']})" if verdict else ""
    return f"{told}, see {run.folder / 'record.json'};"


def _new(root: Path, params: Params, inputs: Mapping[str, Any], key: str, trigger: Trigger) -> Decision:
    inputs = {**inputs, "champion": _champion(params)}  # last: to ask the registry takes longer than to find no change
    run = _make_folder(key)
    add_worktree(root, run.checkout, run.branch, inputs["code"]["commit"])
    (run.checkout / "params.yaml").write_text(dump(params))
    pins.write_inputs(run.checkout, inputs)
    _join_cache(run.checkout)
    lock = run.hold()
    _begin(run, params, inputs, key, trigger)
    return Decision("new", run, f"Run {run.id} begins.", lock)


def _unchanged(earlier: Run, params: Params, inputs: Mapping[str, Any], key: str, trigger: Trigger) -> Run:
    run = _make_folder(key)
    _begin(run, params, inputs, key, trigger)
    started = run.record["times"]["started"]
    records.change(
        run.folder, state=records.UNCHANGED, same_as=earlier.id, times={"started": started, "ended": records.now()}
    )
    return run


def _make_folder(key: str) -> Run:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{n}" for n in range(2, 100))):
        folder = home() / "runs" / f"{stamp}-{key[:6]}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return Run(folder.name, folder)
    raise BadInput(f"{home() / 'runs'} already holds a hundred runs of this second.")


def _begin(run: Run, params: Params, inputs: Mapping[str, Any], key: str, trigger: Trigger) -> None:
    """Write pins and record; the record is written last, so that a folder without one is no run."""
    write_json(run.folder / "inputs.json", inputs)
    who = {"kind": trigger.kind, "principal": trigger.principal, "command": trigger.command}
    asked = identity(params.model.prompt, params.model.prior, params.model.output)
    records.write(run.folder, {**records.begin(run.id, key, inputs, pins.plain(params), who), "prompt": asked})


def _join_cache(checkout: Path) -> None:
    """Point the checkout's DVC at the shared cache and remote under UNIRG_HOME, by local settings only."""
    version = load(checkout / "params.yaml").version
    lines = [
        "[core]",
        "    analytics = false",
        "    remote = store",
        "[cache]",
        f"    dir = {home() / 'dvc' / 'cache'}",
        "['remote \"store\"']",
        f"    url = {version.remote or home() / 'dvc' / 'remote'}",
        *([f"    endpointurl = {version.endpoint}"] if version.endpoint else []),
    ]
    (checkout / ".dvc" / "config.local").write_text("\n".join(lines) + "\n")


def _champion(params: Params) -> dict[str, Any] | None:
    from unirg_core.register import champion

    return champion.pinned(params.model_name)


def environment(run: Run) -> dict[str, str]:
    """Return the environment of every process of a run: silent tools, its folder, and whose death ends it."""
    from unirg_core.home import silenced

    own = {
        "UNIRG_HOME": str(home()),
        "UNIRG_RUN": str(run.folder),
        "UNIRG_PARENT": str(os.getpid()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # a cold first start takes up to 40 s
    }
    return {**silenced(os.environ), **own}
