"""The command line's own manners: its version, and a help whose summaries are whole."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def unirg(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "unirg_core", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_the_version_is_that_of_the_package() -> None:
    done = unirg("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"unirg {version('unirg-pipeline')}\n", "")


@pytest.mark.parametrize("group", [[], ["base"], ["scorer"], ["data"], ["recipe"]])
def test_no_summary_is_cut_off_at_eighty_columns(group: list[str]) -> None:
    said = unirg(*group, "--help").stdout
    assert "Commands:" in said and "..." not in said.split("Commands:")[1]
