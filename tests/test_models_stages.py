"""Priors and the schema think_answer through SFT, RL, evaluation and the registered model, with a tiny random base."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from fixtures_training import quick, state_in, training_root, trajectory
from PIL import Image

from unirg_core.evaluate import evaluate
from unirg_core.faults import BadInput
from unirg_core.files import read_json
from unirg_core.models import dataset, generation
from unirg_core.models.prompts import identity
from unirg_core.register.pyfunc import ReportWriter
from unirg_core.rl import rl
from unirg_core.scores.answer import agreement, narrative, parse
from unirg_core.scores.text import rouge_l
from unirg_core.sft import sft

LONG = {
    "model": {"prior": "image_and_report", "output": "think_answer"},
    "sft": {
        "steps": 2,
        "validate_every": 2,
        "validation_studies": 4,
        "validation_scores": ["agreement"],
        "select_by": "agreement",
    },
    "rl": {
        "step1": {"steps": 2, "learning_rate": 1e-6, "reward": {"agreement": 1.0, "rouge_l": 0.5}},
        "step2": {"steps": 1, "learning_rate": 1e-6},
    },
    "evaluate": {"scores": ["agreement", "labels_f1", "rouge_l", "bleu2"], "resamples": 100, "maximum_studies": 4},
    "gate": {"rules": [{"score": "truth_micro_f1", "subset": "all", "at_least": 0.0}]},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root in which SFT, RL and evaluation have run with both."""
    root = training_root(tmp_path_factory.mktemp("stages"))
    settings = quick(root, LONG)
    with state_in(root):
        sft(settings, root)
        rl(settings, root)
        evaluate(settings, root)
    return root


def test_agreement_without_the_schema_is_refused_with_its_remedy(made: Path, run: Path) -> None:
    above = {"rl": {"step1": {"reward": {"agreement": 1.0}}}}
    with pytest.raises(BadInput, match=r"agreement needs model\.output: think_answer"):
        rl(quick(made, above), made)


def test_training_rewards_and_validates_the_agreement(made: Path) -> None:
    assert all("rewards/agreement/mean" in entry for entry in trajectory(made, "rl", "step1"))
    looks = read_json(made / "reports" / "sft.json")["sft"]["validation"]
    assert [look["step"] for look in looks] == [0, 2] and all("validation/agreement" in look for look in looks)


@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_a_report_says_what_was_asked(made: Path, stage: str) -> None:
    told = read_json(made / "reports" / f"{stage}.json")["prompt"]
    known = identity("short", "image_and_report", "think_answer")
    assert told == {**known, "prior": "image_and_report", "output": "think_answer"}


def test_evaluation_scores_the_narrative_and_keeps_what_was_written(made: Path) -> None:
    written = pq.read_table(made / "reports/predictions.parquet").to_pandas()
    scored = pq.read_table(made / "reports/scores.parquet").to_pandas()
    references = {row["study_id"]: dataset.reference(row) for row in dataset.rows(made, "test")}
    table = written.merge(scored, on=["study_id", "system"])
    assert len(table) == len(written) == len(scored) > 0
    expected = rouge_l([narrative(text) for text in table["text"]], [references[name] for name in table["study_id"]])
    assert np.allclose(table["rouge_l"], expected)
    template = table[table["system"] == "template"]
    wanted = [references[name] for name in table["study_id"]]
    assert not any(parse(text).fault for text in template["text"])
    assert np.allclose(table["agreement"], agreement(list(table["text"]), wanted))
    assert (table.loc[table["system"] == "base", "agreement"] == 0).all()  # a random model writes no tags
    found = read_json(made / "reports/evaluation.json")
    assert found["ill_formed"]["template"] == 0.0 and found["ill_formed"]["base"] == 1.0
    assert found["roles"]["agreement"]["in_reward"] and not found["roles"]["labels_f1"]["held_out"]


def test_evaluation_of_plain_reports_tells_no_share(made: Path, tmp_path: Path) -> None:
    settings = quick(made, {"evaluate": {"resamples": 100, "maximum_studies": 2}})
    before = (made / "reports/evaluation.json").read_bytes()
    with state_in(tmp_path):
        evaluate(settings, made)
    found = read_json(made / "reports/evaluation.json")
    (made / "reports/evaluation.json").write_bytes(before)
    assert "ill_formed" not in found


def picture(value: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(value).integers(0, 255, (80, 64), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("shown", "row", "pictures", "told"),
    [
        ("none", {"prior_image": picture(1), "prior_report": "Clear."}, 1, False),
        ("report", {"prior_image": picture(1), "prior_report": "Clear."}, 1, True),
        ("image_and_report", {"prior_image": picture(1), "prior_report": "Clear."}, 2, True),
        ("image_and_report", {"prior_image": picture(1)}, 2, False),
        ("image_and_report", {"prior_image": None, "prior_report": None}, 1, False),
        ("image_and_report", {"prior_image": float("nan"), "prior_report": float("nan")}, 1, False),  # pandas' nothing
        ("image_and_report", {}, 1, False),
    ],
)
def test_the_registered_model_takes_priors(
    made: Path, monkeypatch: pytest.MonkeyPatch, shown: str, row: dict, pictures: int, told: bool
) -> None:
    asked = []
    real = generation.encode
    monkeypatch.setattr(generation, "encode", lambda *args: asked.append(args) or real(*args))
    writer = ReportWriter()
    settings = quick(made, {"model": {"prior": shown, "output": "think_answer"}}).model
    config = {"model": settings.model_dump(mode="json"), "image_size": 64}
    writer.load_context(
        SimpleNamespace(model_config=config, artifacts={"checkpoint": str(made / "checkpoints" / "rl")})
    )
    texts = writer.predict(None, pd.DataFrame([{"image": picture(0), **row}]))
    assert len(texts) == 1 and not any(tag in texts[0] for tag in ("<think>", "</answer>"))
    (_, images, prompts, _), *_ = asked
    assert len(images[0]) == pictures
    assert prompts[0].startswith("Prior report: Clear. ") == told
