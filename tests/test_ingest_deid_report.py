"""The de-identification report and the recall on planted forms that docs/deidentification.md quotes."""

import re
import sys
from pathlib import Path

import pytest
from fixtures_drops import REPOSITORY, dicom, ingested, manifest, of_drop, pixels, rows, write_drop

from unirg_core.files import read_json, tree_digest
from unirg_core.ingest import deid_report as module
from unirg_core.ingest.burned import CAPTURED, SUSPECTED
from unirg_core.ingest.cells import Unread
from unirg_core.ingest.deid_report import deid_report, rules_digest
from unirg_core.ingest.deidentify import CATEGORIES
from unirg_core.params import Deid
from unirg_core.version import _PARTS


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "home"))


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    yield __import__("deid_recall"), __import__("planted_phi")
    for name in ("deid_recall", "planted_phi"):
        sys.modules.pop(name, None)


def test_it_counts_and_names_profile_version_settings_and_risk():
    said = deid_report(
        Deid(dates="tag"),
        {"name": 3},
        ["x burned into y.", "cut short"],
        ["", CAPTURED, None, SUSPECTED],
        ["mixed", None, "capitals"],
        {"age": Unread(9, 2, "a")},
    )
    assert said["removed_from_text"] == {**dict.fromkeys(CATEGORIES, 0), "name": 3}
    assert said["refused"] == {"burned_in_annotation": 1}
    assert said["taken_but_marked"] == {"declared": 0, CAPTURED: 1, SUSPECTED: 1}
    names = {"studies": 3, "without_a_known_name": 2, "of_these_in_capitals": 1, "of_these_in_small_letters": 0}
    assert said["names"] == names and said["cells"] == {"age": {"filled": 9, "unread": 2}}
    assert said["settings"] == {"dates": "tag", "day_first": False, "burned_in": "refuse"}
    assert {"header", "text"} == said["profile"].keys() and said["version"] and len(said["residual_risk"]) >= 4


def test_other_rules_are_another_profile(tmp_path, monkeypatch):
    before = rules_digest()
    for name in module._RULES:
        (tmp_path / name).write_text("A word more.")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "deid_report.py"))
    assert len(before) == 64 and rules_digest() != before


LOUD = "FINDINGS: LUNGS ARE CLEAR. FOLLOWED ELSEWHERE.\nIMPRESSION: NO ACUTE DISEASE."


@pytest.mark.parametrize(
    ("scrub", "reports", "counts", "said"),
    [
        ("person", {0: LOUD}, (8, 0, 0, 0), None),
        (None, {}, (8, 8, 0, 0), "no name was known to be scrubbed from 8 of 8 reports; name the columns"),
        (None, {0: LOUD, 5: LOUD.lower()}, (8, 8, 1, 1), "8 of 8 reports, 2 of them in capitals or small letters"),
        (None, {3: f"Patient: Ferelith Ogilvy\n{LOUD}"}, (8, 7, 0, 0), "from 7 of 8 reports; name the columns"),
    ],
    ids=["a column names them", "none does", "some in one case", "a form names one"],
)
def test_a_drop_that_knows_no_names_is_told_and_counted(tmp_path, capsys, scrub, reports, counts, said):
    table = rows(4, 2)
    for number, report in reports.items():
        table[number]["report"] = report
    root = ingested(of_drop(write_drop(tmp_path / "drop", table, mapping={"scrub": scrub})), tmp_path / "run")
    names = read_json(root / "data/deid.json")["names"]
    parts = ("studies", "without_a_known_name", "of_these_in_capitals", "of_these_in_small_letters")
    assert tuple(names[part] for part in parts) == counts
    lines = [line for line in capsys.readouterr().out.splitlines() if "no name was known" in line]
    assert len(lines) == (said is not None)
    assert said is None or said in lines[0]


def test_a_name_in_the_header_is_known(tmp_path):
    table = rows(4, 1)
    files = {row["file"]: dicom(pixels(number)) for number, row in enumerate(table)}
    root = ingested(of_drop(write_drop(tmp_path / "drop", table, files, {"scrub": None})), tmp_path / "run")
    assert {row["unnamed"] for row in manifest(root)} == {None}


