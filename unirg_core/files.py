"""Files that hold the same bytes for the same content, and that exist only when they are whole."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from unirg_core.faults import BadInput

_GONE = ".gone"


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value: equal content gives equal bytes."""
    import rfc8785

    return rfc8785.dumps(value)


def digest_of(value: Any) -> str:
    """Return the SHA-256 (hex) of a JSON value's canonical bytes."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def digest_of_all(values: Iterable[Any], *more: Any) -> str:
    """Return `digest_of` the list of the values, or of [that list, *more]; one value at a time is held."""
    digest = hashlib.sha256(b"[[" if more else b"[")
    for number, value in enumerate(values):
        digest.update(b"," * bool(number) + canonical_json(value))
    digest.update(b"".join([b"]", *(b"," + canonical_json(value) for value in more), b"]" * bool(more)]))
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 (hex) of one file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(folder: Path) -> str:
    """Return the SHA-256 over the sorted (relative path, file digest) pairs of a folder, or a file's own digest.

    Raises
    ------
    BadInput
        When nothing is there.
    """
    if folder.is_file():
        return file_digest(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} does not exist, so it has no digest.")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_of([[path.relative_to(folder).as_posix(), file_digest(path)] for path in files])


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path` and rename it there at the end, so that a killed writer leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_whole(folder: Path) -> None:
    """Remove a folder that nobody may find half of: it loses its name first; `drop_removed` ends what a kill cut."""
    gone = folder.with_name(f".{folder.name}{_GONE}")
    shutil.rmtree(gone, ignore_errors=True)
    folder.replace(gone)
    shutil.rmtree(gone, ignore_errors=True)


def drop_removed(parent: Path) -> None:
    """Remove what a kill has left of folders that had lost their names."""
    for gone in parent.glob(f".*{_GONE}"):
        shutil.rmtree(gone, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value canonically and whole."""
    with written_whole(path) as temporary:
        temporary.write_bytes(canonical_json(value) + b"\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    BadInput
        When the file is missing or is no JSON; the sentence names it.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BadInput(f"{path} is missing.") from None
    except ValueError as error:
        raise BadInput(f"{path} is not valid JSON ({error}).") from None


def append_line(path: Path, value: Any) -> None:
    """Append one JSON value as a line, in a single write so that readers never see half of one at rest.

    What a killed writer left unfinished is cut off first: a line glued to it would be lost with it. The file's lock
    keeps two writers from cutting at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        _cut_unfinished(stream)
        stream.write(canonical_json(value) + b"\n")


def _cut_unfinished(stream: IO[bytes]) -> None:
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(end - 1, 0))
    if stream.read(1) not in (b"", b"\n"):
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)


def read_lines(path: Path) -> list[Any]:
    """Read the whole lines of a JSONL file; a line that a killed writer left unfinished is not one.

    Raises
    ------
    BadInput
        When a whole line is no JSON; the sentence names it.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_line(path, number, line) for number, line in enumerate(lines, 1) if line]


def _line(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise BadInput(f"{path}: line {number} is not valid JSON ({error}); take it out, or mend it.") from None
