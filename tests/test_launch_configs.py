"""A launch configuration starts as many processes as are asked for, or it is refused; it never starts itself again."""

import os
import subprocess
from pathlib import Path

import pytest
from fixtures_launch import checkout, ended, start
from fixtures_training import training_root

from unirg_core import params, preflight
from unirg_core.faults import BadInput
from unirg_core.runs import processes

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.stem for path in (ROOT / "infra/accelerate").glob("*.yaml"))
COUNTED = "import os, pathlib; pathlib.Path(os.environ['COUNTED'], os.environ['RANK']).touch()"


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.parametrize("kind", ["'NO'", "NO", "MULTI_CPU", "null", None])
def test_a_configuration_of_one_process_is_refused_for_two(tmp_path: Path, kind: str | None) -> None:
    (tmp_path / "infra" / "accelerate").mkdir(parents=True)
    text = "num_processes: 1\n" + (f"distributed_type: {kind}\n" if kind else "")
    (tmp_path / "infra" / "accelerate" / "mine.yaml").write_text(text)
    for count, said in ((1, []), (2, ["launch.config = mine starts one process (distributed_type "])):
        asked = params.resolve(ROOT, above={"launch": {"processes": count, "config": "mine"}})
        found = [one.said for one in preflight.refusals(asked, tmp_path) if one.name == "launch"]
        assert len(found) == len(said) and all(one.startswith(said[0]) for one in found)
    with pytest.raises(BadInput, match=r"leave launch\.config out, or set launch\.processes to 1"):
        processes.command("sft", asked, tmp_path)


def test_what_a_launcher_has_started_alone_launches_nothing(tmp_path: Path, run: Path) -> None:
    root = checkout(training_root(tmp_path / "root"), {"launch": {"processes": 2}})
    code, _, told = ended(start(root, "sft", UNIRG_LAUNCHED="1"), 120)
    assert code == 2 and "The launcher has started one process in place of launch.processes = 2 copies" in told
    assert not (root / "run" / "sft.processes.log").exists()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", [*NAMES, None])
def test_a_configuration_starts_as_many_as_are_asked_for_or_is_refused(
    name: str | None, count: int, two_gpus: None, tmp_path: Path
) -> None:
    asked = params.resolve(ROOT, above={"launch": {"processes": count, "config": name}, "model": {"device": "cuda"}})
    refused = [one.said for one in preflight.refusals(asked, ROOT)]
    if not refused and count == 1:
        assert not processes.to_launch("sft", asked)  # the stage itself is the one
        return
    if refused:
        assert "needs deepspeed" in refused[0] if "zero3" in name else (name, count) == ("one-gpu", 2)
        return
    (tmp_path / "counted.py").write_text(COUNTED)
    (tmp_path / "started").mkdir()
    own = {"COUNTED": str(tmp_path / "started"), "PYTHONPATH": str(tmp_path), "ACCELERATE_USE_CPU": "true"}
    command = [*processes.command("sft", asked, ROOT)[:-2], "counted"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, **own}, check=True, timeout=300)
    assert sorted(path.name for path in (tmp_path / "started").iterdir()) == [str(rank) for rank in range(count)]
