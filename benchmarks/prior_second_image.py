"""What the embedded base, which has learnt from single pictures, says when it is shown a prior picture too.

    python benchmarks/prior_second_image.py [--pairs 120]

Draws consecutive visits of neutral patients whom no phase of the base has seen, asks for each finding of the later
visit with one picture, with the prior before it, and with the prior's report besides; prints micro F1 of the findings
said to be there, against those drawn at the later and at the earlier visit, and seconds of this process a report.
"""

import argparse
import time
from typing import Any

import numpy as np

from unirg_core.ingest.phantom import FINDINGS
from unirg_core.params import Model
from unirg_core.scores.labels import label_one
from unirg_core.study import LABELS

PLACES = [LABELS.index(name) for name in FINDINGS]


def said(texts: list[str]) -> np.ndarray:
    """Return (n, findings): which findings each text says are there."""
    return np.array([[label_one(text).values[place] == 1 for place in PLACES] for text in texts])


def micro_f1(found: np.ndarray, truth: np.ndarray) -> float:
    """Return micro F1 over all findings of all studies."""
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


def main(count: int) -> int:
    """Print the table."""
    from PIL import Image

    from unirg_core.models import generate, load  # torch comes with them: --help need not wait for it
    from unirg_core.models.base import Plan
    from unirg_core.models.captions import EACH, each
    from unirg_core.models.neutral import population
    from unirg_core.models.readout import targets

    plan = Plan()
    drawn = population(plan.patients, plan.drawn_size, 1, skipped=plan.patients - min(plan.tested, count))
    later = [n for n, study in enumerate(drawn.studies) if study.visit][:count]
    pictures = [Image.fromarray(picture) for picture in drawn.pictures]
    present = targets(drawn.studies).present
    settings = Model(max_new_tokens=64, threads=1)
    model, processor = load(settings)
    rng = np.random.default_rng(0)
    reports = [f"Prior report: {each(drawn.studies[n - 1], rng)} {EACH}" for n in later]
    alone: list[Any] = [[pictures[n]] for n in later]
    both: list[Any] = [[pictures[n - 1], pictures[n]] for n in later]
    ways = [("one picture", alone, [EACH] * len(later)), ("prior picture first", both, [EACH] * len(later))]
    ways.append(("prior picture and report", both, reports))
    shares = [present[[n - back for n in later]].mean() for back in (0, 1)]
    print(f"{len(later)} pairs; share of findings drawn now {shares[0]:.3f}, before {shares[1]:.3f}")
    print(f"{'shown':26}{'F1 now':>8}{'F1 before':>11}{'different':>11}{'s/report':>10}")
    for name, shown, asked in ways:
        began = time.process_time()
        texts = generate(model, processor, shown, asked, settings, batch_size=16)
        seconds = (time.process_time() - began) / len(texts)
        now, before = (micro_f1(said(texts), present[[n - back for n in later]]) for back in (0, 1))
        print(f"{name:26}{now:8.3f}{before:11.3f}{len(set(texts)) / len(texts):11.2f}{seconds:10.3f}")
    return 0


if __name__ == "__main__":
    from ending import end

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=120, help="later visits that are asked of; default: %(default)s")
    asked = parser.parse_args()
    end("prior_second_image", lambda: main(asked.pairs))
