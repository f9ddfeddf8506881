"""Planted identifiers: where a phantom study names its patient, in which form, and the truth of what was planted."""

from dataclasses import dataclass

import numpy as np

from unirg_core.ingest.phantom.names import address, phone, physician
from unirg_core.ingest.phantom.world import PhantomStudy


@dataclass(frozen=True, slots=True)
class Planted:
    """One identifier as it stands somewhere: `where` is "report" or a DICOM keyword, `text` the exact string."""

    where: str
    kind: str  # name, id, accession, date, time, phone, address or institution
    text: str


@dataclass(frozen=True)
class Identity:
    """Every identifier that belongs to a study, in its plain form."""

    name: str
    record: str
    accession: str
    physician: str
    reader: str
    phone: str
    address: str
    clock: str  # of the examination
    notified: str  # when somebody was called


def identity(study: PhantomStudy) -> Identity:
    """Return the study's identifiers, from the part of its seed that pictures and words do not use."""
    rng = np.random.Generator(np.random.Philox(key=[study.seed, 2]))
    u = rng.random(12).tolist()
    minutes = int(u[6] * 1439)
    later = (minutes + 5 + int(u[7] * 55)) % 1440
    return Identity(
        name=study.name,
        record=study.patient,
        accession=f"A{study.date:%y%m}{10_000 + int(u[0] * 89_999)}",
        physician=physician(u[1:3]),
        reader=physician(u[3:5]),
        phone=phone(u[5]),
        address=address(u[8:10]),
        clock=f"{minutes // 60:02d}:{minutes % 60:02d}",
        notified=f"{later // 60:02d}:{later % 60:02d}",
    )


@dataclass(frozen=True)
class Line:
    """A sentence or line of a report that names somebody, with what it plants."""

    text: str
    planted: tuple[Planted, ...]


def line(template: str, **parts: tuple[str, str]) -> Line:
    """Fill a template with (kind, text) parts and remember them."""
    text = template.format(**{name: value for name, (_, value) in parts.items()})
    return Line(text, tuple(Planted("report", kind, value) for kind, value in parts.values()))


def _surname_first(name: str) -> str:
    *given, family = name.split()
    return f"{family.upper()}, {' '.join(given)}"


def head(study: PhantomStudy, who: Identity, pattern: str) -> Line | None:
    """Return the lines above a report: who, record number, birth; the terse style has none."""
    if study.institution == "phantom-a":
        return line(
            "PATIENT: {name}  MRN: {record}  DOB: {born}\nACCESSION: {accession}  EXAM DATE: {day}",
            name=("name", who.name),
            record=("id", who.record),
            born=("date", study.birth_date.strftime(pattern)),
            accession=("accession", who.accession),
            day=("date", study.date.strftime(pattern)),
        )
    if study.institution == "phantom-c":
        return line(
            "Re: {name}, born {born}, record {record}\nReferring physician: Dr. {doctor}",
            name=("name", _surname_first(who.name)),
            born=("date", study.birth_date.strftime(pattern)),
            record=("id", who.record),
            doctor=("name", who.physician),
        )
    return None


def foot(study: PhantomStudy, who: Identity, pattern: str) -> Line:
    """Return the signature below a report, in the institution's form."""
    day, clock = ("date", study.date.strftime(pattern)), ("time", who.clock)
    if study.institution == "phantom-a":
        return line(
            "Electronically signed by {reader}, MD on {day} at {clock}",
            reader=("name", who.reader),
            day=day,
            clock=clock,
        )
    if study.institution == "phantom-b":
        return line(
            "Dictated by Dr. {reader} {day} {clock}. Callback {phone}.",
            reader=("name", who.reader),
            day=day,
            clock=clock,
            phone=("phone", who.phone),
        )
    return line("{reader}, consultant radiologist, {day}", reader=("name", who.reader), day=day)


def asides(study: PhantomStudy, who: Identity, pattern: str, chance: np.ndarray) -> dict[str, Line]:
    """Return sentences that name somebody in the middle of a section, for the few reports that hold one.

    Parameters
    ----------
    chance
        Three uniforms: for the indication, the findings and the impression.
    """
    found: dict[str, Line] = {}
    day = ("date", study.date.strftime(pattern))
    if chance[0] < 0.15:
        title = "Ms." if study.sex == "F" else "Mr."
        found["indication"] = line(
            title + " {family}, home phone {phone}.",
            family=("name", who.name.split()[-1]),
            phone=("phone", who.phone),
        )
    if chance[1] < 0.08:
        found["findings"] = line("Patient {name}, MRN {record}.", name=("name", who.name), record=("id", who.record))
    if chance[2] < 0.12 and study.findings:
        found["impression"] = line(
            "Dr. {doctor} notified at {clock} on {day}.",
            doctor=("name", who.physician),
            clock=("time", who.notified),
            day=day,
        )
    return found


def header_values(study: PhantomStudy) -> dict[str, tuple[str, str]]:
    """Return the identifying DICOM elements: keyword -> (kind, value as stored)."""
    who = identity(study)
    *given, family = who.name.split()
    day, clock = f"{study.date:%Y%m%d}", who.clock.replace(":", "") + "00"
    site = study.institution.replace("-", " ").title()
    return {
        "PatientName": ("name", f"{family}^{'^'.join(given)}"),
        "PatientID": ("id", who.record),
        "PatientBirthDate": ("date", f"{study.birth_date:%Y%m%d}"),
        "PatientAddress": ("address", who.address),
        "PatientTelephoneNumbers": ("phone", who.phone),
        "AccessionNumber": ("accession", who.accession),
        "StudyID": ("accession", who.accession[-8:]),
        "StudyDate": ("date", day),
        "SeriesDate": ("date", day),
        "AcquisitionDate": ("date", day),
        "ContentDate": ("date", day),
        "StudyTime": ("time", clock),
        "ContentTime": ("time", clock),
        "ReferringPhysicianName": ("name", "^".join(reversed(who.physician.split()))),
        "OperatorsName": ("name", "^".join(reversed(who.reader.split()))),
        "InstitutionName": ("institution", f"{site} Hospital"),
        "InstitutionalDepartmentName": ("institution", f"{site} Radiology"),
        "AdditionalPatientHistory": ("name", f"Seen for Dr. {who.physician}"),
        "PatientComments": ("name", f"Patient {who.name}"),
        "PrivateNote": ("name", f"{who.name} {who.record}"),
    }
