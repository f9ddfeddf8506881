"""The real Open-i reports, the layouts that they are rebuilt in as raw text, and where their own labels contradict."""

import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

from unirg_core.ingest.sections import parse

ARCHIVE = Path(__file__).parents[1] / "../shared/data/iu_xray/NLMCXR_reports.tgz"
SECTIONS = ("comparison", "indication", "findings", "impression")

Report = dict[str, str]


def _running(heading: Callable[[str], str]) -> Callable[[Report], str]:
    return lambda report: " ".join(f"{heading(name)}: {text}" for name, text in report.items())


LAYOUTS: dict[str, Callable[[Report], str]] = {
    "a line each": lambda report: "\n".join(f"{name.upper()}: {text}" for name, text in report.items()),
    "lower case": lambda report: "\n".join(f"{name}: {text}" for name, text in report.items()),
    "headings alone, no colon": lambda report: "\n\n".join(f"{n.capitalize()}\n{text}" for n, text in report.items()),
    "blocks": lambda report: "\r\n\r\n".join(f"{name.upper()}:\r\n{text}" for name, text in report.items()),
    "as MIMIC-CXR": lambda report: (
        "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
        + "\n \n".join(f" {name.upper()}:  {text}" for name, text in report.items())
    ),
    "one line, capitals": _running(str.upper),
    "one line, title case": _running(str.capitalize),
}

CONTRADICTORY = {
    "CXR2415": "IMPRESSION holds a second whole report, with Exam, Comparison, History and FINDINGS of its own",
    "CXR2800": "INDICATION holds a heading of the comparison, `COMPARISON : XXXX.`, and COMPARISON is empty",
}
CUT_HEADING = frozenset(f"CXR{n}" for n in (1225, 1234, 1525, 1630, 1704, 1846, 2913, 3278, 3858, 64, 680, 876))
"""COMPARISON ends with the lone word `Clinical`, which the next label continues: `Clinical Indication:` on one line."""


def reports() -> dict[str, Report]:
    """Return id -> section -> text of each of the 3,955 reports, white space collapsed."""
    found = {}
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                tree = ElementTree.parse(archive.extractfile(member))
                texts = {part.get("Label").lower(): part.text or "" for part in tree.iter("AbstractText")}
                found[tree.find("uId").get("id")] = {name: " ".join(text.split()) for name, text in texts.items()}
    return found


def differing(found: dict[str, Report], layout: str) -> set[str]:
    """Return the ids of the reports that the parser does not bring back as their labels have them."""
    return {identity for identity, report in found.items() if _again(report, LAYOUTS[layout]) != report}


def argued(layout: str) -> set[str]:
    """Return the ids of the reports that may differ in a layout."""
    return {*CONTRADICTORY, *(CUT_HEADING if layout == "one line, title case" else ())}


def _again(report: Report, layout: Callable[[Report], str]) -> Report:
    sections = parse(layout({name: text for name, text in report.items() if text}))
    return {name: getattr(sections, name) for name in SECTIONS}
