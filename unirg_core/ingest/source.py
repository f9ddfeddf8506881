"""What every source hands over: raw studies, still with their identifiers, that live in memory only."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from unirg_core.ingest.cells import Unread
from unirg_core.ingest.sections import Sections


class Rejected(Exception):
    """Say in a sentence why a study or a file is not taken.

    The sentence is kept beside the data, so it never quotes an identifier, a file name or a decoder's message.
    """


@dataclass(frozen=True)
class RawFile:
    """A picture of a study: `read` fetches its bytes when they are wanted."""

    key: str
    read: Callable[[], bytes]
    view: str = ""  # PA or AP; LATERAL or OTHER for what is not taken; empty where only the file can tell
    where: str = ""  # where a person finds it ("table row 17"), free of identifiers


@dataclass(frozen=True)
class RawStudy:
    """A study as it came."""

    key: str  # unique in the source; never written, only its pseudonym
    institution: str
    patient: str  # unique within the institution; never written
    files: tuple[RawFile, ...]
    report: str = ""  # a raw report, or
    sections: Sections | None = None  # one whose sections the source tells apart
    sex: str = ""
    age: int | None = None
    day: int | None = None  # days since 1970, or since any day that is the same for all of the patient's studies
    second: int | None = None  # seconds since midnight, which order studies of one day
    dated: bool = True  # the source tells days; where it does not, the picture's header may
    truth: tuple[tuple[str, str, str, float | None], ...] = ()  # finding, side, severity, degree
    identifiers: tuple[tuple[str, str], ...] = ()  # (name, id, phone or place; text) known of him, to be scrubbed
    where: str = ""
    split: str = ""  # the publisher's: train, validation or test; empty where there is none
    fault: str = ""  # why it cannot be taken, as a report without a picture; a sentence for the rejects


@dataclass(frozen=True)
class Refusal:
    """A study or file that is not taken, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class Listed:
    """A study of a source before it is read."""

    key: str
    institution: str
    patient: str


@runtime_checkable
class Tabled(Protocol):
    """A source whose table may hold cells that cannot be read."""

    def unread(self) -> Mapping[str, Unread]:
        """Return the counts, field by field."""


class Source(Protocol):
    """A place that studies come from. It is opened again in each worker process, so opening must be cheap."""

    name: str

    def listing(self) -> Iterable[list[str | int]]:
        """Give [name, size or digest] pairs that change when the source does; cheap, for the pins."""

    def studies(self) -> Sequence[Listed]:
        """Return all studies, each key once."""

    def refusals(self) -> Sequence[Refusal]:
        """Return what the source itself could not make a study of."""

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the raw studies of the keys, in their order."""
