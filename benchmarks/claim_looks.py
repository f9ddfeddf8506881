"""Looks at the confirming worlds (docs/claim.md): each is logged before it is taken, and leaves figures of its own.

The first look decides the primary endpoint, once; every later one is at single rewards. Read by claim.py.
"""

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unirg_core.ablation.arms import RECIPE
from unirg_core.faults import BadInput
from unirg_core.files import append_line, read_json, read_lines
from unirg_core.runs.checkout import git

PROTOCOL, LOOKS, RESULTS = "docs/claim.md", "docs/claim-looks.jsonl", "benchmarks/results"
FIRST = f"{RESULTS}/claim-confirming.json"


def first(root: Path) -> dict[str, Any] | None:
    """Return the figures of the first look; None where it has left none."""
    return read_json(root / FIRST) if (root / FIRST).exists() else None


def figures(look: Mapping[str, Any]) -> str:
    """Return where a look's figures belong; no other look's lie there."""
    if RECIPE in look["arms"]:
        return FIRST
    rewards = "-".join(arm.removeprefix("reward_") for arm in look["arms"] if arm != "sft")
    return f"{RESULTS}/claim-confirming-{look['commit'][:7]}-{rewards}.json"


def begin(root: Path, worlds: Sequence[int], arms: Sequence[str]) -> dict[str, Any]:
    """Log a look at the confirming worlds, before it is taken, and return what makes it this look.

    One that was begun and has left no figures goes on.

    Raises
    ------
    BadInput
        When the protocol or anything else is not committed as it stands, or the look has left its figures.
    """
    others = git(root, "status", "--porcelain", "--", ".", f":!{LOOKS}", f":!{RESULTS}").strip()
    if others or not git(root, "ls-files", PROTOCOL).strip():
        raise BadInput(f"The confirming run wants code and {PROTOCOL} committed; not committed: {others or PROTOCOL}.")
    look = {"commit": git(root, "rev-parse", "HEAD").strip(), "worlds": list(worlds), "arms": list(arms)}
    if (root / (done := figures(look))).exists():
        raise BadInput(f"This look was taken: {done} holds its figures.")
    begun = any(look.items() <= line.items() for line in read_lines(root / LOOKS))
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "by": getpass.getuser(), **look}
    append_line(root / LOOKS, line | ({"goes_on": True} if begun else {}))
    return look
