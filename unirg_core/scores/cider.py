"""CIDEr-D (Vedantam et al. 2015, arXiv 1411.5726): n-grams weighted by how rare they are in the training references.

The published code takes document frequencies from the references that are scored, so that a pair's value moves with
its batch and idf vanishes where all references are equal (as in one GRPO group). Here they are a frozen object, counted
once over the training references: the score is a pure function of the pair, and it is no entry of `SCORES` because it
does not exist without them. Other departures: tokens are those of our BLEU, not the Penn Treebank's.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from unirg_core.faults import BadInput
from unirg_core.files import written_whole
from unirg_core.scores.pairs import Pair, unique_pairs
from unirg_core.scores.text import tokens

ORDER, SIGMA, SCALE = 4, 6.0, 10.0
"""Longest n-gram, spread of the length penalty in words, and the value of a perfect pair: the published constants."""

_DOCUMENTS, _FORM = b"documents", b"unirg document frequencies 1"


@dataclass(frozen=True)
class Frequencies:
    """In how many of `documents` training references each n-gram occurs.

    `counts` holds n-grams (words joined by a space) of two documents or more: one that occurs once or never weighs the
    same, log(documents), as in the published code.
    """

    documents: int
    counts: Mapping[str, int]

    def idf(self, gram: str) -> float:
        """Return the weight of an n-gram: log of documents over those that hold it."""
        return math.log(self.documents / self.counts.get(gram, 1))


def document_frequencies(references: Iterable[str]) -> Frequencies:
    """Count document frequencies over training references; empty ones are left out.

    Raises
    ------
    BadInput
        When fewer than two references hold words: every idf would be zero.
    """
    counts: Counter[str] = Counter()
    documents = 0
    for reference in references:
        grams = {gram for order in _grams(tokens(reference)) for gram in order}
        documents += bool(grams)
        counts.update(grams)
    if documents < 2:
        raise BadInput(
            f"CIDEr was given {documents} training reference(s) with words; give at least two, or all weights are zero."
        )
    return Frequencies(documents, MappingProxyType({gram: n for gram, n in sorted(counts.items()) if n > 1}))


def save(frequencies: Frequencies, path: Path) -> None:
    """Write frequencies as Parquet, n-grams in order: equal frequencies give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "gram": pa.array(sorted(frequencies.counts), pa.string()),
            "documents": pa.array([frequencies.counts[gram] for gram in sorted(frequencies.counts)], pa.int64()),
        }
    )
    table = table.replace_schema_metadata({_DOCUMENTS: str(frequencies.documents), b"form": _FORM})
    with written_whole(path) as temporary:
        pq.write_table(table, temporary)


def load(path: Path) -> Frequencies:
    """Read frequencies that `save` wrote.

    Raises
    ------
    BadInput
        When the file is missing or holds something else; the sentence names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise BadInput(f"{path} is missing; write it with unirg_core.scores.cider.save.") from None
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path} is no Parquet file of document frequencies ({error}).") from None
    known = table.schema.metadata or {}
    if known.get(b"form") != _FORM:
        raise BadInput(f"{path} holds no document frequencies for CIDEr; write it with unirg_core.scores.cider.save.")
    counts = dict(zip(table["gram"].to_pylist(), table["documents"].to_pylist(), strict=True))
    return Frequencies(int(known[_DOCUMENTS]), MappingProxyType(counts))


def _grams(words: list[str]) -> list[Counter[str]]:
    """Return the n-grams of 1 to `ORDER` words with their counts."""
    found = [words]
    for n in range(1, ORDER):
        found.append([f"{gram} {word}" for gram, word in zip(found[-1], words[n:], strict=False)])
    return [Counter(grams) for grams in found]


@dataclass(frozen=True)
class _Weighed:
    """The tf-idf vectors of one text, one for each order, with their norms."""

    length: int
    vectors: tuple[dict[str, float], ...]
    norms: tuple[float, ...]


@dataclass(frozen=True)
class Cider:
    """CIDEr-D against one reference with given document frequencies.

    `Cider(frequencies)(candidates, references)` returns one float a study in [0, 10]. A perfect pair of at least four
    words has 10; a shorter one less, as orders without an n-gram count as zero; an empty text 0.
    """

    frequencies: Frequencies

    def __call__(self, candidates: Sequence[str], references: Sequence[str]) -> np.ndarray:
        """Score each candidate against its reference; a text that occurs several times is weighed once."""

        def score(pairs: list[Pair]) -> list[float]:
            weighed = {text: self._weigh(text) for text in dict.fromkeys(text for pair in pairs for text in pair)}
            return [_similarity(weighed[candidate], weighed[reference]) for candidate, reference in pairs]

        return unique_pairs(score, candidates, references)

    def _weigh(self, text: str) -> _Weighed:
        words = tokens(text)
        idf = self.frequencies.idf
        vectors = tuple({gram: n * idf(gram) for gram, n in grams.items()} for grams in _grams(words))
        norms = tuple(math.sqrt(math.fsum(value * value for value in vector.values())) for vector in vectors)
        return _Weighed(len(words), vectors, norms)


def _similarity(ours: _Weighed, theirs: _Weighed) -> float:
    total = 0.0
    for n in range(ORDER):
        norm = ours.norms[n] * theirs.norms[n]
        if norm:
            wanted = theirs.vectors[n]
            # Clipped: saying a rare phrase more often than the reference does not pay.
            common = ((value, wanted[gram]) for gram, value in ours.vectors[n].items() if gram in wanted)
            total += math.fsum(min(value, other) * other for value, other in common) / norm
    return SCALE * total / ORDER * math.exp(-((ours.length - theirs.length) ** 2) / (2 * SIGMA**2))
