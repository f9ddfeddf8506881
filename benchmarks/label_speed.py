"""Speed of the labeler and of `unirg label`, cold and warm, on phantom reports (and real ones, where there are).

    python benchmarks/label_speed.py

Prints reports a second on one core, cold (every sentence read for the first time) and warm, and the reports a second of
`unirg label` from a file to a file, reading and writing included, with empty caches. Limit: 5,000 reports a second.
Peer in the same run: the cold labeler against the same labeler without its caches.
"""

import argparse
import csv
import json
import re
import tarfile
import tempfile
import time
from pathlib import Path

from unirg_core.ingest.phantom import World, report, studies
from unirg_core.models.prompts import compose
from unirg_core.scores import form, labels, text, words
from unirg_core.scoring.labelling import label_file

GOLD = Path(__file__).parents[1] / "../shared/data/iu_xray/NLMCXR_reports.tgz"


def phantom_reports() -> list[str]:
    """Return the reports of a development world."""
    written = (report(study) for study in studies(World(5, 900, 64)))
    return [compose(r.findings, r.impression) for r in written]


def real_reports() -> list[str]:
    """Return the Open-i reports, or nothing where the collection is not at hand."""
    if not GOLD.exists():
        return []
    section = re.compile(r'<AbstractText Label="(FINDINGS|IMPRESSION)">(.*?)</AbstractText>', re.S)
    found = []
    with tarfile.open(GOLD) as archive:
        for member in archive:
            if member.name.endswith(".xml"):
                parts = dict(section.findall(archive.extractfile(member).read().decode()))
                found.append(compose(parts.get("FINDINGS"), parts.get("IMPRESSION")))
    return found


def forget() -> None:
    """Empty every cache of the scores."""
    for function in caches().values():
        function.cache_clear()


def caches() -> dict:
    """Return every cached function of the scores."""
    known = {f"{m.__name__}.{name}": f for m in (labels, form, text, words) for name, f in vars(m).items()}
    return {name: function for name, function in known.items() if hasattr(function, "cache_clear")}


def seconds(work) -> float:
    """Return the processor seconds that a call takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def label_speed(name: str, reports: list[str]) -> None:
    """Print the labeler's speed on some reports."""
    labels.label(reports[:1])  # the pattern is compiled once a process
    forget()
    cold = len(reports) / seconds(lambda: labels.label(reports))
    labels.label_one.cache_clear()
    sentence = len(reports) / seconds(lambda: labels.label(reports))
    warm = len(reports) / seconds(lambda: labels.label(reports))
    bare = len(reports) / seconds(
        lambda: [labels._combine([labels.read.__wrapped__(s) for s in labels.sentences(t)]) for t in reports]
    )
    print(
        f"{name}: {len(reports)} reports; cold {cold:,.0f}/s, sentences known {sentence:,.0f}/s, "
        f"all known {warm:,.0f}/s"
    )
    print(f"  without caches {bare:,.0f}/s: the sentence cache alone gives {cold / bare:.1f} x on first sight")
    print(f"  limit 5,000/s: cold is {cold / 5000:.1f} x the limit")


def file_speed(name: str, reports: list[str]) -> None:
    """Print the speed of `unirg label` on a file of the reports, for each format in and out."""
    with tempfile.TemporaryDirectory() as folder:
        sources = [Path(folder) / "reports.csv", Path(folder) / "reports.jsonl"]
        with sources[0].open("w", newline="") as stream:
            csv.writer(stream).writerows([("study_id", "text"), *enumerate(reports)])
        lines = [json.dumps({"study_id": number, "text": report}) for number, report in enumerate(reports)]
        sources[1].write_text("\n".join(lines))
        label_file(sources[0], Path(folder) / "labels.parquet")  # libraries are loaded once a process
        for source in sources:
            for ending in ("csv", "jsonl", "parquet"):
                forget()
                output = Path(folder) / f"labels.{ending}"
                rate = len(reports) / seconds(lambda source=source, output=output: label_file(source, output))
                way = f"{source.suffix[1:]} to {ending}"
                print(f"unirg label, {name}, {way}: {rate:,.0f}/s, {rate / 5000:.1f} x the limit")


def main() -> None:
    """Print every figure."""
    phantom = phantom_reports()
    label_speed("phantom", phantom)
    file_speed("phantom", phantom)
    if real := real_reports():
        label_speed("Open-i", real)
        file_speed("Open-i", real)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
