"""Train and measure every arm on every pair; what is complete is taken over, what was killed goes on.

State lies in `$UNIRG_HOME/ablation`: a folder a world with its data, in it a folder a seed, in that one an arm. What a
table needs of it can be kept in a second place of the same layout (`kept.py`), from which another machine goes on. Jobs
run side by side, each with one thread of computing, so that their number changes no result.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core import models
from unirg_core.ablation import kept, roots, training
from unirg_core.ablation.arms import ARMS, Arm, Overlay
from unirg_core.faults import BadInput
from unirg_core.files import file_digest
from unirg_core.home import home, locked
from unirg_core.params import Params, overlay, parse
from unirg_core.progress import Progress, say
from unirg_core.runs import pins
from unirg_core.study import MANIFEST, SELECTION, TRUTH

NEEDS = (
    "The ablation draws worlds with a truth file and an institution that is held out; it needs "
    "ingest.source = phantom and ingest.split.held_out."
)
TESTS = (
    "The ablation measures every arm on patients of the training institutions too, and ingest.split.test = 0 keeps "
    "none; set it above 0."
)
VALIDATES = (
    "Arm {} chooses its bias on validation studies, and ingest.split.validation = 0 keeps none; set it above 0, or "
    "name other arms in --arms."
)


@dataclass(frozen=True)
class Pair:
    """A world that is drawn, and the seed of a training on it."""

    world: int
    seed: int


@dataclass(frozen=True)
class Measured:
    """What came of an arm on a pair: its folder, its facts, and why it has no scores where it collapsed."""

    arm: Arm
    pair: Pair
    folder: Path
    facts: Mapping[str, Any]

    @property
    def collapsed(self) -> str:
        """Return the sentence with which the training ended before its end; empty where it did not."""
        return self.facts.get("collapsed", "")


def ablate(
    params: Params, arms: Sequence[Arm], pairs: Sequence[Pair], jobs: int, keep: Path | None = None
) -> list[Measured]:
    """Return what every arm gives on every pair, in that order; `keep` is the second place, read and written.

    Raises
    ------
    BadInput
        When the source is not drawn, no studies are kept to measure by, a parameter will not do, or another ablation is
        under way in the same folder.
    """
    if params.ingest.source != "phantom" or not params.ingest.split.held_out:
        raise BadInput(NEEDS)
    if not params.ingest.split.test:
        raise BadInput(TESTS)
    for arm in arms:
        if arm.trains == "bias" and not params.ingest.split.validation:
            raise BadInput(VALIDATES.format(arm.name))
        changed(params, pairs[0], arm.changes(params))
    folder = home() / "ablation"
    with _alone(folder), ThreadPoolExecutor(jobs) as pool:
        work = _Work(params, folder, keep, pool, Progress("ablate", len(arms) * len(pairs), "arms"))
        waited = [work.arm(arm, pair) for pair in pairs for arm in _starters_first(arms)]
        try:
            found = {(one.pair, one.arm.name): one for one in (future.result() for future in waited)}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[pair, arm.name] for pair in pairs for arm in arms]


def changed(params: Params, pair: Pair, changes: Overlay) -> Params:
    """Return the parameters of an arm on a pair."""
    values = params.model_dump(mode="json", by_alias=True)
    own = {"seed": pair.seed, "ingest": {"phantom": {"world": pair.world}}, "model": {"threads": 1}}
    return parse(overlay(overlay(values, own), changes), "the ablation's parameters")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with locked(folder / "lock", wait=False) as held:
        if not held:
            raise BadInput(f"Another ablation is under way in {folder}; wait for its end, or set another UNIRG_HOME.")
        yield


def _starters_first(arms: Sequence[Arm]) -> list[Arm]:
    """Put arms that others start from first: a job that waits for another must find it under way."""
    return sorted(arms, key=lambda arm: arm.trains != "sft")


class _Work:
    """Jobs of one ablation, each begun once."""

    def __init__(
        self, params: Params, folder: Path, keep: Path | None, pool: ThreadPoolExecutor, progress: Progress
    ) -> None:
        self._params, self._folder, self._keep, self._pool, self._progress = params, folder, keep, pool, progress
        self._base = models.digest(params.model.base, params.model.revision)
        self._arms: dict[tuple[Pair, str], Future[Measured]] = {}
        self._locks: dict[Path, threading.Lock] = {}
        self._told, self._copying = threading.Lock(), threading.Lock()

    def arm(self, arm: Arm, pair: Pair) -> "Future[Measured]":
        """Begin an arm on a pair, once what it starts from is begun."""
        self._arms[pair, arm.name] = self._pool.submit(self._measured, arm, pair)
        return self._arms[pair, arm.name]

    def _measured(self, arm: Arm, pair: Pair) -> Measured:
        before = self._arms[pair, arm.start].result() if arm.trains != "sft" else None
        if before and before.collapsed:
            return Measured(arm, pair, before.folder, before.facts)
        params = changed(self._params, pair, arm.changes(self._params))
        start = before.facts["model"] if before else self._base
        digest = roots.arm_digest(params, arm.trains, self._data(pair.world), start)
        folder = self._complete(_place(pair, arm), digest) or self._trained(arm, pair, params, digest)
        measured = Measured(arm, pair, folder, roots.facts(folder))
        with self._told:
            ending = "collapsed" if measured.collapsed else f"{measured.facts['seconds']:.0f} s of training"
            say("ablate", f"world {pair.world}, seed {pair.seed}: {arm.title} ({ending})")
            self._progress.step()
        return measured

    def _complete(self, place: str, digest: str) -> Path | None:
        """Return the folder that holds what was made from inputs of that digest: our own, or the one that is kept.

        Raises
        ------
        BadInput
            When the one that is kept was made from other inputs.
        """
        if self._keep:
            kept.refuse_other(self._keep / place, digest)
        found = (root / place for root in (self._folder, self._keep) if root)
        folder = next((one for one in found if roots.is_done(one, digest)), None)
        if folder:
            self._kept(folder, place)
        return folder

    def _kept(self, folder: Path, place: str) -> None:
        if self._keep:
            with self._copying:
                kept.copy(folder, self._keep / place)

    def _made(self, place: str, digest: str, make: Callable[[Path], Mapping[str, Any]]) -> Path:
        """Return our own folder of a place, made by whoever needs it first; the others wait."""
        folder = self._folder / place
        with self._told:
            lock = self._locks.setdefault(folder, threading.Lock())
        with lock:
            if not roots.is_done(folder, digest):
                told = {"commit": roots.commit()}
                roots.finish(folder, digest, {**told, **make(folder)})
        self._kept(folder, place)
        return folder

    def _data(self, world: int) -> list[str]:
        """Return the digests of a world's data, which is drawn where no place knows them."""
        return roots.facts(self._known(world) or self._drawn(world))["data"]

    def _known(self, world: int) -> Path | None:
        return self._complete(_world(world), roots.world_digest(changed(self._params, Pair(world, 0), {})))

    def _drawn(self, world: int) -> Path:
        """Return our own folder of a world, with its data."""
        params = changed(self._params, Pair(world, 0), {})

        def make(root: Path) -> dict[str, Any]:
            say("ablate", f"world {world} is drawn")
            roots.prepare(root, params, {})
            pins.write_inputs(root, pins.pin(root, params))
            for stage in ("ingest", "validate"):
                roots.run_stage(root, "unirg_core", stage)
            return {"data": [file_digest(root / path) for path in (MANIFEST, SELECTION, TRUTH)]}

        known = self._known(world)
        root = self._made(_world(world), roots.world_digest(params), make)
        if known and roots.facts(known)["data"] != roots.facts(root)["data"]:
            raise BadInput(self._otherwise(f"World {world} becomes other data"))
        return root

    def _trained(self, arm: Arm, pair: Pair, params: Params, digest: str) -> Path:
        """Return our own folder of an arm, with its model; what it starts from is made too, where only kept."""
        world, start = self._drawn(pair.world), None
        if arm.trains != "sft":
            start = self._start(ARMS[arm.start], pair)
        return self._made(
            _place(pair, arm), digest, lambda folder: training.train(arm, params, folder, world, start, self._base)
        )

    def _start(self, arm: Arm, pair: Pair) -> Path:
        """Return our own folder of an arm that another starts from; one that is only kept is trained again.

        Raises
        ------
        BadInput
            When it becomes another model than the one that is kept.
        """
        params = changed(self._params, pair, arm.changes(self._params))
        digest = roots.arm_digest(params, arm.trains, self._data(pair.world), self._base)
        folder = self._trained(arm, pair, params, digest)
        if roots.facts(folder).get("model") != self._arms[pair, arm.name].result().facts["model"]:
            raise BadInput(
                self._otherwise(f"{arm.title} of world {pair.world}, seed {pair.seed}, becomes another model")
            )
        return folder

    def _otherwise(self, what: str) -> str:
        return (
            f"{what} here than where {self._keep} was made: processors of another kind add in another order. Go on "
            "there, or keep this pair in another folder."
        )


def _world(world: int) -> str:
    return f"world-{world}"


def _place(pair: Pair, arm: Arm) -> str:
    return f"{_world(pair.world)}/seed-{pair.seed}/{arm.name}"


def default_jobs() -> int:
    """Return as many jobs as this process may use cores."""
    return len(os.sched_getaffinity(0))
