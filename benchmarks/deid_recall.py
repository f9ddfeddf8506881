"""Recall of the text scrubber on planted forms, development and kept out apart, with 95 % Wilson intervals.

    python benchmarks/deid_recall.py                 # development forms and lists
    python benchmarks/deid_recall.py --kept-out      # the kept-out forms and lists too: log the look in the docs

An identifier counts as found when no part of it is left (`planted_phi.survives`). Dates are tagged for the count; that
moved dates are the right ones is counted by itself. "known" forms are scrubbed with what the DICOM header or the table
would tell of the patient; all others by rules alone. Planted forms are no hospital's reports: what is printed holds
"on planted forms" only.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from planted_phi import Sentence, forms, sentences, survives

from unirg_core.ingest.dates import Dates
from unirg_core.ingest.deidentify import scrub
from unirg_core.ingest.known import Known

EACH, SEED, SHIFT = 500, 20261, -1234


def wilson(found: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share, in per cent."""
    z, share = 1.959964, found / n
    centre, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return tuple(100 * max(0.0, min(1.0, (centre + sign * half) / (1 + z * z / n))) for sign in (-1, 1))


def measure(planted: Iterable[Sentence]) -> tuple[dict[tuple[str, str], Counter], list[tuple[str, str, str]]]:
    """Return (form, kind) -> counts of planted and found, and the sentences in which something was missed."""
    counts: dict[tuple[str, str], Counter] = defaultdict(Counter)
    missed = []
    for sentence in planted:
        left, _ = scrub(sentence.text, Known(sentence.known))
        for slot in sentence.slots:
            gone = not survives(slot, sentence, left)
            counts[sentence.form, slot.kind].update(planted=1, found=int(gone))
            if not gone:
                missed.append((f"{sentence.form}: {slot.pattern}", sentence.text, left))
    return counts, missed


def moved_right(planted: Iterable[Sentence]) -> Counter:
    """Count full dates (with day, month and year) that come out moved by the shift, tagged, or as anything else."""
    counts: Counter = Counter()
    for sentence in planted:
        for slot in sentence.slots:
            if slot.when is None or not all(re.search(part, slot.pattern) for part in ("%-?d", "%-?[mbB]", "%[yY]")):
                continue
            day = (slot.when - date(1970, 1, 1)).days + 30
            day_first = bool(re.match(r"%-?d\D%-?m", slot.pattern))
            left, _ = scrub(f"film of {slot.text}", Known([]), Dates(SHIFT, day, day_first))
            after = slot.when + timedelta(days=SHIFT)
            written = left.removeprefix("film of ")
            counts["moved" if _read(written) == _read(after.strftime(slot.pattern)) else _otherwise(written)] += 1
    return counts


def _read(text: str) -> str:
    """Return a date with months cut to three letters and without ordinals and leading zeros, for comparison."""
    text = re.sub(r"([A-Z][a-z]{2})[a-z]*(?=\W|$)", r"\1", re.sub(r"(?<=\d)(?:st|nd|rd|th)|%o", "", text))
    return re.sub(r"\b0(?=\d)", "", text)


def _otherwise(text: str) -> str:
    return "tagged" if "[DATE]" in text else "wrong"


def show(title: str, counts: dict[tuple[str, str], Counter], by: int) -> None:
    """Print recall by form (0) or kind (1)."""
    print(f"\n{title}: recall on planted forms")
    sums: dict[str, Counter] = defaultdict(Counter)
    for key, count in counts.items():
        sums[key[by]].update(count)
    sums["ALL"] = sum(counts.values(), Counter())
    for name, count in sums.items():
        low, high = wilson(count["found"], count["planted"])
        share = 100 * count["found"] / count["planted"]
        print(f"  {name:32s} {share:6.2f} %  [{low:6.2f}, {high:6.2f}]  n {count['planted']}")


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept-out", action="store_true", help="kept-out forms and lists too; log the look in docs")
    parser.add_argument("--misses", type=int, default=0, help="print so many misses of the development forms")
    asked = parser.parse_args()
    sets = {"development": ("forms.txt", "lists.txt")}
    if asked.kept_out:
        sets["kept out (forms and lists)"] = ("kept_out.txt", "lists_kept_out.txt")
        sets["development forms, kept-out lists"] = ("forms.txt", "lists_kept_out.txt")
    for title, (form_file, list_file) in sets.items():
        planted = list(sentences(form_file, list_file, EACH, SEED))
        if not planted:
            print(f"\n{title}: {form_file} holds no forms at present")
            continue
        counts, missed = measure(planted)
        show(f"{title}, {len(forms(form_file))} forms, by form", counts, 0)
        show(f"{title}, by category", counts, 1)
        print(f"  full dates moved: {dict(moved_right(planted))}")
        if title == "development":
            for pattern, text, left in list({miss[0]: miss for miss in missed}.values())[: asked.misses]:
                print(f"    {pattern}\n      {text}\n      -> {left}")


if __name__ == "__main__":
    main()
