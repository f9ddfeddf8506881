"""The work folder of a training stage: one run holds it at a time, and it stays until its model is committed.

A stage publishes its model and ends, and only then DVC commits what it finds. A kill between the two must not cost the
training, so a good end takes the checkpoints alone; the results of its phases go with `clear`, once they are committed.
"""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from unirg_core.files import drop_removed, read_json, remove_whole, write_json
from unirg_core.home import home, locked, run_folder, silenced, work_folder
from unirg_core.progress import say
from unirg_core.training import ranks
from unirg_core.training.checkpoints import CHECKPOINTS

PUBLISHED = "published.json"
"""Says in a work folder that its model is published, and by which run; no model is trained in it any more."""


@contextmanager
def working(stage: str, digest: str) -> Iterator[Path]:
    """Yield the stage's work folder, which no other run holds; a good end leaves the results of its phases in it.

    Of several processes that train together the first holds it for all.

    Telemetry of the training libraries is off from here on, and their notes to programmers are not shown.
    """
    os.environ.update(silenced(os.environ))
    folder = work_folder(stage, digest)
    with _alone(stage, folder) if ranks.first() else nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        if ranks.first():
            clear(stage, run_folder())  # what stages that were started by hand have left
            folder.mkdir(exist_ok=True)  # whoever held it may have cleared it
        ranks.together()
        yield folder
        ranks.together()
        if ranks.first():
            write_json(folder / PUBLISHED, {"run": str(run_folder())})
            for checkpoints in (folder / CHECKPOINTS, *folder.glob(f"*/{CHECKPOINTS}")):
                shutil.rmtree(checkpoints, ignore_errors=True)


def clear(stage: str, run: Path) -> None:
    """Remove the work folders from which a run has published a stage's model, each whole, unless somebody holds it.

    Parameters
    ----------
    run
        Folder of the run, as `home.run_folder` gives it to the stage.
    """
    work = home() / "work"
    drop_removed(work)
    for marker in work.glob(f"{stage}-*/{PUBLISHED}"):
        with locked(_lock(marker.parent), wait=False) as held:
            if held and marker.exists() and read_json(marker)["run"] == str(run):
                remove_whole(marker.parent)


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def _alone(stage: str, folder: Path) -> Iterator[None]:
    lock = _lock(folder)
    with locked(lock, wait=False) as held:
        if held:
            yield
            return
    say(stage, f"waiting for another run of the same inputs, which holds {lock}")
    with locked(lock):
        yield
