"""The phantom as a source: each study is drawn, written as a DICOM file and read back as any hospital's would be."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from unirg_core.files import file_digest
from unirg_core.ingest import phantom
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal
from unirg_core.params import Phantom

_AT_ONCE = 16


class Drawn:
    """The studies of one phantom world."""

    name = "phantom"

    def __init__(self, params: Phantom) -> None:
        self._params = params
        population = phantom.studies(phantom.World(params.world, params.patients, params.image_size))
        self._studies = {study.key: study for study in population}
        visits = {(study.institution, study.patient, study.visit): study for study in population}
        self._priors = {
            study.key: visits.get((study.institution, study.patient, study.visit - 1)) for study in population
        }

    def listing(self) -> list[list[str | int]]:
        """Return the world's parameters and the digests of the generator's code: together they fix every byte."""
        world = [[name, value] for name, value in self._params.model_dump().items()]
        code = sorted(Path(phantom.__file__).parent.glob("*.py"))
        return world + [[path.name, file_digest(path)] for path in code]

    def studies(self) -> Sequence[Listed]:
        """Return every visit of every patient."""
        return [Listed(key, study.institution, study.patient) for key, study in self._studies.items()]

    def refusals(self) -> Sequence[Refusal]:
        """Return nothing: all that is drawn is whole."""
        return ()

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Draw some studies at a time and yield them."""
        for at in range(0, len(keys), _AT_ONCE):
            studies = [self._studies[key] for key in keys[at : at + _AT_ONCE]]
            pictures = phantom.render(studies, self._params.image_size)
            yield from map(self._raw, studies, pictures)

    def _raw(self, study: phantom.PhantomStudy, pixels: np.ndarray) -> RawStudy:
        return RawStudy(
            key=study.key,
            institution=study.institution,
            patient=study.patient,
            files=(RawFile(study.key, partial(phantom.dicom_bytes, study, pixels), where=study.key),),
            report=phantom.report(study, self._priors[study.key]).text,
            dated=False,
            truth=tuple((f.label, f.side, f.severity, f.degree) for f in study.findings),
            identifiers=(("name", study.name), ("id", study.patient)),
            where=study.key,
        )
