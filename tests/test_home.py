"""State has one place, tools are silent, locks die with their holders, and progress says rate and time left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unirg_core import home as homes
from unirg_core.faults import BadInput
from unirg_core.files import read_lines, tree_digest
from unirg_core.progress import Progress


def in_python(code: str, **environment: str) -> str:
    """Run code in a fresh interpreter with the pipeline's environment; return what it printed."""
    own = homes.silenced({**os.environ, **environment})
    done = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("parent", [0, 1, -5])
def test_a_process_that_cannot_be_watched_is_refused(parent: int) -> None:
    with pytest.raises(BadInput, match="names no process that could be watched"):
        homes.die_with(parent)


def test_a_folder_that_is_not_there_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        tree_digest(tmp_path / "none")


def test_home_is_the_environments_or_below_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIRG_HOME", str(tmp_path / "state"))
    assert homes.home() == tmp_path / "state"
    monkeypatch.delenv("UNIRG_HOME")
    monkeypatch.chdir(tmp_path)
    assert homes.home() == tmp_path / ".unirg"


def test_work_is_kept_by_stage_and_input(unirg_home: Path) -> None:
    assert homes.work_folder("sft", "a" * 64) == unirg_home / "work" / f"sft-{'a' * 20}"
    assert homes.work_folder("rl", "a" * 64) != homes.work_folder("sft", "a" * 64)


@pytest.mark.parametrize(
    ("tool", "code", "wanted"),
    [
        (
            "prefect",
            "from prefect.settings import get_current_settings as s; print(s().server.analytics_enabled)",
            "False",
        ),
        ("mlflow", "from mlflow.telemetry.utils import is_telemetry_disabled as d; print(d())", "True"),
        ("dvc", "from dvc import analytics; print(analytics.is_enabled())", "False"),
        ("hub", "from huggingface_hub import constants as c; print(c.HF_HUB_DISABLE_TELEMETRY)", "True"),
        # this release sends nothing; the variable stands for those that do
        ("gx", "import importlib.util as u; print(u.find_spec('great_expectations.analytics') is None)", "True"),
    ],
)
def test_telemetry_is_off(tool: str, code: str, wanted: str, tmp_path: Path) -> None:
    assert in_python(code, HOME=str(tmp_path)).splitlines()[-1] == wanted, tool


def test_an_upload_to_the_hub_is_refused() -> None:
    code = (
        "from huggingface_hub import HfApi\n"
        "try: HfApi().upload_file(path_or_fileobj=b'x', path_in_repo='x', repo_id='a/b', token='hf_x')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    assert in_python(code) == "OfflineModeIsEnabled"


def test_who_allows_the_hub_keeps_it_allowed() -> None:
    assert homes.silenced({"HF_HUB_OFFLINE": "0"})["HF_HUB_OFFLINE"] == "0"
    assert homes.silenced({})["HF_HUB_OFFLINE"] == "1"


def test_a_lock_is_held_once_and_freed_by_death(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from unirg_core.home import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline().strip() == "held"
    with homes.locked(lock, wait=False) as mine:
        assert not mine
    holder.kill()
    holder.wait()
    with homes.locked(lock, wait=False) as mine:
        assert mine


def test_progress_says_rate_and_time_left_and_records_each_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNIRG_RUN", str(tmp_path))
    progress = Progress("sft", 4, start=1)
    for loss in (3.0, 2.0, 1.0):
        progress.step(loss=loss)
    printed = capsys.readouterr().out
    assert "[sft] 4/4 steps (100 %)" in printed and "0:00 left" in printed and "loss 1" in printed
    lines = read_lines(tmp_path / "metrics.jsonl")
    assert [(line["step"], line["figures"]["loss"]) for line in lines] == [(2, 3), (3, 2), (4, 1)]
