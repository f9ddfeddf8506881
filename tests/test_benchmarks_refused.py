"""Benchmarks that are given a folder or a choice: what will not do is one sentence and exit code 2, before any work."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
READ = (
    "claim_endpoints.py",
    "claim_looks.py",
    "ending.py",
    "planted_phi.py",
)  # by other benchmarks; they measure nothing themselves


def asked(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_every_benchmark_reads_its_arguments() -> None:
    """One that does not would start to measure where its help is asked for."""
    scripts = {path.name: path.read_text() for path in (ROOT / "benchmarks").glob("*.py") if path.name not in READ}
    assert scripts and [name for name, text in scripts.items() if "argparse.ArgumentParser(" not in text] == []


def test_every_option_of_a_benchmark_says_what_it_is() -> None:
    silent = []
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
            wanted = {"add_argument": {"help"}, "ArgumentParser": {"description", "formatter_class"}}.get(called, set())
            if wanted - {keyword.arg for keyword in getattr(node, "keywords", ())}:
                silent.append(f"{path.name}:{node.lineno}")
    assert silent == []


@pytest.mark.parametrize("script", ["memory_estimate.py", "near_copies.py"])
def test_help_is_told_and_nothing_else(script: str) -> None:
    done = asked(script, "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage:") and not done.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        ("step_time.py", ["--stage", "foo"], "invalid choice: 'foo'"),
        ("step_time.py", ["--steps", "5"], "--steps 5 leaves none to time; at least 6"),
        ("gpu_training.py", ["--size", "tiny", "--steps", "2"], "--steps 2 leaves none to time; at least 3"),
    ],
)
def test_what_cannot_be_timed_starts_nothing(script: str, arguments: list[str], said: str) -> None:
    done = asked(script, *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        ("openi_cpu.py", ["/nonexistent"], "/nonexistent is no folder"),
        ("alarm_room.py", ["/nonexistent"], "/nonexistent is no run's folder: it holds no record.json"),
        ("reward_speed.py", ["--reward", "nope=1"], "nope"),
        ("decision_gap.py", ["/nonexistent"], "/nonexistent is no trained arm"),
        ("decision_gap.py", ["{folder}"], "is no trained arm: it holds neither checkpoints/rl nor checkpoints/sft"),
        ("decision_gap.py", ["{folder}", "--studies", "0"], "--studies 0 --samples 16 will not do"),
        ("decision_gap.py", ["{folder}", "--samples", "-1"], "--studies 500 --samples -1 will not do"),
    ],
)
def test_what_will_not_do_is_one_sentence(script: str, arguments: list[str], said: str, tmp_path: Path) -> None:
    done = asked(script, *(one.format(folder=tmp_path) for one in arguments))
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_every_benchmark_with_an_exit_code_ends_with_2_at_a_fault() -> None:
    """Python itself ends with 1, which says that a limit is missed."""
    others = {path.name for path in (ROOT / "benchmarks").glob("*.py") if path.name not in READ}
    assert [name for name in others if "sys.exit(" in (ROOT / "benchmarks" / name).read_text()] == []


@pytest.mark.parametrize(
    ("work", "code", "said"),
    [
        ("raise BadInput('Nothing is there.')", 2, "name: Nothing is there.\n"),
        ("raise OSError('the disk is full')", 2, "OSError: the disk is full\n"),
        ("return 1", 1, ""),
        ("return 0", 0, ""),
        ("return None", 0, ""),
    ],
)
def test_a_fault_is_no_missed_limit(work: str, code: int, said: str) -> None:
    source = (
        f"from ending import end\nfrom unirg_core.faults import BadInput\ndef work():\n    {work}\nend('name', work)"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}"}
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code and done.stderr.endswith(said) and not done.stdout
    assert ("Traceback" in done.stderr) == ("OSError" in work) and bool(done.stderr) == bool(said)


def test_the_claim_ends_with_2_where_its_home_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    command = [sys.executable, str(ROOT / "benchmarks" / "claim.py"), "--rehearse", "--pairs", "1", "--arms", ""]
    environment = {**os.environ, "UNIRG_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "Traceback" in done.stderr
