"""Cells that hold something which cannot be read stay empty, are counted and told; nothing of them is quoted."""

import pytest
from fixtures_drops import COLUMNS, ingested, manifest, of_drop, rows, write_drop

from unirg_core.files import read_json
from unirg_core.ingest.cells import Counting, Unread, shape, together
from unirg_core.ingest.folder import Folder
from unirg_core.ingest.institutions import Institutions
from unirg_core.ingest.place import Local


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


def _with(cells):
    """Return a table with a row for each mapping of cells."""
    base = rows(len(cells), 1)
    return [{**dict.fromkeys(COLUMNS, ""), **row, **changed} for row, changed in zip(base, cells, strict=True)]


@pytest.mark.parametrize(
    ("field", "texts", "filled", "unread", "looks"),
    [
        ("age", ["55", "055Y", "", "90+"], 3, 0, ""),
        ("age", ["55", "fifty", "999", "-4"], 4, 3, "aaaaa"),
        ("age", ["unknown", "N/A", "?", "", "nan"], 4, 0, ""),
        ("age", ["5 5"], 1, 1, "9 9"),
        ("sex", ["F", "male", "w", "Woman", ""], 4, 0, ""),
        ("sex", ["diverse", "1", "2", "F"], 4, 3, "aaaaaaa"),
        ("sex", ["U", "other", "O"], 3, 0, ""),
        ("date", ["2019-03-04", "20190304", "04.03.2019", "03/04/19"], 4, 2, "99.99.9999"),
        ("date", ["2019-02-30", "2019-03-04"], 2, 1, "9999-99-99"),
        ("offset", ["5", "-3", "4.0", "five", "1e3"], 5, 2, "aaaa"),
    ],
)
def test_cells_that_cannot_be_read_are_counted(tmp_path, field, texts, filled, unread, looks):
    column = "person" if field == "offset" else field
    mapping = {"offset": "person", "scrub": None} if field == "offset" else {}
    drop = write_drop(tmp_path / "drop", _with([{column: text} for text in texts]), mapping=mapping)
    assert Folder(drop).unread()[field] == Unread(filled, unread, looks)


def test_a_field_that_the_mapping_does_not_name_is_not_counted(tmp_path):
    drop = write_drop(tmp_path / "drop", _with([{"age": "x"}]), mapping={"age": None, "date": None})
    assert set(Folder(drop).unread()) == {"sex"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (Unread(340, 12, "aa"), "age: 12 of 340 cells could not be read and stay empty; the first looks like 'aa'"),
        (Unread(1, 1, "9"), "age: 1 of 1 cell could not be read and stays empty; the first looks like '9'"),
        (
            Unread(12000, 2000, ""),
            "age: 2,000 of 12,000 cells could not be read and stay empty; the first looks like ''",
        ),
    ],
)
def test_it_is_said_in_one_sentence(cells, said):
    assert cells.sentence("age") == said


@pytest.mark.parametrize(
    ("text", "looks"),
    [("Zoë 31/02", "aaa 99/99"), ("", ""), ("x" * 99, "a" * 24), ("Ω-7_", "a-9_")],
)
def test_a_shape_tells_no_letter_and_no_digit(text, looks):
    assert shape(text) == looks


def test_counts_of_several_tables_add_up():
    whole = together([{"age": Unread(3, 1, "a")}, {"age": Unread(4, 2, "99"), "sex": Unread(1, 0)}, {}])
    assert whole == {"age": Unread(7, 3, "a"), "sex": Unread(1, 0)}


def test_the_sub_folders_of_a_drop_are_counted_together(tmp_path):
    for name, ages in (("north", ["q", "50"]), ("south", ["y", "z"])):
        write_drop(tmp_path / "drop" / name, _with([{"age": age} for age in ages]))
    source = Institutions(Local(tmp_path / "drop"), ["north", "south"], None, shared=False)
    assert source.unread()["age"] == Unread(4, 3, "a")


def test_a_reader_is_asked_once_for_equal_cells():
    asked = []
    counting = Counting(lambda text: bool(asked.append(text)))
    for text in ("12x", "", "12x", "13x", "unknown"):
        counting.see(text)
    assert asked == ["12x", "13x"] and counting.found == Unread(4, 3, "99a")


def test_ingest_says_it_counts_it_and_takes_the_studies_without(tmp_path, capsys):
    cells = [{"age": "Whitlock"}, {"sex": "?"}, {"sex": "q", "date": "soon"}, {"age": "", "date": ""}, {}, {}]
    root = ingested(of_drop(write_drop(tmp_path / "drop", _with(cells))), tmp_path / "run")
    told = [line for line in capsys.readouterr().out.splitlines() if "could not be read" in line]
    assert told == [
        "[ingest] date: 1 of 5 cells could not be read and stays empty; the first looks like 'aaaa'",
        "[ingest] sex: 1 of 6 cells could not be read and stays empty; the first looks like 'a'",
        "[ingest] age: 1 of 5 cells could not be read and stays empty; the first looks like 'aaaaaaaa'",
    ]
    assert read_json(root / "data/deid.json")["cells"] == {
        "date": {"filled": 5, "unread": 1},
        "sex": {"filled": 6, "unread": 1},
        "age": {"filled": 5, "unread": 1},
    }
    taken = manifest(root)
    assert len(taken) == 6
    assert [sum(bool(row[name]) for row in taken) for name in ("sex", "age", "day")] == [4, 4, 4]
