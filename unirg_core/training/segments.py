"""Which process trained which steps: one line a segment, for the record's question whether training was interrupted.

A killed process cannot write its own line, so each leaves a note when it begins, and the one that takes over writes
the line of the dead, up to the checkpoint it goes on from. Steps past that checkpoint are done again and not counted.
A process that an error has ended writes its line itself, up to its last checkpoint; one whose model has collapsed, up
to its last step, since nothing is to follow it. Of several processes the first fails too where another is killed, so
that an error of theirs counts as a kill.
"""

from collections.abc import Mapping, Sequence
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
    """

    stage: str
    phase: str
    began: str
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
        self._note = work / _NOTE

    def begin(self, start: int) -> None:
        """Close the segment of the process before, if there is one, and open one at step `start`."""
        before = self._read()
        if before:
            self._tell(before, start, before["outcome"])
        began = datetime.now(UTC).isoformat(timespec="microseconds")
        resumed_from = start if before else None
        write_json(self._note, {"start": start, "began": began, "resumed_from": resumed_from, "outcome": "killed"})

    def end(self, step: int) -> None:
        """Close the open segment after the last step of the phase."""
        if note := self._read():
            self._tell(note, step, "finished")
            self._note.unlink()

    def broke(self, step: int, outcome: Outcome) -> None:
        """Close the open segment of a process that ends before its phase, once; the note stays for one that goes on."""
        note = self._read()
        if note.get("outcome") == "killed":
            write_json(self._note, {**note, "outcome": outcome})
            self._tell(note, step, outcome)

    def _read(self) -> dict[str, Any]:
        return read_json(self._note) if self._note.exists() else {}

    def _tell(self, note: Mapping[str, Any], end: int, outcome: Outcome) -> None:
        """Write the line of a note, unless the process that left it has done so."""
        segment = Segment(
            stage=self.stage,
            phase=self.phase,
            began=note["began"],
            start=note["start"],
            end=end,
            resumed_from=note["resumed_from"],
            outcome=outcome,
            killed=outcome == "killed",
            samples=consumed(self.order, self.per_step, note["start"], end),
        )
        path, known = run_folder() / SEGMENTS, (segment.stage, segment.phase, segment.began)
        if all((line["stage"], line["phase"], line.get("began")) != known for line in read_lines(path)):
            append_line(path, asdict(segment))
