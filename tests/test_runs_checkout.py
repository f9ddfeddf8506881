"""A snapshot of changed code holds code alone: no drop, no key, no settings that lie in the clone."""

import os
import subprocess
from pathlib import Path

import pytest
from fixtures_clone import ROOT, Clone, clone_at

from unirg_core.runs.checkout import code_of
from unirg_core.runs.launch import Request, resolve

BESIDE = (".env", ".env.local", "infra/tokens.yaml", "drop/DOE_JANE.csv", "notes.txt", "docs/patients.md")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_at(tmp_path)


def write(clone: Clone, *names: str) -> None:
    for name in names:
        (clone.root / name).parent.mkdir(parents=True, exist_ok=True)
        (clone.root / name).write_text(f"of {name}\n")


def stored(clone: Clone) -> set[str]:
    """Return the ids of all that git has ever written down."""
    return {line.split()[0] for line in clone.git("cat-file", "--batch-all-objects", "--batch-check").splitlines()}


def test_what_is_no_code_is_named_and_changes_nothing(clone: Clone, capsys: pytest.CaptureFixture) -> None:
    write(clone, *BESIDE)
    assert not code_of(clone.root).dirty
    said = capsys.readouterr().out
    assert "so no part of the run: docs/patients.md, drop/, infra/tokens.yaml ...\n" in said and "DOE" not in said
    clone.git("add", "drop")
    assert not code_of(clone.root).dirty
    assert "drop/DOE_JANE.csv" in capsys.readouterr().out


def test_a_snapshot_holds_changed_files_and_new_code_alone(clone: Clone) -> None:
    write(clone, *BESIDE, "flows/new.py", "recipes/mine.yaml", "README.md")
    (clone.root / "LICENSE").unlink()
    snapshot = code_of(clone.root, allow_dirty=True)
    changed = clone.git("diff", "--name-status", "HEAD", snapshot.commit).split("\n")
    assert changed == ["D\tLICENSE", "M\tREADME.md", "A\tflows/new.py", "A\trecipes/mine.yaml"]
    assert not stored(clone) & {clone.git("hash-object", name) for name in BESIDE}


@pytest.mark.parametrize(
    ("mapping", "relative"),
    [
        ("drop/mapping.yaml", False),
        ("mapping.yaml", False),
        ("recipes/mappings/mine.yaml", True),
        ("recipes/mappings/covid-folder.yaml", True),
        ("params.yaml", True),
    ],
)
def test_a_mapping_is_named_as_the_runs_checkout_finds_it(clone: Clone, mapping: str, relative: bool) -> None:
    write(clone, "drop/mapping.yaml", "mapping.yaml", "recipes/mappings/mine.yaml")
    request = Request(source="folder", path="drop", mapping=mapping, set=("ingest.policy=consent-1",))
    resolved = resolve(request, clone.root, clone.root)
    assert resolved.ingest.mapping == (mapping if relative else str(clone.root / mapping))


def test_the_example_of_settings_can_be_sourced_and_is_ignored_as_env(clone: Clone) -> None:
    lines = (ROOT / "infra/env.example").read_text().splitlines()
    (clone.root / ".env").write_text("\n".join(line.removeprefix("# ") for line in lines if "=" in line))
    told = subprocess.run(
        ["sh", "-euc", ". ./.env; env"],
        cwd=clone.root,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert not told.stderr
    values = dict(line.split("=", 1) for line in told.stdout.splitlines())
    assert {"UNIRG_HOME", "PREFECT_API_URL", "MLFLOW_TRACKING_URI", "HF_HUB_OFFLINE"} <= set(values)
    assert values["UNIRG_HOME"] == "/srv/unirg"
    assert clone.git("status", "--porcelain") == ""
