"""Over several processes: what the launcher is told and refuses, and real runs of two over gloo."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fixtures_launch import checkout, ended, start
from fixtures_training import QUICK, quick, training_root, trajectory

from unirg_core import params
from unirg_core.faults import BadInput
from unirg_core.files import read_json, read_lines
from unirg_core.home import descendants
from unirg_core.params import passes
from unirg_core.rl import rl
from unirg_core.runs import processes
from unirg_core.sft import sft

ROOT = Path(__file__).resolve().parents[1]
TWO = {"launch": {"processes": 2}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return training_root(tmp_path / "root")


def resolved(above: dict) -> params.Params:
    return params.resolve(ROOT, above=above)


@pytest.mark.parametrize(
    ("above", "said"),
    [
        ({"launch": {"processes": 0}}, "launch.processes = 0 will not do"),
        ({"launch": {"processes": 3}}, "sft.batch_size = 32 cannot be divided by launch.processes 3; choose numbers"),
        ({"launch": {"processes": 3, "nodes": 2}}, "3 processes do not spread evenly over 2 nodes"),
        ({"launch": {"config": "../x"}}, "launch.config = ../x will not do"),
        (
            {"sft": {"micro_batch": 5}},
            "sft.batch_size = 32 cannot be divided by launch.processes 1 x sft.micro_batch 5",
        ),
        ({"rl": {"micro_batch": 48}}, "rl.step1.prompts x rollouts = 128 cannot be divided"),
        ({"rl": {"generation": {"backend": "vllm", "mode": "server"}}}, "mode: server needs the address"),
        ({"rl": {"generation": {"url": "http://x"}}}, "url is for backend: vllm with mode: server"),
        (
            {"launch": {"processes": 2}, "rl": {"generation": {"backend": "vllm", "tensor_parallel": 4}}},
            "tensor_parallel = 4 does not divide launch.processes = 2",
        ),
    ],
)
def test_numbers_that_do_not_divide_are_refused(above: dict, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        resolved(above)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("size", "count", "micro", "expected"),
    [(256, 1, None, (256, 1)), (256, 8, None, (32, 1)), (256, 8, 8, (8, 4)), (256, 1, 8, (8, 32)), (8, 8, 1, (1, 1))],
)
def test_a_batch_is_divided(size: int, count: int, micro: int | None, expected: tuple[int, int]) -> None:
    assert passes(size, count, micro) == expected
    assert expected[0] * expected[1] * count == size


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "infra/accelerate").glob("*.yaml")))
def test_a_configuration_is_one_that_accelerate_reads(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    path = ROOT / "infra/accelerate" / f"{name}.yaml"
    read, values = load_config_from_file(str(path)), yaml.safe_load(path.read_text())
    assert (read.num_processes, read.num_machines) == (values["num_processes"], values["num_machines"])
    assert read.mixed_precision == "bf16"


@pytest.mark.parametrize("recipe", ["unirg-cxr-8b", "unirg-cxr-8b-lora", "continue-unirg-cxr", "qwen3-vl-2b-lora"])
def test_a_recipe_starts_as_many_processes_as_its_configuration_is_for(recipe: str) -> None:
    values = yaml.safe_load((ROOT / "recipes" / f"{recipe}.yaml").read_text())["launch"]
    config = yaml.safe_load((ROOT / "infra/accelerate" / f"{values['config']}.yaml").read_text())
    assert values["processes"] == config["num_processes"]


@pytest.mark.parametrize("nodes", [{}, {"UNIRG_NODE": "2", "UNIRG_NODE_ADDRESS": "h:1"}, {"UNIRG_NODE": "0"}])
def test_a_node_that_does_not_say_which_it_is_is_refused(nodes: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in nodes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=r"say on each machine which one it is.*UNIRG_NODE=0 UNIRG_NODE_ADDRESS"):
        processes.command("sft", resolved({"launch": {"processes": 16, "nodes": 2}}), ROOT)


def test_the_command_names_configuration_node_and_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIRG_NODE", "1")
    monkeypatch.setenv("UNIRG_NODE_ADDRESS", "10.0.0.1:29500")
    wanted = resolved({"launch": {"processes": 16, "nodes": 2, "config": "two-nodes"}})
    said = " ".join(processes.command("rl", wanted, ROOT))
    assert said.endswith("--machine_rank 1 --main_process_ip 10.0.0.1 --main_process_port 29500 -m unirg_core rl")
    assert f"--config_file {ROOT / 'infra/accelerate/two-nodes.yaml'}" in said and "--num_processes 16" in said


def test_a_stage_that_does_not_train_is_never_launched() -> None:
    assert [stage for stage in ("ingest", "sft", "rl", "evaluate") if processes.to_launch(stage, resolved(TWO))] == [
        "sft",
        "rl",
    ]


def test_another_number_of_copies_than_the_parameters_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(BadInput, match=r"4 processes were started, but launch\.processes = 2"):
        processes.to_launch("sft", resolved(TWO))


def _outputs(root: Path) -> dict[str, Any]:
    return {path.name: path for path in (root / "reports").glob("*.json")}


def _weights(folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.slow
def test_two_processes_train_both_stages_and_the_first_alone_writes(root: Path) -> None:
    checkout(root, TWO)
    for stage, steps in (("sft", 6), ("rl", 7)):
        code, said, told = ended(start(root, stage))
        assert code == 0, told
        shown = [line for line in said.splitlines() if f"{steps}/{steps} steps" in line]
        assert len(shown) == 1  # one of them speaks
    taken = [line["step"] for line in read_lines(root / "run" / "metrics.jsonl") if line["stage"] == "sft"]
    assert taken == list(range(1, 7))
    segments = read_lines(root / "run" / "segments.jsonl")
    assert [(s["stage"], s["phase"], s["end"]) for s in segments] == [
        ("sft", "sft", 6),
        ("rl", "step1", 4),
        ("rl", "step2", 3),
    ]
    assert abs(trajectory(root, "rl", "step2")[0]["kl"]) < 1e-9
    left = {path.parent.name for path in (root / "home" / "work").glob("*/**/result")}
    assert left & {"step1", "step2"} and not list((root / "home" / "work").rglob("checkpoints"))
    assert not list(root.rglob("*.tmp"))


@pytest.mark.slow
def test_what_a_copy_refuses_is_said_once(root: Path) -> None:
    checkout(root, {**TWO, "rl": {"step1": {"reward": {"rouge_9": 1.0}}}})
    code, said, told = ended(start(root, "rl"))
    assert code == 2
    assert told.count("checkpoints/sft holds no model") + told.count("checkpoints/sft is missing") == 1
    assert "Traceback" not in told and "ChildFailedError" not in told
    assert read_json(root / "run" / "fault.json")["kind"] == "BadInput"
    assert not said.strip()


@pytest.mark.slow
def test_a_copy_that_is_killed_ends_the_others_and_the_same_command_goes_on(root: Path) -> None:
    checkout(root, {**TWO, "sft": {"steps": 40}})
    child = start(root, "sft")
    metrics = root / "run" / "metrics.jsonl"
    until = time.monotonic() + 120
    while len(read_lines(metrics)) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    copies = [pid for pid in descendants(child.pid) if b"LOCAL_RANK=1" in Path(f"/proc/{pid}/environ").read_bytes()]
    os.kill(copies[0], signal.SIGKILL)
    code, _, told = ended(child, 60)
    assert code == 128 + signal.SIGKILL and "Root Cause" in told
    assert not (root / "checkpoints" / "sft").exists()
    code, said, told = ended(start(root, "sft"))
    assert code == 0, told
    assert "goes on from step" in said
    assert [s["killed"] for s in read_lines(root / "run" / "segments.jsonl")] == [True, False]
    assert len(trajectory(root, "sft", "sft")) == 40


@pytest.mark.slow
def test_two_nodes_meet_and_the_first_writes(root: Path) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    checkout(root, {"launch": {"processes": 2, "nodes": 2}, "sft": {"steps": 2}})
    nodes = [
        start(root, "sft", UNIRG_NODE=str(number), UNIRG_NODE_ADDRESS=address, UNIRG_RUN=str(root / f"run{number}"))
        for number in range(2)
    ]
    found = [ended(node) for node in nodes]
    assert [code for code, _, _ in found] == [0, 0], found
    assert "2/2 steps" in found[0][1] and not found[1][1].strip()
    assert (root / "reports" / "sft.json").exists()
    assert not (root / "run1" / "metrics.jsonl").exists()


def test_a_micro_batch_takes_the_same_way(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = {}
    for name, micro in (("whole", None), ("parts", 2)):
        monkeypatch.setenv("UNIRG_HOME", str(tmp_path / name))
        monkeypatch.setenv("UNIRG_RUN", str(tmp_path / name))
        sft(quick(root, {"sft": {"micro_batch": micro}}), root)
        found[name] = trajectory(root, "sft", "sft")
    whole, parts = found["whole"], found["parts"]
    for figure in (
        "loss",
        "grad_norm",
    ):  # of the first step: later ones follow from Adam, which magnifies the last digit
        assert whole[0][figure] == pytest.approx(parts[0][figure], rel=1e-5)
    assert [e["loss"] for e in whole] == pytest.approx([e["loss"] for e in parts], rel=1e-2)


def test_without_sft_the_base_goes_on_and_rl_begins_with_it(root: Path, run: Path) -> None:
    above = {
        "sft": {"steps": 0, "epochs": 0},
        "rl": {"step1": {"steps": 0, "epochs": 0.3, "beta": 0.01}, "step2": None},
    }
    wanted = quick(root, above)
    sft(wanted, root)
    assert read_json(root / "reports" / "sft.json")["sft"] == {"steps": 0}
    before, after = _weights(root / "base"), _weights(root / "checkpoints" / "sft")
    assert all((before[name] == after[name]).all() for name in before)
    rl(wanted, root)
    taken = trajectory(root, "rl", "step1")
    assert len(taken) == 2 and abs(taken[0]["kl"]) < 1e-9  # 0.3 of 12 studies, 2 prompts a step
    assert QUICK["rl"]["step1"]["prompts"] == 2
