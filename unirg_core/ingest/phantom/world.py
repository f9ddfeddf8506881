"""The population of a phantom world: patients, visits and findings, before any picture or word.

Everything is drawn in arrays from one counter-based stream a world, a row a patient, so that a world with more
patients begins with the same ones. Truth is what was drawn with a degree over `THRESHOLD`; what lies under it shows
faintly in the picture and goes unreported, as do the harmless look-alikes: a reader can err on both sides.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.ingest.phantom.names import mrn, person
from unirg_core.params import BASE_WORLD
from unirg_core.study import DRAWN as FINDINGS

INSTITUTIONS = ("phantom-a", "phantom-b", "phantom-c")
NEUTRAL = "neutral"
"""The institution of the base model's own population: every look of acquisition, no house style."""

THRESHOLD = 0.25
"""Degree from which a finding is truth and is reported."""

VISITS = 4
_FAINTEST = 0.08
_RESOLVES = 0.18
_LOOK_ALIKES = ("nipple", "skin fold", "fat pad")
_DEVICES = ("pacemaker", "central line", "endotracheal tube")
# Chance that a finding is drawn at a visit: alone, and added in patients with heart failure or in intensive care.
_ALONE = np.array([0.155, 0.15, 0.175, 0.20, 0.19, 0.13, 0.185, 0.125])
_HEART_FAILURE = np.array([0.35, 0.35, 0, 0, 0, 0.40, 0, 0.05])
_INTENSIVE_CARE = np.array([0, 0.10, 0.08, 0.10, 0, 0.10, 0.15, 0.45])


