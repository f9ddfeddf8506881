"""CIDEr-D: bad input first, the published formula worked out anew, and values that no batch moves."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.files import file_digest
from unirg_core.params import Scores
from unirg_core.scores.cider import Cider, Frequencies, document_frequencies, load, save
from unirg_core.scores.configured import configured
from unirg_core.scores.text import tokens

CORPUS = [
    "No pleural effusion. Heart size is normal.",
    "Small left pleural effusion. Heart size is normal.",
    "No pleural effusion. The heart is enlarged.",
    "The lungs are clear. No pneumothorax.",
]


@pytest.fixture(scope="module")
def frequencies() -> Frequencies:
    return document_frequencies(CORPUS)


@pytest.mark.parametrize("references", [[], [""], ["No effusion."], ["  ", "No effusion.", ""]])
def test_refuses_too_little_to_count(references: list[str]) -> None:
    with pytest.raises(BadInput, match="at least two"):
        document_frequencies(references)


def test_refuses_files_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none.parquet is missing"):
        load(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("gram,documents")
    with pytest.raises(BadInput, match=r"text.parquet is no Parquet file"):
        load(tmp_path / "text.parquet")
    pq.write_table(pa.table({"gram": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(BadInput, match=r"other.parquet holds no document frequencies"):
        load(tmp_path / "other.parquet")


def test_refuses_what_is_no_pair(frequencies: Frequencies) -> None:
    with pytest.raises(BadInput, match="1 candidates but 2 references"):
        Cider(frequencies)(["a"], ["a", "b"])
    with pytest.raises(BadInput, match="candidate 0 is no text"):
        Cider(frequencies)([None], ["a"])


def test_counts_documents_not_words(frequencies: Frequencies) -> None:
    assert frequencies.documents == 4
    assert frequencies.counts["."] == 4 and frequencies.counts["no pleural effusion ."] == 2
    assert "small" not in frequencies.counts  # once is as rare as never
    assert frequencies.idf("small") == frequencies.idf("never seen") == math.log(4)
    assert frequencies.idf(".") == 0.0
    with pytest.raises(TypeError):
        frequencies.counts["."] = 5


def test_saved_frequencies_are_the_same_bytes_and_values(frequencies: Frequencies, tmp_path: Path) -> None:
    for name, references in (("a", CORPUS), ("b", CORPUS[::-1])):
        save(document_frequencies(references), tmp_path / f"{name}.parquet")
    assert file_digest(tmp_path / "a.parquet") == file_digest(tmp_path / "b.parquet")
    again = load(tmp_path / "a.parquet")
    assert again == frequencies
    assert Cider(again)(CORPUS, CORPUS[::-1]).tolist() == Cider(frequencies)(CORPUS, CORPUS[::-1]).tolist()


def _published(candidate: str, reference: str, corpus: list[str]) -> float:
    """CIDEr-D as its formula stands, with tuples and its own counting."""

    def grams(text: str, n: int) -> Counter:
        words = tokens(text)
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    total = 0.0
    for n in range(1, 5):
        documents = Counter(gram for text in corpus for gram in grams(text, n))
        documents = {gram: sum(gram in grams(text, n) for text in corpus) for gram in documents}
        vectors = []
        for text in (candidate, reference):
            found = grams(text, n).items()
            vectors.append({g: c * (math.log(len(corpus)) - math.log(max(1, documents.get(g, 0)))) for g, c in found})
        ours, theirs = vectors
        norm = math.sqrt(sum(v**2 for v in ours.values())) * math.sqrt(sum(v**2 for v in theirs.values()))
        dot = sum(min(value, theirs.get(gram, 0)) * theirs.get(gram, 0) for gram, value in ours.items())
        total += dot / norm if norm else 0.0
    apart = len(tokens(candidate)) - len(tokens(reference))
    return 10 * total / 4 * math.exp(-(apart**2) / (2 * 6.0**2))


_TEXT = st.lists(st.sampled_from(" ".join(CORPUS).split()), max_size=12).map(" ".join)


@given(_TEXT, _TEXT)
def test_equals_the_published_formula(candidate: str, reference: str) -> None:
    ours = Cider(document_frequencies(CORPUS))([candidate], [reference])[0]
    assert ours == pytest.approx(_published(candidate, reference, CORPUS), abs=1e-9)
    assert 0 <= ours <= 10 + 1e-9


VALUES = [
    (CORPUS[1], CORPUS[1], 10.0),
    ("", CORPUS[1], 0.0),
    (CORPUS[1], "", 0.0),
    ("", "", 0.0),
    ("No effusion.", "No effusion.", 7.5),  # three tokens: no 4-gram
    (".", ".", 0.0),  # in every document, so worth nothing
    ("zebra", "giraffe", 0.0),
]


@pytest.mark.parametrize(("candidate", "reference", "value"), VALUES)
def test_values(frequencies: Frequencies, candidate: str, reference: str, value: float) -> None:
    assert Cider(frequencies)([candidate], [reference])[0] == pytest.approx(value)


def test_boilerplate_is_worth_less_than_the_finding(frequencies: Frequencies) -> None:
    """The same number of words right: those that every report holds, or those that only this one does."""
    score = Cider(frequencies)
    boiler, finding = score(["Heart size is normal.", "Small left pleural effusion."], [CORPUS[1]] * 2)
    assert finding > boiler > 0


def test_saying_it_twice_does_not_pay(frequencies: Frequencies) -> None:
    once, twice = Cider(frequencies)([CORPUS[1], CORPUS[1] + " Small left."], [CORPUS[1]] * 2)
    assert twice < once


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=5))
def test_a_pair_scores_the_same_in_any_batch(pairs: list[tuple[str, str]]) -> None:
    score = Cider(document_frequencies(CORPUS))
    together = score([c for c, _ in pairs], [r for _, r in pairs])
    assert np.array_equal(together, np.concatenate([score([c], [r]) for c, r in pairs]))
    assert np.isfinite(together).all()


def test_a_run_counts_its_own_training_references_once(frequencies: Frequencies) -> None:
    asked = []

    def training() -> list[str]:
        asked.append(1)
        return CORPUS

    score = configured(Scores(), training)["cider"]
    assert not asked  # naming it reads nothing
    for _ in range(2):
        assert score(CORPUS[:2], CORPUS[1:3]).tolist() == Cider(frequencies)(CORPUS[:2], CORPUS[1:3]).tolist()
    assert len(asked) == 1


def test_without_training_references_it_can_be_named_but_not_asked() -> None:
    with pytest.raises(BadInput, match="cider weighs words by the training references, and none are given"):
        configured(Scores())["cider"](["a"], ["a"])
