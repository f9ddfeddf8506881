"""What cannot be carried out here is refused before a run begins: a sentence with field, value and remedy."""

import re
from pathlib import Path

import pytest
from fixtures_families import WORDS, qwen3

from unirg_core import models, params, preflight
from unirg_core.ablation import verb
from unirg_core.faults import BadInput
from unirg_core.runs.launch import Request, request_run
from unirg_core.runs.run import Trigger

ROOT = Path(__file__).resolve().parents[1]
SERVICE = {"url": "http://127.0.0.1:9", "scores": dict.fromkeys(("bertscore", "sembscore", "radgraph_f1"))}
TWO = {"launch": {"processes": 2}}
SPREAD = {"launch": {"config": "eight-gpu-fsdp"}}
RESAMPLED = {"rl": {"step2": {"resample_zero_spread": {}}}}


def looks(stage: str, *names: str) -> dict:
    return {stage: {"validate_every": 5, "validation_scores": ["labels_f1", *names]}}


def said(*above: dict) -> list[str]:
    values: dict = {}
    for one in above:
        values = params.overlay(values, one)
    return [one.said for one in preflight.refusals(params.resolve(ROOT, above=values), ROOT)]


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)


@pytest.mark.parametrize(
    "above",
    [
        {},
        TWO,
        SPREAD,  # with one process, the stage needs no launcher
        RESAMPLED,
        looks("sft", "rouge_l"),
        looks("rl", "cider", "radcliq") | {"scores": {"service": SERVICE}},
        {"model": {"output": "think_answer"}, "rl": {"step1": {"reward": {"agreement": 1.0}}}},
        {"model": {"lora": {"rank": 4}}},
        {"model": {"lora": {"targets": ["nope", "self_attn.q_proj"]}}},
    ],
)
def test_what_can_be_is_not_refused(above: dict) -> None:
    assert said(above) == []


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ([{"launch": {"config": "nope"}}], "launch.config = nope is no file of infra/accelerate; there are: eight-gpu"),
        ([TWO, RESAMPLED], "rl.step2.resample_zero_spread works where one process samples, and launch.processes = 2; "),
        (
            [TWO, {"launch": {"config": "one-gpu"}}],
            "launch.config = one-gpu starts one process (distributed_type NO), and ",
        ),
        ([TWO, SPREAD], "launch.config = eight-gpu-fsdp spreads the model over GPUs, and model.device = cpu keeps it "),
        ([looks("sft", "nope")], "sft.validation_scores names nope: nope is no score; there are "),
        ([looks("sft", "cider")], "sft.validation_scores names cider, which SFT does not ask; leave it out"),
        ([looks("rl", "judge")], "rl.validation_scores names judge: judge needs scores.judge in params.yaml"),
        ([{"rl": {"step1": {"reward": {"nope": 1}}}}], "rl.step1.reward names nope: nope is no score; there are "),
        ([{"evaluate": {"scores": ["labels_f1", "rouge_l", "well_formed", "nope"]}}], "evaluate.scores names nope: "),
        (
            [{"model": {"base": "nope"}}],
            "model.base = nope is neither unirg-tiny, nor a folder, nor in the local Hugging",
        ),
        ([{"model": {"base": "champion"}}], "model.base = champion, but unirg-cxr-phantom has no champion yet; name a"),
        (
            [{"model": {"lora": {"targets": ["nope"]}}}],
            "model.lora.targets = ['nope'] fit no module of unirg-tiny; name",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(above: list[dict], expected: str, unirg_home: Path) -> None:
    (only,) = said(*above)
    assert only.startswith(expected) and only.endswith(".") and "\n" not in only


def drawn(validation: float, **ingest: object) -> dict:
    return {"ingest": {"split": {"validation": validation}, **ingest}}


NOT_SYNTHETIC = {"path": "/drop", "policy": "IRB-1"}
BY_HASH = {"ingest": {"split": {"policy": ["hash"]}}}


@pytest.mark.parametrize(
    ("above", "refused"),
    [
        ([looks("sft"), drawn(0)], ["sft"]),
        ([looks("rl"), drawn(0)], ["rl"]),
        ([looks("sft"), looks("rl"), drawn(0, source="folder", **NOT_SYNTHETIC)], ["sft", "rl"]),
        ([looks("sft"), looks("rl"), drawn(0.05)], []),
        ([looks("sft"), drawn(0), {"sft": {"steps": 0, "epochs": 0}}], []),  # no SFT at all
        ([looks("rl"), drawn(0, source="mimic_cxr", **NOT_SYNTHETIC)], []),  # the publisher names a validation split
        ([looks("rl"), drawn(0, source="mimic_cxr", **NOT_SYNTHETIC), BY_HASH], ["rl"]),
        ([drawn(0)], []),
    ],
)
def test_looks_at_a_validation_set_that_nobody_is_drawn_into_are_refused(above: list[dict], refused: list[str]) -> None:
    assert said(*above) == [
        f"{stage}.validate_every = 5 looks at validation studies, and ingest.split.validation = 0 draws none; set "
        f"ingest.split.validation above 0, as 0.05, or {stage}.validate_every to 0."
        for stage in refused
    ]


@pytest.mark.parametrize(
    ("gpus", "above", "expected"),
    [
        (0, {"model": {"device": "cuda"}}, "model.device = 'cuda', but no CUDA device is there; take a machine with"),
        (0, {"rl": {"generation": {"backend": "vllm"}}}, "rl.generation.backend = vllm needs a GPU, and the model is"),
        (0, {"launch": {"config": "eight-gpu-zero3"}}, "needs deepspeed; say: pip install deepspeed"),
        (
            0,
            {"model": {"device": "auto"}, "launch": {"processes": 8, "config": "eight-gpu-fsdp"}},
            "launch.config = eight-gpu-fsdp is for GPUs, and none is here; leave it out, or take a machine with some.",
        ),
        (
            1,
            {"model": {"device": "cuda"}, "launch": {"processes": 8}},
            "launch.processes = 8 needs 8 GPUs on this machine, one a process, and 1 are here; set it to 1,",
        ),
        (
            1,
            {"model": {"device": "cuda"}, "rl": {"generation": {"backend": "vllm"}}},
            "but vllm is not installed; say:",
        ),
        (8, {"model": {"device": "cuda"}, "launch": {"processes": 16, "nodes": 2}}, None),
    ],
    indirect=["gpus"],
)
def test_a_device_that_is_not_there_is_told(
    gpus: None, above: dict, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unirg_core.training import arguments

    for module in (preflight, arguments):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    found = preflight.refusals(params.resolve(ROOT, above=above), ROOT)
    assert len(found) == (expected is not None) and all(one.of_device and expected in one.said for one in found)


@pytest.mark.parametrize("gpus", [0], indirect=True)
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("MULTI_GPU", "is for GPUs, and none is here; leave it out, or set model.device to cpu."),
        ("NO", "starts one process (distributed_type NO), and launch.processes = 2; leave launch.config out, or set"),
    ],
)
def test_a_configuration_for_gpus_is_told_once(gpus: None, kind: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "infra" / "accelerate").mkdir(parents=True)
    (tmp_path / "infra" / "accelerate" / "mine.yaml").write_text(f'distributed_type: "{kind}"\n')
    above = {"model": {"device": "auto"}, "launch": {"processes": 2, "config": "mine"}}
    (only,) = preflight.refusals(params.resolve(ROOT, above=above), tmp_path)
    assert only.said.startswith("launch.config = mine ") and expected in only.said


