"""`unirg base build`: make the embedded base model `unirg-tiny` from nothing but the phantom's neutral population.

It stands to the phantom as Qwen3-VL stands to the radiographs of arXiv 2601.17151: it sees and it speaks, but it knows
no institution's reports. Same machine, same library versions, same plan: the same bytes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unirg_core.models.card import write_card
from unirg_core.models.neutral import Population, population
from unirg_core.models.schedule import Schedule
from unirg_core.params import Model as ModelParams
from unirg_core.progress import Progress, say


@dataclass(frozen=True)
class Plan:
    """How large a population, how long each phase, and what draws the first weights.

    The last `tested` patients are seen by no phase: on them the measures of the card are taken.
    """

    patients: int = 9_000
    tested: int = 700
    drawn_size: int = 256
    see: Schedule = field(default_factory=lambda: Schedule(steps=3000, batch=64, rate=3e-3))
    speak: Schedule = field(default_factory=lambda: Schedule(steps=1000, batch=64, rate=2e-3))
    seed: int = 0
    threads: int = 1  # the same sums on however many cores
    processes: int = 2
    sizes: dict[str, int] = field(default_factory=dict)


def build(folder: Path, plan: Plan | None = None) -> None:
    """Draw the neutral population, train the vision tower and the language part, and write the model's folder.

    Parameters
    ----------
    folder
        Where the model goes; what is there is replaced when all is done.
    plan
        Sizes and steps; the default is that of the shipped model.
    """
    from unirg_core.ingest.phantom import vocabulary
    from unirg_core.models import tiny
    from unirg_core.models.loading import save, settle

    plan = plan or Plan()
    drawn = population(plan.patients, plan.drawn_size, plan.processes)
    known, unseen = drawn.parted(plan.tested)
    settle(ModelParams(threads=plan.threads))
    model, processor = tiny.fresh(vocabulary(), plan.seed, **plan.sizes)
    readout = _see(model, known, plan)
    _speak(model, processor, known, plan)
    measured = _measured(model, readout, unseen)
    save(model.half(), processor, Path(folder))
    write_card(Path(folder), plan, measured, len(known.studies), len(unseen.studies))


def _see(model: Any, known: Population, plan: Plan) -> Any:
    from unirg_core.models.pretrain import learn_to_see
    from unirg_core.models.readout import targets

    bar = Progress("base", plan.see.steps, "steps of seeing")
    return learn_to_see(
        model, known.pictures, targets(known.studies), plan.see, plan.seed, lambda loss: bar.step(loss=loss)
    )


def _speak(model: Any, processor: Any, known: Population, plan: Plan) -> None:
    from unirg_core.models.captions import texts
    from unirg_core.models.pretrain import learn_to_speak

    bar = Progress("base", plan.speak.steps, "steps of speaking")
    said = texts(known.studies, plan.seed)
    learn_to_speak(model, processor, known.pictures, said, plan.speak, plan.seed, lambda loss: bar.step(loss=loss))


def _measured(model: Any, readout: Any, unseen: Population) -> dict[str, Any]:
    from unirg_core.models.pretrain import readings
    from unirg_core.models.readout import measures, targets

    table = measures(targets(unseen.studies), readings(model, readout, unseen.pictures))
    for name, values in table.items():
        say("base", f"{name}: " + "  ".join(f"{key} {value:.3f}" for key, value in values.items()))
    return table
