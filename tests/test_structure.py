"""The house keeps its laws: one word in six places, one direction, dependencies as declared, a quick command line."""

import ast
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
import yaml

from unirg_core import params

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("ingest", "validate", "sft", "rl", "evaluate", "gate")
STATIONS = ("ingest", "version", "validate", "sft", "rl", "evaluate", "gate", "approve", "register")
ORCHESTRATION = {"prefect", "flows", "tasks"}


@cache
def modules() -> dict[str, Path]:
    """Map every module of the core to its file."""
    found = {}
    for path in (ROOT / "unirg_core").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Return what a module imports, also inside its functions: top names of others, full names of the core's."""
    named = set()
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(named)


def reached(start: str) -> set[str]:
    """Return every module of the core that a module reaches; importing one runs its packages' __init__ too."""
    seen, todo = set(), [start]
    while todo:
        module = todo.pop()
        if module in seen or module not in modules():
            continue
        seen.add(module)
        todo += [name for name in imports(module) if name.startswith("unirg_core")]
        todo += [module.rpartition(".")[0]] if module.count(".") > 1 else []
    return seen


def unit(module: str) -> str:
    """Return the top-level file or folder of the core that holds a module."""
    folder = ROOT / "unirg_core" / module.split(".")[1]
    return f"unirg_core/{folder.name}" + ("" if folder.is_dir() else ".py")


@pytest.mark.parametrize("word", STATIONS)
def test_a_station_has_one_word(word: str) -> None:
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    task = (ROOT / "tasks" / f"{word}.py").read_text()
    fields = {field.alias or name for name, field in params.Params.model_fields.items()}
    assert (word in pipeline) == (word in STAGES)
    assert word in fields and word in yaml.safe_load((ROOT / "params.yaml").read_text())
    assert f'@task(name="{word}"' in task
    assert (ROOT / "unirg_core" / f"{word}.py").exists() or (ROOT / "unirg_core" / word / "__init__.py").exists()
    assert list((ROOT / "tests").glob(f"test_{word}*.py")), f"no tests/test_{word}*.py"


def test_the_pipeline_has_no_other_stages() -> None:
    assert tuple(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_it_uses(stage: str) -> None:
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]
    code = {dep for dep in declared["deps"] if dep.startswith("unirg_core")}
    used = {unit(module) for module in reached(f"unirg_core.{stage}") if module.count(".") > 0}
    assert code == used
    assert declared["cmd"] == f"python -m unirg_core {stage}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_the_core_imports_no_orchestrator(module: str) -> None:
    assert not {name.partition(".")[0] for name in imports(module)} & ORCHESTRATION


@pytest.mark.parametrize("path", sorted((ROOT / "tasks").glob("*.py")), ids=lambda path: path.name)
def test_tasks_do_not_import_flows(path: Path) -> None:
    tree = ast.parse(path.read_text())
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in named if name.split(".")[0] == "flows"}


def test_help_answers_in_half_a_second() -> None:
    best = min(_timed([sys.executable, "-m", "unirg_core", "--help"]) for _ in range(8))
    assert best < 0.5


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - began


_VERBS = (*STAGES, "retrain", "up", "down", "watch", "base build", "label", "score", "scorer serve", "doctor", "ablate")
_BELOW = ("data diff", "data proof", "data looks", "data where", "recipe show")


@pytest.mark.parametrize("verb", [*_VERBS, *_BELOW])
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unirg_core", *verb.split(), "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0 and f"Example: unirg {verb}" in done.stdout
