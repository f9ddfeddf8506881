"""`unirg base build`: make the embedded base model `unirg-tiny` from nothing but the phantom's neutral population.

It stands to the phantom as Qwen3-VL stands to the radiographs of arXiv 2601.17151: it sees and it speaks, but it knows
no institution's reports. Same machine, same library versions, same plan: the same bytes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from unirg_core.models.card import write_card
from unirg_core.models.schedule import Schedule
from unirg_core.params import BASE_WORLD
from unirg_core.params import Model as ModelParams
from unirg_core.progress import Progress, say

NAME = "unirg-tiny"
_CHUNK = 200


@dataclass(frozen=True)
class Plan:
    """How large a population, how long each phase, and what draws the first weights.

    The last `tested` patients are seen by no phase: on them the measures of the card are taken.
    """

    patients: int = 10_000
    tested: int = 800
    drawn_size: int = 256
    see: Schedule = field(default_factory=lambda: Schedule(steps=2500, batch=64, rate=2e-3))
    speak: Schedule = field(default_factory=lambda: Schedule(steps=1500, batch=64, rate=2e-3))
    seed: int = 0
    threads: int = 2
    processes: int = 2
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Population:
    """Studies, and their pictures (n, 64, 64) uint8 as ingest stores them."""

    studies: Sequence[Any]
    pictures: np.ndarray

    def part(self, start: int, end: int) -> "Population":
        """Return the studies from `start` up to `end`."""
        return replace(self, studies=self.studies[start:end], pictures=self.pictures[start:end])


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
    drawn = population(plan)
    settle(ModelParams(threads=plan.threads))
    known, unseen = _parted(drawn, plan.tested)
    model, processor = tiny.fresh(vocabulary(), plan.seed, **plan.sizes)
    readout = _see(model, known, plan)
    _speak(model, processor, known, plan)
    measured = _measured(model, readout, unseen)
    save(model.half(), processor, Path(folder))
    write_card(Path(folder), plan, measured, len(known.studies), len(unseen.studies))


def population(plan: Plan) -> Population:
    """Draw the neutral population: every study of the base world, at `drawn_size`, shrunk as ingest shrinks."""
    from unirg_core.ingest.phantom import World, studies

    everyone = studies(World(BASE_WORLD, plan.patients, plan.drawn_size))
    chunks = [everyone[start : start + _CHUNK] for start in range(0, len(everyone), _CHUNK)]
    bar = Progress("base", len(everyone), "pictures")
    parts = []
    for part in _drawn(chunks, plan):
        parts.append(part)
        bar.step(len(part))
    return Population(everyone, np.concatenate(parts))


def _drawn(chunks: list[Any], plan: Plan) -> Iterator[np.ndarray]:
    sizes = [plan.drawn_size] * len(chunks)
    if plan.processes == 1:
        yield from map(pictures, chunks, sizes)
        return
    # spawned, not forked: the parent's library threads do not survive a fork
    with ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(pictures, chunks, sizes)


def pictures(studies: Sequence[Any], drawn_size: int) -> np.ndarray:
    """Return studies as the tiny model is shown them: (n, 64, 64) uint8.

    The way over a DICOM file is left out: it changes no pixel by more than rounding, and a study in fifty by a shift
    of exposure, which `pretrain.varied` covers.
    """
    from PIL import Image

    from unirg_core.ingest.phantom import render
    from unirg_core.models.tiny import IMAGE_SIZE

    shrunk = np.empty((len(studies), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for place, study in enumerate(studies):
        grey = Image.fromarray(np.rint(render([study], drawn_size)[0] * 255).astype(np.uint8))
        shrunk[place] = grey.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return shrunk


def _parted(drawn: Population, patients: int) -> tuple[Population, Population]:
    """Return (all but the last patients, the last patients)."""
    order = list(dict.fromkeys(study.patient for study in drawn.studies))
    last = set(order[len(order) - patients :])
    cut = next(place for place, study in enumerate(drawn.studies) if study.patient in last)
    return drawn.part(0, cut), drawn.part(cut, len(drawn.studies))


def _see(model: Any, known: Population, plan: Plan) -> Any:
    from unirg_core.models.pretrain import learn_to_see
    from unirg_core.models.readout import targets

    bar = Progress("base", plan.see.steps, "steps of seeing")
    return learn_to_see(
        model, known.pictures, targets(known.studies), plan.see, plan.seed, lambda loss: bar.step(loss=loss)
    )


def _speak(model: Any, processor: Any, known: Population, plan: Plan) -> None:
    from unirg_core.ingest.phantom import neutral_caption
    from unirg_core.models.pretrain import learn_to_speak

    bar = Progress("base", plan.speak.steps, "steps of speaking")
    texts = [(_prompt(place), neutral_caption(study)) for place, study in enumerate(known.studies)]
    learn_to_speak(model, processor, known.pictures, texts, plan.speak, plan.seed, lambda loss: bar.step(loss=loss))


def _prompt(place: int) -> str:
    """Return the short prompts in turn: a caption answers each of them."""
    from unirg_core.models.prompts import prompt

    return prompt({}, "short", ("both", "findings", "impression")[place % 3])


def _measured(model: Any, readout: Any, unseen: Population) -> dict[str, Any]:
    from unirg_core.models.pretrain import readings
    from unirg_core.models.readout import measures, targets

    table = measures(targets(unseen.studies), readings(model, readout, unseen.pictures))
    for name, values in table.items():
        say("base", f"{name}: " + "  ".join(f"{key} {value:.3f}" for key, value in values.items()))
    return table
