"""Numbers with the right noun, and the commonest of many reasons."""

import pytest

from unirg_core.wording import commonest, counted


@pytest.mark.parametrize(
    ("number", "one", "said"),
    [
        (0, "study", "no studies"),
        (1, "study", "1 study"),
        (2, "study", "2 studies"),
        (1, "file", "1 file"),
        (12345, "file", "12,345 files"),
        (3, "day", "3 days"),
    ],
)
def test_a_number_has_its_noun(number, one, said):
    assert counted(number, one) == said


LATERAL, EMPTY = "The view is lateral; only PA and AP are taken", "The file is empty"


@pytest.mark.parametrize(
    ("reasons", "lines"),
    [
        ([], []),
        ([f"{EMPTY}."], [f"1 x {EMPTY}"]),
        ([f"{LATERAL} (row 3).", f"{LATERAL} (row 7 of a.csv).", f"{EMPTY}."], [f"2 x {LATERAL}", f"1 x {EMPTY}"]),
        ([f"{LATERAL}.", f"{EMPTY}."], [f"1 x {EMPTY}", f"1 x {LATERAL}"]),
        (["a", "b", "c", "d", "e"], ["1 x a", "1 x b", "1 x c", "1 x d", "1 x e"]),
        ([*"aabcdef"], ["2 x a", "1 x b", "1 x c", "1 x d", "1 x e", "and 1 more, for 1 other reason"]),
        ([*"aabcde", *"fgf"], ["2 x a", "2 x f", "1 x b", "1 x c", "1 x d", "and 2 more, for 2 other reasons"]),
    ],
)  # fmt: skip
def test_the_commonest_reasons_come_first_with_their_counts(reasons, lines):
    assert commonest(reasons) == lines
