"""The model-based scores on tiny random weights in the true architectures, all of the path but the published numbers.

They run where RadEval is: in the environment of infra/clinical.txt, by itself (`pytest -m clinical`) or from the
project's own through UNIRG_CLINICAL_PYTHON, the path of that environment's Python.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import fixtures_clinical as tiny
import numpy as np
import pytest
from fixtures_service import ROOT

from unirg_core.clinical import radeval, served
from unirg_core.clinical.origins import ORIGINS
from unirg_core.clinical.weights import Settings, Weights
from unirg_core.faults import BadInput
from unirg_core.scores import SCORES, weighted
from unirg_core.scores.reward import Score, ScoreFault

PYTHON = os.environ.get("UNIRG_CLINICAL_PYTHON")
pytestmark = pytest.mark.clinical
here = pytest.mark.skipif(not radeval.installed(), reason="RadEval is not in this Python (docs/model-scores.md)")

CANDIDATES = [
    "No pleural effusion.",
    "The heart is enlarged. Small left pleural effusion.",
    "",
    "lungs clear",
    "The heart is enlarged.\nNo edema, no consolidation in the lower lobe.",
    "The heart is enlarged. Small left pleural effusion.",
]
REFERENCES = [
    "Pleural effusion.",
    "The heart is enlarged. Small left pleural effusion.",
    "Lungs are clear.",
    "lungs are clear. No pneumothorax, no edema.",
    "Unchanged.",
    "",
]
NAMES = [name for origin in ORIGINS.values() for name in origin.scores]
Loader = Callable[..., Mapping[str, Score]]


@pytest.mark.slow
@pytest.mark.skipif(radeval.installed() or not PYTHON, reason="UNIRG_CLINICAL_PYTHON names no Python with RadEval")
def test_in_the_environment_of_their_own() -> None:
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(radeval.installed(), reason="RadEval is here")
def test_without_radeval_the_remedy_is_named() -> None:
    with pytest.raises(BadInput, match=r"make the environment of infra/clinical.txt \(docs/model-scores.md\)"):
        radeval.part("metrics._chexbert_base")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model -> folder of its tiny weights."""
    folders = {}
    for model, make in tiny.MAKERS.items():
        folder = tmp_path_factory.mktemp(model)
        folders[model] = make(folder)
    return folders


def _settings(folders: Mapping[str, Path], **changed: int) -> Settings:
    weights = {model: Weights(folder=folder, sha256=tiny.pins(folder)) for model, folder in folders.items()}
    return Settings(weights=weights, **changed)


@pytest.fixture(scope="module")
def scores(made: dict[str, Path]) -> Mapping[str, Score]:
    return served.load(_settings(made)).scores


@here
def test_a_service_with_all_weights_serves_all_scores(made: dict[str, Path]) -> None:
    settings = _settings({"chexbert": made["chexbert"]})
    told = served.load(settings).listing()
    digest = settings.weights["chexbert"].digest
    assert told["scores"]["sembscore"] == told["scores"]["chexbert_f1"] == {"digest": digest}
    assert told["scores"]["bleu2"] == {"digest": None} and "bertscore" not in told["scores"]
    assert told["versions"]["radeval"] == "2.2.1"


@here
@pytest.mark.parametrize("name", NAMES)
def test_the_batch_never_changes_a_value(scores: Mapping[str, Score], name: str) -> None:
    score = scores[name]
    whole = score(CANDIDATES, REFERENCES)
    assert whole.shape == (6,) and whole.dtype == float and np.isfinite(whole).all()
    assert np.array_equal(score(CANDIDATES[::-1], REFERENCES[::-1])[::-1], whole)
    alone = [score([c], [r])[0] for c, r in zip(CANDIDATES, REFERENCES, strict=True)]
    assert np.array_equal(alone, whole)
    assert score([], []).shape == (0,)


@here
@pytest.mark.parametrize("name", [name for name in NAMES if name != "green"])  # the tiny GREEN says one thing only
def test_an_identical_pair_scores_best(scores: Mapping[str, Score], name: str) -> None:
    values = scores[name](CANDIDATES, REFERENCES)
    assert values[1] == pytest.approx(1.0, abs=1e-6) and values.max() <= 1 + 1e-6
    assert name == "ratescore" or values.min() < 0.9


@here
@pytest.mark.parametrize("model", ["bertscore", "chexbert"])
def test_more_texts_at_once_move_a_value_by_rounding_only(made: dict[str, Path], scores: Mapping, model: str) -> None:
    batched = served.load(_settings({model: made[model]}, texts_at_once=4)).scores
    for name in ORIGINS[model].scores:
        ours, theirs = scores[name](CANDIDATES, REFERENCES), batched[name](CANDIDATES, REFERENCES)
        assert np.allclose(ours, theirs, atol=1e-4)


