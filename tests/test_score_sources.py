"""The scores that `unirg score` finds: cider over a file of reports, and what params.yaml sets up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from fixtures_judge import Server, server
from fixtures_score import board, predicted, write_json, write_rows, written

from unirg_core.faults import BadInput
from unirg_core.scores.cider import Cider, document_frequencies
from unirg_core.scores.clinical import error_count
from unirg_core.scoring.comparison import Settings
from unirg_core.scoring.score import Request, score_files

__all__ = ["server"]  # a fixture is used by its name alone

TEXTS = ["Small right pleural effusion.", "The lungs are clear.", "Mild cardiomegaly. The lungs are clear."]
BLIND = "Findings: The lungs are clear. Impression: No acute disease."


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Return a request for one system on six studies, in a folder without params.yaml."""
    monkeypatch.chdir(tmp_path)
    references = board()
    blind = write_json(tmp_path / "blind.json", predicted(dict.fromkeys(references, BLIND)))
    path = write_json(tmp_path / "references.json", references)
    return Request(path, (blind,), settings=Settings(resamples=100, swaps=99))


def documents(folder: Path, texts: list[str]) -> Path:
    return write_rows(folder / "documents.csv", [{"study_id": f"t{n}", "text": text} for n, text in enumerate(texts)])


def value(found: dict, name: str) -> float:
    return next(row["value"] for row in found["scores"] if (row["score"], row["system"]) == (name, "blind"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("cider",), "`unirg score` takes --cider-documents or --training"),
        (("bleu2", "judge"), r"^judge needs scores\.judge in params\.yaml \(docs/judge\.md\)"),
        (("semantic",), r"^semantic needs scores\.semantic in params\.yaml"),
        (("bertscore",), r"^bertscore needs scores\.service in params\.yaml"),
        (
            ("labels_micro_f1",),
            "labels_micro_f1 needs no naming: it is told of every scoring; leave it out of --scores",
        ),
        (("meteor",), "meteor is no score; there are bleu2, .*well_formed"),
    ],
)
def test_a_score_that_is_not_set_up_is_refused_before_anything_is_read(asked: Request, names, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        score_files(replace(asked, scores=names, references=Path("nowhere.json")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"other\.yaml does not exist"),
        ("scores: [", r"other\.yaml is not valid YAML"),
        ("scores: {jugde: {}}", r"other\.yaml: scores\.jugde is not a parameter; perhaps judge is meant"),
        ("scores: 5", r"other\.yaml: scores = 5 will not do"),
        ("scores: {judge: {model: m}}", r"other\.yaml: scores\.judge\.base_url is missing"),
        ("scores: {}", "judge needs scores.judge"),
    ],
)
def test_settings_that_will_not_do_name_file_and_field(asked: Request, tmp_path: Path, content, said: str) -> None:
    if content:
        (tmp_path / "other.yaml").write_text(content)
    with pytest.raises(BadInput, match=said):
        score_files(replace(asked, scores=("judge",), params=Path("other.yaml")))


@pytest.mark.parametrize("texts", [[""], [TEXTS[0], ""]])
def test_cider_refuses_too_few_documents_before_it_scores(asked: Request, tmp_path: Path, texts: list[str]) -> None:
    path = documents(tmp_path, texts)
    with pytest.raises(
        BadInput, match=r"documents\.csv holds [01] reports? in the setting .*; cider weighs words by two"
    ):
        score_files(replace(asked, scores=("cider",), cider_documents=path, references=Path("nowhere.json")))


def test_cider_weighs_words_by_the_documents_given(asked: Request, tmp_path: Path) -> None:
    path = documents(tmp_path, TEXTS)
    found = score_files(replace(asked, scores=("bleu2", "cider"), cider_documents=path))
    expected = Cider(document_frequencies(TEXTS))([BLIND] * 6, list(written(board()).values()))
    assert value(found, "cider") == pytest.approx(np.mean(expected), abs=1e-6) and value(found, "cider") > 0


def test_cider_takes_the_training_reports_where_no_documents_are_given(asked: Request, tmp_path: Path) -> None:
    path = documents(tmp_path, TEXTS)
    other = write_rows(tmp_path / "other.csv", [{"study_id": f"t{n}", "text": text} for n, text in enumerate("ab")])
    given = score_files(replace(asked, scores=("cider",), cider_documents=path))
    assert value(score_files(replace(asked, scores=("cider",), training=path)), "cider") == value(given, "cider")
    both = replace(asked, scores=("cider",), training=other, cider_documents=path)
    assert value(score_files(both), "cider") == value(given, "cider")


def test_the_documents_are_never_written_over(asked: Request, tmp_path: Path) -> None:
    path = documents(tmp_path, TEXTS)
    with pytest.raises(BadInput, match="would be written over"):
        score_files(replace(asked, scores=("cider",), cider_documents=path, output=path))


@pytest.mark.parametrize("named", [True, False])
def test_a_judge_of_params_yaml_scores_files(asked: Request, tmp_path: Path, server: Server, named: bool) -> None:
    path = tmp_path / ("mine.yaml" if named else "params.yaml")
    path.write_text(yaml.safe_dump({"scores": {"judge": {"base_url": server.url, "model": "tiny"}}, "other": 1}))
    found = score_files(replace(asked, scores=("judge", "bleu2"), params=path if named else None))
    expected = error_count([BLIND] * 6, list(written(board()).values()))  # the server counts by the rules
    assert value(found, "judge") == pytest.approx(expected.mean(), abs=1e-6)
    assert {"judge", "bleu2"} <= {row["score"] for row in found["comparisons"]}


def test_a_judge_that_is_down_is_told_before_anything_is_read(asked: Request, tmp_path: Path) -> None:
    settings = {"scores": {"judge": {"base_url": "http://127.0.0.1:9/v1", "model": "m", "retries": 0}}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(settings))
    with pytest.raises(BadInput, match=r"^The judge at http://127\.0\.0\.1:9/v1 cannot be reached"):
        score_files(replace(asked, scores=("judge",), references=Path("nowhere.json")))
