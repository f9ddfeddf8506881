"""One remote for all runs: a relative folder means the same place from whichever checkout it is pushed to."""

from pathlib import Path

import pytest
from fixtures_clone import Clone, clone_at

from unirg_core.runs.launch import Request, resolve
from unirg_core.runs.run import Trigger, decide


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    made = clone_at(tmp_path)
    monkeypatch.setenv("UNIRG_HOME", str(made.home))
    (made.root / "recipes" / "near.yaml").write_text("version: {remote: ../near}\n")
    return made


@pytest.mark.parametrize(
    ("recipe", "assignment", "wanted"),
    [
        ("smoke", "version.remote=../store", "{top}/clone/store"),  # from where the person stands
        ("smoke", "version={remote: store}", "{top}/clone/docs/store"),
        ("near", "version.remote=s3://bucket/data", "s3://bucket/data"),
        ("near", "version.push=false", "{top}/near"),  # from the checkout's top
        ("smoke", "version.remote=/srv/store", "/srv/store"),
        ("smoke", "version.push=true", None),
    ],
)
def test_a_relative_remote_is_made_absolute(clone: Clone, recipe: str, assignment: str, wanted: str | None) -> None:
    resolved = resolve(Request(recipe, set=(assignment,)), clone.root, clone.root / "docs")
    assert resolved.version.remote == (wanted and wanted.format(top=clone.root.parent))


def test_every_run_pushes_to_the_same_remote(clone: Clone) -> None:
    told = set()
    for seed in (1, 2):
        asked = Request("smoke", set=("version.remote=../store", f"seed={seed}"))
        resolved = resolve(asked, clone.root, clone.root)
        run = decide(clone.root, resolved, Trigger("command", "me", "unirg retrain"), allow_dirty=True).run
        told |= {line for line in (run.checkout / ".dvc/config.local").read_text().splitlines() if "url" in line}
    assert told == {f"    url = {clone.root.parent / 'store'}"}
