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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("doctor --gpu-memory abc", "--gpu-memory abc will not do: give a number."),
        ("ablate --pairs 0", "--pairs 0 will not do: give 1 or more."),
        ("ablate --jobs 1.5", "--jobs 1.5 will not do: give a whole number."),
        ("watch --every 3", "--every 3 will not do: give 10 or more."),
        ("up --port x", "--port x will not do: give a whole number."),
        ("doctor --nope 3", "No such option: --nope; `unirg doctor --help` tells what there is."),
        ("data diff", "Missing argument 'A'; `unirg data diff --help` tells what there is."),
        ("data nope", "No such command 'nope'; `unirg data --help` tells what there is."),
        ("nonsense", "No such command 'nonsense'; `unirg --help` tells what there is."),
        ("--nope", "No such option: --nope; `unirg --help` tells what there is."),
        ("score --references", "Option '--references' requires an argument; `--help` tells what there is."),
    ],
)
def test_a_line_that_cannot_be_read_is_told_in_one_sentence(line: str, said: str) -> None:
    done = unirg(*line.split())
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"unirg: {said}\n")


@pytest.mark.parametrize("line", ["", "data"])
def test_a_group_without_a_verb_shows_its_help(line: str) -> None:
    done = unirg(*line.split())
    assert done.returncode == 2 and "Commands:" in done.stderr and "unirg: " not in done.stderr


@pytest.mark.parametrize("group", [[], ["base"], ["scorer"], ["data"], ["recipe"]])
def test_no_summary_is_cut_off_at_eighty_columns(group: list[str]) -> None:
    said = unirg(*group, "--help").stdout
    assert "Commands:" in said and "..." not in said.split("Commands:")[1]


def test_the_help_of_the_ablation_names_every_arm_in_its_group_and_what_all_cost() -> None:
    from unirg_core.ablation.arms import ARMS

    said = unirg("ablate", "--help").stdout
    lines = said.split("Arms by group;")[1].split("Example:")[0].splitlines()[1:]
    told = "".join(f"\n{line.strip()}" if line[4:5].strip() else f" {line.strip()}" for line in lines)
    groups = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in told.splitlines() if line.strip()}
    wanted: dict[str, list[str]] = {}
    for arm in ARMS.values():
        wanted.setdefault(arm.group, []).append(arm.name)
    assert groups == {group: ", ".join(names) for group, names in wanted.items()}
    assert "All arms on three pairs take about five hours on two cores." in " ".join(said.split())
