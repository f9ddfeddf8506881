"""Git for runs: every run has its own worktree on its own branch, committed by `unirg`, so that two runs never meet."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.progress import say

_IDENTITY = {
    "GIT_AUTHOR_NAME": "unirg",
    "GIT_AUTHOR_EMAIL": "unirg@localhost",
    "GIT_COMMITTER_NAME": "unirg",
    "GIT_COMMITTER_EMAIL": "unirg@localhost",
}

_BY_HAND = "dvc.lock"  # what a `dvc repro` by hand leaves behind; DVC refuses to work with one that git ignores

_CODE = ("flows", "infra/accelerate", "recipes", "tasks", "unirg_core")
"""Where a file that git does not know is code for a run; elsewhere it may be a drop or a secret, and stays out."""


@dataclass(frozen=True)
class Code:
    """The code that a run stands on."""

    commit: str
    tree: str
    dirty: bool


def git(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run one git command below `root` and return what it printed.

    Raises
    ------
    BadInput
        With git's own last line when it fails.
    """
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **_IDENTITY, **(environment or {})},
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise BadInput(f"git {arguments[0]} failed in {root}: {said[-1]}")
    return done.stdout.rstrip()


def project_root(start: Path) -> Path:
    """Return the top of the checkout that holds `start`.

    Raises
    ------
    BadInput
        When this is no checkout of the pipeline.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "flows" / "retrain.py").exists() and (folder / "params.yaml").exists():
            return folder
    raise BadInput(f"{start.absolute()} is not inside a checkout of the pipeline; change into your clone of it.")


def code_of(root: Path, *, allow_dirty: bool = False) -> Code:
    """Return commit and tree of the working tree; changed code becomes a flagged snapshot commit, or is refused.

    Raises
    ------
    BadInput
        When the folder is no git checkout, has no commit, or has changes that were not allowed.
    """
    changed, beside = _changed(root)
    if beside:
        say("retrain", f"Not committed nor in {', '.join(_CODE)}, so no part of the run: {_few(beside)}")
    if not changed:
        return Code(git(root, "rev-parse", "HEAD"), git(root, "rev-parse", "HEAD^{tree}"), dirty=False)
    if not allow_dirty:
        raise BadInput(
            f"The working tree has changes that are not committed ({_few(changed)}); commit them or give --allow-dirty."
        )
    return _snapshot(root)


def holds(root: Path, path: Path) -> bool:
    """Tell whether a run's own checkout would hold a file of the working tree `root`."""
    name = path.relative_to(root)
    return any(name.is_relative_to(folder) for folder in _CODE) or bool(git(root, "ls-files", "--", str(name)))


def _changed(root: Path) -> tuple[list[str], list[str]]:
    """Return the names of what a snapshot would take up, and of the new files that no run sees."""
    told = ("status", "--porcelain", "--no-renames")
    code = git(root, *told, "--untracked-files=all", "--", *_CODE).splitlines()
    apart = [f":!{name}" for name in (_BY_HAND, *_CODE)]
    others = git(root, *told, "--untracked-files=normal", "--", ".", *apart).splitlines()
    new = [line for line in others if line.startswith("??") or "A" in line[:2]]
    known = [line for line in others if line not in new]
    return [line[3:] for line in (*known, *code)], [line[3:] for line in new]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _snapshot(root: Path) -> Code:
    """Commit the changes of known files and the new code, on no branch, through an index of its own."""
    there = [folder for folder in _CODE if (root / folder).exists()]
    with tempfile.TemporaryDirectory() as folder:
        own = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", "HEAD", environment=own)
        git(root, "add", "--update", "--", ".", environment=own)
        git(root, "add", "--", *there, environment=own)
        tree = git(root, "write-tree", environment=own)
    commit = git(root, "commit-tree", tree, "-p", "HEAD", "-m", "Snapshot of a working tree with uncommitted changes")
    return Code(commit, tree, dirty=True)


def add_worktree(root: Path, folder: Path, branch: str, commit: str) -> None:
    """Check `commit` out at `folder` on a new branch; what a killed attempt left there is taken away first."""
    if folder.exists():
        shutil.rmtree(folder)
        git(root, "worktree", "prune")
    exists = git(root, "branch", "--list", branch)
    where = [str(folder), branch] if exists else ["-b", branch, str(folder), commit]
    git(root, "worktree", "add", "--quiet", *where)


def commit(checkout: Path, message: str, files: Sequence[str]) -> str:
    """Commit the named files of a run's checkout as `unirg`; return the commit (the last one when nothing changed)."""
    present = [name for name in files if (checkout / name).exists()]
    if present:
        git(checkout, "add", "--force", "--", *present)
    if git(checkout, "diff", "--cached", "--name-only"):
        git(checkout, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", message)
    return git(checkout, "rev-parse", "HEAD")
