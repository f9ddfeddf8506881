"""CheXpert Plus as its publisher lays it out: one table, and the pictures as PNG, JPEG or DICOM.

    df_chexpert_plus_240401.csv[.gz]    a row a picture, the report's sections in columns
    PNG/train/patient42142/study5/view1_frontal.png         or one level deeper, PNG/PNG/...
    DICOM/train/patient42142/study5/view1_frontal.dcm
    train/patient42142/study5/view1_frontal.jpg             as the table names them

The table tells no dates but the order of a patient's reports, which stands for the day: it orders visits, and distances
in days mean nothing. docs/sources/chexpert_plus.md says more.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import partial

from unirg_core.ingest.columns import find_table, read_columns
from unirg_core.ingest.mapping import age_of, frontal_or_other
from unirg_core.ingest.place import Place, picture
from unirg_core.ingest.published import FRONTAL_FIRST, Rows, sections_of, sex_of, strictest
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal

_INSTITUTION = "chexpert-plus"
_TABLES = ("df_chexpert_plus_240401.csv", "df_chexpert_plus_240401.csv.gz")
_NEEDED = (
    *("path_to_image", "frontal_lateral", "ap_pa", "deid_patient_id", "patient_report_date_order"),
    *("section_findings", "section_impression"),
)
_OPTIONAL = ("section_clinical_history", "section_history", "section_comparison", "age", "sex", "split")
_SPLITS = {"train": "train", "valid": "test"}  # ReXrank tests on `valid`: 200 studies that nothing may be chosen by
_ROOTS = ("PNG/PNG", "PNG", "PNGs", "DICOM/DICOM", "DICOM", "CheXpert-v1.0", "CheXpert-v1.0-small", "")
_ENDINGS = (".png", ".jpg", ".dcm")


class ChexpertPlus:
    """The studies of CheXpert Plus: a study is a `study` folder of a patient.

    Raises
    ------
    BadInput
        When the table is missing or cannot be read.
    """

    name = "chexpert_plus"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._table = find_table(place, *_TABLES)
        table, self._refusals = read_columns(place, self._table, _NEEDED, _OPTIONAL)
        folders = [posixpath.dirname(path or "") for path in table["path_to_image"].to_pylist()]
        self._rows = Rows(table.append_column("folder", [folders]), ("deid_patient_id", "folder"))
        tops = {folder.split("/")[0] for _, folder in self._rows.studies().values()}
        self._roots = [root for root in _ROOTS if tops.intersection(place.folders(root))]

    def listing(self) -> list[list[str | int]]:
        """Return the digest of the table, and every file's size and tag."""
        files = [[name, *entry] for name, entry in self._place.listing().items()]
        return [[self._table, self._place.digest(self._table)], *files]

    def studies(self) -> Sequence[Listed]:
        """Return each study of the table."""
        return [Listed(key, _INSTITUTION, patient) for key, (patient, _) in self._rows.studies().items()]

    def refusals(self) -> Sequence[Refusal]:
        """Return the rows that cannot be read, and those without a patient or a picture."""
        return [*self._refusals, *self._rows.refusals(self._table)]

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; pictures are fetched as they come."""
        return (self._raw(key, self._rows.of(key)) for key in keys)

    def _raw(self, key: str, rows: list[dict[str, str]]) -> RawStudy:
        viewed = sorted(((_view(row), row) for row in rows), key=lambda pair: FRONTAL_FIRST[pair[0]])
        first = viewed[0][1]
        orders = [int(match[0]) for row in rows if (match := re.match(r"\d+", row["patient_report_date_order"]))]
        return RawStudy(
            key=key,
            institution=_INSTITUTION,
            patient=first["deid_patient_id"],
            files=tuple(self._file(view, row) for view, row in viewed),
            sections=sections_of(
                first["section_findings"],
                first["section_impression"],
                first["section_clinical_history"] or first["section_history"],
                first["section_comparison"],
            ),
            sex=sex_of(first["sex"]),
            age=age_of(first["age"]),
            day=min(orders, default=None),
            identifiers=(("id", first["deid_patient_id"]),),
            split=strictest([_SPLITS.get(row["split"], "") for row in rows]),
            where=f"{self._table} row {first['row']}",
        )

    def _file(self, view: str, row: dict[str, str]) -> RawFile:
        stem = posixpath.splitext(row["path_to_image"])[0]
        names = [posixpath.join(root, stem + ending) for root in self._roots for ending in _ENDINGS]
        return RawFile(
            row["path_to_image"], partial(picture, self._place, *names), view, f"{self._table} row {row['row']}"
        )


def _view(row: dict[str, str]) -> str:
    """Return PA or AP of a frontal picture; a projection that contradicts `Frontal` (LL, RL) counts as lateral."""
    if row["frontal_lateral"].strip().lower() == "lateral":
        return "LATERAL"
    return frontal_or_other(row["ap_pa"])
