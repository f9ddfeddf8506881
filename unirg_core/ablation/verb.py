"""`unirg ablate`: from what was asked on the command line to the text that it prints."""

import json
from dataclasses import dataclass
from pathlib import Path

from unirg_core import preflight
from unirg_core.ablation import arms, printing, run, table
from unirg_core.faults import BadInput
from unirg_core.params import DEVELOPMENT_WORLDS, assignments, resolve
from unirg_core.scoring.writing import check_figure, check_writable


@dataclass(frozen=True)
class Request:
    """What was asked for: no names mean all arms, no jobs as many as there are cores."""

    recipe: str | None = None
    arms: tuple[str, ...] = ()
    pairs: int = 3
    world: int = 100
    set: tuple[str, ...] = ()
    jobs: int | None = None


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
    chosen = arms.chosen(tuple(name.strip() for name in request.arms))
    params = resolve(root, request.recipe, assignments(request.set))
    preflight.check(params, root)
    worlds = range(request.world, request.world + request.pairs)
    if worlds[-1] not in DEVELOPMENT_WORLDS:
        raise BadInput(
            f"--world {request.world} --pairs {request.pairs} would reach world {worlds[-1]}; the ablation draws "
            f"worlds below {DEVELOPMENT_WORLDS.stop}."
        )
    pairs = [run.Pair(world, seed) for seed, world in enumerate(worlds)]
    found = table.table(params, run.ablate(params, chosen, pairs, request.jobs or run.default_jobs()))
    if figure is not None:
        printing.draw(found, figure)
    return json.dumps(found, indent=1) if as_json else printing.as_text(found)
