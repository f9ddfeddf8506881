"""The baselines: nobody copies his own report; and the constant template shows what a score is worth (trap 5)."""

import json
from pathlib import Path

import pytest

from unirg_core.evaluate.predict import TEMPLATE
from unirg_core.faults import BadInput
from unirg_core.scoring.baselines import BY_CONTEXT, BY_REFERENCE, nearest, template
from unirg_core.scoring.comparison import Settings
from unirg_core.scoring.score import Request, score_files
from unirg_core.scoring.texts import Report

SOURCE = Path("training.jsonl")
IU = Path(__file__).parents[1] / "../shared/data/iu_xray/rexrank_iu_valid.json"
BOTH = "findings+impression"


def report(study: str, findings: str, impression: str = "", patient: str = "", context: str = "") -> Report:
    return Report(study, patient, findings, impression, None, context)


TRAINING = [
    report("t0", "Large left pleural effusion.", "Effusion.", "p0", "Indication: dyspnea"),
    report("t1", "The lungs are clear.", "Normal.", "p1", "Indication: trauma after fall"),
    report("t2", "Cardiomegaly with edema.", "Failure.", "p2", "Indication: heart failure"),
]


def copies(study: Report, training: list[Report] = TRAINING, setting: str = BOTH) -> dict[str, str]:
    return {name: texts[0] for name, texts in nearest([study], training, setting, SOURCE).items()}


def test_each_looks_where_it_says() -> None:
    found = copies(report("s", "Small left pleural effusion.", "", "p9", "Indication: fall, trauma"))
    assert found == {
        BY_CONTEXT: "Findings: The lungs are clear. Impression: Normal.",
        BY_REFERENCE: "Findings: Large left pleural effusion. Impression: Effusion.",
    }


def test_without_context_there_is_no_copy_by_context() -> None:
    assert list(copies(report("s", "Edema."))) == [BY_REFERENCE]


@pytest.mark.parametrize("own", [{"study": "t0"}, {"study": "s", "patient": "p0"}])
def test_the_same_study_or_patient_is_never_copied(own: dict) -> None:
    found = copies(report(findings="Large left pleural effusion.", impression="Effusion.", **own))
    assert "effusion" not in found[BY_REFERENCE].lower()


def test_patients_that_are_not_known_are_not_one_patient() -> None:
    training = [report("t0", "Edema.", patient="None"), report("t1", "Clear.")]
    assert copies(report("s", "Edema.", patient="None"), training)[BY_REFERENCE] == "Findings: Edema."


def test_a_file_may_be_its_own_training_file() -> None:
    found = nearest(TRAINING, TRAINING, "findings", SOURCE)[BY_REFERENCE]
    assert all(text != study.findings for text, study in zip(found, TRAINING, strict=True))


def test_only_reports_with_text_in_the_setting_are_copied() -> None:
    training = [report("t0", "", "Effusion."), report("t1", "Clear.", "")]
    assert copies(report("s", "Effusion.", "Effusion."), training, "findings")[BY_REFERENCE] == "Clear."


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ([report("t0", "", "Effusion.")], "no training report has text in the setting findings"),
        ([report("s", "Edema.")], "no report but those of study s or its patient"),
    ],
)
def test_a_training_file_with_nothing_to_copy_is_refused(training: list[Report], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        nearest([report("s", "Edema.")], training, "findings", SOURCE)


@pytest.mark.parametrize("text", ["...", "-", "7"])
def test_texts_without_words_are_no_fault(text: str) -> None:
    assert copies(report("s", text), [report("t", text)])[BY_REFERENCE] == f"Findings: {text}"


def test_the_template_in_both_settings() -> None:
    assert template(BOTH) == TEMPLATE
    assert template("findings") and "Impression" not in template("findings") and "Findings" not in template("findings")


@pytest.fixture(scope="module")
def iu(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Score a stand-in for a model on the real studies: each study gets the next one's report."""
    if not IU.exists():
        pytest.skip(f"the board's file is not at {IU}")
    held = json.loads(IU.read_text())
    names = list(held)
    shifted = zip(names, names[1:] + names[:1], strict=True)
    path = tmp_path_factory.mktemp("iu") / "shifted.json"
    path.write_text(json.dumps({a: {**held[a], "model_prediction": held[b]["report"]} for a, b in shifted}))
    request = Request(IU, (path,), ("bleu2", "rouge_l", "labels_f1"), settings=Settings(resamples=200, swaps=199))
    return score_files(request)


def test_trap_5_the_template_scores_high_and_finds_nothing(iu: dict) -> None:
    values = {(row["score"], row["system"]): row["value"] for row in iu["scores"]}
    assert iu["studies"] == 296
    for name in ("bleu2", "rouge_l", "labels_f1"):
        assert values[name, "template"] > values[name, "shifted"], f"{name} of saying normal to everybody"
    assert values["labels_micro_f1", "template"] == 0.0 < values["labels_micro_f1", "shifted"]
    assert iu["template_not_below"] == {"shifted": ["bleu2", "rouge_l", "labels_f1"]}
