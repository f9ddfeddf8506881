"""The folders in which worlds are drawn and arms are trained: each holds what a stage reads from a checkout.

A folder whose `done.json` names the inputs that it was made from is complete, and is not made again; any other is begun
anew, but a stage that was killed in it goes on from its own checkpoint.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import unirg_core
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import digest_of, file_digest, read_json, write_json
from unirg_core.home import home, silenced
from unirg_core.params import Params, dump, read_yaml
from unirg_core.runs.checkout import git
from unirg_core.runs.processes import TRAINED
from unirg_core.training.work import clear

DONE = "done.json"
_ROOT = Path(unirg_core.__file__).parents[1]
_CODE_BELOW = ("unirg_core/", "infra/")
_SHOWN = 20
_DRAWING = ("ingest", "validate")
MEASURING = ("unirg_core/ablation/measure.py", "unirg_core/ablation/bias.py")
"""What an arm is measured with beside the stages' own code."""


def world_digest(params: Params) -> str:
    """Return the digest of all that decides a world's data: parameters and code."""
    asked = params.model_dump(mode="json", by_alias=True, include={"seed", "ingest", "validate"})
    return digest_of([asked, _digests(code(*_DRAWING))])


def arm_digest(params: Params, trains: str, world: Sequence[str], start: str) -> str:
    """Return the digest of what decides what an arm writes: parameters, data, code, and the model that it starts from.

    Versions of libraries and the kind of processor are not in it: what they change shows where an arm that is only kept
    is trained anew for another to start from.
    """
    sections = {"seed", "launch", "model", "scores", "evaluate", *({trains} & {"sft", "rl"})}
    asked = params.model_dump(mode="json", by_alias=True, include=sections)
    return digest_of([asked, list(world), start, _digests(arm_code(trains))])


def arm_code(trains: str) -> list[str]:
    """Return the files of the checkout that train and measure an arm; a bias is chosen by code that SFT uses too."""
    return sorted({*code("rl" if trains == "rl" else "sft", "evaluate"), *MEASURING})


def code(*stages: str) -> list[str]:
    """Return the files of the checkout, data files too, that `dvc.yaml` has these stages depend on."""
    declared = read_yaml(_ROOT / "dvc.yaml")["stages"]
    named = {dep for stage in stages for dep in declared[stage]["deps"] if dep.startswith(_CODE_BELOW)}
    return sorted(path.relative_to(_ROOT).as_posix() for dep in named for path in _files(_ROOT / dep))


def _files(path: Path) -> list[Path]:
    below = [path] if path.is_file() else path.rglob("*")
    return [one for one in below if one.is_file() and "__pycache__" not in one.parts]


def _digests(files: Sequence[str]) -> list[list[str]]:
    return [[name, file_digest(_ROOT / name)] for name in files]


def commit() -> str | None:
    """Return the commit of the code that runs, ending in `-dirty` where its files are not as committed."""
    try:
        found = git(_ROOT, "rev-parse", "HEAD")
        return f"{found}-dirty" if git(_ROOT, "status", "--porcelain", "--", *_CODE_BELOW, "dvc.yaml") else found
    except BadInput:
        return None


def is_done(folder: Path, digest: str) -> bool:
    """Tell whether a folder holds what was made from inputs of that digest."""
    return (folder / DONE).exists() and read_json(folder / DONE)["digest"] == digest


def facts(folder: Path) -> dict[str, Any]:
    """Return what was written down of a complete folder."""
    return read_json(folder / DONE)


def finish(folder: Path, digest: str, told: Mapping[str, Any]) -> None:
    """Write down, last, that a folder is complete; what its training kept until then may go."""
    write_json(folder / DONE, {**told, "digest": digest})
    for stage in TRAINED:
        clear(stage, folder / "run")


def prepare(folder: Path, params: Params, linked: Mapping[str, Path]) -> None:
    """Make a folder in which a stage can run: the code, its parameters, and links to what it reads."""
    (folder / DONE).unlink(missing_ok=True)
    for name in ("checkpoints", "reports"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(dump(params))
    for name, target in {"unirg_core": _ROOT / "unirg_core", "dvc.yaml": _ROOT / "dvc.yaml", **linked}.items():
        path = folder / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.resolve())


def run_stage(folder: Path, *command: str) -> None:
    """Run `python -m COMMAND` in a folder, as a child whose output goes to its log.

    Raises
    ------
    HonestNegative, BadInput
        With the sentence that the stage has left.
    RuntimeError
        When it ended in any other way, with the last lines of its log.
    """
    told = folder / "run" / "fault.json"
    told.unlink(missing_ok=True)
    own = {"UNIRG_HOME": str(home()), "UNIRG_RUN": str(folder / "run"), "UNIRG_PARENT": str(os.getpid())}
    (folder / "run").mkdir(exist_ok=True)
    log = folder / "run" / "log.txt"
    with log.open("a") as stream:
        environment = {"OMP_NUM_THREADS": "1", **silenced(os.environ), **own}
        code = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT
        ).returncode
    if not code:
        return
    if told.exists():
        fault = read_json(told)
        raise {"BadInput": BadInput, "HonestNegative": HonestNegative}[fault["kind"]](fault["sentence"])
    last = "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN:])
    raise RuntimeError(f"{' '.join(command)} ended with {code} in {folder}; {log} ends with:\n{last}")
