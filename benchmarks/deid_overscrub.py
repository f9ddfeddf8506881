"""What the scrubber takes from real texts that name nobody: the reports of Open-i, and free-text case notes.

    python benchmarks/deid_overscrub.py [--words 12]

Of the 3,955 reports of Open-i, redacted with XXXX, every token (word between white space) that is changed counts as
wrong, whether or not a person would call it an identifier: the figure is an upper bound. The case notes of the folder
`covid_cxr` were published with figures; they name no patient, but hold true dates, towns and companies, so of them the
words that became `[NAME]` are counted and printed, to be read: which of them are drugs, laboratory or other terms no
program here can tell. Dates are moved, as by default. Words are printed and stored nowhere. Rules were developed while
looking at both figures.
"""

import argparse
import csv
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from xml.etree import ElementTree

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known

DATA = Path(__file__).parents[2] / "shared/data"
ARCHIVE, NOTES = DATA / "iu_xray/NLMCXR_reports.tgz", DATA / "covid_cxr/metadata.csv"
LIMIT = 0.5
NOBODY = Known([])


def sections() -> Iterator[str]:
    """Yield the sections of every report."""
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                for section in ElementTree.parse(archive.extractfile(member)).iter("AbstractText"):
                    yield section.text or ""


def notes() -> list[str]:
    """Return the different case notes."""
    with NOTES.open(newline="", encoding="utf-8") as stream:
        return sorted({row["clinical_notes"] for row in csv.DictReader(stream)} - {""})


def named(text: str, left: str) -> Iterator[str]:
    """Yield the words in whose place a name's tag stands; tags of other kinds beside it are not told apart."""
    for before, after, _ in lost(text, left):
        if "[NAME]" in after:
            stays = Counter(after.replace("[NAME]", " ").split())
            yield from (Counter(before.split()) - stays).elements()


def lost(text: str, left: str) -> Iterator[tuple[str, str, int]]:
    """Yield (what stood there, what stands there now, tokens changed)."""
    before, after = text.split(), left.split()
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield " ".join(before[a:b]), " ".join(after[c:d]), max(b - a, 1)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=8, help="commonest words to print of each kind; default: 8")
    asked = parser.parse_args()
    reports(asked.words)
    case_notes()


def case_notes() -> None:
    """Print what of the case notes became a name."""
    texts = notes()
    words = Counter(word for text in texts for word in named(text, scrub(text, NOBODY, Dates(-1234))[0]))
    tokens = sum(len(text.split()) for text in texts)
    share = 100 * words.total() / tokens
    print(f"\n{len(texts)} case notes, {tokens} tokens; became [NAME]: {words.total()} = {share:.2f} %")
    print("  " + "; ".join(f"{word} ({count})" for word, count in words.most_common()))


def reports(most: int) -> None:
    """Print what was changed of Open-i."""
    tokens = wrong = parts = touched = 0
    found: Counter[str] = Counter()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for text in sections():
        left, counts = scrub(text, NOBODY, Dates(-1234))
        tokens, parts, touched = tokens + len(text.split()), parts + 1, touched + bool(counts)
        found.update(counts)
        for before, after, number in lost(text, left) if left != text else ():
            wrong += number
            tag = after.partition("[")[2].partition("]")[0].lower() or "date"
            words[tag][before] += 1
    share = 100 * wrong / tokens
    print(f"{parts} sections, {tokens} tokens, {touched} sections touched; by category: {dict(found)}")
    print(f"tokens changed: {wrong} = {share:.3f} % (limit {LIMIT} %)")
    for tag, counter in words.items():
        told = "; ".join(f"{word} ({count})" for word, count in counter.most_common(most))
        print(f"  {tag}: {told}")


if __name__ == "__main__":
    main()
