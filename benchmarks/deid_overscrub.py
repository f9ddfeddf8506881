"""What the scrubber takes from real reports that are clean already: the 3,955 of Open-i, redacted with XXXX.

    python benchmarks/deid_overscrub.py [--words 12]

Every token (word between white space) that is changed counts as wrong, whether or not a person would call it an
identifier: the figure is an upper bound. Dates are moved, as by default. The commonest words are printed and stored
nowhere. Rules were developed while looking at this figure.
"""

import argparse
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from xml.etree import ElementTree

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import Known, scrub

ARCHIVE = Path(__file__).parents[2] / "shared/data/iu_xray/NLMCXR_reports.tgz"
LIMIT = 0.5
NOBODY = Known([])


def sections() -> Iterator[str]:
    """Yield the sections of every report."""
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                for section in ElementTree.parse(archive.extractfile(member)).iter("AbstractText"):
                    yield section.text or ""


def lost(text: str, left: str) -> Iterator[tuple[str, str, int]]:
    """Yield (what stood there, what stands there now, tokens changed)."""
    before, after = text.split(), left.split()
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield " ".join(before[a:b]), " ".join(after[c:d]), max(b - a, 1)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=8)
    asked = parser.parse_args()
    tokens = wrong = reports = touched = 0
    found: Counter[str] = Counter()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for text in sections():
        left, counts = scrub(text, NOBODY, Dates(-1234))
        tokens, reports, touched = tokens + len(text.split()), reports + 1, touched + bool(counts)
        found.update(counts)
        for before, after, number in lost(text, left) if left != text else ():
            wrong += number
            tag = after.partition("[")[2].partition("]")[0].lower() or "date"
            words[tag][before] += 1
    share = 100 * wrong / tokens
    print(f"{reports} sections, {tokens} tokens, {touched} sections touched; by category: {dict(found)}")
    print(f"tokens changed: {wrong} = {share:.3f} % (limit {LIMIT} %)")
    for tag, counter in words.items():
        told = "; ".join(f"{word} ({count})" for word, count in counter.most_common(asked.words))
        print(f"  {tag}: {told}")


if __name__ == "__main__":
    main()
