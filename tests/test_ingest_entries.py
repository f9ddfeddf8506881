"""What is kept of a table: studies in their order, where their rows stand, days, and keys that are found again."""

import csv

import pytest
from fixtures_drops import COLUMNS, MAPPING, rows, write_drop
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.entries import Entries, Finder, Spot
from unirg_core.ingest.folder import Folder
from unirg_core.ingest.place import Local
from unirg_core.ingest.source import Listed
from unirg_core.ingest.table import open_table


def _studies(*entries):
    """Return what comes of entries of (key, patient, file, day by offset, day by date)."""
    kept = Entries()
    for number, (key, patient, file, *days) in enumerate(entries, 1):
        kept.add(Listed(key, "north", patient), file, Spot(number, 10 * number, 10, 0), tuple(days))
    return kept.grouped()


def test_no_entries_are_no_studies():
    studies, again = _studies()
    assert len(studies) == 0 and list(studies) == [] and again == []


def test_entries_of_a_key_are_a_study_in_the_order_of_the_table():
    studies, again = _studies(("b", "p", "1", None, 3), ("a", "p", "2", None, 4), ("b", "p", "3", None, 5))
    assert list(studies) == [Listed("b", "north", "p"), Listed("a", "north", "p")]
    assert [[spot.number for spot in studies.entries(at)] for at in (0, 1)] == [[1, 3], [2]]
    assert [studies.day(at) for at in (0, 1)] == [3, 4] and again == []


def test_a_file_that_comes_again_in_its_study_is_told():
    studies, again = _studies(("a", "p", "1", None, None), ("b", "p", "1", None, None), ("a", "p", "1", None, 7))
    assert [spot.number for spot in again] == [3]
    assert [spot.number for spot in studies.entries(0)] == [1]
    assert studies.day(0) is None, "a row that is not taken has no say in the day"


@pytest.mark.parametrize(
    ("days", "chosen"),
    [
        ([(1, 100), (2, 200)], [1, 2]),
        ([(1, 100), (None, 200)], [100, 200]),  # never mixed
        ([(1, 100), (None, None)], [100, None]),
        ([(None, None), (None, None)], [None, None]),
    ],
)
def test_offsets_count_where_every_study_of_the_patient_has_one(days, chosen):
    studies, _ = _studies(*(("ab"[at], "p", str(at), *pair) for at, pair in enumerate(days)), ("c", "q", "9", 5, 500))
    assert [studies.day(at) for at in range(3)] == [*chosen, 5]


@given(st.lists(st.text(max_size=4).filter(lambda text: text.isprintable()), unique=True, max_size=30))
def test_every_key_is_found_and_no_other(keys):
    studies, _ = _studies(*((key, "p", "f", None, None) for key in keys))
    finder = Finder(studies.keys)
    assert [finder.number(key) for key in keys] == list(range(len(keys)))
    with pytest.raises(KeyError):
        finder.number("longer than any")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_row_is_read_again_from_where_it_stands(tmp_path, encoding, mark):
    if mark and encoding != "utf-8":
        return
    written = 'a,b\r\n1,"x\ny ""z"""\n\n,\n3,Müller\n4\n5,last'
    (tmp_path / "t.csv").write_bytes((mark + written).encode(encoding))
    table = open_table(Local(tmp_path), "t.csv", "t.csv", encoding)
    first = list(table.rows())
    assert [row.cells.get("b") for row in first] == ['x\ny "z"', "Müller", None, "last"]
    for row in reversed(first):
        again = table.row(row.number, row.at, row.size)
        assert (again.number, again.cells, again.fault) == (row.number, row.cells, row.fault)


def test_a_table_that_changes_under_the_run_is_refused(tmp_path):
    drop = write_drop(tmp_path / "drop")
    source = Folder(drop)
    keys = [study.key for study in source.studies()]
    assert next(source.read(keys)).patient == "MRN770000"
    with (drop / "table.csv").open("a") as stream:
        stream.write("more\n")
    with pytest.raises(BadInput, match="was changed while it was read"):
        next(source.read(keys))


def test_texts_of_the_table_are_not_kept(tmp_path):
    import tracemalloc

    def kept(words: int) -> int:
        table = [{**row, "report": f"FINDINGS: {number} {'word ' * words}"} for number, row in enumerate(rows(400))]
        drop = tmp_path / str(words)
        drop.mkdir()
        with (drop / "table.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(table)
        (drop / "files").mkdir()
        (drop / "mapping.yaml").write_text("\n".join(f"{name}: {column}" for name, column in MAPPING.items()))
        tracemalloc.start()
        try:
            source = Folder(drop)
            assert len(source.studies()) == 800
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    kept(1)  # what is imported for the first time is not the table's
    assert kept(2000) - kept(10) < 800 * 10_000 / 20, "texts of 10 kB a row were held"
