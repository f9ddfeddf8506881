"""Tiny made-up trees in the layouts of published data sets: no real patient, report or picture."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures_drops import dicom, pixels, png
from PIL import Image

PATIENTS = 6


def jpeg(seed: int) -> bytes:
    """Return a JPEG of a smooth picture."""
    stream = io.BytesIO()
    Image.fromarray(pixels(seed)).save(stream, "JPEG")
    return stream.getvalue()


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write(path: Path, content: bytes | str) -> None:
    """Write a file and its folders; a name in .gz is packed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(content, mtime=0) if path.name.endswith(".csv.gz") else content)


def archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a .tgz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def openi_xml(number: int, pictures: Sequence[str] = (), caption: str = "PA and lateral", **texts: str) -> bytes:
    """Return a report as Open-i writes it."""
    told = {"COMPARISON": "None.", "INDICATION": "Cough, XXXX", "FINDINGS": f"Clear XXXX. Image {number}.", **texts}
    parts = "".join(f'<AbstractText Label="{label}">{text}</AbstractText>' for label, text in told.items())
    shown = "".join(f'<parentImage id="{name}"><caption>{caption}</caption></parentImage>' for name in pictures)
    return f'<?xml version="1.0"?><eCitation><uId id="CXR{number}"/><a>{parts}</a>{shown}</eCitation>'.encode()


def openi_names(number: int) -> list[str]:
    """Return the names of a report's two pictures, the first frontal."""
    return [f"CXR{number}_IM-0{number}-1001", f"CXR{number}_IM-0{number}-2001"]


def openi(root: Path, pictures: str = "png", *, archived: bool = False) -> Path:
    """Write an Open-i tree: reports in the archive, pictures as `png` or `dcm`, unpacked or in an archive."""
    reports = {f"ecgen-radiology/{n}.xml": openi_xml(n, openi_names(n)) for n in range(1, PATIENTS + 1)}
    archive(root / "NLMCXR_reports.tgz", reports)
    files = {}
    for number in range(1, PATIENTS + 1):
        for at, name in enumerate(openi_names(number)):
            if pictures == "png":
                files[f"{name}.png"] = png(pixels(10 * number + at))
            else:
                header = {"ViewPosition": "", "StudyDate": f"2012010{number}"}
                files[f"{number}/{name[3:]}.dcm"] = dicom(pixels(10 * number + at), **header)
    if archived:
        archive(root / f"NLMCXR_{pictures}.tgz", files)
    else:
        for name, content in files.items():
            write(root / f"NLMCXR_{pictures}" / name, content)
    return root


def _mimic_report(patient: int, visit: int) -> str:
    return (
        "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
        " INDICATION:  ___F with cough.\n \n COMPARISON:  ___.\n \n FINDINGS: \n \n Clear lungs.  Image "
        f"{patient}.{visit}\n \n IMPRESSION: \n \n No acute process on ___.\n"
    )


def mimic_rows() -> list[dict[str, str]]:
    """Return the metadata: two studies a patient, of a frontal and a lateral picture each."""
    return [
        {
            "dicom_id": f"d{patient}-{visit}-{view}",
            "subject_id": f"1000000{patient}",
            "study_id": f"5000000{patient}{visit}",
            "PerformedProcedureStepDescription": "CHEST (PA AND LAT)",
            "ViewPosition": view,
            "Rows": "80",
            "Columns": "64",
            "StudyDate": f"2180050{visit + 1}",
            "StudyTime": "94356.203",
            "ProcedureCodeSequence_CodeMeaning": "CHEST (PA AND LAT)",
            "ViewCodeSequence_CodeMeaning": "",
            "PatientOrientationCodeSequence_CodeMeaning": "Erect",
        }
        for patient in range(PATIENTS)
        for visit in range(2)
        for view in ("LATERAL", "PA")
    ]


def mimic(root: Path, pictures: str = "jpg", *, zipped: bool = False, packed: bool = True) -> Path:
    """Write a MIMIC-CXR tree: `jpg` with the tables of -JPG, or `dcm` with the record list; reports as files or zip."""
    rows, end = mimic_rows(), ".gz" if packed else ""
    reports = {}
    for number, row in enumerate(rows):
        folder = f"files/p10/p{row['subject_id']}/s{row['study_id']}"
        reports[f"{folder}.txt"] = _mimic_report(int(row["subject_id"][-1]), int(row["study_id"][-1]))
        view = row["ViewPosition"]
        content = jpeg(number) if pictures == "jpg" else dicom(pixels(number), ViewPosition=view, StudyDate="21800501")
        write(root / folder / f"{row['dicom_id']}.{pictures}", content)
    if pictures == "jpg":
        ids = ("dicom_id", "study_id", "subject_id")
        names = {"0": "test", "1": "validate"}
        split = [{**{i: row[i] for i in ids}, "split": names.get(row["subject_id"][-1], "train")} for row in rows]
        write(root / f"mimic-cxr-2.0.0-metadata.csv{end}", table(rows))
        write(root / f"mimic-cxr-2.0.0-split.csv{end}", table(split))
        write(root / f"mimic-cxr-2.0.0-chexpert.csv{end}", "subject_id,study_id,Atelectasis\n")
    else:
        write(root / f"cxr-record-list.csv{end}", table([_record(row) for row in rows]))
    if zipped:
        with zipfile.ZipFile(root / "mimic-cxr-reports.zip", "w") as file:
            for name, text in reports.items():
                file.writestr(name, text)
    else:
        for name, text in reports.items():
            write(root / name, text)
    return root


