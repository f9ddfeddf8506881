"""A dataset root with a tiny random base model, and children that are killed, for tests of the stages that train."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fixtures_dataset import studies, write_root

from unirg_core import models, params
from unirg_core.files import read_json, tree_digest, write_json
from unirg_core.home import run_folder
from unirg_core.models import dataset, tiny
from unirg_core.training.work import clear

REPOSITORY = Path(__file__).parent.parent
SIZES = {"hidden": 32, "layers": 1, "vision_hidden": 32, "depth": 1}

_STEP = {"prompts": 2, "rollouts": 4, "temperature": 0.7, "advantage": "none"}
_REWARD = {"rouge_l": 1.0, "well_formed": 0.5}

QUICK = {
    "model": {"max_new_tokens": 12, "threads": 1},
    "sft": {"steps": 6, "batch_size": 4, "checkpoint_steps": 2, "learning_rate": 3e-3},
    "rl": {
        "step1": {**_STEP, "steps": 4, "learning_rate": 6e-4, "beta": 0.0, "reward": _REWARD},
        "step2": {**_STEP, "steps": 3, "learning_rate": 3e-4, "beta": 0.03, "reward": {**_REWARD, "error_count": 0.5}},
        "checkpoint_steps": 2,
    },
}
"""Parameters of a run that takes seconds; rouge_l, because a random model says no finding that could earn credit."""

LORA = {"model": {"lora": {"rank": 2, "alpha": 4}}, "sft": {"learning_rate": 0.05}}

OUTPUTS = {
    "sft": ("checkpoints/sft", "reports/sft.json"),
    "rl": ("checkpoints/rl", "reports/rl.json"),
}


def training_root(folder: Path, patients: int = 18) -> Path:
    """Write a dataset and a random base model `base` beside it, pinned in `inputs.json`; return the folder."""
    write_root(folder, studies(patients))
    words = [word for row in dataset.rows(folder) for word in dataset.reference(row).split()]
    models.save(*tiny.fresh([*words, "findings", "impression"], **SIZES), folder / "base")
    pins = read_json(folder / "inputs.json")
    pins["base_model"] = {"name": "base", "digest": models.digest(str(folder / "base"))}
    write_json(folder / "inputs.json", pins)
    return folder


def copied(root: Path, folder: Path) -> Path:
    """Return a copy of a root's inputs, without what stages have made of them."""
    return shutil.copytree(root, folder, ignore=shutil.ignore_patterns("checkpoints", "reports"))


def quick(root: Path, above: Mapping[str, Any] | None = None) -> params.Params:
    """Return `QUICK` parameters over those of the repository, with the root's own base model."""
    values = params.overlay(params.read_yaml(REPOSITORY / "params.yaml"), QUICK)
    values = params.overlay(values, {"model": {"base": str(root / "base")}})
    return params.parse(params.overlay(values, above or {}))


@contextmanager
def state_in(folder: Path) -> Iterator[None]:
    """Let stages keep their state below a folder, for fixtures that outlive a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(folder / "home"))
        patch.setenv("UNIRG_RUN", str(folder / "run"))
        yield


def digests(root: Path, stage: str) -> list[str]:
    """Return the digests of a stage's outputs."""
    return [tree_digest(root / path) for path in OUTPUTS[stage]]


def undisturbed_digests(stage: str, root: Path) -> dict[str, list[str]]:
    """Run a stage whole, full and with an adapter, and return the digests of what nobody killed."""
    work = getattr(import_module(f"unirg_core.{stage}"), stage)
    found = {}
    for name, above in (("full", {}), ("lora", LORA)):
        with state_in(root):
            work(quick(root, above), root)
        found[name] = digests(root, stage)
    return found


def root_with_sft(folder: Path) -> Path:
    """Return a `training_root` in which SFT has run."""
    root = training_root(folder)
    with state_in(root):
        import_module("unirg_core.sft").sft(quick(root), root)
    return root


def root_without_sft(folder: Path) -> Path:
    """Return a `training_root` whose SFT model is the base itself: enough where RL need not begin well."""
    root = training_root(folder)
    shutil.copytree(root / "base", root / "checkpoints" / "sft")
    return root


def without_outputs(root: Path, *stages: str) -> None:
    """Remove outputs, as DVC does before it runs a stage, and results that the stage would find done."""
    for stage in stages:
        clear(stage, run_folder())
        uncommitted(root, stage)


def uncommitted(root: Path, stage: str) -> None:
    """Remove the outputs of a stage, as DVC does before it runs one that it has not committed."""
    for path in (root / out for out in OUTPUTS[stage]):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def killed_child(stage: str, root: Path, above: Mapping[str, Any], at: str, call: int) -> None:
    """Run a stage in a process of its own, which gets kill -9 right before it calls `at` for the `call`-th time."""
    code = _ended(stage, root, above, at, call)
    assert code == -signal.SIGKILL, f"the child ended with {code} and not by kill -9"


def killed_until_done(stage: str, root: Path, above: Mapping[str, Any], at: str, call: int) -> int:
    """Start a stage as often as its processes are killed, each as in `killed_child`; return how many were."""
    for kills in range(100):
        code = _ended(stage, root, above, at, call)
        if code != -signal.SIGKILL:
            assert code == 0
            return kills
    raise AssertionError("the stage goes no further")


def _ended(stage: str, root: Path, above: Mapping[str, Any], at: str, call: int) -> int | None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trl.trainer.sft_trainer", "trl.trainer.grpo_trainer"])
    settings = {name: os.environ[name] for name in ("UNIRG_HOME", "UNIRG_RUN")}
    child = context.Process(target=_run_until, args=(stage, root, above, at, call, settings))
    child.start()
    child.join(240)
    return child.exitcode


def _run_until(
    stage: str, root: Path, above: Mapping[str, Any], at: str, call: int, settings: Mapping[str, str]
) -> None:
    os.environ.update(settings)
    module, name = at.rsplit(":", 1)
    owner = import_module(module)
    if "." in name:
        kind, name = name.split(".")
        owner = getattr(owner, kind)
    setattr(owner, name, _deadly(getattr(owner, name), call))
    getattr(import_module(f"unirg_core.{stage}"), stage)(quick(root, above), root)


def _deadly(real: Callable[..., Any], call: int) -> Callable[..., Any]:
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    return wrapped


def trajectory(root: Path, stage: str, phase: str) -> list[dict[str, float]]:
    """Return the figures of each step of a phase from a stage's report."""
    return read_json(root / "reports" / f"{stage}.json")[phase]["trajectory"]
