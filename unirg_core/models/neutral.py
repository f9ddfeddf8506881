"""The neutral population that the embedded base learns from: phantom studies of no institution, as small pictures.

Nothing heavy is imported here, because the processes that draw import it anew.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np

from unirg_core.models import IMAGE_SIZE
from unirg_core.params import BASE_WORLD
from unirg_core.progress import Progress

_CHUNK = 200


@dataclass(frozen=True, eq=False)
class Population:
    """Studies, and their pictures (n, 64, 64) uint8 as ingest stores them."""

    studies: Sequence[Any]
    pictures: np.ndarray

    def parted(self, patients: int) -> tuple["Population", "Population"]:
        """Return (all but the last patients, the last patients)."""
        numbers = [_number(study) for study in self.studies]
        cut = numbers.index(max(numbers) + 1 - patients)
        return tuple(Population(self.studies[s], self.pictures[s]) for s in (slice(cut), slice(cut, None)))


def population(patients: int, drawn_size: int, processes: int, skipped: int = 0) -> Population:
    """Draw every visit of the base world's patients but the first `skipped`, as `pictures` shows them."""
    from unirg_core.ingest.phantom import World, studies

    chosen = [s for s in studies(World(BASE_WORLD, patients, drawn_size)) if _number(s) >= skipped]
    chunks = [chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK)]
    bar = Progress("base", len(chosen), "pictures")
    parts = []
    for part in _drawn(chunks, drawn_size, processes):
        parts.append(part)
        bar.step(len(part))
    return Population(chosen, np.concatenate(parts))


def _number(study: Any) -> int:
    """Return a patient's place in the world, which stands in the key: neutral/P000012/V02."""
    return int(study.key.split("/")[1][1:])


def _drawn(chunks: list[Any], drawn_size: int, processes: int) -> Iterator[np.ndarray]:
    sizes = [drawn_size] * len(chunks)
    if processes == 1:
        yield from map(pictures, chunks, sizes)
        return
    # spawned, not forked: the parent's library threads do not survive a fork
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(pictures, chunks, sizes)


def pictures(studies: Sequence[Any], drawn_size: int) -> np.ndarray:
    """Return studies as the tiny model is shown them: (n, 64, 64) uint8.

    The way over a DICOM file is left out: it changes no pixel by more than rounding, and a study in fifty by a shift
    of exposure, which `pretrain.varied` covers.
    """
    from PIL import Image

    from unirg_core.ingest.phantom import render

    shrunk = np.empty((len(studies), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for place, study in enumerate(studies):
        grey = Image.fromarray(np.rint(render([study], drawn_size)[0] * 255).astype(np.uint8))
        shrunk[place] = grey.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return shrunk