@pytest.mark.parametrize("gpus", [2], indirect=True)
def test_the_best_model_of_one_that_is_spread_is_refused(gpus: None) -> None:
    (only,) = said(TWO, SPREAD, {"model": {"device": "cuda"}, "sft": {"validate_every": 5, "select": "best"}})
    assert only.startswith(
        "sft.select = best needs whole weights in each process, and launch.config = eight-gpu-fsdp spreads them; "
    )


@pytest.mark.parametrize("gpus", [2], indirect=True)
@pytest.mark.parametrize(
    ("config", "lora", "refused"),
    [("eight-gpu-zero3", {"rank": 2}, 1), ("eight-gpu-zero3", None, 0), ("eight-gpu-fsdp", {"rank": 2}, 0)],
)
def test_an_adapter_under_zero3_is_refused(
    config: str, lora: dict | None, refused: int, gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unirg_core.preflight.find_spec", lambda name: object())
    found = said(TWO, {"launch": {"config": config}, "model": {"device": "cuda", "lora": lora}})
    assert len(found) == refused
    assert all("is DeepSpeed ZeRO-3, which cannot hold model.lora's float32" in one for one in found), found


def test_a_model_that_reads_no_pictures_and_a_broken_configuration_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    models.save(*qwen3(WORDS), folder)
    assert said({"model": {"base": str(folder)}}) == []
    for config, expected in (
        ('{"model_type": "gpt2"}', "is of the kind gpt2, which reads no pictures"),
        ("{}", "has a config.json that cannot be read"),
        ("{", "has a config.json that cannot be read"),
    ):
        (folder / "config.json").write_text(config)
        assert expected in said({"model": {"base": str(folder), "lora": {"rank": 4}}})[0]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        preflight.check(params.resolve(ROOT, above={"launch": {"config": "a"}, "model": {"base": "b"}}), ROOT)
    assert [line.split(" = ")[0] for line in str(refused.value).splitlines()] == ["launch.config", "model.base"]


def test_retrain_and_ablate_refuse_before_any_work(unirg_home: Path) -> None:
    wrong, expected = ("launch.config=nope",), "launch.config = nope is no file of infra/accelerate"
    with pytest.raises(BadInput, match=re.escape(expected)):
        request_run(Request("smoke", set=wrong), ROOT, Trigger("command", "me", "unirg retrain"))
    with pytest.raises(BadInput, match=re.escape(expected)):
        verb.run_and_tell(verb.Request("smoke", set=wrong), ROOT, None, False)
    assert not (unirg_home / "runs").exists() and not (unirg_home / "ablation").exists()
