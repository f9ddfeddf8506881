"""Which recipes there are, what each is for, and what it leaves to whoever starts it."""

from pathlib import Path
from typing import Any

from unirg_core.params import overlay, read_yaml

STAND_INS = {"path": "DROP", "policy": "POLICY"}
"""What stands in for an answer that only the owner of the data has."""


def names(root: Path) -> list[str]:
    """Return the names of the recipes of a checkout."""
    return sorted(path.stem for path in (root / "recipes").glob("*.yaml"))


def summary(root: Path, recipe: str) -> str:
    """Return the first sentence of the comment with which a recipe begins."""
    said: list[str] = []
    for line in (root / "recipes" / f"{recipe}.yaml").read_text().splitlines():
        if not line.startswith("# ") or line.startswith("#  "):
            break
        said.append(line.removeprefix("# "))
    sentence, stop, _ = " ".join(said).partition(". ")
    return sentence.rstrip(".") + "." if sentence or stop else ""


def left_open(root: Path, recipe: str | None) -> dict[str, Any]:
    """Return stand-ins for what a recipe for a drop leaves open: its path, and the legal basis where it names none."""
    values = read_yaml(root / "params.yaml")
    path = root / "recipes" / f"{recipe}.yaml"
    if recipe and path.exists():
        values = overlay(values, read_yaml(path))
    ingest = values.get("ingest", {})
    if ingest.get("source", "phantom") == "phantom":
        return {}
    missing = [name for name in STAND_INS if ingest.get(name) in (None, "synthetic")]
    return {"ingest": {name: STAND_INS[name] for name in missing}} if missing else {}
