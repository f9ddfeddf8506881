"""Speed of the labeler, `unirg label` and the offline reward, on phantom reports (and real ones, where there are).

    python benchmarks/label_speed.py

Prints reports a second on one core, cold (every sentence read for the first time) and warm, and the milliseconds that
scoring 256 completions of 16 prompts takes; and the reports a second of `unirg label` from a file to a file, reading
and writing included, with empty caches. Limits: 5,000 reports a second; 40 ms warm. Peer in the same run: the
cold labeler against the same labeler without its caches.
"""

import csv
import json
import re
import tarfile
import tempfile
import time
from pathlib import Path

from unirg_core.ingest.phantom import World, report, studies
from unirg_core.models.prompts import compose
from unirg_core.scores import SCORES, form, labels, text, weighted, words
from unirg_core.scoring.labelling import label_file

GOLD = Path(__file__).parents[1] / "../shared/data/iu_xray/NLMCXR_reports.tgz"
REWARD = {"finding_credit": 1.0, "well_formed": 0.5, "error_count": 0.5}
PROMPTS, ROLLOUTS = 16, 16


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
    for module in (labels, form, text, words):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


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


def reward_speed(reports: list[str]) -> None:
    """Print the time of the reward over one step of GRPO: 256 completions of 16 prompts."""
    references = [reports[i] for i in range(PROMPTS) for _ in range(ROLLOUTS)]
    completions = [reports[100 + (7 * i) % 700] for i in range(PROMPTS * ROLLOUTS)]
    reward = weighted(REWARD)
    forget()
    cold = 1000 * seconds(lambda: reward(completions, references))
    later = [completion.replace("Findings:", "Findings: ") for completion in completions]  # new texts, known sentences
    sentence = 1000 * seconds(lambda: reward(later, references))
    print(
        f"reward {REWARD} on {len(completions)} completions: cold {cold:.1f} ms, "
        f"new texts of known sentences {sentence:.1f} ms"
    )
    print(f"  limit 40 ms warm: {40 / sentence:.1f} x below it")
    for name, score in SCORES.items():
        print(f"  {name}: {1000 * seconds(lambda score=score: score(later, references)):.1f} ms, all known")


def main() -> None:
    """Print every figure."""
    phantom = phantom_reports()
    label_speed("phantom", phantom)
    file_speed("phantom", phantom)
    if real := real_reports():
        label_speed("Open-i", real)
        file_speed("Open-i", real)
    reward_speed(phantom)


if __name__ == "__main__":
    main()