@dataclass(frozen=True)
class World:
    """One drawn world: its generator seed, how many patients, and the side of its pictures in pixels."""

    seed: int
    patients: int
    image_size: int = 256

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("patients", 1), ("image_size", 32)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise BadInput(f"World {name} = {value!r} will not do: give a whole number of at least {least}.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as drawn.

    `side` is left, right, bilateral or empty (cardiomegaly, edema, a tube in the midline); `severity` is mild,
    moderate or severe, empty for devices, which have none; `degree` is 0-1; `position` is the centre in the upright
    picture as shares of its width and height; `kind` tells which device it is.
    """

    label: str
    side: str
    severity: str
    degree: float
    position: tuple[float, float]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A harmless shadow that is drawn and never reported: nipple, skin fold or fat pad."""

    kind: str
    side: str
    degree: float


@dataclass(frozen=True, slots=True)
class PhantomStudy:
    """One visit of one patient: who (all of it PHI), when, what the picture shows, and the seeds that draw it."""

    key: str
    institution: str
    patient: str  # medical record number
    name: str  # "Given M Family"
    birth_date: date
    sex: str
    age: int
    date: date
    visit: int  # 0-based
    view: str
    findings: tuple[Finding, ...]  # truth: over the threshold, in the order of FINDINGS
    faint: tuple[Finding, ...]  # drawn under the threshold: ambiguous, not truth
    look_alikes: tuple[LookAlike, ...]
    seed: int  # of this visit's picture, text and file
    anatomy: int  # seed of the patient's build, equal at every visit

    @property
    def drawn(self) -> tuple[Finding, ...]:
        """Everything pathological that the picture shows, reported or not."""
        return self.findings + self.faint


def studies(world: World) -> list[PhantomStudy]:
    """Draw the population of a world: every visit of every patient, in order of patient and visit.

    Institutions take turns (2 : 2 : 1), so that the smallest world has all three. `BASE_WORLD` belongs to none:
    it is the neutral population that the base model is pretrained on.
    """
    rng = np.random.Generator(np.random.Philox(key=np.random.SeedSequence(world.seed).generate_state(2, np.uint64)))
    n = world.patients
    # One row of uniforms a patient, taken off from the left by name.
    rows = _Columns(rng.random((n, 10 + VISITS * 2 + len(FINDINGS) * (5 + (VISITS - 1) * 2) + 9)))
    seeds = np.random.Generator(np.random.Philox(key=[world.seed, 1])).integers(0, 2**62, (n, VISITS + 1))
    traits = {name: rows.take(1)[:, 0] for name in ("visits", "sex", "age", "birth", "start", "failure", "care")}
    names = rows.take(3)
    degrees = _degrees(rows, traits)
    looks = {"side": rows.take(len(FINDINGS)), "x": rows.take(len(FINDINGS)), "y": rows.take(len(FINDINGS))}
    harmless, gaps, views = rows.take(9), rows.take(VISITS), rows.take(VISITS)
    counts = 1 + np.searchsorted([0.45, 0.70, 0.88], traits["visits"], side="right")
    people = [_Patient(world, i, {k: float(v[i]) for k, v in traits.items()}, names[i]) for i in range(n)]
    return [
        people[i].study(v, degrees[i, v], {k: a[i] for k, a in looks.items()}, harmless[i], gaps[i], views[i], seeds[i])
        for i in range(n)
        for v in range(counts[i])
    ]


class _Columns:
    """Uniforms of all patients, handed out a few columns at a time."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self._at = values, 0

    def take(self, count: int) -> np.ndarray:
        self._at += count
        if self._at > self._values.shape[1]:
            raise ValueError("the rows of uniforms are too short")
        return self._values[:, self._at - count : self._at]


def _degrees(rows: _Columns, traits: dict[str, np.ndarray]) -> np.ndarray:
    """Return the degree of each finding at each visit, (patients, visits, findings), 0 where there is none.

    A finding that is there stays, grows, shrinks or resolves; new ones come at the rate that keeps prevalence level.
    """
    kinds = len(FINDINGS)
    share = (
        _ALONE + np.outer(traits["failure"] < 0.15, _HEART_FAILURE) + np.outer(traits["care"] < 0.15, _INTENSIVE_CARE)
    )
    comes = share * _RESOLVES / (1 - share)
    now = np.where(rows.take(kinds) < share, _first_degree(rows.take(kinds)), 0.0)
    course = [now]
    for _ in range(VISITS - 1):
        turn, size = rows.take(kinds), rows.take(kinds)
        kept = np.clip(now + _step(turn, size), _FAINTEST, 1.0)
        kept[turn >= 1 - _RESOLVES] = 0.0
        now = np.where(now > 0, kept, np.where(turn < comes, _first_degree(size), 0.0))
        course.append(now)
    return np.stack(course, axis=1)


def _first_degree(uniform: np.ndarray) -> np.ndarray:
    """Return degrees with more weight on the faint than on the plain."""
    return _FAINTEST + (1 - _FAINTEST) * uniform**1.3


def _step(turn: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the change of degree from one visit to the next: as it was, plainly more, or plainly less."""
    plain = 0.16 + 0.26 * size
    return np.where(turn < 0.42, 0.1 * (size - 0.5), np.where(turn < 0.63, plain, -plain))


class _Patient:
    """What stays the same over the visits of patient `index`."""

    def __init__(self, world: World, index: int, traits: dict[str, float], names: np.ndarray) -> None:
        self.index = index
        self.institution = NEUTRAL if world.seed == BASE_WORLD else INSTITUTIONS[(0, 1, 2, 0, 1)[index % 5]]
        self.sex = "F" if traits["sex"] < 0.48 else "M"
        self.name = person(names.tolist(), self.sex)
        self.record = mrn(index, world.seed * 7919, self.institution)
        self.start = date(2015, 1, 1) + timedelta(days=int(traits["start"] * 3000))
        # The sum of two uniforms: most between 40 and 75, none under 19 or over 93.
        age = 19 + 37 * (traits["age"] + traits["birth"])
        self.birth_date = self.start - timedelta(days=int(age * 365.25))
        self.in_care = traits["care"] < 0.15

    def study(
        self,
        visit: int,
        degrees: np.ndarray,
        looks: dict[str, np.ndarray],
        harmless: np.ndarray,
        gaps: np.ndarray,
        views: np.ndarray,
        seeds: np.ndarray,
    ) -> PhantomStudy:
        """Return one visit; days between visits are log-uniform, 2 to about 500."""
        day = self.start + timedelta(days=sum(int(2 * 250**gap) for gap in gaps[:visit]))
        drawn = [
            finding(label, float(degrees[k]), *(float(looks[name][k]) for name in ("side", "x", "y")))
            for k, label in enumerate(FINDINGS)
            if degrees[k] > 0
        ]
        return PhantomStudy(
            key=f"{self.institution}/P{self.index:06d}/V{visit + 1:02d}",
            institution=self.institution,
            patient=self.record,
            name=self.name,
            birth_date=self.birth_date,
            sex=self.sex,
            age=int((day - self.birth_date).days / 365.25),
            date=day,
            visit=visit,
            view="AP" if views[visit] < (0.85 if self.in_care else 0.2) else "PA",
            findings=tuple(f for f in drawn if f.degree >= THRESHOLD),
            faint=tuple(f for f in drawn if f.degree < THRESHOLD),
            look_alikes=look_alikes(harmless),
            seed=int(seeds[visit]),
            anatomy=int(seeds[VISITS]),
        )


def finding(label: str, degree: float, side: float, x: float, y: float, stated: str = "") -> Finding:
    """Return a finding of a degree, its side and place by uniforms; `stated` is the side where somebody tells it."""
    kind = ""
    if label == "Support Devices":
        kind = _DEVICES[int(x * len(_DEVICES))]
        # A faint device is an unusually thin one, still a device: whoever sees a line reports it.
        degree = max(degree, THRESHOLD)
    side_word = _side(label, kind, side)
    side_word = stated or side_word if side_word else ""
    column, row = _place(label, kind, x, y)
    # The patient's right side is on the left of the picture.
    column = 0.5 if not side_word else 0.5 - column if side_word == "right" else 0.5 + column
    degree = round(degree, 4)
    return Finding(label, side_word, "" if kind else severity(degree), degree, (round(column, 4), round(row, 4)), kind)


def severity(degree: float) -> str:
    """Return the word for a degree: mild under .5, moderate under .75, else severe."""
    return "mild" if degree < 0.5 else "moderate" if degree < 0.75 else "severe"


def _side(label: str, kind: str, uniform: float) -> str:
    if label in ("Cardiomegaly", "Edema") or kind == "endotracheal tube":
        return ""
    if kind:
        left = 0.8 if kind == "pacemaker" else 0.25
        return "left" if uniform < left else "right"
    both = 0.0 if label in ("Pneumothorax", "Lung Lesion") else 0.18
    return "bilateral" if uniform < both else "left" if uniform < (1 + both) / 2 else "right"


def _place(label: str, kind: str, x: float, y: float) -> tuple[float, float]:
    """Return the distance from the midline and the height of a finding, as shares of the picture."""
    across, down = {
        "Pleural Effusion": ((0.24, 0.28), (0.74, 0.80)),
        "Pneumothorax": ((0.20, 0.26), (0.16, 0.22)),
        "Consolidation": ((0.15, 0.27), (0.28, 0.68)),
        "Lung Lesion": ((0.13, 0.29), (0.24, 0.66)),
        "Atelectasis": ((0.16, 0.24), (0.62, 0.69)),
        "Support Devices": ((0.10, 0.25), (0.25, 0.35)),
    }.get(label, ((0.0, 0.0), (0.5, 0.62)))
    return across[0] + (across[1] - across[0]) * (y if kind else x), down[0] + (down[1] - down[0]) * y


def look_alikes(uniform: np.ndarray) -> tuple[LookAlike, ...]:
    """Return the harmless shadows that nine uniforms give: which are there, on which side, how plain."""
    return tuple(
        LookAlike(kind, "left" if uniform[3 + k] < 0.5 else "right", round(0.3 + 0.7 * float(uniform[6 + k]), 4))
        for k, kind in enumerate(_LOOK_ALIKES)
        if uniform[k] < 0.10
    )
