"""Open-i's split ids and gold labels: what cannot be read is refused with its place, what names nobody is told."""

import json
from collections import Counter

import pytest
from fixtures_drops import REAL
from fixtures_published import write
from hypothesis import given, settings
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.ingest.openi import OpenI
from unirg_core.ingest.openi_lists import GOLD, JUDGED, SPLIT, read_gold, read_split
from unirg_core.ingest.place import Local
from unirg_core.study import DRAWN

REPORTS = ("CXR1", "CXR2", "CXR3", "CXR4")
COLUMNS = [name for names in JUDGED.values() for name in names]


def _split(train=(), val=(), test=()):
    return json.dumps({"train": list(train), "val": list(val), "test": list(test)})


def _gold(*rows, columns=COLUMNS):
    head = ",".join(["filename", *columns])
    return "\n".join([head, *(",".join(row) for row in rows)]) + "\n"


def _row(identity, *positive):
    return [identity, *("1" if name in positive else "0" for name in COLUMNS)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("\xff", "must hold|is no JSON"),
        ("[]", "must hold the lists train, val and test"),
        ('{"train": [], "test": []}', "must hold the lists train, val and test"),
        ('{"train": [], "val": [], "test": [], "more": []}', "and nothing else"),
        ('{"train": {}, "val": [], "test": []}', "train is no list"),
        ('{"train": [], "val": "CXR1_IM-1", "test": []}', "val is no list"),
        (_split(test=[12]), "test entry 1 is 12; ids look like CXR2384_IM-0942"),
        (_split(train=["CXR1_IM-0001", "1_IM-0001"]), "train entry 2 is '1_IM-0001'"),
        (_split(val=["CXR1"]), "val entry 1 is 'CXR1'"),
        (_split(val=["CXR1_2_IM-0001"]), "val entry 1"),
        (_split(train=["CXR1_IM-0001"], test=["CXR1_IM-0001-2001"]), "test entry 1 names CXR1, which an earlier"),
        (_split(train=["CXR2_IM-0001", "CXR2_IM-0001"]), "train entry 2 names CXR2"),
    ],
)
def test_a_split_that_cannot_be_read_is_refused(tmp_path, content, said):
    write(tmp_path / SPLIT, content.encode("latin-1"))
    with pytest.raises(BadInput, match=said) as told:
        read_split(Local(tmp_path), REPORTS)
    assert SPLIT in str(told.value)


_ANY = st.none() | st.integers() | st.text(max_size=9)
_JSON = st.recursive(_ANY, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=8)


@given(_JSON)
@settings(max_examples=60, deadline=None)
def test_no_other_json_passes_for_a_split(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("split")
    write(folder / SPLIT, json.dumps(value))
    with pytest.raises(BadInput):
        read_split(Local(folder), REPORTS)


@pytest.mark.parametrize(
    ("content", "expected", "told"),
    [
        (None, {}, []),
        (_split(), dict.fromkeys(REPORTS, "train"), []),  # a report that no list names is trained on
        (
            _split(["CXR2_IM-0942"], ["CXR3_IM-0865-1001"], ["CXR1_1_IM-0001"]),
            {"CXR1": "test", "CXR2": "train", "CXR3": "validation", "CXR4": "train"},
            [],
        ),
        (
            _split(test=["CXR1_IM-1", "CXR77_IM-1", "CXR78_IM-1"], val=["CXR79_IM-1"]),
            {"CXR1": "test", "CXR2": "train", "CXR3": "train", "CXR4": "train"},
            [
                f"{SPLIT}: 1 of the 1 ids in val name no report of the drop.",
                f"{SPLIT}: 2 of the 3 ids in test name no report of the drop.",
            ],
        ),
    ],
)
def test_reports_fall_where_the_lists_put_them(tmp_path, content, expected, told):
    if content is not None:
        write(tmp_path / SPLIT, content)
    split, refusals = read_split(Local(tmp_path), REPORTS)
    assert split == expected
    assert [refusal.reason for refusal in refusals] == told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (_gold(_row("CXR1"), columns=COLUMNS[1:]), f"no column '{COLUMNS[0]}'"),
        (_gold(["CXR1", *"200000000"[: len(COLUMNS)]]), f"row 1, column {COLUMNS[0]} is '2'; give 0 or 1"),
        (_gold(_row("CXR2"), ["CXR1", "", *"0000000000"[: len(COLUMNS) - 1]]), "row 2, column .* is '(None)?'|is None"),
        (_gold(_row("CXR1"), _row("CXR2"), _row("CXR1")), "row 3 names CXR1"),
    ],
)
def test_a_gold_table_that_cannot_be_read_is_refused(tmp_path, content, said):
    write(tmp_path / GOLD, content)
    with pytest.raises(BadInput, match=said) as told:
        read_gold(Local(tmp_path), REPORTS)
    assert GOLD in str(told.value)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([_row("CXR1")], {"CXR1": ()}),
        ([_row("CXR1", "Mass")], {"CXR1": ("Lung Lesion",)}),
        ([_row("CXR1", "Mass", "Nodule")], {"CXR1": ("Lung Lesion",)}),
        ([_row("CXR2", "Effusion", "Edema")], {"CXR2": ("Pleural Effusion", "Edema")}),
        ([_row("CXR1", "Atelectasis"), _row("CXR3")], {"CXR1": ("Atelectasis",), "CXR3": ()}),
    ],
)
def test_gold_becomes_the_classes_that_can_be_drawn(tmp_path, rows, expected):
    write(tmp_path / GOLD, _gold(*rows))
    assert read_gold(Local(tmp_path), REPORTS) == (expected, [])


def test_gold_of_nobody_and_torn_rows_are_told(tmp_path):
    write(tmp_path / GOLD, _gold(_row("CXR1"), _row("CXR9"), ["CXR2", "1"]))
    found, refusals = read_gold(Local(tmp_path), REPORTS)
    assert found["CXR1"] == ()
    assert [r.reason for r in refusals] == [
        f"{GOLD}: row 4 has 2 cells, the header {len(COLUMNS) + 1}.",
        f"{GOLD}: 1 of the 2 rows name no report of the drop.",
    ]


def test_the_gold_judges_all_that_is_drawn_but_devices():
    assert set(DRAWN) - set(JUDGED) == {"Support Devices"}


def test_the_real_lists(tmp_path):
    folder = REAL / "iu_xray"
    if not (folder / SPLIT).exists():
        pytest.skip(f"the split ids are not in {folder}")
    source = OpenI(Local(folder))
    reports = [study.key for study in source.studies()]
    split, refusals = read_split(Local(folder), reports)
    assert not refusals
    assert Counter(split.values()) == {"train": 2069 + 3955 - 2955, "validation": 296, "test": 590}
    gold, refusals = read_gold(Local(folder), reports)
    assert len(gold) == 3080 and not refusals