def _record(row: Mapping[str, str]) -> dict[str, str]:
    ids = {name: row[name] for name in ("subject_id", "study_id", "dicom_id")}
    return {**ids, "path": f"files/p10/p{ids['subject_id']}/s{ids['study_id']}/{ids['dicom_id']}.dcm"}


def chexpert_rows() -> list[dict[str, str]]:
    """Return the table of CheXpert Plus: two studies a patient; a frontal and a lateral picture in the first."""
    rows = []
    for patient in range(PATIENTS):
        split = "valid" if patient == 0 else "train"
        for order in (1, 2):
            for number, view in enumerate(("Frontal", "Lateral")[: 3 - order], start=1):
                path = f"{split}/patient0000{patient}/study{order}/view{number}_{view.lower()}"
                rows.append(
                    {
                        "path_to_image": f"{path}.jpg",
                        "path_to_dcm": f"{path}.dcm",
                        "frontal_lateral": view,
                        "ap_pa": ("AP", "PA")[patient % 2] if view == "Frontal" else "",
                        "deid_patient_id": f"patient0000{patient}",
                        "patient_report_date_order": str(order),
                        "report": "NARRATIVE:\nnot read",
                        "section_clinical_history": "cough",
                        "section_comparison": "None.",
                        "section_findings": f"Clear lungs. Image {patient}." if order == 1 else "None",
                        "section_impression": "1. No acute\ndisease." if order == 2 else "nan",
                        "age": "61.0",
                        "sex": "Female",
                        "split": split,
                    }
                )
    return rows


def chexpert(root: Path, pictures: str = "PNG") -> Path:
    """Write a CheXpert Plus tree with its pictures in PNG/, PNG/PNG/, DICOM/ or, as the table names them, as JPEG."""
    rows = chexpert_rows()
    write(root / "df_chexpert_plus_240401.csv", table(rows))
    kinds: dict[str, tuple[str, Callable[[int], bytes]]] = {
        "PNG": (".png", lambda n: png(pixels(n))),
        "PNG/PNG": (".png", lambda n: png(pixels(n))),
        "DICOM": (".dcm", lambda n: dicom(pixels(n), ViewPosition="")),
        "": (".jpg", jpeg),
    }
    ending, made = kinds[pictures]
    for number, row in enumerate(rows):
        write(root / pictures / row["path_to_image"].replace(".jpg", ending), made(number))
    return root


def rex_entries(split: str, first: int) -> dict[str, dict[str, Any]]:
    """Return the metadata of four patients of a split, one study each, a frontal and a lateral picture in it."""
    found = {}
    for number in range(first, first + 4):
        key = f"pGRDN{number}_aGRDN{number}_s1.2.{number}"
        base = f"../deid_png/GRDN{number}/ACC{number}/studies/1.2.{number}/series/1/instances"
        found[key] = {
            "id": key,
            "PatientID": f"GRDN{number}",
            "AccessionNumber": f"ACC{number}",
            "StudyInstanceUid": f"1.2.{number}",
            "PatientSex": "MF"[number % 2],
            "PatientAge": "061Y",
            "StudyDate": f"2015030{number % 9 + 1}",
            "Indication": "Cough",
            "Comparison": None,
            "Findings": f"Clear lungs. Image {number} {split}.",
            "Impression": "No acute disease.",
            "ImagePath": [f"{base}/l.png", f"{base}/f.png"],
            "ImageViewPosition": ["LATERAL", "POSTERO_ANTERIOR"],
            "ImageModality": ["CR", "CR"],
        }
    return found


def rex(root: Path) -> Path:
    """Write a ReXGradient-160K tree."""
    for at, split in enumerate(("train", "valid", "test")):
        entries = rex_entries(split, 4 * at)
        write(root / "metadata" / f"{split}_metadata_view_position.json", json.dumps(entries))
        for entry in entries.values():
            for number, path in enumerate(entry["ImagePath"]):
                write(root / path[3:], png(pixels(number + 10 * at)))
    return root
