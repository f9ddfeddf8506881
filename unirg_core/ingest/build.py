"""Make rows of raw studies: choose the frontal picture, decode, de-identify, measure, label. Runs in the workers."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from unirg_core.files import canonical_json
from unirg_core.ingest.burned import SUSPECTED, check_declared, suspected
from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub, unnamed
from unirg_core.ingest.dicom import decode_dicom, is_dicom
from unirg_core.ingest.known import Known, form_identifiers
from unirg_core.ingest.limit import limited
from unirg_core.ingest.measures import measures
from unirg_core.ingest.picture import Decoded, decode_picture, store
from unirg_core.ingest.sections import Sections, cleaned, parse
from unirg_core.ingest.source import RawFile, RawStudy, Rejected
from unirg_core.keys import Vault
from unirg_core.params import Ingest
from unirg_core.study import FRONTAL_VIEWS, LATERAL, MANIFEST_SCHEMA, PICTURES, SHARD_SCHEMA

_NEIGHBOURS = ("visit", "days_since_first", "prior_study_id", "split", "shard", "row")

_ASSIGNING = (pa.field("content", pa.string()), pa.field("published", pa.string()))

KEPT_SCHEMA = pa.schema(
    [*SHARD_SCHEMA, *(f for f in MANIFEST_SCHEMA if f.name not in {*SHARD_SCHEMA.names, *_NEIGHBOURS}), *_ASSIGNING]
)
"""A shard's columns and those of the manifest that follow from the study alone; then, for the assignment only, what
tells a duplicate within the patient (picture and report), and the publisher's split."""

_TEXTS = ("indication", "comparison", "findings", "impression")
_OLDEST = 90


@dataclass(frozen=True)
class Reject:
    """A file that is not taken: its keyed name, why, and where a person finds it."""

    key: str
    reason: str
    where: str = ""

    @property
    def sentence(self) -> str:
        """The reason with the place."""
        return f"{self.reason.rstrip('.')} ({self.where})." if self.where else self.reason


@dataclass
class Batch:
    """What came of some studies, in their order."""

    rows: pa.Table = field(default_factory=KEPT_SCHEMA.empty_table)
    truth: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)


def merged(one: Batch, other: Batch) -> Batch:
    """Return two batches as one, in order."""
    return Batch(
        pa.concat_tables([one.rows, other.rows]),
        one.truth + other.truth,
        one.rejects + other.rejects,
        one.found + other.found,
    )


class Builder:
    """Builds batches for one source under one vault; `same` maps a patient's other pseudonyms to his one."""

    def __init__(self, source_name: str, vault: Vault, params: Ingest, same: Mapping[str, str] | None = None) -> None:
        self._source, self._vault, self._params, self._same = source_name, vault, params, same or {}

    def batch(self, studies: Iterable[RawStudy]) -> Batch:
        """Return the rows, truth, rejects and counts of some studies; no study can stop the others."""
        schema = KEPT_SCHEMA.append(LATERAL) if self._params.lateral else KEPT_SCHEMA
        batch = Batch(schema.empty_table())
        rows = []
        studies = list(studies)
        self._vault.salts({self._patient(raw) for raw in studies})  # a new one waits for the disk: once for all
        for raw in studies:
            try:
                rows.append(self._row(raw, batch))
            except Rejected as reason:
                batch.rejects += self._all_rejected(raw, str(reason))
                continue
            batch.truth += _truth(rows[-1]["study_id"], raw)
        batch.rows = pa.Table.from_pylist(_labelled(rows), schema)
        return batch

    def _row(self, raw: RawStudy, batch: Batch) -> dict[str, Any]:
        if raw.fault:
            raise Rejected(raw.fault)
        sections = cleaned(raw.sections or parse(raw.report))
        if not sections.findings and not sections.impression:
            raise Rejected("The report has neither findings nor impression.")
        taken = self._pictures(raw, batch)
        if "FRONTAL" not in taken:
            raise _AlreadyToldError
        view, picture = taken["FRONTAL"]
        side = taken.get("LATERAL")
        study_id = self._vault.pseudonym("study", raw.key)
        patient_id = self._patient(raw)
        seen = [name for _, one in taken.values() for name in one.identifiers]
        known = Known([*raw.identifiers, *seen, *form_identifiers(raw.report)])
        day = raw.day if raw.dated else picture.day
        texts = self._scrubbed(sections, known, self._dates(patient_id, day), batch.found)
        age = raw.age if raw.age is not None else picture.age
        row = {
            "study_id": study_id,
            "patient_id": patient_id,
            "institution": raw.institution,
            "source": self._source,
            "policy_id": self._params.policy,
            "day": None if day is None else day + self._vault.day_shift(patient_id),
            "sex": raw.sex or picture.sex,
            "age": None if age is None else min(age, _OLDEST),
            "view": view,
            "modality": picture.modality,
            "original_bits": picture.bits,
            "photometric": picture.photometric,
            "burned_in": _print([one for _, one in taken.values()]),
            **texts,
            "unnamed": unnamed({name: getattr(sections, name) for name in _TEXTS}, known),
            **measures(texts, moved_dates=self._params.deid.dates == "shift"),
            **_stored(picture, self._params.image_size),
        }
        if side is not None:
            row[LATERAL.name] = store(side[1].grey, self._params.image_size).png
        salt = self._vault.salt(patient_id)
        return {**row, "digest": _digest(salt, row), "content": _content(salt, row), "published": raw.split}

    def _patient(self, raw: RawStudy) -> str:
        patient_id = patient_pseudonym(self._vault, raw.institution, raw.patient)
        return self._same.get(patient_id, patient_id)

    def _pictures(self, raw: RawStudy, batch: Batch) -> dict[str, tuple[str, Decoded]]:
        """Return view and picture of the first frontal and, if wanted, lateral chest radiograph; tell of all others."""
        taken: dict[str, tuple[str, Decoded]] = {}
        refused = []
        for file in raw.files:
            try:
                view, picture = self._decoded(file, taken)
            except Rejected as reason:
                refused.append(self._rejected(file, str(reason)))
            else:
                taken[_kind(view)] = (view, picture)
                if _kind(view) == "LATERAL":
                    lateral = file
        if "FRONTAL" not in taken and "LATERAL" in taken:
            refused.append(
                self._rejected(lateral, "The view is lateral, and the study has no frontal picture (PA, AP).")
            )
        batch.rejects += refused
        return taken

    def _decoded(self, file: RawFile, taken: Container[str]) -> tuple[str, Decoded]:
        """Return a file's view and picture; refuse, before its pixels are decoded, one that is not wanted."""
        import pydicom.pixels  # noqa: F401 - the first import is no file's time

        def check(view: str) -> None:
            _check_view(view, self._params.lateral)
            if _kind(view) in taken:
                raise Rejected(f"Another {_kind(view).lower()} picture of the study was taken.")

        if file.view:
            check(file.view)
        with limited(self._params.file_seconds):
            picture = _read(file, (lambda view: None) if file.view else check)
        check_declared(picture.burned_in, self._params.deid.burned_in)
        view = file.view or picture.view
        check(view)
        return view, picture

    def _rejected(self, file: RawFile, reason: str) -> Reject:
        return Reject(self._vault.pseudonym("file", file.key), reason, file.where)

    def _all_rejected(self, raw: RawStudy, reason: str) -> list[Reject]:
        if not reason:
            return []
        if not raw.files:
            return [Reject(self._vault.pseudonym("study", raw.key), reason, raw.where)]
        return [self._rejected(file, reason) for file in raw.files]

    def _dates(self, patient_id: str, day: int | None) -> Dates:
        """Return what is done with the dates of a patient's report: they move as his days do, or are tagged."""
        shift = self._vault.day_shift(patient_id) if self._params.deid.dates == "shift" else None
        return Dates(shift, day, self._params.deid.day_first)

    def _scrubbed(self, sections: Sections, known: Known, dates: Dates, found: Counter[str]) -> dict[str, str]:
        texts = {}
        for name in _TEXTS:
            texts[name], counts = scrub(getattr(sections, name), known, dates)
            found.update(counts)
        return texts


