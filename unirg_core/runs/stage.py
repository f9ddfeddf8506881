"""Run one stage of `dvc.yaml` as a child process of the run, line by line, and say what came of it."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import yaml

from unirg_core.audit import record as records
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import read_json
from unirg_core.runs import dvc
from unirg_core.runs.run import Run, environment
from unirg_core.training.work import clear

_TAIL = 15
_EXIT = re.compile(r"exited with (-?\d+)$", re.MULTILINE)
_SHELL = 128
"""A shell, and a stage that ends as one of its processes, add the number of the signal to it."""


class StageFault(Exception):
    """A stage ended on a bug or from outside; its sentence says how, for record and pages alike.

    Attributes
    ----------
    tail
        The last lines that it printed: for the terminal alone, since a trace may quote a cell of the data.
    """

    def __init__(self, sentence: str, tail: str = "") -> None:
        super().__init__(sentence)
        self.tail = tail


class StageKilled(StageFault):
    """A stage that a signal ended: nothing is wrong with its run, which the same request takes up again."""


def run_stage(run: Run, stage: str, heard: Callable[[str], None]) -> dict[str, Any]:
    """Run `dvc repro --single-item <stage>` in the run's checkout and note the outcome in the record.

    What an earlier attempt of the run has noted stands where this one finds its result done.

    Parameters
    ----------
    heard
        Called with each line that the stage or DVC prints.

    Returns
    -------
    dict
        `how` (ran, or cached where DVC had the result already), `seconds`, and `outs`: path -> DVC's md5.

    Raises
    ------
    BadInput, HonestNegative
        The sentence with which the stage refused its input or gave its honest no.
    StageKilled
        When a signal ended it.
    StageFault
        When it ended in any other way.
    """
    began = time.monotonic()
    (run.folder / "fault.json").unlink(missing_ok=True)
    marker, earlier = run.folder / f"{stage}.ran", run.record["stages"].get(stage)
    if earlier:  # else a marker tells that the stage ran and a kill came before it was noted
        marker.unlink(missing_ok=True)
    code, lines = _stream(run, stage, heard)
    if code:
        raise _reason(run, stage, code, lines)
    outcome = {
        "how": "ran" if marker.exists() else "cached",
        "seconds": round(time.monotonic() - began, 1),
        "outs": _outs(run, stage),
    }
    records.change(run.folder, stages={**run.record["stages"], stage: _noted(earlier, outcome)})
    clear(stage, run.folder)  # DVC has it now
    return outcome


def _noted(earlier: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome for the record: a run that was taken up again still ran what it now finds done."""
    same = earlier is not None and earlier["outs"] == now["outs"]
    return earlier if same and now["how"] == "cached" else now


def _stream(run: Run, stage: str, heard: Callable[[str], None]) -> tuple[int, list[str]]:
    """Run the child; return its exit code and the last lines that it printed."""
    child = subprocess.Popen(
        dvc.command("repro", "--single-item", stage),
        cwd=run.checkout,
        env=environment(run),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: list[str] = []
    with (run.folder / "log.txt").open("a") as log:
        for line in child.stdout:
            log.write(line)
            log.flush()
            lines = [*lines[-_TAIL:], line.rstrip()]
            heard(line.rstrip())
    return child.wait(), lines


def _reason(run: Run, stage: str, code: int, lines: list[str]) -> Exception:
    fault = run.folder / "fault.json"
    if not fault.exists():
        tail = "\n".join(lines)
        told = _EXIT.findall(tail)  # DVC's own exit code is another
        if killer := _signal(int(told[-1]) if told else code):
            return StageKilled(_killed(stage, killer), tail)
        said = f" with exit code {told[-1]}" if told else ""
        return StageFault(f"{stage} ended badly{said}; {run.folder / 'log.txt'} says why.", tail)
    said = read_json(fault)
    kind = {"BadInput": BadInput, "HonestNegative": HonestNegative}[said["kind"]]
    return kind(said["sentence"])


def _signal(code: int) -> signal.Signals | None:
    """Return the signal that ended a process of that exit code, None where none did."""
    number = -code if code < 0 else code - _SHELL
    return signal.Signals(number) if number in iter(signal.Signals) else None


def _killed(stage: str, by: signal.Signals) -> str:
    often = ", often because memory ran out (`unirg doctor` estimates it)" if by == signal.SIGKILL else ""
    return f"{stage} was killed by signal {by.value} ({by.name}){often}; the same command goes on with this run."


def _outs(run: Run, stage: str) -> dict[str, str]:
    lock = yaml.safe_load((run.checkout / "dvc.lock").read_text())
    return {out["path"]: out["md5"] for out in lock["stages"][stage].get("outs", [])}
