"""End the reading of a file that takes too long, in computing time, so that a busy machine refuses nothing.

Two clocks of the operating system: on the first the main thread of a process gives the file up, as soon as the decoder
returns to Python; the second, later, ends a worker process whose decoder never returns, and `workers.py` finds the
file. Outside worker processes there is only the first: the stage itself must not be ended.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from types import FrameType

from unirg_core.ingest.source import Rejected

_AGAIN = 0.5  # seconds until the first clock rings again, if a library swallowed what it raised
_LATER = 1.2  # how much later than the first clock the second ends the process
TOO_LONG = "Reading the picture takes too long; its file is damaged, or ingest.file_seconds is too short for it."


class _TooLongError(BaseException):
    """Passes through what catches every Exception."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Refuse what takes more than some seconds of computing.

    Raises
    ------
    Rejected
        When the time is over.
    """
    if threading.current_thread() is not threading.main_thread():
        with _ended(seconds):
            yield
        return
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        with _ended(seconds):
            yield
    except _TooLongError:
        raise Rejected(TOO_LONG) from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _ended(seconds: float) -> Iterator[None]:
    """Let the operating system end this process, if it is a worker's, a little later."""
    if parent_process() is None:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds * _LATER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up(number: int, frame: FrameType | None) -> None:
    raise _TooLongError
