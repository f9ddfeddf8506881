"""What decides that a world or an arm is made again: every file it is made with, by the import graph, and no other."""

import ast
import shutil
from pathlib import Path

import pytest
from fixtures_ablation import ROOT, ablated, made_up, small
from test_structure import modules, reached

from unirg_core.ablation import roots, run


def _says_nothing(module: str) -> bool:
    """Tell whether a module holds a docstring at most."""
    return len(ast.parse(modules()[module].read_text()).body) <= 1


@pytest.mark.parametrize(
    ("starts", "files"),
    [
        (("ingest", "validate"), roots.code("ingest", "validate")),
        (("sft", "ablation.measure"), roots.arm_code("sft")),
        (("rl", "ablation.measure"), roots.arm_code("rl")),
        (("ablation.measure", "ablation.bias"), roots.arm_code("bias")),
    ],
)
def test_a_digest_covers_every_module_that_is_reached(starts: tuple[str, ...], files: list[str]) -> None:
    used = {module for start in starts for module in reached(f"unirg_core.{start}") if module.count(".") > 0}
    paths = {modules()[module].relative_to(ROOT).as_posix() for module in used if not _says_nothing(module)}
    assert paths - set(files) == set()


TINY = "unirg_core/models/unirg_tiny/model.safetensors"


@pytest.mark.parametrize(
    ("path", "world", "sft", "rl"),
    [
        ("unirg_core/ingest/lexicon.txt.gz", True, False, False),
        ("unirg_core/ingest/stays.txt", True, False, False),
        ("unirg_core/scores/words.txt", True, True, True),  # it decides what is well-formed
        ("unirg_core/params/training.py", True, True, True),
        ("unirg_core/files.py", True, True, True),
        ("unirg_core/study.py", True, True, True),
        ("unirg_core/families.py", True, True, True),
        ("unirg_core/evaluate/summary.py", False, True, True),
        ("unirg_core/ablation/measure.py", False, True, True),
        ("unirg_core/ablation/bias.py", False, True, True),
        (TINY, False, True, True),
        ("unirg_core/rl.py", False, False, True),
        ("unirg_core/ablation/printing.py", False, False, False),
        ("unirg_core/cli/__init__.py", False, False, False),
        ("unirg_core/scores/__pycache__/form.pyc", False, False, False),
    ],
)
def test_a_changed_file_changes_the_digests_of_what_is_made_with_it(
    path: str, world: bool, sft: bool, rl: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("unirg_core", "infra"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.setattr(roots, "_ROOT", tmp_path)
    before = _digests()
    (tmp_path / path).parent.mkdir(exist_ok=True)
    with (tmp_path / path).open("ab") as stream:
        stream.write(b"\n")
    changed = [one != other for one, other in zip(before, _digests(), strict=True)]
    assert changed == [world, sft, rl]


def _digests() -> list[str]:
    asked = small()
    return [
        roots.world_digest(asked),
        *(roots.arm_digest(asked, trains, ["data"], "start") for trains in ("sft", "rl")),
    ]


@pytest.mark.parametrize(
    ("assigned", "trains", "changes"),
    [
        ("launch.processes=2", "sft", True),
        ("sft.steps=7", "sft", True),
        ("rl.step1.steps=7", "sft", False),
        ("rl.step1.steps=7", "rl", True),
        ("version.push=false", "rl", False),
    ],
)
def test_a_parameter_changes_the_digest_of_an_arm_that_reads_it(assigned: str, trains: str, changes: bool) -> None:
    found = {roots.arm_digest(small(*given), trains, [], "") for given in ((), (assigned,))}
    assert len(found) == 1 + changes


def test_a_base_of_other_bytes_is_another_start(
    unirg_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(roots, "run_stage", made_up(ran))
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "model.safetensors").write_text("weights")
    asked = small(f"model.base={base}")
    first = ablated("sft", "sft_rl", of=asked)["sft_rl"]
    assert ran == ["world-20 ingest", "world-20 validate", "sft sft", "sft measure", "sft_rl rl", "sft_rl measure"]
    ran.clear()
    assert ablated("sft", "sft_rl", of=asked)["sft_rl"].facts == first.facts and not ran
    (base / "model.safetensors").write_text("other weights")
    ablated("sft", "sft_rl", of=asked)
    assert ran == ["sft sft", "sft measure", "sft_rl rl", "sft_rl measure"]  # on the world that was drawn for another


def test_an_arm_names_the_commit_that_made_it(unirg_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "run_stage", made_up([]))
    monkeypatch.setattr(roots, "commit", lambda: "abc")
    (found,) = ablated("sft", of=small()).values()
    assert isinstance(found, run.Measured) and found.facts["commit"] == "abc"


def test_code_outside_of_a_checkout_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(roots.commit().removesuffix("-dirty")) == 40
    monkeypatch.setattr(roots, "_ROOT", tmp_path)
    assert roots.commit() is None
