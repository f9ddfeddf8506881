"""A recipe as text for a person, or as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.params import DEFAULT
from unirg_core.recipes.departures import Row, as_values, rows
from unirg_core.recipes.paper import SOURCE
from unirg_core.recipes.reading import left_to_you, names, resolved, summary

_TOLD = {
    "paper": "as the paper states it",
    "departs": "departs from the paper",
    "ours": "the paper is silent; our choice",
    "changed": "the paper is silent; not our usual choice",
}
_MARK = {"paper": "=", "departs": "!", "ours": "o", "changed": "~", "free": " "}
_WIDTH = 34


def listing(root: Path, as_json: bool) -> str:
    """Return the recipes that there are, each with what it is for."""
    found = {DEFAULT: "params.yaml by itself, as without --recipe."}
    found |= {name: summary(root, name) for name in names(root)}
    if as_json:
        return json.dumps(found, indent=1)
    width = max(len(name) for name in found)
    return "\n".join(f"{name:{width}}  {said}" for name, said in found.items())


def shown(root: Path, recipe: str, as_json: bool, above: Mapping[str, Any] | None = None) -> str:
    """Return a recipe's parameters below what is set, each marked by how it stands to the paper.

    Raises
    ------
    BadInput
        When there is no such recipe, or it does not resolve.
    """
    params, open_ = resolved(root, recipe, above)
    found = rows(params)
    if as_json:
        return json.dumps(
            {"recipe": recipe, "source": SOURCE, "left_open": open_, "parameters": [as_values(row) for row in found]},
            indent=1,
        )
    return "\n".join([*_head(recipe, found), "", *map(_line, found), *_open(left_to_you(open_))])


def _head(recipe: str, found: Sequence[Row]) -> list[str]:
    count = {name: sum(row.standing == name for row in found) for name in _TOLD}
    legend = [f"  {_MARK[name]} {said}: {count[name]}" for name, said in _TOLD.items()]
    return [f"recipe {recipe}, against {SOURCE}", *legend]


def _line(row: Row) -> str:
    left = f"{_MARK[row.standing]} {row.path:{_WIDTH}} {_plain(row.value)}"
    told = {
        "departs": f"   paper: {_published(row)} ({row.item})",
        "changed": f"   ours: {_plain(row.published)} ({row.why})",
        "ours": f"   ({row.why})",
    }
    return left + told.get(row.standing, "")


def _published(row: Row) -> str:
    """Return what the paper states; it counts epochs where we may count steps, which stand as 0 then."""
    return "no number" if row.path.endswith(".steps") and row.published == 0 else _plain(row.published)


def _open(left: str) -> list[str]:
    return ["", f"Left to you: {left}."] if left else []


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
