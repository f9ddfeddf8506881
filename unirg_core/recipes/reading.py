"""Which recipes there are, what each is for, and what it leaves to whoever starts it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unirg_core.params import Params, overlay, read_yaml, resolve

STAND_INS = {"path": "DROP", "policy": "POLICY"}
"""What stands in for an answer that only the owner of the data has."""

_GIVEN_BY = {"path": "--path DROP", "policy": "--set ingest.policy=ID-OF-YOUR-LEGAL-BASIS"}


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


def resolved(root: Path, recipe: str | None, above: Mapping[str, Any] | None = None) -> tuple[Params, dict[str, Any]]:
    """Return a recipe's parameters below what is set, and the stand-ins that they hold for what is left open.

    Raises
    ------
    BadInput
        When there is no such recipe, or it does not resolve.
    """
    open_ = left_open(root, recipe, above)
    return resolve(root, recipe, overlay(above or {}, open_)), open_


def left_open(root: Path, recipe: str | None, above: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return stand-ins for what a recipe for a drop leaves open: its path, and the legal basis where it names none."""
    values = read_yaml(root / "params.yaml")
    path = root / "recipes" / f"{recipe}.yaml"
    if recipe and path.exists():
        values = overlay(values, read_yaml(path))
    ingest = overlay(values, above or {}).get("ingest", {})
    if not isinstance(ingest, Mapping) or ingest.get("source", "phantom") == "phantom":
        return {}
    missing = [name for name in STAND_INS if ingest.get(name) in (None, "synthetic")]
    return {"ingest": {name: STAND_INS[name] for name in missing}} if missing else {}


def left_to_you(open_: Mapping[str, Any]) -> str:
    """Return what is left open and the options that give it, as a clause; empty where nothing is."""
    names = list(open_.get("ingest", ()))
    given = ", ".join(_GIVEN_BY[name] for name in names)
    return f"{', '.join(f'ingest.{name}' for name in names)} ({given})" if names else ""
