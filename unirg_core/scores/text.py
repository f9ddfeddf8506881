"""Overlap of words with the reference: BLEU-2 and ROUGE-L, one float a study.

BLEU-2 is the one inside RadCliQ (RECIPE section 3): a sentence-level BLEU of the whole report with weights 1/2, 1/2 on
`text.lower().replace(".", " .").split()`. As in the package that the published code calls (fast-bleu, its default),
a bigram precision of zero is smoothed to .1 / n; without a common word the score is 0. ROUGE-L is the F-measure of the
longest common subsequence of `[a-z0-9]+` words without stemming (Lin 2004).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from unirg_core.scores.pairs import each_pair

_SMOOTH = 0.1  # "method 1" of Chen & Cherry 2014
_WORD = re.compile(r"[a-z0-9]+")


def bleu2(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the sentence BLEU-2 of each candidate, in [0, 1]; an empty text scores 0."""
    return each_pair(_bleu2, candidates, references)


def rouge_l(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the ROUGE-L F-measure of each candidate, in [0, 1]; an empty text scores 0."""
    return each_pair(_rouge_l, candidates, references)


def tokens(text: str) -> list[str]:
    """Return the tokens that RadCliQ's BLEU-2 counts."""
    return text.lower().replace(".", " .").split()


@lru_cache(maxsize=4096)
def _counted(text: str) -> tuple[int, Counter[str], Counter[tuple[str, str]]]:
    words = tokens(text)
    return len(words), Counter(words), Counter(pairwise(words))


def _bleu2(candidate: str, reference: str) -> float:
    length, words, pairs = _counted(candidate)
    wanted, reference_words, reference_pairs = _counted(reference)
    common = _overlap(words, reference_words)
    if not common:
        return 0.0
    total = max(1, length - 1)
    unigram = common / length
    bigram = (_overlap(pairs, reference_pairs) or _SMOOTH) / total
    brevity = 1.0 if length > wanted else math.exp(1 - wanted / length)
    return brevity * math.sqrt(unigram * bigram)


def _overlap(counts: Counter, others: Counter) -> int:
    return sum(min(count, others[item]) for item, count in counts.items() if item in others)


@lru_cache(maxsize=4096)
def _placed(text: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the words of a text and, for each word, the bit mask of its places."""
    words = tuple(_WORD.findall(text.lower()))
    masks: dict[str, int] = {}
    for place, word in enumerate(words):
        masks[word] = masks.get(word, 0) | (1 << place)
    return words, masks


def _rouge_l(candidate: str, reference: str) -> float:
    words, _ = _placed(candidate)
    wanted, masks = _placed(reference)
    if not words or not wanted:
        return 0.0
    # Longest common subsequence in one big-integer step a word (Hyyrö 2004).
    row = full = (1 << len(wanted)) - 1
    for word in words:
        met = row & masks.get(word, 0)
        row = ((row + met) | (row - met)) & full
    common = len(wanted) - row.bit_count()
    return 2 * common / (len(words) + len(wanted))
