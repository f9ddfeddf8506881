"""Open-i's Indiana collection as its publisher lays it out: XML reports, and the pictures as PNG or DICOM.

    NLMCXR_reports.tgz                  or the XML files that it holds, in any folder
    NLMCXR_png.tgz, NLMCXR_dcm.tgz      or the pictures that they hold, in any folder
    nlmcxr_dicom_metadata.csv[.gz]      optional: header rows of the DICOM files
    indiana_projections.csv             optional: uid, filename, projection, by hand
    r2gen_split_ids.json                optional: who is trained and tested on (openi_lists)

The XML tells neither view nor date. `openi_views` decides the view; dates come from the header rows, else from the
DICOM files. Each report is a patient of its own, as in the header rows. docs/sources/openi.md says more.
"""

import re
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from unirg_core.faults import BadInput
from unirg_core.ingest.columns import optional_table, read_columns
from unirg_core.ingest.openi_lists import SPLIT, read_split
from unirg_core.ingest.openi_views import Shown, views
from unirg_core.ingest.place import Place, picture
from unirg_core.ingest.published import FRONTAL_FIRST, day_of
from unirg_core.ingest.sections import Sections
from unirg_core.ingest.source import Listed, RawFile, RawStudy, Refusal, Rejected
from unirg_core.oneline import one_line

_REPORTS = "NLMCXR_reports.tgz"
_ARCHIVES = ("NLMCXR_png.tgz", "NLMCXR_dcm.tgz")
_HEADERS = ("nlmcxr_dicom_metadata.csv.gz", "nlmcxr_dicom_metadata.csv")
_PROJECTIONS = "indiana_projections.csv"
_SECTIONS = ("indication", "comparison", "findings", "impression")
_PICTURE = re.compile(r"(?:CXR)?(\d+)_(?:\1_)?(IM-[\d-]+)(?:\.dcm)?(?:\.(?:png|jpe?g|dcm))?", re.IGNORECASE)
_DAYS_A_YEAR = 365.2425
_OLDEST = 130


@dataclass(frozen=True)
class _Report:
    number: int  # its place among the reports
    sections: Sections
    pictures: tuple[str, ...]
    captions: tuple[str, ...]


