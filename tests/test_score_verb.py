"""`unirg score` from file to file: what is refused, what is matched, what is written, and what is printed."""

import csv
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures_score import FINDINGS, board, predicted, write_json, write_rows, written
from PIL import Image

from unirg_core.faults import BadInput
from unirg_core.scores import SCORES
from unirg_core.scoring import score, sources
from unirg_core.scoring.comparison import Settings
from unirg_core.scoring.corpus import CORPUS
from unirg_core.scoring.score import Request, _not_below, score_files

ROOT = Path(__file__).resolve().parents[1]
QUICK = Settings(resamples=100, swaps=99)


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    """Return a request for a perfect and a blind system on six studies of two patients."""
    references = board()
    texts = written(references)
    paths = (
        write_json(tmp_path / "perfect.json", predicted(texts)),
        write_json(tmp_path / "blind.json", predicted(dict.fromkeys(texts, "Findings: Clear. Impression: Normal."))),
    )
    return Request(write_json(tmp_path / "references.json", references), paths, settings=QUICK)


def values(found: dict) -> dict[tuple[str, str], float]:
    return {(row["system"], row["score"]): row["value"] for row in found["scores"]}


def test_a_perfect_system_is_perfect_and_beats_the_blind_one(request_: Request) -> None:
    found = score_files(replace(request_, scores=("bleu2", "labels_f1", "rouge_l")))
    for name in ("bleu2", "labels_f1", "rouge_l", *CORPUS):
        assert values(found)["perfect", name] == 1.0 > values(found)["blind", name]
    assert (found["studies"], found["patients"], found["left_out"]) == (6, 2, 0)
    assert found["systems"] == ["perfect", "blind"] and found["baselines"] == ["template"]
    asked = list(dict.fromkeys((row["system"], row["against"]) for row in found["comparisons"]))
    assert asked == [("perfect", "blind"), ("perfect", "template"), ("blind", "template")]
    assert found["template_not_below"]["perfect"] == []


@pytest.mark.parametrize("missing", ["section_findings", "section_impression"])
def test_the_form_of_a_report_knows_nothing_of_the_boards_word_for_a_missing_section(
    request_: Request, tmp_path: Path, missing: str
) -> None:
    references = {name: {**fields, missing: "None"} for name, fields in board().items()}
    texts = {
        name: text.replace("Findings: None ", "").removesuffix(" Impression: None")
        for name, text in written(references).items()
    }
    perfect = write_json(tmp_path / "perfect.json", predicted(texts))
    path = write_json(tmp_path / "references.json", references)
    found = score_files(replace(request_, references=path, candidates=(perfect,), scores=("well_formed",)))
    own = SCORES["well_formed"](list(texts.values()), list(texts.values())).mean()
    assert values(found)["perfect", "well_formed"] == pytest.approx(own, abs=1e-6)
    assert found["template_not_below"] == {"perfect": []}


def test_where_less_is_better_the_template_is_not_below_a_system_that_has_more() -> None:
    def rows(name: str, system: float, template: float | None) -> list[dict]:
        return [{"score": name, "system": s, "value": v} for s, v in (("a", system), ("template", template))]

    scores = [*rows("radcliq", -1.4, 2.0), *rows("bleu2", 0.1, 0.2), *rows("labels_f1", 0.3, 0.2)]
    assert _not_below(["a"], scores) == {"a": ["bleu2"]}
    assert _not_below(["a"], [*rows("radcliq", 2.0, 2.0), *rows("labels_macro_f1", 0.1, None)]) == {"a": ["radcliq"]}


def test_the_scores_are_those_of_the_core(request_: Request) -> None:
    found = score_files(replace(request_, scores=tuple(SCORES)))
    texts = written(board())
    for name, function in SCORES.items():
        expected = function(["Findings: Clear. Impression: Normal."] * 6, list(texts.values())).mean()
        assert values(found)["blind", name] == pytest.approx(expected, abs=1e-6)


