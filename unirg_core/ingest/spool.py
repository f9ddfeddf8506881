"""Keep each finished chunk of a stage that is under way, so that a killed one goes on where it was.

One Arrow file a chunk, written by the worker that has done it and renamed when it is whole; its name follows from the
studies in it. The parent reads the files in the order of the chunks, whoever made them and when, so that the outputs
have the bytes of an undisturbed run. Rows are de-identified before they get here. The folder is a stage's work folder
under `$UNIRG_HOME`, named by all that decides what a chunk holds, and is removed when the stage has published.
"""

import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from unirg_core.faults import BadInput
from unirg_core.files import digest_of, file_digest, read_json
from unirg_core.home import home, locked, work_folder
from unirg_core.ingest.build import Batch, Reject
from unirg_core.params import Params
from unirg_core.progress import say

_TOKEN = "token"
_REST = b"rest"
_LIBRARIES = ("imagecodecs", "numpy", "pillow", "pyarrow", "pydicom", "pylibjpeg-rle", "scipy")
_INDIFFERENT = {"processes", "executor", "dask", "shard_mb", "split"}  # what a chunk's content does not depend on
_VISIBLE_SECONDS = 60.0  # a network file system may show another machine's new file late


class Spool:
    """The finished chunks in a folder.

    With `mend`, a file that cannot be read whole (a power cut can leave one) is taken away: its chunk is done again.
    """

    def __init__(self, folder: Path, *, mend: bool = False) -> None:
        self.folder = folder
        self._there = {path.name for path in folder.glob("*.arrow") if not mend or _whole(path)}

    @property
    def token(self) -> str:
        """Return the random word in the folder; whoever reads the same word sees this very folder."""
        path = self.folder / _TOKEN
        return path.read_text() if path.exists() else ""

    def has(self, names: Sequence[str]) -> bool:
        """Tell whether a chunk was finished when the spool was opened."""
        return _file(names) in self._there

    def put(self, names: Sequence[str], batch: Batch) -> None:
        """Write what came of a chunk, and wait until the disk has it."""
        rest = {
            "truth": batch.truth,
            "rejects": [astuple(reject) for reject in batch.rejects],
            "found": dict(batch.found),
        }
        rows = batch.rows.combine_chunks().replace_schema_metadata({_REST: json.dumps(rest)})
        path = self.folder / _file(names)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("wb") as stream:
                with pa.ipc.new_file(stream, rows.schema) as writer:
                    writer.write_table(rows)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def take(self, names: Sequence[str], columns: Sequence[str] | None = None) -> Batch:
        """Read what came of a chunk; `columns` leaves others of the rows on the disk."""
        with self._seen(self.folder / _file(names)) as stream, pa.ipc.open_file(stream) as reader:
            schema = reader.schema
            if columns is None:
                rows = reader.read_all()
            else:
                wanted = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in columns])
                rows = pa.ipc.open_file(stream, options=wanted).read_all().select(list(columns))
        rest = json.loads(schema.metadata[_REST])
        rejects = [Reject(*reject) for reject in rest["rejects"]]
        return Batch(rows.replace_schema_metadata(None), rest["truth"], rejects, Counter(rest["found"]))

    def join(self, one: list[str], other: list[str]) -> list[str]:
        """Make one chunk of two that follow each other."""
        from unirg_core.ingest.build import merged

        self.put(one + other, merged(self.take(one), self.take(other)))
        for part in (one, other):
            (self.folder / _file(part)).unlink()
        return one + other

    def _seen(self, path: Path) -> pa.NativeFile:
        until = time.monotonic() + _VISIBLE_SECONDS
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.2)
        return pa.OSFile(str(path))


def _file(names: Sequence[str]) -> str:
    return f"{digest_of(list(names))[:32]}.arrow"


def _whole(path: Path) -> bool:
    with suppress(pa.ArrowInvalid, OSError), pa.OSFile(str(path)) as stream:
        reader = pa.ipc.open_file(stream)
        for at in range(reader.num_record_batches):
            reader.get_batch(at)
        return True
    path.unlink()
    return False


@contextmanager
def spooling(params: Params, root: Path) -> Iterator[Spool]:
    """Yield the spool of this stage's inputs, which no other process holds; remove it after a good end."""
    digest = digest_of({**_inputs(params, root), "makers": makers()})
    lock = home() / "work" / f"ingest-{digest[:20]}.lock"
    with _alone(lock):
        folder = work_folder("ingest", digest)
        for left in folder.glob(".*.tmp"):
            left.unlink()
        (folder / _TOKEN).write_text(secrets.token_hex(16))
        yield Spool(folder, mend=True)
        shutil.rmtree(folder)


def _inputs(params: Params, root: Path) -> dict[str, object]:
    pins = read_json(root / "inputs.json")
    ingest = params.ingest.model_dump(mode="json", exclude=_INDIFFERENT)
    return {"ingest": ingest, "source": pins["source"], "key": pins["key"], "seed": params.seed}


def makers() -> dict[str, str]:
    """Return the digest of the core's code and the versions of the libraries that make rows and pictures.

    Workers on other machines must have the same, or their bytes would differ.
    """
    core = Path(__file__).parents[1]
    code = [path for part in ("ingest", "scores") for path in sorted((core / part).rglob("*.py"))]
    code += [core / name for name in ("files.py", "keys.py", "study.py")]
    return {"code": digest_of([file_digest(path) for path in code])} | {name: version(name) for name in _LIBRARIES}


def shared(folder: Path, token: str, makes: dict[str, str]) -> Spool:
    """Open the spool of a parent that may run on another machine.

    Raises
    ------
    BadInput
        When this process does not see the parent's folder, or runs other code or libraries.
    """
    spool = Spool(folder)
    if spool.token != token:
        raise BadInput(
            f"{folder} is not the folder of that name where the run was started: mount the same $UNIRG_HOME on every "
            "worker, at the same path or named by its own UNIRG_HOME (docs/scale.md)."
        )
    own = makers()
    for name, value in makes.items():
        if own[name] != value:
            raise BadInput(f"A worker has {name} {own[name]}, but the run was started with {value}; install the same.")
    return spool


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with locked(lock, wait=False) as held:
        if held:
            yield
            return
    say("ingest", f"waiting for another run of the same inputs, which holds {lock}")
    with locked(lock):
        yield