class OpenI:
    """The studies of the Indiana collection.

    Raises
    ------
    BadInput
        When no report is there, or an archive or table cannot be read.
    """

    name = institution = "openi"

    def __init__(self, place: Place) -> None:
        self._place = place
        self._refusals: list[Refusal] = []
        self._reports: dict[str, _Report] = {}
        self._archive = _REPORTS if place.exists(_REPORTS) else ""
        for number, (name, content) in enumerate(self._xml(), start=1):
            self._take(number, name, content)
        if not self._reports and not self._refusals:
            raise BadInput(
                f"{place} has neither {_REPORTS} nor XML reports; docs/sources/openi.md says where they are."
            )
        self._headers = self._read_headers()
        self._projections = self._read_projections()
        self._splits, refusals = read_split(place, self._reports)
        self._refusals += refusals
        self._found: dict[str, str] | None = None

    def _xml(self) -> Iterator[tuple[str, bytes]]:
        if not self._archive:
            names = [name for name in self._place.listing() if name.endswith(".xml")]
            yield from ((name, self._place.read(name)) for name in names)
            return
        yield from _members(self._place, self._archive, lambda name: name.endswith(".xml"))

    def _take(self, number: int, name: str, content: bytes) -> None:
        try:
            tree = ElementTree.fromstring(content)
            identity = tree.find("uId").get("id", "")
        except (ElementTree.ParseError, AttributeError, ValueError):
            self._refusals.append(Refusal(name, f"Report {number}: it is no whole XML with a uId."))
            return
        if not identity or identity in self._reports:
            why = "its uId stands in another report too" if identity else "its uId is empty"
            self._refusals.append(Refusal(name, f"Report {number}: {why}."))
            return
        texts = {part.get("Label", "").lower(): "".join(part.itertext()) for part in tree.iter("AbstractText")}
        sections = {label: one_line(texts.get(label, "")) for label in _SECTIONS}
        shown = [(image.get("id", ""), image.findtext("caption", "").strip()) for image in tree.iter("parentImage")]
        self._reports[identity] = _Report(number, Sections(**sections), *_unzipped(sorted(shown)))

    def _read_headers(self) -> dict[str, dict[str, str]]:
        name = optional_table(self._place, *_HEADERS)
        if not name:
            return {}
        wanted = ("View Position", "Patient Orientation", "Study Date", "Patient's Birth Date")
        pixels = ("Modality", "Photometric Interpretation", "Bits Stored")
        table, refusals = read_columns(self._place, name, ("imageid", *wanted), pixels)
        self._refusals += refusals
        return {_bare(row["imageid"]): row for row in table.to_pylist()}

    def _read_projections(self) -> dict[str, str]:
        if not self._place.exists(_PROJECTIONS):
            return {}
        table, refusals = read_columns(self._place, _PROJECTIONS, ("filename", "projection"))
        self._refusals += refusals
        return {_bare(row["filename"]): row["projection"].strip().lower() for row in table.to_pylist()}

    def listing(self) -> list[list[str | int]]:
        """Return every file's size and tag, and the digests of reports and tables."""
        tables = [name for name in (self._archive, *_HEADERS, _PROJECTIONS, SPLIT) if name and self._place.exists(name)]
        files = [[name, *entry] for name, entry in self._place.listing().items()]
        return [[name, self._place.digest(name)] for name in tables] + files

    def studies(self) -> Sequence[Listed]:
        """Return each report, those without a picture too: they are rejected with that reason."""
        return [Listed(identity, self.institution, identity) for identity in self._reports]

    def refusals(self) -> Sequence[Refusal]:
        """Return the reports that cannot be read."""
        return self._refusals

    def read(self, keys: Sequence[str]) -> Iterator[RawStudy]:
        """Yield the studies; of pictures in an archive, those of all the keys are fetched in one pass."""
        wanted = {_bare(name) for key in keys for name in self._reports[key].pictures}
        archived = self._unpacked(wanted - self._pictures().keys())
        return (self._raw(key, archived) for key in keys)

    def _pictures(self) -> dict[str, str]:
        """Return picture -> file, of those that lie unpacked; PNG goes before DICOM."""
        if self._found is None:
            endings = (".dcm", ".jpg", ".jpeg", ".png")
            names = [n for n in self._place.listing() if PurePosixPath(n).suffix.lower() in endings]
            named = [(endings.index(PurePosixPath(n).suffix.lower()), n) for n in names]
            found = {_bare(PurePosixPath(name).name): name for _, name in sorted(named)}
            found.pop("", None)
            self._found = found
        return self._found

    def _unpacked(self, wanted: set[str]) -> dict[str, bytes]:
        """Return the bytes of pictures out of the archives that are there."""
        found: dict[str, bytes] = {}
        for archive in _ARCHIVES:
            left = wanted - found.keys()
            if left and self._place.exists(archive):
                members = _members(
                    self._place, archive, lambda name, left=left: _bare(PurePosixPath(name).name) in left
                )
                found |= {_bare(PurePosixPath(name).name): content for name, content in members}
        return found

    def _raw(self, key: str, archived: dict[str, bytes]) -> RawStudy:
        report = self._reports[key]
        headers = [self.header(name) for name in report.pictures]
        day = next((day for row in headers if (day := day_of(row.get("Study Date", ""))) is not None), None)
        return RawStudy(
            key=key,
            institution=self.institution,
            patient=key,
            files=tuple(self._files(key, archived)),
            sections=report.sections,
            age=next((age for row in headers if (age := _age(row)) is not None), None),
            day=day,
            dated=day is not None,
            where=f"report {report.number}",
            split=self._splits.get(key, ""),
            fault="" if report.pictures else "The report names no picture.",
        )

    def header(self, name: str) -> dict[str, str]:
        """Return the header row of a picture, empty where there is none."""
        return self._headers.get(_bare(name), {})

    def shown(self, identity: str) -> list[Shown]:
        """Return what is known of each picture of a report, in the order of their names."""
        report = self._reports[identity]
        headers = [self.header(name) for name in report.pictures]
        return [
            Shown(
                caption=caption,
                position=row.get("View Position", ""),
                orientation=row.get("Patient Orientation", ""),
                projection=self._projections.get(_bare(name), ""),
            )
            for name, caption, row in zip(report.pictures, report.captions, headers, strict=True)
        ]

    def _files(self, identity: str, archived: dict[str, bytes]) -> Iterator[RawFile]:
        report = self._reports[identity]
        pairs = zip(report.pictures, views(self.shown(identity)), strict=True)
        for number, (name, view) in enumerate(sorted(pairs, key=lambda pair: FRONTAL_FIRST[pair[1]]), start=1):
            read = partial(self._picture, _bare(name), archived)
            yield RawFile(name, read, view, f"report {report.number}, picture {number}")

    def _picture(self, name: str, archived: dict[str, bytes]) -> bytes:
        if name in archived:
            return archived[name]
        if name not in self._pictures():
            raise Rejected("The picture file is not there.")
        return picture(self._place, self._pictures()[name])


def _members(place: Place, archive: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of an archive's wanted files, read once from start to end and unpacked nowhere."""
    try:
        with place.stream(archive) as stream, tarfile.open(fileobj=stream, mode="r|gz") as files:
            for member in files:
                if member.isfile() and wanted(member.name):
                    yield member.name, files.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadInput(
            f"{place}/{archive} cannot be read to its end ({type(error).__name__}); fetch it again."
        ) from None


def _unzipped(shown: list[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(name for name, _ in shown), tuple(caption for _, caption in shown)


def _bare(name: str) -> str:
    """Return what all names of a picture share: `CXR1_1_IM-0001-3001.png` and `1_IM-0001-3001.dcm` are one."""
    match = _PICTURE.fullmatch(PurePosixPath(name).name)
    return f"{match[1]}_{match[2]}" if match else ""


def _age(row: dict[str, str]) -> int | None:
    """Return whole years between the header's birth and study dates."""
    born, taken = day_of(row.get("Patient's Birth Date", "")), day_of(row.get("Study Date", ""))
    years = -1 if born is None or taken is None else int((taken - born) / _DAYS_A_YEAR)
    return years if 0 <= years <= _OLDEST else None
