"""Run one stage of `dvc.yaml` as a child process of the run, line by line, and say what came of it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from unirg_core.audit import record as records
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import read_json
from unirg_core.runs.run import Run, environment

_TAIL = 15
_EXIT = re.compile(r"exited with (-?\d+)$", re.MULTILINE)


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


def run_stage(run: Run, stage: str, heard: Callable[[str], None]) -> dict[str, Any]:
    """Run `dvc repro --single-item <stage>` in the run's checkout and note the outcome in the record.

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
    StageFault
        When it ended in any other way.
    """
    began = time.monotonic()
    fault = run.folder / "fault.json"
    fault.unlink(missing_ok=True)
    drop_torn_files(run.checkout)
    lines = _stream(run, stage, heard)
    if lines is not None:
        raise _reason(run, stage, lines)
    outcome = {
        "how": "ran" if (run.folder / f"{stage}.ran").exists() else "cached",
        "seconds": round(time.monotonic() - began, 1),
        "outs": _outs(run, stage),
    }
    stages = {**run.record["stages"], stage: outcome}
    records.change(run.folder, stages=stages)
    return outcome


def drop_torn_files(checkout: Path) -> list[str]:
    """Delete DVC's own files that a kill cut in the middle of a write, for DVC refuses to begin with one; name them.

    Nothing is lost by it: `rwlock` says who reads and writes now, which nobody does while the run is held, and what a
    lost `dvc.lock` knew stands in DVC's cache of runs.
    """
    whole = {".dvc/tmp/rwlock": json.loads, "dvc.lock": lambda text: yaml.safe_load(text)["stages"]}
    torn = []
    for name, read in whole.items():
        path = checkout / name
        try:
            read(path.read_text())
        except FileNotFoundError:
            continue
        except (ValueError, yaml.YAMLError, TypeError, KeyError):
            path.unlink()
            torn.append(name)
    return torn


def _stream(run: Run, stage: str, heard: Callable[[str], None]) -> list[str] | None:
    """Run the child; return None when it ended well, else the last lines that it printed."""
    (run.folder / f"{stage}.ran").unlink(missing_ok=True)
    command = [sys.executable, "-m", "dvc", "repro", "--single-item", stage]
    child = subprocess.Popen(
        command,
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
    return lines if child.wait() else None


def _reason(run: Run, stage: str, lines: list[str]) -> Exception:
    fault = run.folder / "fault.json"
    if not fault.exists():
        tail = "\n".join(lines)
        told = _EXIT.findall(tail)  # DVC's own exit code is another
        code = f" with exit code {told[-1]}" if told else ""
        return StageFault(f"{stage} ended badly{code}; {run.folder / 'log.txt'} says why.", tail)
    said = read_json(fault)
    kind = {"BadInput": BadInput, "HonestNegative": HonestNegative}[said["kind"]]
    return kind(said["sentence"])


def _outs(run: Run, stage: str) -> dict[str, str]:
    lock = yaml.safe_load((run.checkout / "dvc.lock").read_text())
    return {out["path"]: out["md5"] for out in lock["stages"][stage].get("outs", [])}
