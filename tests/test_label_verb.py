"""`unirg label`: three formats in, three out, the same labels; what is bad is refused in one sentence."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from unirg_core.faults import BadInput
from unirg_core.scores.labels import label_one
from unirg_core.scoring import labelling
from unirg_core.scoring.labelling import SCHEMA, label_file
from unirg_core.study import LABELS

ROOT = Path(__file__).resolve().parents[1]
REPORTS = {
    "a": ("Small left pleural effusion, no pneumothorax.", "Mild cardiomegaly."),
    "b": ("The lungs are clear.", "No acute abnormality."),
    "c": ('There may be consolidation in the right lower lobe, "new"; see 3, 4.', ""),
    "7": ("", ""),
}
WHOLE = {name: f"Findings: {f} Impression: {i}" if i else f for name, (f, i) in REPORTS.items()}


def csv_file(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def sectioned(folder: Path, kind: str) -> Path:
    path = folder / f"sections.{kind}"
    if kind == "csv":
        return csv_file(path, [["study_id", "findings", "impression"]] + [[n, *parts] for n, parts in REPORTS.items()])
    if kind == "json":
        board = {n: {"section_findings": f or None, "section_impression": i or "None"} for n, (f, i) in REPORTS.items()}
        path.write_text(json.dumps(board))
        return path
    lines = [{"study_id": n, "findings": f, "impression": i} for n, (f, i) in REPORTS.items()]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def read(path: Path) -> list[dict]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return [
        {name: None if not cell else int(cell) if name in LABELS else cell for name, cell in row.items()}
        for row in rows
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_labels_of_the_labeler(tmp_path: Path, kind: str, ending: str) -> None:
    output = tmp_path / f"labels.{ending}"
    found = label_file(sectioned(tmp_path, kind), output)
    rows = read(output)
    assert [row["study_id"] for row in rows] == list(REPORTS)
    assert list(rows[0]) == SCHEMA.names
    for row in rows:
        expected = label_one(WHOLE[row["study_id"]])
        assert tuple(row[name] for name in LABELS) == expected.values
        assert tuple(row[f"{name} side"] or "" for name in LABELS) == expected.sides
        assert tuple(row[f"{name} severity"] or "" for name in LABELS) == expected.severities
    assert (found["reports"], found["empty"]) == (4, 1)


def test_the_values_are_the_contracts(tmp_path: Path) -> None:
    label_file(sectioned(tmp_path, "csv"), tmp_path / "l.csv")
    rows = {row["study_id"]: row for row in csv.DictReader((tmp_path / "l.csv").read_text().splitlines())}
    assert rows["a"]["Pleural Effusion"] == "1" and rows["a"]["Pneumothorax"] == "0" and rows["a"]["Fracture"] == ""
    assert rows["a"]["Pleural Effusion side"] == "left" and rows["a"]["Pleural Effusion severity"] == "mild"
    assert rows["c"]["Consolidation"] == "-1" and rows["c"]["Consolidation side"] == "right"
    assert set(rows["7"].values()) == {"7", ""}


def test_the_summary_counts_every_report_in_every_class(tmp_path: Path) -> None:
    found = label_file(sectioned(tmp_path, "jsonl"), tmp_path / "l.csv")
    assert list(found["classes"]) == list(LABELS)
    assert all(sum(counts.values()) == 4 for counts in found["classes"].values())
    assert found["classes"]["Pleural Effusion"]["present"] == 1
    assert found["classes"]["Consolidation"]["uncertain"] == 1


def test_more_reports_than_a_batch_stay_in_order(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(5000)]
    texts = ["Pneumothorax." if number % 7 == 0 else "No pneumothorax." for number in range(5000)]
    source = csv_file(tmp_path / "many.csv", [["study_id", "report"], *map(list, zip(names, texts, strict=True))])
    label_file(source, tmp_path / "l.parquet")
    table = pq.read_table(tmp_path / "l.parquet")
    assert table["study_id"].to_pylist() == names
    assert table["Pneumothorax"].to_pylist() == [int(number % 7 == 0) for number in range(5000)]


def test_a_named_column_is_read_instead(tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text(json.dumps({"a": {"section_findings": "Clear.", "model_prediction": "Large pneumothorax."}}))
    label_file(path, tmp_path / "reference.jsonl")
    label_file(path, tmp_path / "model.jsonl", "model_prediction")
    assert read(tmp_path / "reference.jsonl")[0]["Pneumothorax"] is None
    assert read(tmp_path / "model.jsonl")[0]["Pneumothorax"] == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("r.txt", "x", "ends in .json, .jsonl, .csv"),
        ("r.csv", "", "r.csv has no header; name the columns in line 1, study_id among them"),
        ("r.csv", "id,text\na,b\n", "has no column study_id, only id, text"),
        ("r.csv", "study_id,text\n", "holds no study"),
        ("r.csv", "study_id,text,text\na,b,c\n", "two columns named 'text'"),
        ("r.csv", "study_id,text\na,b,c\n", "line 2 has 3 cells, the header 2"),
        ("r.csv", 'study_id,text\na,"b\n', "no whole CSV"),
        ("r.csv", "study_id,text\n,b\n", "line 2: study_id is ''"),
        ("r.csv", "study_id,text\na,b\na,c\n", "line 3: study a stands there twice"),
        ("r.csv", "study_id,words\na,b\n", "holds no report: of section_findings, "),
        ("r.csv", "study_id;text\na;b, c\n", "r.csv has semicolons between its columns; save it as CSV with commas"),
        ("r.csv", '"text";"study_id"\n"a, b";c\n', "has semicolons between its columns"),
        ("r.csv", "\ufeffstudy_id\ttext\r\na\tb\r\n", "has tabs between its columns"),
        ("r.csv", "id;text\na;b\n", "has no column study_id, only id;text; name it"),
        ("r.csv", b"study_id,text\na,\xff\n", "is not UTF-8 at line 2, byte 3; save it as UTF-8"),
        ("r.jsonl", b'{"study_id": 1, "text": "x"}\n' * 2000 + b"\xe9\n", "study 1 stands there twice"),
        ("r.jsonl", b"\n" * 20_000 + b'{"a": "\xe9t\xe9"}', "is not UTF-8 at line 20001, byte 8;"),
        ("r.json", "{}".encode("utf-16"), "is not UTF-8 at line 1, byte 1"),
        ("r.jsonl", "{\n", "line 1 is no JSON"),
        ("r.jsonl", "[1]\n", "line 1 is no JSON object"),
        ("r.jsonl", '{"text": "x"}\n', "line 1: study_id is None"),
        ("r.jsonl", '{"study_id": true, "text": "x"}\n', "study_id is True"),
        ("r.jsonl", '{"study_id": 1, "text": ["x"]}\n', "study 1: text is ['x'], which is no text"),
        ("r.jsonl", '{"study_id": 1, "text": "x"}\n{"study_id": 2}\n', "study 2 has no text; add it"),
        ("r.json", "[]", "top must be one object"),
        ("r.json", '{"a": "x"}', "study a: there stands no object"),
        ("r.json", '{"a": {"text": "x"}, "a": {"text": "y"}}', "a stands twice in one object"),
        ("r.json", "{", "is no JSON (Expecting property name"),
        ("r.json", "[" * 100_000, "is no JSON (maximum recursion depth"),
        ("r.json", '{"a": {"text": ' + "9" * 5000 + "}}", "is no JSON (Exceeds the limit"),
        ("r.json", r'{"\ud800": {"text": "x"}}', "give each study an id of letters"),
        ("r.json", "{}", "holds no study"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(tmp_path: Path, name: str, content: str | bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput) as refused:
        label_file(tmp_path / name, tmp_path / "out.csv")
    assert sentence in str(refused.value) and name in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name], "nothing half-written stays"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("labels.xlsx", "ends in no known format"),
        ("folder.csv", "--output .*folder.csv is a folder; name a file"),
        ("sections.csv", "written over"),
        ("sections.csv/x.csv", "--output .*x.csv cannot be written: .*sections.csv is a file, no folder"),
        ("../../../../../../../../proc/none/x.csv", "--output .*x.csv cannot be written: no such file"),
    ],
)
def test_bad_outputs_are_refused(tmp_path: Path, output: str, sentence: str) -> None:
    source = sectioned(tmp_path, "csv")
    (tmp_path / "folder.csv").mkdir()
    before = source.read_bytes()
    with pytest.raises(BadInput, match=sentence):
        label_file(source, tmp_path / output)
    assert source.read_bytes() == before


def test_the_rate_is_of_the_reports_and_not_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 5.0])
    monkeypatch.setattr(labelling.time, "monotonic", lambda: next(clock, 7.0))
    found = label_file(sectioned(tmp_path, "csv"), tmp_path / "l.csv")
    assert (found["start_seconds"], found["seconds"], found["reports_per_second"]) == (5.0, 2.0, 2)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv is no file; name one that exists"):
        label_file(tmp_path / "none.csv", tmp_path / "out.csv")


def unirg(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "unirg_core", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )


def test_the_verb_prints_json_or_a_table(tmp_path: Path) -> None:
    source, output = sectioned(tmp_path, "csv"), tmp_path / "l.jsonl"
    done = unirg("label", "--reports", source, "--output", output, "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert json.loads(done.stdout)["classes"]["Pneumothorax"]["absent"] == 1
    done = unirg("label", "--reports", source, "--output", output)
    assert "Pleural Effusion" in done.stdout and "4 reports (1 without any text)" in done.stdout


def test_one_report_is_one_report_and_an_impossible_output_one_sentence(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "one.csv", [["study_id", "text"], ["a", "Clear."]])
    done = unirg("label", "--reports", source, "--output", tmp_path / "l.csv")
    assert re.search(r"\n1 report in \S+ s, [\d,]+ reports/s \(start-up, \S+ s, apart\), written to ", done.stdout)
    done = unirg("label", "--reports", source, "--output", source / "l.csv")
    assert done.returncode == 2 and done.stderr.startswith("unirg: --output") and done.stderr.count("\n") == 1


def test_the_verb_ends_with_two_on_bad_input(tmp_path: Path) -> None:
    done = unirg("label", "--reports", tmp_path / "none.csv", "--output", tmp_path / "l.csv")
    assert done.returncode == 2 and done.stderr.startswith("unirg: ") and "Traceback" not in done.stderr


def test_the_verb_has_help_with_an_example() -> None:
    done = unirg("label", "--help")
    assert done.returncode == 0 and "Example: unirg label" in done.stdout
