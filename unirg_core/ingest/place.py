"""Where a source's files lie: a local folder or an `s3://bucket/prefix`, listed and read in one way.

Names are relative to the place, with `/` between their parts. Endpoint, region and credentials of S3 come from where
boto3 looks for them (AWS_ENDPOINT_URL, AWS_PROFILE, AWS_ACCESS_KEY_ID and so on); nothing of that stands in params.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from unirg_core.faults import BadInput
from unirg_core.files import file_digest
from unirg_core.ingest.source import Rejected

_ENDS = 1 << 16


class Entry(NamedTuple):
    """What a listing tells of a file: its bytes, and a tag that changes with them (empty where none is free)."""

    size: int
    tag: str


class OutsideError(Exception):
    """A name leads out of its place."""


class Place(Protocol):
    """A folder of files, wherever it is."""

    def listing(self) -> Mapping[str, Entry]:
        """Return every file below the place, sorted by name; hidden files are left out. Made once."""

    def folders(self, under: str = "") -> list[str]:
        """Return the names of the folders directly below `under`, sorted; hidden ones are left out."""

    def exists(self, name: str) -> bool:
        """Tell whether a file of this name is there."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises FileNotFoundError, OSError or OutsideError."""

    def stream(self, name: str) -> Any:
        """Open a file to be read from its start to its end, as a context manager; raises as `read`."""

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return size and tag of a file, read as little as will do; (-1, "") for a file that is not there."""

    def digest(self, name: str) -> str:
        """Return what names a whole table: a SHA-256, or the store's tag."""

    def below(self, name: str) -> "Place":
        """Return the place of a sub-folder."""


def open_place(address: str, root: Path) -> Place:
    """Open a folder (relative to `root`) or an `s3://bucket/prefix`.

    Raises
    ------
    BadInput
        When there is no such folder, or the address is of another kind.
    """
    if address.startswith("s3://"):
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not bucket:
            raise BadInput(f"ingest.path {address} names no bucket; write s3://bucket/prefix.")
        from unirg_core.ingest.bucket import Bucket

        return Bucket(bucket, prefix.strip("/"))
    if "://" in address:
        raise BadInput(
            f"ingest.path {address} is neither a folder nor s3://bucket/prefix; copy the data to one of them."
        )
    return Local(root / address)


def picture(place: Place, *names: str) -> bytes:
    """Return the bytes of the first of several names that is there.

    Raises
    ------
    Rejected
        When none is there, it cannot be read, or it leads out of the place.
    """
    for name in names:
        try:
            return place.read(name)
        except FileNotFoundError:
            continue
        except OutsideError:
            raise Rejected("The file's name leads out of the drop.") from None
        except OSError:
            raise Rejected("The picture file cannot be read.") from None
    raise Rejected("The picture file is not there.")


class Local:
    """A local folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise BadInput(f"ingest.path {folder} is no folder; give the folder of the drop.")
        self._folder = folder
        self._inside = folder.resolve()
        self._listed: dict[str, Entry] | None = None

    def __str__(self) -> str:
        return str(self._folder)

    def listing(self) -> Mapping[str, Entry]:
        """Return every file; links to folders are not followed."""
        if self._listed is None:
            try:
                self._listed = dict(sorted(self._walk(self._inside, "")))
            except OSError as error:
                raise BadInput(f"{self._folder} cannot be listed ({error.strerror}); check its permissions.") from None
        return self._listed

    def _walk(self, folder: Path, before: str) -> Iterator[tuple[str, Entry]]:
        for entry in os.scandir(folder):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), f"{before}{entry.name}/")
            elif entry.is_file():
                yield before + entry.name, Entry(entry.stat().st_size, "")

    def folders(self, under: str = "") -> list[str]:
        """Return the sub-folders of a folder; none where there is no such folder."""
        folder = self._inside / under
        found = [e.name for e in os.scandir(folder) if e.is_dir()] if folder.is_dir() else []
        return sorted(name for name in found if not name.startswith("."))

    def exists(self, name: str) -> bool:
        """Tell whether it is a file."""
        return (self._inside / name).is_file()

    def read(self, name: str) -> bytes:
        """Return a file's bytes."""
        return self._path(name).read_bytes()

    def stream(self, name: str) -> BinaryIO:
        """Open a file."""
        return self._path(name).open("rb")

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return the size, and the digest of the first and last 64 KiB.

        A file that changed in its middle alone, at the same size, is not noticed: whole digests of a hospital's drop
        would take as long as reading it.
        """
        try:
            with self._path(name).open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                content = stream.read(_ENDS)
                stream.seek(max(size - _ENDS, len(content)))
                return size, hashlib.sha256(content + stream.read()).hexdigest()
        except (OSError, OutsideError):
            return -1, ""

    def digest(self, name: str) -> str:
        """Return the SHA-256 of the whole file."""
        return file_digest(self._inside / name)

    def below(self, name: str) -> "Local":
        """Return a sub-folder, with the name that a person knows it by."""
        return Local(self._folder / name)

    def _path(self, name: str) -> Path:
        try:
            path = (self._inside / name).resolve()
        except ValueError:  # a NUL or half a surrogate: no file can have such a name
            raise FileNotFoundError(name) from None
        if not path.is_relative_to(self._inside):
            raise OutsideError(name)
        return path
