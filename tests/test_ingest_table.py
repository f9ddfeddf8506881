"""Tables and mappings: every cell as text, the columns a mapping names, what a view column says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.mapping import Mapping, read_mapping
from unirg_core.ingest.table import read_table


@pytest.mark.parametrize(
    ("name", "content", "columns", "cells"),
    [
        ("t.csv", "a,b\n1,2\n", ["a", "b"], [{"a": "1", "b": "2"}]),
        ("t.csv", "\ufeffa,b\r\n1,\r\n\r\n", ["a", "b"], [{"a": "1", "b": ""}]),
        ("t.csv", ' a ,b\n"x, ""y""\nz",2\n', ["a", "b"], [{"a": 'x, "y"\nz', "b": "2"}]),
        ("t.CSV", "a\nü\n", ["a"], [{"a": "ü"}]),
        ("t.jsonl", '{"a": 1}\n{"b": null, "a": "x"}\n', ["a", "b"], [{"a": "1"}, {"b": "", "a": "x"}]),
        ("t.jsonl", '{"a": "x\\ud800y"}\n', ["a"], [{"a": "x?y"}]),
        ("t.jsonl", '{"a": ["p", "q"], "b": true}\n\n', ["a", "b"], [{"a": '["p", "q"]', "b": "true"}]),
    ],
)
def test_every_cell_is_text(tmp_path, name, content, columns, cells):
    (tmp_path / name).write_bytes(content.encode())
    found, rows = read_table(tmp_path / name)
    assert (found, [row.cells for row in rows]) == (columns, cells)
    assert not any(row.fault for row in rows)


def test_another_encoding_is_read_when_the_mapping_says_so(tmp_path):
    (tmp_path / "t.csv").write_bytes("a\nMüller\n".encode("cp1252"))
    assert read_table(tmp_path / "t.csv", "cp1252")[1][0].cells == {"a": "Müller"}
    with pytest.raises(BadInput, match="not utf-8 at byte 3"):
        read_table(tmp_path / "t.csv")


@given(content=st.binary(max_size=200), name=st.sampled_from(["t.csv", "t.jsonl"]))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("table") / name
    path.write_bytes(content)
    try:
        columns, rows = read_table(path)
    except BadInput as refused:
        assert name in str(refused)
    else:
        assert all(row.fault or set(row.cells) <= set(columns) for row in rows)


def test_a_mapping_names_columns_one_or_several(tmp_path):
    (tmp_path / "m.yaml").write_text("{file: f, patient: p, study: s, scrub: [n, m], report: r}")
    mapping = read_mapping(tmp_path / "m.yaml")
    assert (mapping.study, mapping.scrub) == (("s",), ("n", "m"))
    assert set(mapping.columns().values()) == {"f", "p", "s", "n", "m", "r"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("file: [", "is not valid YAML"),
        ("- file", "must hold a mapping"),
        ("{file: f, patient: p, report: ''}", "report = '' will not do"),
        ("{file: f, patient: 7, report: r}", "patient = 7 will not do"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_refused(tmp_path, content, said):
    (tmp_path / "m.yaml").write_text(content)
    with pytest.raises(BadInput, match=said) as refused:
        read_mapping(tmp_path / "m.yaml")
    assert str(tmp_path / "m.yaml") in str(refused.value)


@pytest.mark.parametrize(
    ("text", "view"),
    [("Thorax 1", "AP"), ("L", "OTHER"), ("PA", "PA"), ("", "PA"), ("oblique", "OTHER")],
)
def test_the_mappings_words_for_views_go_first(text, view):
    mapping = Mapping(file="f", patient="p", report="r", views={"Thorax 1": "AP", "L": "OTHER"}, view_default="PA")
    assert mapping.view_of(text) == view


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1970-01-11", 10),
        (" 19700111 ", 10),
        ("January 11, 1970", 10),
        ("1970-01-11 23:59:59", 10),
        ("1970", None),
        ("", None),
    ],
)
def test_days_of_dates(text, day):
    assert Mapping(file="f", patient="p", report="r").day_of(text) == day
