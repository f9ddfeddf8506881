"""`unirg ablate`: from what was asked on the command line to the text that it prints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unirg_core import preflight
from unirg_core.ablation import arms, printing, run, table
from unirg_core.faults import BadInput
from unirg_core.models.loading import located
from unirg_core.params import DEVELOPMENT_WORLDS, assignments, overlay, read_yaml, resolve
from unirg_core.scoring.writing import check_figure, check_writable, told


@dataclass(frozen=True)
class Request:
    """What was asked for: without names all arms are meant, without jobs as many as there are cores.

    `keep` is a folder that holds what tables need of each arm besides.
    """

    recipe: str | None = None
    arms: tuple[str, ...] | None = None
    pairs: int = 3
    world: int = 100
    set: tuple[str, ...] = ()
    jobs: int | None = None
    keep: Path | None = None


_OWN = {
    ("ingest", "phantom", "world"): "each pair has a world of its own; --world gives that of the first one",
    ("seed",): "pair number i takes seed i; --pairs says how many there are",
    ("model", "threads"): "every arm computes with one thread; --jobs says how many arms run at once",
}
"""What a pair lays over the parameters itself (`run.changed`), so that setting it would change nothing."""

_UNSET = object()


def run_and_tell(request: Request, root: Path, figure: Path | None, as_json: bool) -> str:
    """Run the ablation, draw it where it is asked for, and return what is printed.

    Raises
    ------
    BadInput
        When anything asked for cannot be, before any work.
    """
    if figure is not None:
        check_figure(figure)
        check_writable("--figure", figure)
    chosen = arms.chosen(request.arms)
    above = assignments(request.set)
    _refuse_own(above)
    if _source(root, request.recipe, above) != "phantom":
        raise BadInput(run.NEEDS)
    params = located(resolve(root, request.recipe, above), Path.cwd())
    preflight.check(params, root)
    worlds = range(request.world, request.world + request.pairs)
    if worlds[-1] not in DEVELOPMENT_WORLDS:
        raise BadInput(
            f"--world {request.world} --pairs {request.pairs} would reach world {worlds[-1]}; the ablation draws "
            f"worlds below {DEVELOPMENT_WORLDS.stop}."
        )
    pairs = [run.Pair(world, seed) for seed, world in enumerate(worlds)]
    if request.keep:
        with told("--keep", request.keep):
            request.keep.mkdir(parents=True, exist_ok=True)
    found = table.table(params, run.ablate(params, chosen, pairs, request.jobs or run.default_jobs(), request.keep))
    if figure is not None:
        printing.draw(found, figure)
    return json.dumps(found, indent=1) if as_json else printing.as_text(found)


def _refuse_own(above: Mapping[str, Any]) -> None:
    for path, why in _OWN.items():
        under: Any = above
        for part in path:
            under = under.get(part, _UNSET) if isinstance(under, Mapping) else _UNSET
        if under is not _UNSET:
            raise BadInput(f"--set {'.'.join(path)} would change nothing here: {why}.")


def _source(root: Path, recipe: str | None, above: Mapping[str, Any]) -> Any:
    """Return the source that is asked for, unchecked: a check of the whole would ask for a path, of no use here."""
    values: dict[str, Any] = {}
    for path in (root / "params.yaml", root / "recipes" / f"{recipe}.yaml"):
        values = overlay(values, read_yaml(path) if path.exists() else {})
    ingest = overlay(values, above).get("ingest")
    return ingest.get("source", "phantom") if isinstance(ingest, Mapping) else "phantom"
