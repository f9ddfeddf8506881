"""Which process trained which steps: one line a segment, for the record's question whether training was interrupted.

A killed process cannot write its own line, so each leaves a note when it begins, and the one that takes over writes
the line of the dead, up to the checkpoint it goes on from. Steps past that checkpoint are done again and not counted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unirg_core.files import append_line, digest_of, read_json, read_lines, write_json
from unirg_core.home import run_folder

SEGMENTS = "segments.jsonl"
_NOTE = "segment.json"


@dataclass(frozen=True)
class Segment:
    """Steps [start, end) of one phase, trained by one process."""

    stage: str
    phase: str
    start: int
    end: int
    resumed_from: int | None
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
        """Close the segment of a dead process, if there is one, and open one at step `start`."""
        resumed = self._note.exists()
        if resumed:
            self._close(start, killed=True)
        write_json(self._note, {"start": start, "resumed_from": start if resumed else None})

    def end(self, step: int) -> None:
        """Close the open segment after its last step."""
        if self._note.exists():
            self._close(step, killed=False)

    def _close(self, end: int, *, killed: bool) -> None:
        note = read_json(self._note)
        samples = consumed(self.order, self.per_step, note["start"], end)
        segment = Segment(self.stage, self.phase, note["start"], end, note["resumed_from"], killed, samples)
        path = run_folder() / SEGMENTS
        if asdict(segment) not in read_lines(path):  # a process killed between line and note writes it once
            append_line(path, asdict(segment))
        self._note.unlink()
