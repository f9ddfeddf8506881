"""Two environments at once: a service in the clinical one, the project's own client here, and the agreed digests."""

import os
from collections.abc import Iterator
from pathlib import Path

import fixtures_clinical as tiny
import numpy as np
import pytest
import yaml
from fixtures_service import serving

from unirg_core.clinical.weights import digests, read_settings
from unirg_core.faults import BadInput
from unirg_core.params import Scores
from unirg_core.scores import SCORES, radcliq
from unirg_core.scores.service import Service, service_scores

PYTHON = os.environ.get("UNIRG_CLINICAL_PYTHON")
pytestmark = [
    pytest.mark.clinical,
    pytest.mark.skipif(not PYTHON, reason="UNIRG_CLINICAL_PYTHON names no Python of infra/clinical.txt"),
]
CANDIDATES = ["No pleural effusion.", "The heart is enlarged.", ""]
REFERENCES = ["Pleural effusion.", "The heart is enlarged.", "Lungs are clear."]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings over tiny weights of the two models that this environment can make."""
    folder = tmp_path_factory.mktemp("clinical")
    weights = {}
    for model in ("bertscore", "chexbert"):
        (folder / model).mkdir()
        tiny.MAKERS[model](folder / model)
        weights[model] = {"folder": model, "sha256": tiny.pins(folder / model)}
    path = folder / "scorer.yaml"
    path.write_text(yaml.safe_dump({"weights": weights, "pairs": 2, "threads": 1}))
    return path


@pytest.fixture(scope="module")
def url(settings: Path) -> Iterator[str]:
    with serving(settings, PYTHON) as address:
        yield address


def test_scores_come_from_the_other_environment_under_agreed_digests(url: str, settings: Path) -> None:
    pins = digests(read_settings(settings))
    assert sorted(pins) == ["bertscore", "chexbert_f1", "sembscore"]
    asked = Scores.model_validate({"service": {"url": url, "scores": pins | {"rouge_l": None}}})
    scores = service_scores(asked)
    assert set(scores) == {*pins, "rouge_l"}
    for name in pins:
        values = scores[name](CANDIDATES, REFERENCES)  # two requests of at most two pairs
        assert np.isfinite(values).all() and values[1] == pytest.approx(1.0, abs=1e-6)
        assert values[0] == scores[name](CANDIDATES[:1], REFERENCES[:1])[0] < 1
    assert np.array_equal(scores["rouge_l"](CANDIDATES, REFERENCES), SCORES["rouge_l"](CANDIDATES, REFERENCES))


def test_other_weights_than_pinned_are_refused(url: str) -> None:
    with pytest.raises(BadInput, match=r"serves sembscore with weights [0-9a-f]{64}, but .* pins 0{64}"):
        dict(Service(url, {"sembscore": "0" * 64}))


def test_what_is_not_served_is_told_with_its_remedy(url: str) -> None:
    with pytest.raises(BadInput, match="does not serve green; it serves bertscore, bleu2, chexbert_f1"):
        dict(Service(url, {"green": "0" * 64}))


def test_radcliq_takes_its_parts_from_anywhere(url: str) -> None:
    from unirg_core.scores.radcliq import composite

    service = Service(url)
    provided = {**service, "radgraph_f1": SCORES["labels_f1"]}  # any provider of a part will do
    values = composite(provided)(CANDIDATES, REFERENCES)
    parts = [provided[name](CANDIDATES, REFERENCES) for name in ("radgraph_f1", "bertscore", "sembscore", "bleu2")]
    assert np.array_equal(values, radcliq(*parts)) and values[1] == pytest.approx(-1.440690, abs=1e-5)
