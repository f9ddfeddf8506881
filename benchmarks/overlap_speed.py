"""Speed of BLEU and ROUGE against RadEval 2.2 over 3,000 pairs of real reports, equal values in the same run.

    python benchmarks/overlap_speed.py

RadEval stays out of the project's environment (it asks for torchvision and medspacy); give it as a folder of its own:

    uv pip install --no-deps --target .radeval radeval==2.2.1 rouge-score nltk absl-py six regex
    PYTHONPATH=.radeval python benchmarks/overlap_speed.py

A pair is an Open-i report and the next one, lower-cased with the full stop split off, so that RadEval's BLEU (which
only splits at spaces) counts the same tokens; texts of fewer than four words are left out, where the COCO code divides
by its own epsilon. RadEval's BLEU puts 1e-15 for a count of zero, so ours is asked for the same; its ROUGE stems,
which is taken out of the peer (that makes the peer faster) to have equal values. Nothing is warm: each text is seen
for the first time but for RadEval's imports.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from label_speed import forget, real_reports

from unirg_core.scores.text import bleu, rouge_l, tokens

PAIRS, REPEATS = 3000, 5


def pairs() -> tuple[list[str], list[str]]:
    """Return 3,000 candidates and their references, as RadEval's BLEU wants them tokenised."""
    words = [found for text in real_reports() if len(found := tokens(text)) >= 4]
    texts = [" ".join(found) for found in words]
    return texts[1 : PAIRS + 1], texts[:PAIRS]


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the least processor seconds of several cold calls, and what the last returned."""
    best = float("inf")
    for _ in range(REPEATS):
        forget()
        began = time.process_time()
        value = work()
        best = min(best, time.process_time() - began)
    return best, value


def show(name: str, ours: float, theirs: float, limit: float = 10.0) -> None:
    """Print one comparison."""
    print(f"{name}: ours {1000 * ours:.0f} ms, RadEval {1000 * theirs:.0f} ms, {theirs / ours:.1f} x", end="")
    print(f" (limit {limit:.0f} x)" if limit else " (for comparison)")


def compare(candidates: list[str], references: list[str]) -> None:
    """Print the ratios, by RadEval's own call and by the bare parts of it, and how far the values are apart."""
    from radeval import RadEval
    from radeval.metrics.bleu.bleu import Bleu
    from rouge_score.rouge_scorer import RougeScorer

    bleu_seconds, ours_bleu = timed(lambda: bleu(candidates, references, order=4, zero=1e-15))
    rouge_seconds, ours_rouge = timed(lambda: rouge_l(candidates, references))

    peers = {name: RadEval(metrics=[name], per_sample=True, show_progress=False) for name in ("bleu", "rouge")}
    as_shipped, _ = timed(lambda: peers["rouge"](references, candidates))
    peers["rouge"]._active_metrics[0]._scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    their_bleu_seconds, their_bleu = timed(lambda: peers["bleu"](references, candidates))
    their_rouge_seconds, their_rouge = timed(lambda: peers["rouge"](references, candidates))
    for name, ours, theirs in (("bleu", ours_bleu, their_bleu), ("rougeL", ours_rouge, their_rouge)):
        apart = np.abs(ours - np.asarray(theirs[name])).max()
        print(f"{name}: values differ by at most {apart:.1e} over {len(ours)} pairs (mean {ours.mean():.4f})")
        assert apart < 1e-8
    show("BLEU-4 v. RadEval(['bleu'])", bleu_seconds, their_bleu_seconds)
    show("ROUGE-L v. RadEval(['rouge']) without stemming", rouge_seconds, their_rouge_seconds)
    both = bleu_seconds + rouge_seconds
    show("both v. RadEval", both, their_bleu_seconds + their_rouge_seconds)
    show("ROUGE-L v. RadEval(['rouge']) as shipped, other values", rouge_seconds, as_shipped, 0)
    bare, lone = Bleu(n=4), RougeScorer(["rougeL"], use_stemmer=False)
    show("BLEU-4 v. its one scorer", bleu_seconds, timed(lambda: bare(references, candidates))[0], 0)
    lone_seconds, _ = timed(lambda: [lone.score(r, c) for r, c in zip(references, candidates, strict=True)])
    show("ROUGE-L v. its one scorer", rouge_seconds, lone_seconds, 0)


def main() -> None:
    """Print every figure, or what is missing."""
    candidates, references = pairs() if real_reports() else ([], [])
    if not candidates:
        print("The Open-i reports are not at ../shared/data: nothing to compare.")
        return
    try:
        compare(candidates, references)
    except ModuleNotFoundError as error:
        print(f"RadEval is not there ({error}): only ours is timed.")
        print(f"BLEU-4 {1000 * timed(lambda: bleu(candidates, references, order=4))[0]:.0f} ms", end=", ")
        print(f"ROUGE-L {1000 * timed(lambda: rouge_l(candidates, references))[0]:.0f} ms")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