class _AlreadyToldError(Rejected):
    """Every file of the study has its own reason already."""

    def __str__(self) -> str:
        return ""


def patient_pseudonym(vault: Vault, institution: str, patient: str) -> str:
    """Return the keyed name of a patient: the same number at two institutions is two people."""
    return vault.pseudonym("patient", f"{institution}\x1f{patient}")


def _read(file: RawFile, check: Callable[[str], None]) -> Decoded:
    content = file.read()
    if not content:
        raise Rejected("The picture file is empty.")
    return decode_dicom(content, check) if is_dicom(content) else decode_picture(content)


def _print(pictures: Sequence[Decoded]) -> str:
    """Return why print may be burned into one of the pictures, empty where nothing tells so."""
    why = [one.burned_in or (SUSPECTED if suspected(one.grey) else "") for one in pictures]
    return next(filter(None, why), "")


def _kind(view: str) -> str:
    return "FRONTAL" if view in FRONTAL_VIEWS else view


def _check_view(view: str, lateral: bool) -> None:
    if not view:
        raise Rejected("Neither the table nor the file tells the view; set view_default in the mapping if it is known.")
    if view not in FRONTAL_VIEWS and not (lateral and view == "LATERAL"):
        raise Rejected(f"The view is {view.lower()}; only frontal pictures (PA, AP) are taken.")


def _stored(picture: Decoded, side: int) -> dict[str, Any]:
    stored = store(picture.grey, side)
    return {
        "image": stored.png,
        "image_height": stored.height,
        "image_width": stored.width,
        "image_mean": stored.mean,
        "image_std": stored.std,
        "image_saturated": stored.saturated,
        "phash": stored.phash,
    }


def _digest(salt: bytes, row: dict[str, Any]) -> str:
    """Return the HMAC of what the study is, salted per patient: without the salt it can be matched to nothing."""
    content = {name: row[name] for name in SHARD_SCHEMA.names if name not in ("image", "digest")}
    content |= {name: hashlib.sha256(row[name]).hexdigest() for name in PICTURES if name in row}
    return hmac.new(salt, canonical_json(content), "sha256").hexdigest()


def _content(salt: bytes, row: dict[str, Any]) -> str:
    """Return 12 hex digits that two studies of a patient share when picture and report are the same."""
    said = [hashlib.sha256(row["image"]).hexdigest(), row["findings"], row["impression"]]
    return hmac.new(salt, canonical_json(said), "sha256").hexdigest()[:12]


def _truth(study_id: str, raw: RawStudy) -> list[dict[str, Any]]:
    names = ("finding", "side", "severity", "degree")
    return [{"study_id": study_id, **dict(zip(names, finding, strict=True))} for finding in raw.truth]


def _labelled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    from unirg_core.scores.labels import label

    labelled = label([_composed(row) for row in rows])
    return [
        {**row, "labels": list(found.values), "sides": list(found.sides), "severities": list(found.severities)}
        for row, found in zip(rows, labelled, strict=True)
    ]


def _composed(row: dict[str, Any]) -> str:
    return " ".join(f"{name.capitalize()}: {row[name]}" for name in ("findings", "impression") if row[name])