@here
def test_files_that_hold_something_else_are_refused(made: dict[str, Path], tmp_path: Path) -> None:
    for path in made["chexbert"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "chexbert.safetensors").write_bytes(b"0" * 64)
    with pytest.raises(BadInput, match=rf"chexbert does not load from {tmp_path}: SafetensorError"):
        served.load(_settings({"chexbert": tmp_path}))


@here
@pytest.mark.parametrize("name", ["bertscore", "sembscore", "chexbert_f1", "ratescore"])
def test_a_report_longer_than_a_model_reads_is_cut_and_scored(scores: Mapping[str, Score], name: str) -> None:
    endless = "the heart is enlarged with small left pleural effusion and " * 120 + "no edema."
    values = scores[name]([endless, endless], [endless, "Lungs are clear."])
    assert np.isfinite(values).all() and values[1] < values[0]
    assert name == "ratescore" or values[0] == pytest.approx(1.0, abs=1e-5)  # RaTE may tag one word in two ways


# bertscore


@here
def test_bertscore_is_layer_five_greedily_matched_and_rescaled(made: dict[str, Path], scores: Mapping) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(made["bertscore"]), add_prefix_space=True)
    encoder = AutoModel.from_pretrained(str(made["bertscore"])).eval()

    def layer_five(text: str) -> torch.Tensor:
        with torch.no_grad():
            states = encoder(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        return torch.nn.functional.normalize(states[5][0], dim=-1)

    candidate, reference = CANDIDATES[4].strip(), REFERENCES[4]
    similar = layer_five(candidate) @ layer_five(reference).T
    precision = similar.max(dim=1).values[1:-1].mean()  # start and end mark may be matched, and do not count
    recall = similar.max(dim=0).values[1:-1].mean()
    f1 = 2 * precision * recall / (precision + recall)
    expected = float((f1 - 0.8473319) / (1 - 0.8473319))
    assert scores["bertscore"]([candidate], [reference])[0] == pytest.approx(expected, abs=1e-4)


@here
def test_bertscore_takes_the_published_baseline() -> None:
    from unirg_core.clinical.bertscore import BASELINE, LAYER

    table = (
        Path(radeval.part("metrics.bertscore._vendor").__file__).parent / "rescale_baseline/en/distilroberta-base.tsv"
    )
    assert [float(part) for part in table.read_text().splitlines()[1 + LAYER].split(",")] == [LAYER, *BASELINE]


@here
def test_bertscore_of_an_empty_text_is_the_rescaled_zero(scores: Mapping[str, Score]) -> None:
    values = scores["bertscore"](["", "Lungs are clear.", ""], ["Lungs are clear.", "", ""])
    assert np.allclose(values, -0.8473319 / (1 - 0.8473319), atol=1e-4)


# Trap 2: idf over a group whose references are all equal is zero, and so is then an identical pair's raw score.
@here
def test_idf_over_one_group_is_the_trap_that_idf_off_avoids(made: dict[str, Path], scores: Mapping) -> None:
    import torch

    from unirg_core.clinical.bertscore import BASELINE

    texts = [REFERENCES[1]] * 4
    naive = radeval.part("metrics.bertscore._vendor").BERTScorer(
        model_type=str(made["bertscore"]), num_layers=5, rescale_with_baseline=True, idf=True, lang="en", device="cpu"
    )
    naive._baseline_vals = torch.tensor(BASELINE)
    naive._idf_dict = dict.fromkeys(range(1000), np.log((1 + 1) / (1 + 1)))  # one document, and every word in it
    assert np.allclose(naive.score(texts, texts)[2], -5.55, atol=0.01)
    assert np.allclose(scores["bertscore"](texts, texts), 1.0, atol=1e-6)


# Trap 6: words nearly the same, meaning turned round; another term of the reward must pay for it.
@here
def test_a_negation_costs_bertscore_less_than_other_words_and_the_label_term_pays(scores: Mapping) -> None:
    reference = ["Pleural effusion."] * 2
    turned, same = "No pleural effusion.", "There is fluid in the left pleural space, an effusion."
    alone = scores["bertscore"]([turned, same], reference)
    assert alone[0] > alone[1]
    total, _ = weighted({"bertscore": 0.37, "finding_credit": 1.0}, scores)([turned, same], reference)
    assert total[0] < total[1]
    assert scores["finding_credit"] is SCORES["finding_credit"]


# chexbert


@here
def test_chexbert_reads_the_published_layout_too(made: dict[str, Path], scores: Mapping, tmp_path: Path) -> None:
    pickled = served.load(_settings({"chexbert": tiny.chexbert(tmp_path, safe=False)})).scores
    for name in ("sembscore", "chexbert_f1"):
        assert np.array_equal(pickled[name](CANDIDATES, REFERENCES), scores[name](CANDIDATES, REFERENCES))


class _Runs:
    def __reduce__(self):
        return (os.system, ("touch ran",))


@here
def test_a_pickle_that_would_run_code_is_refused(made: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    folder = tiny.chexbert(tmp_path / "weights", safe=False)
    torch.save({"model_state_dict": _Runs()}, folder / "chexbert.pth")
    with pytest.raises(BadInput, match=r"chexbert does not load from .*UnpicklingError"):
        served.load(_settings({"chexbert": folder}))
    assert not (tmp_path / "ran").exists()


@here
def test_chexbert_scores_are_what_its_heads_and_embedding_say(made: dict[str, Path], scores: Mapping) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoTokenizer, BertConfig, BertModel

    state = load_file(str(made["chexbert"] / "chexbert.safetensors"))
    bert = BertModel(BertConfig.from_pretrained(str(made["chexbert"]))).eval()
    bert.load_state_dict({name[5:]: tensor for name, tensor in state.items() if name.startswith("bert.")})
    tokenizer = AutoTokenizer.from_pretrained(str(made["chexbert"]))

    def read(text: str) -> tuple[np.ndarray, set[int]]:
        with torch.no_grad():
            cls = bert(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0]
        said = [
            int((state[f"linear_heads.{i}.weight"] @ cls + state[f"linear_heads.{i}.bias"]).argmax()) for i in range(13)
        ]
        return cls.double().numpy(), {i for i, value in enumerate(said) if value in (1, 3)}  # present, uncertain

    semantic, f1 = scores["sembscore"](CANDIDATES, REFERENCES), scores["chexbert_f1"](CANDIDATES, REFERENCES)
    for i, (candidate, reference) in enumerate(zip(CANDIDATES, REFERENCES, strict=True)):
        (ours, said), (theirs, true) = read(candidate), read(reference)
        cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert semantic[i] == pytest.approx(cosine, abs=1e-5)
        assert f1[i] == pytest.approx(2 * len(said & true) / (len(said) + len(true)) if said or true else 1.0)


# radgraph


@here
def test_radgraph_f1_is_the_mean_of_entity_and_relation_f1(made: dict[str, Path], scores: Mapping) -> None:
    from unirg_core.clinical.radgraph import _graph

    graph = _graph(made["radgraph"], "cpu")

    def facts(text: str) -> tuple[set, set]:
        entities = graph([text])["0"]["entities"]
        named = {key: (entity["tokens"], entity["label"]) for key, entity in entities.items()}
        related = {
            (named[key], named[other], kind) for key, entity in entities.items() for kind, other in entity["relations"]
        }
        return set(named.values()), related

    def f1(ours: set, theirs: set) -> float:
        return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours & theirs else 0.0

    values = scores["radgraph_f1"](CANDIDATES[:5], REFERENCES[:5])
    expected = [
        np.mean([f1(ours, theirs) for ours, theirs in zip(facts(c), facts(r), strict=True)])
        for c, r in zip(CANDIDATES[:5], REFERENCES[:5], strict=True)
    ]
    assert values == pytest.approx(expected)
    assert 0 < values[0] < 1


@here
def test_a_report_that_radgraph_drops_stops_the_work(scores: Mapping[str, Score]) -> None:
    from unirg_core.clinical.radgraph import _whole

    with pytest.raises(ValueError, match="RadGraph could not read text 1 of 2"):
        _whole(lambda texts: {"0": {"entities": {}}})(["a", "b"])
    assert scores["radgraph_f1"]([" \n ", "a"], ["a", " "]).shape == (2,)


# ratescore


@here
def test_ratescore_is_radevals_on_one_pair_and_keeps_its_place_on_several(made: dict, scores: Mapping) -> None:
    folder = made["ratescore"]
    library = radeval.part("metrics.RaTEScore.scorer").RaTEScore(
        bert_model=str(folder / "entities"), eval_model=str(folder / "synonyms"), use_gpu=False
    )
    ours = scores["ratescore"](CANDIDATES, REFERENCES)
    for i in (0, 1, 3, 4):
        assert library.compute_score([CANDIDATES[i]], [REFERENCES[i]])[0] == [ours[i]]
    assert len(library.compute_score(CANDIDATES, REFERENCES)[0]) != len(CANDIDATES)  # the trap
    assert list(ours[[2, 5]]) == [0.5, 0.5]  # one side empty


# green


@here
def test_green_is_matched_over_matched_and_significant(scores: Mapping[str, Score]) -> None:
    assert scores["green"](CANDIDATES[:2], REFERENCES[:2]).tolist() == [0.75, 0.75]


@here
@pytest.mark.parametrize("left_out", ["[Matched Findings]", "[Clinically Significant Errors]"])
def test_an_answer_of_green_without_a_section_stops_the_work(tmp_path: Path, left_out: str) -> None:
    folder = tiny.green(tmp_path, tiny.ANSWER.replace(left_out, "[Something]"))
    scores = served.load(_settings({"green": folder})).scores
    with pytest.raises(ScoreFault, match=rf"The score green failed .*GREEN's answer holds no section \{left_out[:-1]}"):
        weighted({"green": 1.0}, scores)(["a"], ["b"])
