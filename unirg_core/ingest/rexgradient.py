"""ReXGradient-160K as its publisher lays it out: a JSON file a split that names pictures, and the pictures as PNG.

    metadata/train_metadata_view_position.json      study -> fields, lists of pictures and views
    metadata/valid_metadata_view_position.json
    metadata/test_metadata_view_position.json
    deid_png/<patient>/<accession>/studies/<study>/series/<series>/instances/<instance>.png

The CSV files beside the JSON hold a row a study without its pictures, so they are not read. docs/sources/rexgradient.md
says more.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.ingest.columns import optional_table
from unirg_core.ingest.mapping import age_of, frontal_or_other
from unirg_core.ingest.place import Place, picture
from unirg_core.ingest.published import FRONTAL_FIRST, day_of, sections_of, sex_of
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal

_INSTITUTION = "rexgradient"
_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_FOLDERS = ("metadata/", "")
_NAMES = ("{}_metadata_view_position.json", "{}_metadata.json")
_NEEDED = ("PatientID", "ImagePath", "Findings", "Impression")


class RexGradient:
    """The studies of ReXGradient-160K; the splits that are there.

    Raises
    ------
    BadInput
        When no metadata is there, or a file is no JSON, holds no studies, or its studies lack a field.
    """

    name = "rexgradient"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._files: list[str] = []
        self._studies: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
        self._refusals: list[Refusal] = []
        for split in _SPLITS:
            names = [folder + name.format(split) for folder in _FOLDERS for name in _NAMES]
            if name := optional_table(place, *names):
                self._files.append(name)
                self._take(name, _SPLITS[split])
        if not self._files:
            raise BadInput(
                f"{place} has no metadata/train_metadata_view_position.json, nor that of valid or test; the CSV files "
                "do not name the pictures. docs/sources/ says what the folder must hold."
            )

    def _take(self, name: str, split: str) -> None:
        """Keep the studies of a file; of one that stands in two files the first is taken."""
        found = self._load(name)
        whole = [field for field in _NEEDED if not any(field in entry for entry in found.values() if _is_entry(entry))]
        if whole:
            raise BadInput(
                f"{self._place}/{name}: no study has the field {whole[0]!r}; docs/sources/ says which are read."
            )
        for number, (key, entry) in enumerate(found.items(), start=1):
            fault = _fault(entry) or ("it stands in another split too" if key in self._studies else "")
            if fault:
                self._refusals.append(Refusal(f"{name} {key}", f"{name}: study {number} is not taken: {fault}."))
                continue
            self._studies[key] = (f"{name} study {number}", split, entry)

    def _load(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self._place.read(name))
        except ValueError as error:
            raise BadInput(f"{self._place}/{name} is no whole JSON ({type(error).__name__}); fetch it again.") from None
        if not isinstance(found, dict) or not found:
            raise BadInput(f"{self._place}/{name} holds no studies; it must be an object of study -> fields.")
        return found

    def listing(self) -> list[list[str | int]]:
        """Return the digests of the metadata, and every file's size and tag."""
        tables = [[name, self._place.digest(name)] for name in self._files]
        return tables + [[name, *entry] for name, entry in self._place.listing().items()]

    def studies(self) -> Sequence[Listed]:
        """Return each study."""
        return [
            Listed(key, _institution(entry), str(entry["PatientID"])) for key, (_, _, entry) in self._studies.items()
        ]

    def refusals(self) -> Sequence[Refusal]:
        """Return the entries that are no study."""
        return self._refusals

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; pictures are fetched as they come."""
        return (self._raw(key, *self._studies[key]) for key in keys)

    def _raw(self, key: str, where: str, split: str, entry: Mapping[str, Any]) -> RawStudy:
        names = ("Findings", "Impression", "Indication", "Comparison")
        known = ("PatientID", "AccessionNumber", "StudyInstanceUid")
        return RawStudy(
            key=key,
            institution=_institution(entry),
            patient=str(entry["PatientID"]),
            files=tuple(self._files_of(key, where, entry)),
            sections=sections_of(*(entry.get(name) for name in names)),
            sex=sex_of(str(entry.get("PatientSex") or "")),
            age=age_of(str(entry.get("PatientAge") or "")),
            day=day_of(str(entry.get("StudyDate") or "")),
            identifiers=tuple(("id", str(entry[name])) for name in known if entry.get(name)),
            split=split,
            where=where,
        )

    def _files_of(self, key: str, where: str, entry: Mapping[str, Any]) -> list[RawFile]:
        paths = entry["ImagePath"]
        told = entry.get("ImageViewPosition") or []
        views = [frontal_or_other(str(view or "")) for view in told] + [""] * len(paths)
        folder = posixpath.dirname(where.partition(" ")[0])
        files = []
        for number, (path, view) in enumerate(zip(paths, views, strict=False), start=1):
            name = posixpath.normpath(posixpath.join(folder, path))  # `../deid_png/...` starts at the metadata
            if not path.startswith("../"):
                name = posixpath.normpath(path if path.startswith("deid_png/") else f"deid_png/{path}")
            files.append(
                RawFile(f"{key}\x1f{path}", partial(picture, self._place, name), view, f"{where}, picture {number}")
            )
        return sorted(files, key=lambda file: FRONTAL_FIRST[file.view])


def _institution(entry: Mapping[str, Any]) -> str:
    """Return the site where the metadata tells it (the published fields name none, so most often the set's name)."""
    return str(entry.get("InstitutionName") or _INSTITUTION)


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict)


def _fault(entry: object) -> str:
    if not _is_entry(entry):
        return "it is no object"
    if not entry.get("PatientID"):
        return "it names no patient"
    paths = entry.get("ImagePath")
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) and path for path in paths):
        return "it names no picture"
    return ""
