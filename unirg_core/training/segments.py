"""Which process trained which steps: one line a segment, for the record's question whether training was interrupted.

A killed process cannot write its own line, so each leaves a note when it begins, and the one that takes over writes
the line of the dead, up to the checkpoint it goes on from. Steps past that checkpoint are done again and not counted.
All lines of a phase stay in its work folder: a run that goes on where another one ended tells the segments of both.
A process that an error has ended writes its line itself, up to its last checkpoint; one whose model has collapsed, up
to its last step, since nothing is to follow it. Of several processes the first fails too where another is killed, so
that an error of theirs counts as a kill.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from unirg_core.files import append_line, digest_of, read_json, read_lines, write_json
from unirg_core.home import run_folder

SEGMENTS = "segments.jsonl"
_NOTE = "segment.json"

Outcome = Literal["finished", "collapsed", "failed", "killed"]


@dataclass(frozen=True)
class Segment:
    """Steps [start, end) of one phase, trained by one process.

    Attributes
    ----------
    began
        When it took up the phase, in UTC: it tells apart processes that came no further than each other.
    run
        The run that it belonged to: one may go on where another has ended.
    """

    stage: str
    phase: str
    began: str
    run: str
    start: int
    end: int
    resumed_from: int | None
    outcome: Outcome
    killed: bool
    samples: str


def consumed(order: Sequence[str], per_step: int, start: int, end: int) -> str:
    """Return the digest of the studies that steps [start, end) consume, in their order."""
    return digest_of(list(order[start * per_step : end * per_step]))


class Log:
    """The segments of one phase, whose studies are consumed in `order`, `per_step` a step."""

    def __init__(self, stage: str, phase: str, work: Path, order: Sequence[str], per_step: int) -> None:
        self.stage, self.phase, self.order, self.per_step = stage, phase, order, per_step
        self._note, self._told = work / _NOTE, work / SEGMENTS

    def begin(self, start: int) -> None:
        """Close the segment of the process before, if there is one, and open one at step `start`."""
        before = self._read()
        if before:
            self._tell(before, start, before["outcome"])
        mine = {
            "start": start,
            "began": datetime.now(UTC).isoformat(timespec="microseconds"),
            "run": run_folder().name,
            "resumed_from": start if before else None,
            "outcome": "killed",
        }
        write_json(self._note, mine)

    def end(self, step: int) -> None:
        """Close the open segment after the last step of the phase, and tell this run of all, whoever trained them."""
        if note := self._read():
            self._tell(note, step, "finished")
            self._note.unlink()
        self._hand_on()

    def broke(self, step: int, outcome: Outcome) -> None:
        """Close the open segment of a process that ends before its phase, once; the note stays for one that goes on."""
        note = self._read()
        if note.get("outcome") == "killed":
            write_json(self._note, {**note, "outcome": outcome})
            self._tell(note, step, outcome)

    def _read(self) -> dict[str, Any]:
        return read_json(self._note) if self._note.exists() else {}

    def _tell(self, note: Mapping[str, Any], end: int, outcome: Outcome) -> None:
        """Write the line of a note, unless the process that left it has done so; tell this run of it."""
        segment = Segment(
            stage=self.stage,
            phase=self.phase,
            began=note["began"],
            run=note["run"],
            start=note["start"],
            end=end,
            resumed_from=note["resumed_from"],
            outcome=outcome,
            killed=outcome == "killed",
            samples=consumed(self.order, self.per_step, note["start"], end),
        )
        _append_new(self._told, [asdict(segment)])
        self._hand_on()

    def _hand_on(self) -> None:
        """Write into the run's folder what it has not been told of the phase's segments."""
        _append_new(run_folder() / SEGMENTS, read_lines(self._told))


def _append_new(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    known = {_process(line) for line in read_lines(path)}
    for line in lines:
        if _process(line) not in known:
            append_line(path, line)


def _process(line: Mapping[str, Any]) -> tuple[str, ...]:
    return line["stage"], line["phase"], line["began"]
