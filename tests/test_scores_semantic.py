"""The semantic score: bad folders first, then a tiny random model of the true architecture, and a real one if given.

The real model is looked for in `UNIRG_SENTENCE_MODEL`, a sentence-transformers folder such as all-MiniLM-L6-v2.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from unirg_core.faults import BadInput
from unirg_core.files import tree_digest
from unirg_core.params import Scores, SentenceModel
from unirg_core.scores.configured import configured
from unirg_core.scores.semantic import Semantic

WORDS = "no left right effusion pneumothorax heart is normal enlarged the lungs are clear . , small large".split()  # noqa: SIM905
REFERENCE = "Small left effusion. The heart is normal. No pneumothorax."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights, in the layout of sentence-transformers."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    path = tmp_path_factory.mktemp("model")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (path / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab={word: i for i, word in enumerate(vocabulary)}).save_pretrained(path)
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **size)).save_pretrained(path)
    kinds = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))
    modules = [{"type": f"sentence_transformers.models.{name}", "path": where} for name, where in kinds]
    (path / "modules.json").write_text(json.dumps(modules))
    (path / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": true}')
    return path


def _copy(folder: Path, to: Path, **files: str | None) -> Path:
    """Copy the model with some of its files (``__`` for a slash, ``_json`` for the ending) replaced or taken away."""
    shutil.copytree(folder, to)
    for name, text in files.items():
        path = to / name.replace("__", "/").replace("_json", ".json")
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    return to


BROKEN = [
    ({"modules_json": None}, "no sentence-transformers folder"),
    ({"modules_json": "{"}, "not valid JSON"),
    ({"modules_json": '[{"type": "x.Transformer", "path": ""}]'}, "has no module Pooling"),
    ({"modules_json": '[{"type": "x.Dense", "path": ""}]'}, "has the module Dense"),
    ({"1_Pooling__config_json": None}, "config.json is missing"),
    ({"1_Pooling__config_json": "{}"}, "none of mean, cls and max"),
    ({"1_Pooling__config_json": '{"pooling_mode": "lasttoken"}'}, "none of mean, cls and max"),
]


@pytest.mark.parametrize(("files", "says"), BROKEN)
def test_refuses_folders_of_something_else(folder: Path, tmp_path: Path, files: dict, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        Semantic(_copy(folder, tmp_path / "broken", **files))


def test_refuses_missing_weights_when_they_are_needed(folder: Path, tmp_path: Path) -> None:
    broken = _copy(folder, tmp_path / "broken")
    (broken / "model.safetensors").unlink()
    score = Semantic(broken)  # the weights are not read yet
    with pytest.raises(BadInput, match="holds no model that transformers can load"):
        score([REFERENCE], ["No effusion."])


def test_refuses_what_is_no_pair(folder: Path) -> None:
    with pytest.raises(BadInput, match="1 candidates but 2 references"):
        Semantic(folder)(["a"], ["a", "b"])


def test_a_perfect_pair_in_any_order_and_empty_texts(folder: Path) -> None:
    score = Semantic(folder)
    turned = "No pneumothorax. The heart is normal. Small left effusion. No pneumothorax."
    values = score([REFERENCE, turned, "", "", REFERENCE], [REFERENCE, REFERENCE, "", REFERENCE, ""])
    assert values == pytest.approx([1.0, 1.0, 1.0, 0.0, 0.0], abs=1e-9)


def test_the_batch_changes_no_bit(folder: Path) -> None:
    texts = [REFERENCE, "No effusion.", "The lungs are clear. The heart is enlarged, left.", "small " * 100, "zebra"]
    together = Semantic(folder)(texts, texts[::-1])
    alone = [Semantic(folder)([c], [r])[0] for c, r in zip(texts, texts[::-1], strict=True)]
    assert together.tolist() == alone
    assert (np.abs(together) <= 1 + 1e-9).all()
    assert together == pytest.approx(Semantic(folder)(texts[::-1], texts), abs=1e-12)  # symmetric


def test_leaving_out_and_adding_both_cost(folder: Path) -> None:
    score = Semantic(folder)
    less, more = score(["Small left effusion.", REFERENCE + " The lungs are clear."], [REFERENCE] * 2)
    assert less < 1 - 1e-6 and more < 1 - 1e-6


@pytest.mark.parametrize(
    "settings", ['{"pooling_mode_cls_token": true}', '{"pooling_mode_max_tokens": true}', '{"pooling_mode": "mean"}']
)
def test_reads_the_pooling_of_the_folder(folder: Path, tmp_path: Path, settings: str) -> None:
    other = Semantic(_copy(folder, tmp_path / "other", **{"1_Pooling__config_json": settings}))
    mean = Semantic(folder)([REFERENCE], ["Large right effusion."])[0]
    value = other([REFERENCE], ["Large right effusion."])[0]
    assert (value == mean) == ("pooling_mode_" not in settings)


@pytest.fixture(scope="module")
def real() -> Semantic:
    path = os.environ.get("UNIRG_SENTENCE_MODEL", "")
    if not path:
        pytest.skip("UNIRG_SENTENCE_MODEL names no sentence-transformers folder")
    return Semantic(Path(path))


@pytest.mark.slow
def test_a_real_model_knows_a_paraphrase_and_is_soft_on_negation(real: Semantic) -> None:
    reference = "There is a pleural effusion on the left."
    paraphrase, denied, other = real(
        ["Left-sided pleural effusion.", "There is no pleural effusion on the left.", "The heart is normal in size."],
        [reference] * 3,
    )
    assert paraphrase > 0.8 and other < 0.5
    assert denied > 0.8  # the limit that docs/scores.md states: negation hardly costs anything
    assert real([reference], [reference])[0] == pytest.approx(1.0)


@pytest.mark.slow
def test_a_real_models_vectors_are_those_of_its_authors(real: Semantic) -> None:
    """The similarities that the card of all-MiniLM-L6-v2's library prints for its three example sentences."""
    texts = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    weather, sunny, stadium = (real._embed(text) for text in texts)  # whole: the score drops the end of a sentence
    assert [weather @ sunny, weather @ stadium, sunny @ stadium] == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-3)


def test_a_run_takes_the_pinned_model_and_no_other(folder: Path, tmp_path: Path) -> None:
    pinned = tree_digest(folder)
    other = _copy(folder, tmp_path / "other", sentence_bert_config_json='{"max_seq_length": 32}')
    scores = configured(Scores(semantic=SentenceModel(folder=str(folder), digest=pinned)))
    assert scores["semantic"]([REFERENCE], [REFERENCE])[0] == pytest.approx(1)
    with pytest.raises(
        BadInput, match=rf"other has digest {tree_digest(other)}, not {pinned}; put the pinned files back"
    ):
        configured(Scores(semantic=SentenceModel(folder=str(other), digest=pinned)))
