"""Run one stage in the current checkout, as `dvc repro` and `python -m unirg_core <stage>` do."""

import importlib
import os
from pathlib import Path

import yaml

import unirg_core
from unirg_core import params
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import write_json
from unirg_core.home import die_with, run_folder
from unirg_core.runs import processes


def stage_here(stage: str, root: Path) -> None:
    """Run a stage with the parameters of `root`; leave a refusal in the run's folder for whoever started it.

    Raises
    ------
    BadInput
        When the stage refuses its input, when an earlier stage has not made it yet, or when the code that runs is
        not this checkout's.
    HonestNegative
        When its answer is no.
    """
    if parent := os.environ.get("UNIRG_PARENT"):
        die_with(int(parent))
    processes.hush()
    try:
        _assert_own_code(root)
        loaded = params.load(root / "params.yaml")
        _assert_made(stage, root)
        _mark_ran(stage)
        if processes.to_launch(stage, loaded):
            processes.launch(stage, loaded, root)
            return
        work = getattr(importlib.import_module(f"unirg_core.{stage}"), stage)
        work(loaded, root)
    except (BadInput, HonestNegative) as error:
        kind = BadInput if isinstance(error, BadInput) else HonestNegative
        write_json(run_folder() / "fault.json", {"kind": kind.__name__, "sentence": str(error)})
        if processes.is_copy():
            raise SystemExit(1) from None  # whoever launched it says the sentence, once
        raise


def _assert_own_code(root: Path) -> None:
    here = Path(unirg_core.__file__).resolve().parent
    if here != (root / "unirg_core").resolve():
        raise BadInput(
            f"The code that runs is {here}, not that of the checkout {root}; "
            "call it as `python -m unirg_core` from the checkout's top."
        )


def _assert_made(stage: str, root: Path) -> None:
    """Refuse to start before an earlier stage has made what this one reads: `dvc.yaml` says who makes what."""
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    makers = {_path(out): name for name, entry in stages.items() for out in entry.get("outs", [])}
    for needed in stages[stage]["deps"]:
        if needed in makers and not (root / needed).exists():
            raise BadInput(
                f"{needed} is missing; run `unirg {makers[needed]}` first, or `dvc repro {stage}` for all it needs."
            )


def _path(out: str | dict[str, object]) -> str:
    return out if isinstance(out, str) else next(iter(out))


def _mark_ran(stage: str) -> None:
    """Say that the stage itself ran: DVC restores an unchanged one without it."""
    folder = run_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stage}.ran").touch()
