"""The share of English words by which `validate` tells the language, over real and drawn reports.

    python benchmarks/english_share.py

Its word list was made while looking at these two sets, so the least share says how far the bound may go, and nothing of
how well the check does on other English reports.
"""

import argparse
import tarfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from unirg_core.ingest.measures import english
from unirg_core.ingest.phantom import World, report, studies
from unirg_core.params import Validate

ARCHIVE = Path(__file__).parents[2] / "shared/data/iu_xray/NLMCXR_reports.tgz"


def openi() -> Iterator[str]:
    """Yield findings and impression of each of the 3,955 reports."""
    with tarfile.open(ARCHIVE) as archive:
        for member in (one for one in archive if one.name.endswith(".xml")):
            parts = ElementTree.parse(archive.extractfile(member)).iter("AbstractText")
            yield " ".join(part.text or "" for part in parts if part.get("Label") in ("FINDINGS", "IMPRESSION"))


def phantom() -> Iterator[str]:
    """Yield the reports of the default world."""
    for study in studies(World(0, 2400, 64)):
        written = report(study, None)
        yield f"{written.findings} {written.impression}"


def main() -> None:
    """Print the shares."""
    bound = Validate().minimum_english
    for name, texts in (("Open-i", openi()), ("phantom", phantom())):
        shares = np.array([share for share in map(english, texts) if share is not None])
        below = (shares < bound).sum()
        print(f"{name}: {len(shares)} reports judged, least {shares.min():.2f}, 1 % {np.quantile(shares, 0.01):.2f}, "
              f"{below} below the bound of {bound}")  # fmt: skip


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