def test_it_is_part_of_the_datasets_digest(tmp_path):
    assert "data/deid.json" in _PARTS
    drop = write_drop(tmp_path / "drop", rows(4, 1))
    shifted = ingested(of_drop(drop), tmp_path / "one")
    again = ingested(of_drop(drop), tmp_path / "two")
    tagged = ingested(of_drop(drop, deid={"dates": "tag"}), tmp_path / "three")
    digests = [tree_digest(root / "data/deid.json") for root in (shifted, again, tagged)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(("dates", "kept"), [("shift", True), ("tag", False)])
def test_a_date_in_the_text_keeps_its_distance_to_the_studys_day(tmp_path, dates, kept):
    from datetime import date

    table = rows(4, 1)
    for row in table:
        row["report"] = "FINDINGS: Clear. Compared with 2018-12-25.\nIMPRESSION: No change since March 2018."
    root = ingested(of_drop(write_drop(tmp_path / "drop", table), deid={"dates": dates}), tmp_path / "run")
    for row in manifest(root):
        assert "2018-12-25" not in row["findings"] and row["impression"] == "No change since [DATE]."
        if not kept:
            assert row["findings"] == "Clear. Compared with [DATE]."
            continue
        said = date.fromisoformat(row["findings"].split()[-1].rstrip("."))
        distance = row["day"] - (said - date(1970, 1, 1)).days
        assert distance in {(date(2019, 1, 10 + number) - date(2018, 12, 25)).days for number in range(9)}


def test_the_headers_day_moves_with_the_text_too(tmp_path):
    from datetime import date

    table = rows(4, 1)
    for row in table:
        row["report"] = "FINDINGS: Compared with 02/04/2019."
    files = {row["file"]: dicom(pixels(number)) for number, row in enumerate(table)}
    drop = write_drop(tmp_path / "drop", table, files, {"date": None})
    for row in manifest(ingested(of_drop(drop), tmp_path / "run")):
        month, day, year = (int(part) for part in row["findings"].split()[-1].rstrip(".").split("/"))
        assert row["day"] - (date(year, month, day) - date(1970, 1, 1)).days in (0, 28)


def test_recall_on_planted_development_forms(benchmark):
    recall, planted = benchmark
    counts, _ = recall.measure(planted.sentences("forms.txt", "lists.txt", 100, seed=7))
    found = sum(count["found"] for count in counts.values())
    total = sum(count["planted"] for count in counts.values())
    assert len(planted.forms("forms.txt")) + len(planted.forms("kept_out.txt")) >= 40
    assert total > 3500 and found >= 0.995 * total, f"recall {found / total:.4f} on planted forms"


def test_the_kept_out_half_shares_nothing_with_the_other(benchmark):
    _, planted = benchmark
    ours, kept = planted.lists("lists.txt"), planted.lists("lists_kept_out.txt")
    spent, blind = planted.forms("forms.txt"), planted.forms("kept_out.txt")
    assert len(blind) in (0, 10) and not set(spent) & set(blind)
    for name in ours:
        assert not set(ours[name]) & set(kept[name]) and len(kept[name]) >= len(ours[name]) // 2, name


@pytest.mark.parametrize(
    ("text", "kind", "left", "there"),
    [
        ("Seen by Mary Hill.", "name", "Seen by [NAME].", False),
        ("Seen by Mary Hill.", "name", "Seen by [NAME] Hill.", True),
        ("Seen by Mary Hill.", "name", "Seen by Mary [NAME].", True),
    ],
)
def test_half_an_identifier_that_is_left_counts_as_missed(benchmark, text, kind, left, there):
    _, planted = benchmark
    slot = planted.Slot(kind, "Mary Hill")
    assert planted.survives(slot, planted.Sentence("form", text, (slot,), ()), left) is there


def test_the_rules_digest_covers_every_module_that_the_scrubber_imports():
    folder = Path(module.__file__).parent
    seen, left = set(), ["deidentify"]
    while left:
        name = left.pop()
        seen.add(f"{name}.py")
        text = (folder / f"{name}.py").read_text()
        named = re.findall(r"^from unirg_core\.ingest\.(\w+) import", text, re.MULTILINE)
        for listed in re.findall(r"^from unirg_core\.ingest import (.+)$", text, re.MULTILINE):
            named += listed.split(", ")
        left += [other for other in named if f"{other}.py" not in seen]
    assert seen <= set(module._RULES)
