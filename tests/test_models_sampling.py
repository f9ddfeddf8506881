"""Reports as samples: drawn from the model's own distribution, and the same for a study wherever it is written."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fixtures_families import FAMILIES, WORDS
from PIL import Image
from pydantic import ValidationError

from unirg_core.models import generate, load, save
from unirg_core.models.generation import _sampling
from unirg_core.params import Model

LOGITS = (2.0, 1.0, 0.0, -1.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    save(*FAMILIES["qwen3"](WORDS), folder)
    return folder


def _params(base: Path | str = "unirg-tiny", **values) -> Model:
    return Model(base=str(base), **{"max_new_tokens": 8, "threads": 1, **values})


def _pictures(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (32, 32), (i % 256, i // 256, 7)) for i in range(count)]


def _written(base: Path, pictures: list, temperature: float, **how) -> list[str]:
    settings = _params(base, temperature=temperature)
    model, processor = load(settings)
    return generate(model, processor, pictures, ["findings"] * len(pictures), settings, **how)


@pytest.mark.parametrize("temperature", [-0.1, 2.5, float("nan"), "hot"])
def test_a_temperature_that_means_nothing_is_refused(temperature):
    with pytest.raises(ValidationError):
        _params(temperature=temperature)


def test_reports_are_greedy_where_nothing_else_is_asked(base):
    assert _params().temperature == 0
    assert _written(base, _pictures(3), 0) == _written(base, _pictures(3), 1e-6)


def test_a_study_has_one_report_in_any_batch_and_order(base):
    shown = _pictures(5)
    together = _written(base, shown, 1.0)
    assert together == _written(base, shown, 1.0, batch_size=2)
    assert together[::-1] == _written(base, shown[::-1], 1.0)
    assert len(set(together)) > 1


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_samples_follow_the_models_distribution(temperature):
    """Of 4,000 studies with equal logits, each token is drawn as often as its probability says, to 4 deviations."""
    shown = _pictures(4000)
    noisy = _sampling(shown, ["findings"] * len(shown), _params(temperature=temperature))
    expected = np.exp(np.array(LOGITS) / temperature)
    expected /= expected.sum()
    for _ in range(2):  # the first word and the next
        drawn = noisy(None, torch.tensor([LOGITS] * len(shown))).argmax(dim=1).numpy()
        found = np.bincount(drawn, minlength=len(LOGITS)) / len(shown)
        assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / len(shown))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((0, "findings"), (0, "findings"), True),
        ((0, "findings"), (1, "findings"), False),
        ((0, "findings"), (0, "impression"), False),
    ],
)
def test_the_noise_is_of_picture_and_prompt(one, other, same):
    shown, scores = _pictures(2), torch.zeros(1, 64)
    noise = [_sampling([shown[at]], [text], _params(temperature=1.0))(None, scores) for at, text in (one, other)]
    assert bool((noise[0] == noise[1]).all()) == same


def test_several_pictures_all_count():
    first, second = _pictures(2)
    noise = [
        _sampling([shown], ["findings"], _params(temperature=1.0))(None, torch.zeros(1, 64))
        for shown in ([first, second], [second, first])
    ]
    assert not bool((noise[0] == noise[1]).all())
