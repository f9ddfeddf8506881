"""MIMIC-CXR as its publisher lays it out: report files, and the pictures of MIMIC-CXR-JPG or the DICOM files.

    mimic-cxr-2.0.0-metadata.csv[.gz]   a row a picture: view, date, time (MIMIC-CXR-JPG)
    mimic-cxr-2.0.0-split.csv[.gz]      the publisher's split
    cxr-record-list.csv[.gz]            a row a picture, where there is no metadata (MIMIC-CXR)
    mimic-cxr-reports.zip               or the files that it holds:
    files/p10/p10000032/s50414267.txt
    files/p10/p10000032/s50414267/<dicom_id>.jpg or .dcm

Dates are the publisher's: moved per patient, order kept. Labels (chexpert, negbio) are not taken: the project's own
labeler labels every source alike. docs/sources/mimic_cxr.md says more.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial

from unirg_core.faults import BadInput
from unirg_core.ingest.columns import find_table, optional_table, read_columns
from unirg_core.ingest.mapping import frontal_or_other
from unirg_core.ingest.place import OutsideError, Place, picture
from unirg_core.ingest.published import FRONTAL_FIRST, Rows, day_of, strictest
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal

_INSTITUTION = "mimic-cxr"
_METADATA = ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-metadata.csv")
_RECORDS = ("cxr-record-list.csv.gz", "cxr-record-list.csv")
_SPLIT = ("mimic-cxr-2.0.0-split.csv.gz", "mimic-cxr-2.0.0-split.csv")
_ZIP = "mimic-cxr-reports.zip"
_IDS = ("subject_id", "study_id", "dicom_id")
_TOLD = ("ViewPosition", "ViewCodeSequence_CodeMeaning", "StudyDate", "StudyTime")
_SPLITS = {"train": "train", "validate": "validation", "test": "test"}


class MimicCxr:
    """The studies of MIMIC-CXR.

    Raises
    ------
    BadInput
        When neither metadata nor record list is there, or a table cannot be read.
    """

    name = "mimic_cxr"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._tables = [find_table(place, *_METADATA, *_RECORDS)]
        table, self._refusals = read_columns(place, self._tables[0], _IDS, _TOLD)
        self._pictures = Rows(table, ("subject_id", "study_id"))
        self._dated = self._tables[0] in _METADATA
        self._splits = self._read_splits()
        self._zip = _ZIP if place.exists(_ZIP) else ""
        self._reports: zipfile.ZipFile | None = None

    def _read_splits(self) -> dict[str, str]:
        """Return study -> split; the publisher's split is by patient, so its pictures agree."""
        name = optional_table(self._place, *_SPLIT)
        if not name:
            return {}
        self._tables.append(name)
        table, refusals = read_columns(self._place, name, ("study_id", "split"))
        self._refusals += refusals
        found: dict[str, list[str]] = {}
        for study, split in zip(table["study_id"].to_pylist(), table["split"].to_pylist(), strict=True):
            found.setdefault(study, []).append(_SPLITS.get(split, ""))
        return {study: strictest(splits) for study, splits in found.items()}

    def listing(self) -> list[list[str | int]]:
        """Return the digests of the tables, and every file's size and tag."""
        tables = [[name, self._place.digest(name)] for name in self._tables]
        return tables + [[name, *entry] for name, entry in self._place.listing().items()]

    def studies(self) -> Sequence[Listed]:
        """Return each study that has a picture."""
        return [Listed(key, _INSTITUTION, subject) for key, (subject, _) in self._pictures.studies().items()]

    def refusals(self) -> Sequence[Refusal]:
        """Return the rows that cannot be read, and those without ids."""
        return [*self._refusals, *self._pictures.refusals(self._tables[0])]

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; report and pictures are fetched as they come."""
        return (self._raw(key, self._pictures.of(key)) for key in keys)

    def _raw(self, key: str, rows: list[dict[str, str]]) -> RawStudy:
        subject, study = rows[0]["subject_id"], rows[0]["study_id"]
        folder = f"files/p{subject[:2]}/p{subject}/s{study}"
        report = self._report(f"{folder}.txt")
        return RawStudy(
            key=key,
            institution=_INSTITUTION,
            patient=subject,
            files=self._files(folder, rows),
            report=report or "",
            day=day_of(rows[0]["StudyDate"]),
            second=_second(rows[0]["StudyTime"]),
            dated=self._dated,
            identifiers=(("id", subject), ("id", study)),
            split=self._splits.get(study, ""),
            fault="The report file is not there." if report is None else "",
            where=f"{self._tables[0]} row {rows[0]['row']}",
        )

    def _files(self, folder: str, rows: list[dict[str, str]]) -> tuple[RawFile, ...]:
        viewed = sorted(((_view(row), row) for row in rows), key=lambda pair: FRONTAL_FIRST[pair[0]])
        return tuple(
            RawFile(
                key=f"{folder}/{row['dicom_id']}",
                read=partial(picture, self._place, *(f"{folder}/{row['dicom_id']}{end}" for end in (".jpg", ".dcm"))),
                view=view,
                where=f"{self._tables[0]} row {row['row']}",
            )
            for view, row in viewed
        )

    def _report(self, name: str) -> str | None:
        """Return the report's text; None where there is none."""
        try:
            content = self._zipped().read(name) if self._zip else self._place.read(name)
        except (FileNotFoundError, KeyError, OutsideError):
            return None
        except (zipfile.BadZipFile, OSError):
            raise BadInput(f"{self._place}/{self._zip or name} cannot be read; fetch it again.") from None
        return content.decode("utf-8", errors="replace")

    def _zipped(self) -> zipfile.ZipFile:
        if self._reports is None:
            self._reports = zipfile.ZipFile(io.BytesIO(self._place.read(self._zip)))
        return self._reports


def _view(row: dict[str, str]) -> str:
    """Return the view by ViewPosition, else by the meaning of the view code; empty where only a DICOM file can tell."""
    return frontal_or_other(row["ViewPosition"]) or frontal_or_other(row["ViewCodeSequence_CodeMeaning"])


def _second(time: str) -> int | None:
    """Return the second of the day of a DICOM time that lost its leading zeros as a number, `94356.2` for 09:43:56."""
    digits = time.partition(".")[0]
    if not digits.isdigit() or len(digits) > 6:
        return None
    hours, minutes, seconds = (int(digits.zfill(6)[at : at + 2]) for at in (0, 2, 4))
    return hours * 3600 + minutes * 60 + seconds if hours < 24 and minutes < 60 and seconds < 60 else None
