"""Build the lexicon of the text scrubber, `unirg_core/ingest/lexicon.txt.gz`: which words name nobody, which may.

    python benchmarks/deid_lexicon.py --words DIR --names DIR

`--words` holds the word lists of SCOWL as Debian packs them (`american-english`, `american-english-small`,
`american-english-large`, `british-english-large`; packages wamerican, wamerican-small, wamerican-large,
wbritish-large, version 2020.12.07). `--names` holds the name lists of the United States census of 1990
(`dist.all.last`, `dist.male.first`, `dist.female.first`; a work of the government, in the public domain; they lie in
the package `names` 0.3.0). Of Open-i only single words in small letters that stand in several reports are taken, as in
`unirg_core/scores/words.txt`. The same lists give the same bytes.
"""

import argparse
import gzip
import re
import tarfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from deid_overscrub import ARCHIVE

from unirg_core.ingest.places import words

ROOT = Path(__file__).parents[1]
LEXICON = ROOT / "unirg_core/ingest/lexicon.txt.gz"
VOCABULARY = ROOT / "unirg_core/scores/words.txt"
_SMALL = re.compile(r"[a-zà-ÿ]{2,}")
_LEARNED = re.compile(
    r"(?:[aeiou]s[ie]s|itis|oma|omas|omata|[ao]l|ally|ic|ics|ical|ous|ar|ary|ine|ide|ium|ion|ions|ive|ate|ated"
    r"|ating|ity|ia"
    r"|emia|uria|logy|graphy|scopy|tomy|ectomy|pathy|gram|graph|meter|cyte|cytes|plasty|trophy|penia|ae|oid|eal"
    r"|ing|ed|able|ible)$"
)
"""Endings of the rare words that a report may hold."""
FEWEST_REPORTS, USUAL_REPORTS, USUAL_LETTERS = 3, 10, 7
USUAL_SURNAMES = 10_000
MAINLY_NAMES = words(
    """bob harry jack jane ken maria matt mike nick sally sue patty derrick heather holly ivy jarred jay jade peter rob
    robin sherry tom tony troy lewis martin nelson morris khan singh levy parry bennett henderson griffin walker
    turner fletcher sawyer kelly lee chow chin ching hogan grimes griffin patsy reeves rhea stein wright welch lynch
    madden proctor smith manning miller gibbons gale vaughn dean gene earl lane marsh"""
)
"""Words that a report hardly holds but as a name."""
STILL_WORDS = frozenset(["ed", "max", "min", "lien", "mi", "meta", "nu", "sol", "hank", "chad", "pa", "ma"])
"""Given names that are words of medicine or short forms first."""


def read(path: Path) -> list[str]:
    """Return a file's lines."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def census(path: Path) -> dict[str, int]:
    """Return name -> its rank."""
    return {line.split()[0].lower(): int(line.split()[3]) for line in read(path) if line.split()}


def reports() -> Counter[str]:
    """Return word in small letters -> reports of Open-i that hold it."""
    found: Counter[str] = Counter()
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                parts = ElementTree.parse(archive.extractfile(member)).iter("AbstractText")
                text = " ".join(part.text or "" for part in parts)
                found.update(set(re.findall(r"(?<![\w'-])[a-z]{2,}(?![\w'-])", text)))
    return found


def main() -> None:
    """Write the lexicon."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=Path, required=True, help="folder of the word lists")
    parser.add_argument("--names", type=Path, required=True, help="folder of the name lists")
    asked = parser.parse_args()
    large = read(asked.words / "american-english-large") + read(asked.words / "british-english-large")
    middle, small = (
        set(filter(_SMALL.fullmatch, read(asked.words / name)))
        for name in ("american-english", "american-english-small")
    )
    surnames = census(asked.names / "dist.all.last")
    given = census(asked.names / "dist.male.first") | census(asked.names / "dist.female.first")
    proper = {word.lower() for word in large if re.fullmatch(r"[A-Z][a-zà-ÿ]+", word)}
    every = set(given) | set(surnames)
    rare = {word for word in set(filter(_SMALL.fullmatch, large)) - middle - every - proper if _LEARNED.search(word)}
    known = (rare | middle) - ((set(given) - small) & middle) - MAINLY_NAMES | STILL_WORDS
    seen = reports()
    vocabulary = {word for line in read(VOCABULARY) for word in line.split() if _SMALL.fullmatch(word)}
    known |= vocabulary | {word for word, count in seen.items() if count >= FEWEST_REPORTS}
    usual = {word for word, count in seen.items() if count >= USUAL_REPORTS} | vocabulary
    usual_names = set(given) | {name for name, rank in surnames.items() if rank <= USUAL_SURNAMES}
    doubtful = (known & usual_names) | ((middle - small - vocabulary - set(seen)) & every & known)
    lines = {
        "known": known - doubtful,
        "doubtful": doubtful - set(given),
        "doubtful given": doubtful & set(given),
        "names": {name for name in every - known if _SMALL.fullmatch(name)},
        "usual": {word for word in usual if len(word) >= USUAL_LETTERS},
        "own": vocabulary | {word for word, count in seen.items() if count >= FEWEST_REPORTS},
    }
    text = "".join(f"{kind}: {' '.join(sorted(held))}\n" for kind, held in lines.items())
    LEXICON.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print({kind: len(held) for kind, held in lines.items()}, LEXICON.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
