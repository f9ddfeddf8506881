"""Overlap of words with the reference: BLEU and ROUGE-L, one float a study.

BLEU-2 is the one inside RadCliQ (docs/scores.md): a sentence-level BLEU of the whole report with weights 1/2, 1/2 on
`text.lower().replace(".", " .").split()`. As in the package that the published code calls (fast-bleu, its default),
a precision of zero beyond single words is smoothed to .1 / n ("method 1" of Chen & Cherry 2014); without a common word
the score is 0. BLEU-4 is the same with weights 1/4: with `zero=1e-15` it is the unsmoothed BLEU-4 of the COCO caption
code, which R2Gen and RadEval report. ROUGE-L is the F-measure of the longest common subsequence of `[a-z0-9]+` words
without stemming (Lin 2004); RadEval's stems.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import numpy as np

from unirg_core.scores.pairs import Pair, each_pair, unique_pairs

SMOOTH = 0.1
_CHUNK = 1024  # pairs counted at once: what keeps pair and n-gram inside one 64-bit key
_KEY_BITS = 63
_WORD = re.compile(r"[a-z0-9]+")


def bleu2(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the sentence BLEU-2 of each candidate, in [0, 1]; an empty text scores 0."""
    return bleu(candidates, references, order=2)


def bleu4(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the smoothed sentence BLEU-4 of each candidate, in [0, 1]; an empty text scores 0."""
    return bleu(candidates, references, order=4)


def bleu(candidates: Sequence[str], references: Sequence[str], order: int, zero: float = SMOOTH) -> np.ndarray:
    """Return the sentence BLEU of each candidate with equal weights on its 1- to `order`-grams, in [0, 1].

    `zero` is what stands for the count of an order in which nothing matches (but the first, where the score is 0).
    """

    def score(pairs: list[Pair]) -> list[float]:
        parts = (_matches(pairs[at : at + _CHUNK], order) for at in range(0, len(pairs), _CHUNK))
        rows = chain.from_iterable(zip(*part, strict=True) for part in parts)
        return [_bleu(length, wanted, matched, zero) for length, wanted, matched in rows]

    return unique_pairs(score, candidates, references)


def _bleu(length: int, wanted: int, matched: Sequence[int], zero: float) -> float:
    """Return BLEU from the numbers of words and of matches of each order; by `math`, so that no batch rounds it."""
    if not matched[0]:
        return 0.0
    precision = math.prod((count or zero) / max(1, length - k) for k, count in enumerate(matched))
    brevity = 1.0 if length > wanted else math.exp(1 - wanted / length)
    return brevity * precision ** (1 / len(matched))


def rouge_l(candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Return the ROUGE-L F-measure of each candidate, in [0, 1]; an empty text scores 0."""
    return each_pair(_rouge_l, candidates, references)


def tokens(text: str) -> list[str]:
    """Return the tokens that RadCliQ's BLEU-2 counts."""
    return text.lower().replace(".", " .").split()


class _Numbers(dict):
    """Words to numbers in the order of their first use."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _matches(pairs: list[Pair], order: int) -> tuple[list[int], list[int], list[list[int]]]:
    """Count words of each candidate and reference, and the clipped n-gram matches of each pair for n = 1..order.

    All n-grams of the chunk are compared at once as sorted (pair, n-gram) keys. Counts are exact integers, so the chunk
    that a pair stands in changes nothing.
    """
    words = [tokens(candidate) for candidate, _ in pairs] + [tokens(reference) for _, reference in pairs]
    numbers = _Numbers()
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    word = np.fromiter(map(numbers.__getitem__, chain.from_iterable(words)), np.int64, int(lengths.sum()))
    text = np.repeat(np.arange(len(words)), lengths)
    ours, theirs = lengths[: len(pairs)], lengths[len(pairs) :]
    bits = len(numbers).bit_length()
    gram, gram_bits, found = word, bits, []
    for n in range(order):
        if n:
            gram, gram_bits = _longer(gram[:-1], gram_bits, word[n:], bits)
        whole = np.flatnonzero(text[n:] == text[: len(gram)])  # n-grams that do not run on into the next text
        first, pair = text[whole] < len(pairs), text[whole] % len(pairs)
        keys = (pair << gram_bits) | gram[whole]
        found.append(_common(keys[first], keys[~first], gram_bits, len(pairs)))
    return ours.tolist(), theirs.tolist(), np.stack(found, axis=1).tolist()


def _longer(gram: np.ndarray, gram_bits: int, word: np.ndarray, bits: int) -> tuple[np.ndarray, int]:
    """Append a word to each n-gram's number; numbers that would outgrow a key are counted anew first."""
    if gram_bits + bits + _CHUNK.bit_length() > _KEY_BITS:
        distinct, gram = np.unique(gram, return_inverse=True)
        gram_bits = len(distinct).bit_length()
    return (gram << bits) | word, gram_bits + bits


def _common(ours: np.ndarray, theirs: np.ndarray, shift: int, count: int) -> np.ndarray:
    """Return for each pair the size of the multiset intersection of two lists of keys."""
    ours, our_counts = np.unique(ours, return_counts=True)
    theirs, their_counts = np.unique(theirs, return_counts=True)
    if not len(theirs):
        return np.zeros(count, np.int64)
    at = np.minimum(np.searchsorted(theirs, ours), len(theirs) - 1)
    met = np.flatnonzero(theirs[at] == ours)
    matched = np.minimum(our_counts[met], their_counts[at[met]])
    return np.bincount(ours[met] >> shift, matched, count).astype(np.int64)


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
