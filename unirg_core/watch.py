"""Has a drop arrived? Cheap looks at a source, and the memory of what was seen and what was acted on.

A look lists names, sizes and times and reads no picture. Only when a listing that is new has stood still is the source
listed as a run pins it (docs/watch.md); that digest names the drop, and a drop is never acted on twice. The memory lies
in `$UNIRG_HOME/watch`, a file a watched source, changed under its lock.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.files import digest_of, read_json, write_json
from unirg_core.home import home, locked
from unirg_core.params import Params
from unirg_core.progress import say
from unirg_core.runs.launch import Request
from unirg_core.wording import counted

_NOT_ASKED = ("allow_dirty", "until")  # of a request; a watched drop goes the whole way, by committed code


@dataclass(frozen=True)
class Memory:
    """What is known of a watched source."""

    glance: str = ""  # digest of the last listing
    since: float = 0.0  # when it was first seen so
    looked: float = 0.0
    done: str = ""  # the listing that was acted on last
    drop: str = ""  # digest of the drop that it was
    flow_run: str = ""  # what was started for it


@dataclass(frozen=True)
class Look:
    """What one look found: a sentence, and the digest of a drop that waits to be acted on."""

    sentence: str
    drop: str | None = None


class Watched:
    """A source that is looked at again and again; made by `watching`."""

    def __init__(self, request: Request, root: Path, path: Path) -> None:
        self._request, self._root, self._path = request, root, path
        known = read_json(path) if path.exists() else {}
        self.memory = Memory(**known)

    def look(self, settle: float, now: float | None = None) -> Look:
        """Look once; `settle` is how many seconds a listing must have stood still.

        Raises
        ------
        BadInput
            When the source is missing or its mapping or table will not do.
        """
        now = time.time() if now is None else now
        params = _resolved(self._request, self._root)
        glance = glance_at(params, self._root)
        if glance != self.memory.glance:
            self._keep(glance=glance, since=now, looked=now)
            return Look("The source has changed since the last look; it must stand still before anything is started.")
        still = now - self.memory.since
        self._keep(looked=now)
        if glance == self.memory.done:
            return self._nothing()
        if still < settle:
            return Look(f"The source has stood still for {still:.0f} s, of {settle:.0f}.")
        from unirg_core.ingest import listing_digest

        drop = listing_digest(params, self._root)["digest"]
        if drop == self.memory.drop:  # touched, and the same
            self._keep(done=glance)
            return self._nothing()
        return Look(f"Drop {drop[:12]} has arrived.", drop)

    def acted(self, drop: str, flow_run: str) -> None:
        """Remember what was started for a drop."""
        self._keep(done=self.memory.glance, drop=drop, flow_run=flow_run)

    def _nothing(self) -> Look:
        return Look(f"Nothing new: drop {self.memory.drop[:12]} was handed over to flow run {self.memory.flow_run}.")

    def _keep(self, **changes: Any) -> None:
        self.memory = replace(self.memory, **changes)
        write_json(self._path, asdict(self.memory))


@contextmanager
def watching(request: Request, root: Path) -> Iterator[Watched | None]:
    """Yield the memory of a watched source, held by this process alone; None while another looks."""
    named = digest_of([request.source, request.path, request.mapping, request.recipe, list(request.set)])
    path = home() / "watch" / f"{named[:16]}.json"
    with locked(path.with_suffix(".lock"), wait=False) as mine:
        yield Watched(request, root, path) if mine else None


def check(request: Request, root: Path) -> int:
    """Refuse what cannot be watched; return how many studies the source lists now.

    Raises
    ------
    BadInput
        When no source is named, it is drawn, or it cannot be read.
    """
    from unirg_core.ingest import listing_digest

    return listing_digest(_resolved(request, root), root)["count"]


def _resolved(request: Request, root: Path) -> Params:
    from unirg_core.runs.launch import resolve

    params = resolve(request, root, root)
    if params.ingest.source == "phantom":
        raise BadInput(
            "Name what to watch: --source folder --path DROP. The phantom is drawn, so nothing ever arrives."
        )
    return params


def glance_at(params: Params, root: Path) -> str:
    """Return a digest of names, sizes and times of all files of a drop; an address lists as a run pins it.

    Raises
    ------
    BadInput
        When the drop is not there.
    """
    if "://" in params.ingest.path:
        from unirg_core.ingest import listing_digest

        return listing_digest(params, root)["digest"]
    top = root / params.ingest.path
    if not top.exists():
        raise BadInput(f"ingest.path {top} does not exist; give the folder that drops arrive in.")
    listed = list(_files(top, top))
    if params.ingest.mapping:
        mapping = root / params.ingest.mapping
        if not mapping.exists():
            raise BadInput(f"ingest.mapping {mapping} does not exist; give the file that names the table's columns.")
        listed.append([mapping.name, *_stat(mapping)])
    return digest_of(sorted(listed))


def _files(folder: Path, top: Path) -> Iterator[list[str | int]]:
    """Yield name, size and time of each file; what goes while it is looked at is gone for the next look."""
    if folder.is_file():
        yield [folder.name, *_stat(folder)]
        return
    for entry, is_folder in _entries(folder):
        if is_folder:
            yield from _files(Path(entry.path), top)
        else:
            yield [Path(entry.path).relative_to(top).as_posix(), *_stat(entry)]


def _entries(folder: Path) -> list[tuple[os.DirEntry[str], bool]]:
    """Return what a folder holds, and whether each is a folder itself."""
    try:
        with os.scandir(folder) as entries:
            return [(entry, entry.is_dir()) for entry in entries]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from None


def _stat(of: Path | os.DirEntry[str]) -> tuple[int, str]:
    """Return size and time of a file; of one that has gone, or of a link that leads nowhere yet, that it was listed."""
    try:
        found = of.stat()
    except FileNotFoundError:
        return -1, ""
    except OSError as error:
        raise _unreadable(of, error) from None
    return found.st_size, str(found.st_mtime_ns)


def _unreadable(of: os.PathLike[str], error: OSError) -> BadInput:
    name = os.fspath(error.filename or of)
    return BadInput(f"{name} cannot be looked at ({error.strerror}); mend it, or take it out of what is watched.")


def switch(request: Request | None, here: Path, approval: str, every: float, settle: float) -> int:
    """Let the platform that is up watch what a request names, or nothing (None); return the child's exit code.

    Raises
    ------
    BadInput
        When the source cannot be watched or no platform is up.
    """
    import json
    import subprocess
    import sys

    from unirg_core.home import silenced
    from unirg_core.runs.checkout import project_root
    from unirg_core.runs.launch import resolve
    from unirg_core.up import server_address

    root = project_root(here)
    os.environ.setdefault("UNIRG_HOME", str(root / ".unirg"))
    if request is not None and request.path is None:
        raise BadInput("Name what to watch: --path DROP, the folder that drops arrive in; or --off to watch nothing.")
    if approval not in ("ask", "auto"):
        raise BadInput(f"--approval {approval} is neither ask nor auto.")
    server = server_address()
    if server is None:
        return _with_nothing_up(off=request is None)
    asked = []
    if request is not None:
        absolute = resolve(request, root, here).ingest
        form = {**asdict(request), "path": absolute.path, "mapping": absolute.mapping, "settle": settle}
        form = {name: value for name, value in form.items() if name not in _NOT_ASKED} | {"approval": approval}
        asked = ["--form", json.dumps(form), "--every", str(every)]
        count = check(replace(request, path=absolute.path, mapping=absolute.mapping), root)
        say("watch", f"{absolute.path} lists {counted(count, 'study')} now.")
    own = {**silenced(os.environ), "UNIRG_HOME": str(home()), "PREFECT_API_URL": server}
    return subprocess.run([sys.executable, "-m", "flows.watch", *asked], cwd=root, env=own, check=False).returncode


def _with_nothing_up(*, off: bool) -> int:
    """Switch the watch off for the next platform too, or refuse to switch it on."""
    if not off:
        raise BadInput("No platform is up that could watch; start one by `unirg up` in another terminal.")
    settings = home() / "watch" / "settings.json"
    was = settings.exists()
    settings.unlink(missing_ok=True)
    then = "the next one will not watch either" if was else "there was nothing to switch off"
    say("watch", f"No platform is up, so nothing is watched; {then}.")
    return 0