def as_rows(kind: str, references: dict | None = None) -> list[dict]:
    sections = {"findings": "section_findings", "impression": "section_impression"}
    references = references or board()
    held = [{"study_id": name, **fields} for name, fields in references.items()]
    if kind == "sections":
        return [{"study_id": r["study_id"], **{new: r[old] for new, old in sections.items()}} for r in held]
    return [{"study_id": name, "text": text} for name, text in written(references).items()]


def nearly() -> dict:
    """Return the references with one word more."""
    references = board()
    references["s3"]["section_impression"] = "Large pneumothorax."
    return references


@pytest.mark.parametrize("kind", ["sections", "whole"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("setting", ["findings", "findings+impression"])
def test_every_format_gives_the_same_scores(request_: Request, tmp_path: Path, kind, ending, setting) -> None:
    path = write_rows(tmp_path / f"references.{ending}", as_rows(kind))
    other = write_rows(tmp_path / f"perfect.{ending}", as_rows(kind, nearly())[::-1])
    asked = replace(request_, setting=setting, candidates=request_.candidates[:1])
    write_json(asked.candidates[0], predicted(written(nearly())))
    given = score_files(replace(asked, references=path, candidates=(other,)))
    assert values(given) == values(score_files(asked))
    assert given["patients"] is None


def test_missing_references_are_left_out_and_empty_reports_counted(request_: Request) -> None:
    references = board()
    references["s0"]["section_findings"] = "None"
    references["s1"] |= {"section_findings": None, "section_impression": float("nan")}
    write_json(request_.references, references)
    write_json(request_.candidates[1], predicted(dict.fromkeys(references, "Impression: Normal.")))
    findings, both = (score_files(replace(request_, setting=s)) for s in ("findings", "findings+impression"))
    assert values(findings)["perfect", "bleu2"] == 1.0, "what is left stands beside its own reference"
    assert (findings["studies"], findings["left_out"]) == (4, 2)
    assert (both["studies"], both["left_out"]) == (5, 1)
    assert findings["empty"] == {"perfect": 0, "blind": 4, "template": 0} and both["empty"]["blind"] == 0


@pytest.mark.parametrize(
    ("lost", "added", "sentence"),
    [
        (["s1", "s4"], [], "blind.json lacks 2 of the 6 studies of {references} (s1, s4); give one report for each"),
        ([], ["x"], "blind.json holds 1 study that is not in {references} (x); give"),
        (
            ["s0"],
            ["x", "y"],
            "of {references} (s0) and holds 2 studies that are not there (x, y); give",
        ),
        ([], [f"x{n:02}" for n in range(12)], "(x00, x01, x02, x03, x04, x05, x06, x07, x08, x09 and 2 more)"),
    ],
)
def test_study_ids_that_do_not_match_are_refused(request_: Request, lost, added, sentence) -> None:
    texts = {name: text for name, text in written(board()).items() if name not in lost} | dict.fromkeys(added, "A.")
    write_json(request_.candidates[1], {name: {"model_prediction": text} for name, text in texts.items()})
    with pytest.raises(BadInput) as refused:
        score_files(request_)
    assert sentence.format(references=request_.references) in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"scores": ("bleu2", "meteor")}, "meteor is no score; there are "),
        ({"setting": "impression"}, "--setting impression is no setting; there are findings and findings+impression"),
        ({"format": "xml"}, "--format xml is no format; there are table and rexrank"),
        ({"output": Path("scores.xlsx")}, "ends in no known format"),
        ({"settings": Settings(resamples=10)}, "--resamples 10 are too few for an interval; take 100 or more"),
        ({"output": Path("LICENSE/scores.csv")}, "--output LICENSE/scores.csv cannot be written: .*LICENSE is a file"),
        ({"figure": Path("/proc/none/s.png")}, "--figure /proc/none/s.png cannot be written: no such file"),
        ({"figure": Path(f"{'n' * 300}.png")}, "cannot be written: file name too long"),
        (
            {"format": "rexrank", "output": Path("/proc/s.json"), "candidates": (Path("a.json"),)},
            "--output /proc/s",
        ),
        ({"figure": Path("scores.doc")}, "ends in no picture's format"),
        ({"format": "rexrank", "output": Path("s.json")}, "writes one system's file, but 2 --candidates are given"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_read(request_: Request, changed: dict, sentence: str) -> None:
    unread = replace(request_, references=Path("nowhere.json"), **changed)
    with pytest.raises(BadInput, match=sentence.replace("+", r"\+")):
        score_files(unread)


def test_a_folder_is_no_output_and_a_new_folder_is_made(request_: Request, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(BadInput, match=r"--output .*scores\.csv is a folder; name a file"):
        score_files(replace(request_, output=tmp_path / "scores.csv"))
    found = score_files(replace(request_, output=tmp_path / "a" / "b.csv", figure=tmp_path / "c" / "d.svg"))
    assert found["written"] == [str(tmp_path / "a" / "b.csv"), str(tmp_path / "c" / "d.svg")]
    assert all(Path(path).stat().st_size for path in found["written"])


def test_an_output_that_fails_late_is_told_in_a_sentence(request_: Request, tmp_path: Path, monkeypatch) -> None:
    def spoiled(*_):
        (tmp_path / "new").write_text("a file by now")
        return []

    monkeypatch.setattr(score, "_pairs", spoiled)
    with pytest.raises(BadInput, match=r"--output .* cannot be written: (file exists|not a directory)"):
        score_files(replace(request_, output=tmp_path / "new" / "s.csv"))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("kind", ["sections", "whole"])
def test_references_are_no_candidates_in_any_format(request_: Request, tmp_path: Path, ending, kind) -> None:
    def given(name: str, rows: list[dict]) -> Path:
        if ending != "json":
            return write_rows(tmp_path / f"{name}.{ending}", rows)
        return write_json(tmp_path / f"{name}.json", {row["study_id"]: row for row in rows})

    rows = as_rows(kind)
    path = given("references", rows)
    for copy in (
        path,
        given("copy", rows),
        given("turned", rows[::-1]),
        given("more", [{**r, "x": "y"} for r in rows]),
    ):
        with pytest.raises(
            BadInput, match=r"holds the references of .*references.* themselves, which would be perfect"
        ):
            score_files(replace(request_, references=path, candidates=(request_.candidates[1], copy)))
    assert score_files(replace(request_, references=path, candidates=(given("mine", as_rows(kind, nearly())),)))


def test_a_copied_file_is_refused_although_its_roles_are_read_from_other_fields(request_: Request, tmp_path) -> None:
    held = [{"study_id": n, "section_findings": f["section_findings"], "text": "A."} for n, f in board().items()]
    path = write_rows(tmp_path / "both.csv", held)
    with pytest.raises(BadInput, match=r"holds references .* but no model_prediction"):
        score_files(replace(request_, references=path, candidates=(path,)))


def test_a_models_file_may_hold_its_own_references(request_: Request) -> None:
    both = request_.candidates[0]
    assert score_files(replace(request_, references=both, candidates=(both,)))["systems"] == ["perfect"]


def test_a_file_that_is_read_is_never_written_over(request_: Request) -> None:
    table = write_rows(request_.references.with_suffix(".csv"), as_rows("whole"))
    with pytest.raises(BadInput, match="would be written over"):
        score_files(replace(request_, references=table, output=table))


def test_two_systems_of_one_name_take_their_folders(request_: Request, tmp_path: Path) -> None:
    for name in ("sft", "rl"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "iu.json").write_bytes(request_.candidates[0].read_bytes())
    both = (tmp_path / "sft" / "iu.json", tmp_path / "rl" / "iu.json")
    assert score_files(replace(request_, candidates=both))["systems"] == ["sft/iu", "rl/iu"]
    with pytest.raises(BadInput, match=r"--candidates .*sft/iu\.json is given twice; give it once"):
        score_files(replace(request_, candidates=(both[0], both[0])))


def test_two_systems_of_one_name_and_folder_are_refused(request_: Request, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "blind.jsonl", [{"study_id": name, "model_prediction": "Clear."} for name in board()])
    with pytest.raises(BadInput, match=rf"Two candidates are named {tmp_path.name}/blind, .*; rename one of the files"):
        score_files(replace(request_, candidates=(Path("blind.json"), Path("blind.jsonl"))))


def test_no_candidate_takes_a_baselines_name(request_: Request, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="named template like a baseline"):
        score_files(replace(request_, candidates=(request_.candidates[0].rename(tmp_path / "template.json"),)))


def test_no_reference_in_the_setting_is_refused(request_: Request) -> None:
    references = {name: {**fields, "section_findings": "None"} for name, fields in board().items()}
    write_json(request_.references, references)
    with pytest.raises(BadInput, match="no study has a reference in the setting findings; take the other one"):
        score_files(replace(request_, setting="findings"))


def test_a_score_that_fails_names_system_score_and_study(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(candidates, references):
        return np.array(
            [
                math.nan if "Clear." in c and "Left effusion" in r else 0.5
                for c, r in zip(candidates, references, strict=True)
            ]
        )

    monkeypatch.setattr(sources, "SCORES", {**SCORES, "broken": broken})
    with pytest.raises(BadInput, match=r"^blind: The score broken gave nan for study s2, text [0-9a-f]{12}\.$"):
        score_files(replace(request_, scores=("bleu2", "broken")))


def test_a_scores_own_count_of_samples_is_no_study(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(candidates, references):
        if any("Left effusion" in reference for reference in references):
            raise RuntimeError("shape mismatch at sample 512")
        return np.zeros(len(candidates))

    monkeypatch.setattr(sources, "SCORES", {**SCORES, "broken": broken})
    with pytest.raises(BadInput, match=r"^perfect: The score broken failed at study s2, .*mismatch at sample 512"):
        score_files(replace(request_, scores=("broken",)))


def read(path: Path) -> list[dict]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_table_holds_every_study_of_every_system_and_no_text(request_: Request, tmp_path: Path, ending) -> None:
    output = tmp_path / f"table.{ending}"
    found = score_files(replace(request_, scores=("bleu2", "labels_f1"), output=output))
    rows = read(output)
    assert list(rows[0]) == ["study_id", "patient_id", "system", "bleu2", "labels_f1"]
    assert [(row["system"], row["study_id"]) for row in rows] == [
        (system, name) for system in ("perfect", "blind", "template") for name in board()
    ]
    assert rows[5]["patient_id"] == "p1"
    for system in ("perfect", "blind", "template"):
        mean = np.mean([float(row["bleu2"]) for row in rows if row["system"] == system])
        assert mean == pytest.approx(values(found)[system, "bleu2"], abs=1e-6)


def test_the_boards_file_is_its_own_with_the_models_report(request_: Request, tmp_path: Path) -> None:
    texts = {name: f"Findings: é {name}. Impression: None seen." for name in board()}
    given = write_rows(tmp_path / "mine.csv", [{"study_id": n, "text": t} for n, t in texts.items()])
    references = board()
    references["s1"] |= {"section_findings": None, "context": "nan", "age": float("nan")}
    write_json(request_.references, references)
    output = tmp_path / "submission.json"
    score_files(replace(request_, candidates=(given,), format="rexrank", output=output))
    found = json.loads(output.read_text())
    assert list(found) == list(references)
    assert found["s0"] == {**references["s0"], "model_prediction": texts["s0"]}
    assert found["s1"]["section_findings"] == "None" and found["s1"]["age"] is None
    assert found["s1"]["context"] == "Indication: nan Comparison: nan"
    assert values(score_files(replace(request_, candidates=(output,))))["submission", "bleu2"] > 0


def test_the_boards_file_holds_studies_without_reference_too(request_: Request, tmp_path: Path) -> None:
    references = board()
    references["s3"]["section_findings"] = "None"
    write_json(request_.references, references)
    output = tmp_path / "s.json"
    asked = replace(request_, candidates=request_.candidates[:1], setting="findings", format="rexrank", output=output)
    assert score_files(asked)["studies"] == 5
    found = json.loads(output.read_text())
    assert len(found) == 6 and found["s3"]["model_prediction"] == FINDINGS[3]


def test_the_boards_file_needs_pictures(request_: Request, tmp_path: Path) -> None:
    table = write_rows(tmp_path / "references.csv", as_rows("sections"))
    asked = replace(request_, references=table, candidates=request_.candidates[:1], format="rexrank")
    with pytest.raises(BadInput, match=r"study s0 has no key_image_path; give the board's own JSON as --references"):
        score_files(replace(asked, output=tmp_path / "s.json"))
    with pytest.raises(BadInput, match=r"needs --output with a name that ends in \.json"):
        score_files(replace(asked, output=None))


def test_the_figure_is_drawn(request_: Request, tmp_path: Path) -> None:
    for ending in ("png", "svg"):
        score_files(replace(request_, figure=tmp_path / f"scores.{ending}"))
    with Image.open(tmp_path / "scores.png") as picture:
        assert picture.width > 1000 and len(picture.convert("RGB").getcolors(1 << 24)) > 20
    drawn = (tmp_path / "scores.svg").read_text()
    assert "perfect less blind" in drawn and "labels_micro_f1" in drawn


def unirg(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "unirg_core", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )


def test_the_verb_prints_tables_and_says_what_the_template_is_worth(request_: Request, tmp_path: Path) -> None:
    perfect, blind = request_.candidates
    done = unirg(
        *("score", "--references", request_.references, "--candidates", perfect, "--candidates", blind),
        *("--training", request_.references, "--resamples", 100, "--output", tmp_path / "a.csv"),
        *("--figure", tmp_path / "b.svg"),
    )
    assert done.returncode == 0 and done.stderr == ""
    assert "6 studies, 2 patients; mean [95% interval]" in done.stdout
    assert "(template)" in done.stdout and "labels_micro_f1, whole set" in done.stdout
    assert "template, which sees no picture, is not below blind in" in done.stdout
    assert "(nearest_by_reference) has seen the answer" in done.stdout
    assert "p by Holm over 40 comparisons" in done.stdout
    assert done.stdout.endswith(f"Written: {tmp_path / 'a.csv'}\nWritten: {tmp_path / 'b.svg'}\n")


def test_the_verb_prints_json(request_: Request) -> None:
    arguments = ("score", "--references", request_.references, "--candidates", request_.candidates[0])
    done = unirg(*arguments, "--scores", "bleu2, rouge_l", "--resamples", 100, "--json")
    found = json.loads(done.stdout)
    assert [row["score"] for row in found["comparisons"]] == ["bleu2", "rouge_l", *CORPUS]
    assert found["resamples"] == 100 and found["systems"] == ["perfect"]


def test_the_verb_ends_with_two_on_bad_input(request_: Request) -> None:
    done = unirg("score", "--references", request_.references, "--candidates", request_.references)
    assert done.returncode == 2 and "but no model_prediction" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--resamples", 10), "unirg: --resamples 10 are too few"),
        (("--output", "LICENSE/s.csv"), "unirg: --output LICENSE/s.csv cannot be written"),
    ],
)
def test_the_verb_refuses_in_one_sentence(request_: Request, more: tuple, said: str) -> None:
    done = unirg("score", "--references", request_.references, "--candidates", request_.candidates[0], *more)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1


def test_one_study_is_one_study(request_: Request) -> None:
    references = {"s0": {**board()["s0"]}}
    write_json(request_.references, references)
    write_json(request_.candidates[1], {"s0": {"model_prediction": "Impression: Normal."}})
    arguments = ("score", "--references", request_.references, "--candidates", request_.candidates[1])
    done = unirg(*arguments, "--setting", "findings", "--resamples", 100)
    assert "findings: 1 study, 1 patient; mean" in done.stdout and "wrote nothing for 1 study; an" in done.stdout


def test_the_verb_has_help_with_an_example() -> None:
    done = unirg("score", "--help")
    assert done.returncode == 0 and "Example: unirg score" in done.stdout
