"""Phantom institutions: drawn chest radiographs with known findings, as real DICOM files with house-style reports.

Synthetic throughout. No public chest X-ray set may be shipped, so the default source draws one: deterministic from a
seed, ambiguous on purpose, in three institutions whose reports say the same facts in other words. The picture of a
study is its institution's machine, the text its house: train on two, test on the third.
"""

from unirg_core.ingest.phantom.contact import contact_sheet
from unirg_core.ingest.phantom.dicomfile import Form, dicom_bytes, form
from unirg_core.ingest.phantom.phi import Planted
from unirg_core.ingest.phantom.render import render
from unirg_core.ingest.phantom.reports import Report, neutral_caption, planted_phi, report
from unirg_core.ingest.phantom.vocabulary import vocabulary
from unirg_core.ingest.phantom.world import (
    FINDINGS,
    INSTITUTIONS,
    NEUTRAL,
    THRESHOLD,
    Finding,
    LookAlike,
    PhantomStudy,
    World,
    finding,
    look_alikes,
    studies,
)

__all__ = [
    "FINDINGS",
    "INSTITUTIONS",
    "NEUTRAL",
    "THRESHOLD",
    "Finding",
    "Form",
    "LookAlike",
    "PhantomStudy",
    "Planted",
    "Report",
    "World",
    "contact_sheet",
    "dicom_bytes",
    "finding",
    "form",
    "look_alikes",
    "neutral_caption",
    "planted_phi",
    "render",
    "report",
    "studies",
    "vocabulary",
]
