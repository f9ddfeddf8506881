"""Train and measure every arm on every pair; what is complete is taken over, what was killed goes on.

State lies in `$UNIRG_HOME/ablation`: a folder a world with its data, in it a folder a seed, in that one an arm. Jobs
run side by side, each with one thread of computing, so that their number changes no result.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core.ablation import measure, roots
from unirg_core.ablation.arms import Arm, Overlay
from unirg_core.faults import BadInput, HonestNegative
from unirg_core.files import file_digest, read_json, read_lines, tree_digest, write_json
from unirg_core.home import home, locked
from unirg_core.params import Params, overlay, parse
from unirg_core.progress import METRICS, Progress, say
from unirg_core.runs import pins
from unirg_core.study import MANIFEST, SELECTION, TRUTH

NEEDS = (
    "The ablation draws worlds with a truth file and an institution that is held out; it needs "
    "ingest.source = phantom and ingest.split.held_out."
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


def ablate(params: Params, arms: Sequence[Arm], pairs: Sequence[Pair], jobs: int) -> list[Measured]:
    """Return what every arm gives on every pair, in that order.

    Raises
    ------
    BadInput
        When the source is not drawn, a parameter will not do, or another ablation is under way in the same folder.
    """
    if params.ingest.source != "phantom" or not params.ingest.split.held_out:
        raise BadInput(NEEDS)
    for arm in arms:
        changed(params, pairs[0], arm.changes(params))
    folder = home() / "ablation"
    with _alone(folder), ThreadPoolExecutor(jobs) as pool:
        work = _Work(params, folder, pool, Progress("ablate", len(arms) * len(pairs), "arms"))
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

    def __init__(self, params: Params, folder: Path, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self._params, self._folder, self._pool, self._progress = params, folder, pool, progress
        self._worlds: dict[int, Future[Path]] = {}
        self._arms: dict[tuple[Pair, str], Future[Measured]] = {}
        self._told = threading.Lock()

    def arm(self, arm: Arm, pair: Pair) -> "Future[Measured]":
        """Begin an arm on a pair, once its world and what it starts from are begun."""
        if pair.world not in self._worlds:
            self._worlds[pair.world] = self._pool.submit(self._world, pair.world)
        self._arms[pair, arm.name] = self._pool.submit(self._measured, arm, pair)
        return self._arms[pair, arm.name]

    def _world(self, world: int) -> Path:
        params = changed(self._params, Pair(world, 0), {})
        root, digest = self._folder / f"world-{world}", roots.world_digest(params)
        if roots.is_done(root, digest):
            return root
        say("ablate", f"world {world} is drawn")
        roots.prepare(root, params, {})
        pins.write_inputs(root, pins.pin(root, params))
        for stage in ("ingest", "validate"):
            roots.run_stage(root, "unirg_core", stage)
        roots.finish(root, digest, {"data": [file_digest(root / path) for path in (MANIFEST, SELECTION, TRUTH)]})
        return root

    def _measured(self, arm: Arm, pair: Pair) -> Measured:
        world = self._worlds[pair.world].result()
        before = self._arms[pair, arm.start].result() if arm.trains != "sft" else None
        if before and before.collapsed:
            return Measured(arm, pair, before.folder, before.facts)
        params = changed(self._params, pair, arm.changes(self._params))
        folder = world / f"seed-{pair.seed}" / arm.name
        start = before.facts["model"] if before else ""
        digest = roots.arm_digest(params, arm.trains, roots.facts(world)["data"], start)
        if not roots.is_done(folder, digest):
            roots.finish(folder, digest, self._train(arm, params, folder, world, before))
        measured = Measured(arm, pair, folder, roots.facts(folder))
        with self._told:
            ending = "collapsed" if measured.collapsed else f"{measured.facts['seconds']:.0f} s of training"
            say("ablate", f"world {pair.world}, seed {pair.seed}: {arm.title} ({ending})")
            self._progress.step()
        return measured

    def _train(self, arm: Arm, params: Params, folder: Path, world: Path, before: Measured | None) -> dict[str, Any]:
        linked = {"data": world / "data", "inputs.json": world / "inputs.json"}
        start = before.folder / "checkpoints" / "sft" if before else None
        roots.prepare(folder, params, linked | ({"checkpoints/sft": start} if start else {}))
        write_json(
            folder / measure.ARM, {"checkpoint": "rl" if arm.trains == "rl" else "sft", "bias": arm.trains == "bias"}
        )
        try:
            if arm.trains != "bias":
                roots.run_stage(folder, "unirg_core", arm.trains)
        except HonestNegative as error:
            return {"collapsed": str(error), "seconds": seconds_trained(folder / "run")}
        roots.run_stage(folder, "unirg_core.ablation.measure")
        trained = folder / "checkpoints" / ("rl" if arm.trains == "rl" else "sft")
        facts = {"seconds": seconds_trained(folder / "run"), "model": tree_digest(trained)}
        return {**facts, **read_json(folder / measure.FIGURES)}


def seconds_trained(run: Path) -> float:
    """Return the seconds of a training's steps, each counted once: those of an arm that was cut off too."""
    path = run / METRICS
    lines = read_lines(path) if path.exists() else []
    return sum({line["step"]: line["figures"].get("seconds/step", 0.0) for line in lines}.values())


def default_jobs() -> int:
    """Return as many jobs as this process may use cores."""
    return len(os.sched_getaffinity(0))
