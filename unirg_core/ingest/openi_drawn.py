"""Open-i's reports with drawn pictures: `ingest.draw` puts a phantom in the place of each frontal picture.

The report is real, the picture **synthetic**: it shows what the project's labeler reads in the report, and nothing that
was ever seen. What the report leaves open (side, severity, position, kind of device, build and exposure) comes from a
seed of the report's id, so a report has the same picture in every drop and on every machine. View, bits, polarity and
modality are those of the study's own header row. Studies stand under the name `openi-drawn`, their institution too, so
that nothing drawn passes for the collection itself. docs/openi-cpu.md says what it is for.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

from unirg_core.files import file_digest
from unirg_core.ingest import phantom
from unirg_core.ingest.openi import OpenI
from unirg_core.ingest.openi_lists import GOLD, JUDGED, read_gold
from unirg_core.ingest.place import Place
from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import RawFile, RawStudy
from unirg_core.scores.labels import Labelled, label_one
from unirg_core.study import DRAWN, FRONTAL_VIEWS, LABELS, PRESENT, UNCERTAIN

NAME = "openi-drawn"

DEGREES = {"mild": (phantom.THRESHOLD, 0.5), "moderate": (0.5, 0.75), "severe": (0.75, 1.0)}
"""Severity -> the degrees that the phantom calls so (`phantom.world.severity`)."""

_FAINT_RATHER_THAN_PLAIN = 1.3  # as the phantom's own first degrees

_A_DAY = date(2000, 1, 1)  # nothing of a drawn picture depends on it

Truth = tuple[tuple[str, str, str, float | None], ...]


class OpenIDrawn(OpenI):
    """The studies of the Indiana collection, each with a drawn frontal picture.

    Parameters
    ----------
    side
        Side of the drawn picture in pixels.

    Raises
    ------
    BadInput
        As `OpenI`; and when the gold table cannot be read.
    """

    name = institution = NAME

    def __init__(self, place: Place, side: int) -> None:
        super().__init__(place)
        self._side = side
        self._gold, refusals = read_gold(place, self._reports)
        self._refusals += refusals

    def listing(self) -> list[list[str | int]]:
        """Return what `OpenI` lists, the gold table's digest, and those of the generator's code."""
        gold = [[GOLD, self._place.digest(GOLD)]] if self._place.exists(GOLD) else []
        code = sorted(Path(phantom.__file__).parent.glob("*.py"))
        drawn = [["drawn", self._side], *([path.name, file_digest(path)] for path in code)]
        return [*super().listing(), *gold, *drawn]

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; the publisher's pictures are not looked at."""
        return (self._raw(key, {}) for key in keys)

    def _raw(self, key: str, archived: dict[str, bytes]) -> RawStudy:
        raw = super()._raw(key, archived)
        report = self._reports[key]
        shown = drawing(key, report.sections, raw.files[0].view, raw.age)
        gold = self._gold.get(key)
        # A report that names no picture is drawn too: nothing of the publisher's pictures is needed.
        return replace(raw, truth=truth_of(shown, gold), fault="", files=(self._drawn(raw, shown),))

    def _files(self, identity: str, archived: dict[str, bytes]) -> Iterator[RawFile]:
        """Give the study's first picture, frontal where it has one; PA where it has none at all."""
        yield next(super()._files(identity, archived), RawFile(identity, bytes, "PA"))

    def _drawn(self, raw: RawStudy, shown: phantom.PhantomStudy) -> RawFile:
        first = raw.files[0]
        read = partial(picture, shown, self._side, self.header(first.key))
        return replace(first, read=read, where=f"{raw.where}, drawn picture")


def drawing(identity: str, sections: Sections, view: str, age: int | None) -> phantom.PhantomStudy:
    """Return what is drawn for a report: a nobody of the phantom's neutral population with the report's findings."""
    seed, build = _seeds(identity)
    u = np.random.Generator(np.random.Philox(key=[seed, 5])).random((len(DRAWN) + 2, 9))
    traits = u[-1]
    return phantom.PhantomStudy(
        key=identity,
        institution=phantom.NEUTRAL,
        patient="",
        name="",
        birth_date=_A_DAY,
        sex="F" if traits[0] < 0.5 else "M",
        age=int(20 + 65 * traits[1]) if age is None else age,
        date=_A_DAY,
        visit=0,
        view=view if view in FRONTAL_VIEWS else "PA",
        findings=findings_of(label_one(_said(sections)), u),
        faint=(),
        look_alikes=phantom.look_alikes(u[-2]),
        seed=seed,
        anatomy=build,
    )


def findings_of(labelled: Labelled, uniforms: np.ndarray) -> tuple[phantom.Finding, ...]:
    """Return the findings to draw for a report's labels; uncertain counts as present, as the scores count it.

    Parameters
    ----------
    labelled
        The report's labels, their sides and severities.
    uniforms
        (at least 8, at least 4): a row for each class that can be drawn, of which degree, side and place are taken
        where the report leaves them open.
    """
    found = []
    for name, u in zip(DRAWN, uniforms.tolist(), strict=False):
        at = LABELS.index(name)
        if labelled.values[at] in (PRESENT, UNCERTAIN):
            degree = _degree(labelled.severities[at], u[0])
            found.append(phantom.finding(name, degree, *u[1:4], stated=labelled.sides[at]))
    return tuple(found)


def truth_of(shown: phantom.PhantomStudy, gold: tuple[str, ...] | None) -> Truth:
    """Return the rows of the truth file: what people say of the classes that they judged, else what was drawn.

    The gold tells neither side nor severity, so these stay empty.
    """
    drawn = [(f.label, f.side, f.severity, f.degree) for f in shown.findings]
    if gold is None:
        return tuple(drawn)
    return (*((name, "", "", None) for name in gold), *(row for row in drawn if row[0] not in JUDGED))


def picture(shown: phantom.PhantomStudy, side: int, header: Mapping[str, str]) -> bytes:
    """Draw a study and return it as a DICOM file that names nobody, written as its header row says."""
    return phantom.dicom_bytes(shown, phantom.render([shown], side)[0], form_of(shown, header), anonymous=True)


def form_of(shown: phantom.PhantomStudy, header: Mapping[str, str]) -> phantom.Form:
    """Return how a file is written: as the header row says; as the phantom would where there is none, or no use."""
    modality, polarity = header.get("Modality", ""), header.get("Photometric Interpretation", "")
    bits = header.get("Bits Stored", "")
    plain = modality in ("CR", "DX") and polarity in ("MONOCHROME1", "MONOCHROME2")
    if not plain or not bits.isdecimal() or not 8 <= int(bits) <= 16:
        return phantom.form(shown)
    return phantom.Form(
        modality, polarity, int(bits), "explicit", 0, 2 ** int(bits) - 1, windows=1, slope=1, intercept=0
    )


def _degree(severity: str, uniform: float) -> float:
    if severity:
        low, high = DEGREES[severity]
        return min(low + (high - low) * uniform, high - 1e-3)  # rounding must not lift it into the next band
    return phantom.THRESHOLD + (1 - phantom.THRESHOLD) * uniform**_FAINT_RATHER_THAN_PLAIN


def _seeds(identity: str) -> tuple[int, int]:
    """Return the seeds of picture and build, from the report's id alone."""
    digest = hashlib.sha256(f"{NAME}/{identity}".encode()).digest()
    return int.from_bytes(digest[:7], "big"), int.from_bytes(digest[8:15], "big")


def _said(sections: Sections) -> str:
    parts = (("Findings", sections.findings), ("Impression", sections.impression))
    return " ".join(f"{name}: {text}" for name, text in parts if text)
