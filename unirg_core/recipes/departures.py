"""How resolved parameters differ from the published recipe: computed value by value, never written by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from unirg_core.params import Params
from unirg_core.recipes.paper import CHOSEN, STATED, Number

Standing = Literal["paper", "departs", "ours", "changed", "free"]

SECTIONS = ("launch", "ingest", "model", "sft", "rl", "scores", "evaluate", "gate")
_ABSENT, _PRESENT = "(absent)", "there is one"
_WHOLE = {"rl.step2": "RL step 2"}
"""What a recipe may leave out whole: it departs once, and not by each number in it."""


@dataclass(frozen=True)
class Row:
    """One parameter of a recipe.

    Attributes
    ----------
    standing
        paper: as the paper states it; departs: the paper states `published`; ours: the paper is silent, and this is our
        choice; changed: the paper is silent, and our choice is `published`; free: nobody says anything.
    """

    path: str
    value: Any
    standing: Standing
    published: Any = None
    item: str = ""
    why: str = ""


def rows(params: Params) -> list[Row]:
    """Return every parameter of the sections that decide what is learnt and judged, each with its standing."""
    known = {number.path: number for number in (*STATED, *CHOSEN)}
    values = dict(_leaves(_values(params), "", frozenset(known)))
    out = {path: item for path, item in _WHOLE.items() if path in values}  # else there are leaves below it
    values |= {path: _ABSENT for path in known if path not in values and path.rpartition(".")[0] not in out}
    idle = _idle(params)
    known |= {path: Number(path, _PRESENT, item) for path, item in out.items()}
    return [_row(path, value, None if path in idle else known.get(path)) for path, value in values.items()]


def departures(params: Params) -> list[Row]:
    """Return the parameters that the paper states otherwise."""
    return [row for row in rows(params) if row.standing == "departs"]


def as_values(row: Row) -> dict[str, Any]:
    """Return a row as plain values."""
    return asdict(row)


def _idle(params: Params) -> set[str]:
    """Return the paths that decide nothing here: epochs where steps are set, and the rest of an SFT left out."""
    idle = {"sft.epochs"} if params.sft.steps else set()
    if not params.sft.steps and not params.sft.epochs:
        idle |= {"sft.learning_rate", "sft.batch_size", "sft.steps"}
    for name in ("step1", "step2"):
        step = getattr(params.rl, name)
        if step and step.steps:
            idle.add(f"rl.{name}.epochs")
    return idle


def _values(params: Params) -> dict[str, Any]:
    """Return the sections, with the completions of an RL step beside the factors that give them."""
    found = params.model_dump(mode="json", by_alias=True, include=set(SECTIONS))
    for step in ("step1", "step2"):
        if found["rl"][step]:
            found["rl"][step]["completions"] = found["rl"][step]["prompts"] * found["rl"][step]["rollouts"]
    return {section: found[section] for section in SECTIONS}


def _leaves(values: Mapping[str, Any], below: str, whole: frozenset[str]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{below}.{name}" if below else name
        if isinstance(value, Mapping) and value and path not in whole:
            yield from _leaves(value, path, whole)
        else:
            yield path, value


def _row(path: str, value: Any, number: Number | None) -> Row:
    if number is None:
        return Row(path, value, "free")
    same = _same(value, number.value)
    standing: Standing = ("paper" if same else "departs") if number.stated else ("ours" if same else "changed")
    return Row(path, value, standing, number.value, number.item, number.why)


def _same(value: Any, published: Any) -> bool:
    """Tell whether two values mean the same: a reward's weight of zero is no reward."""
    if isinstance(value, Mapping) and isinstance(published, Mapping):
        mine, theirs = ({name: w for name, w in of.items() if w} for of in (value, published))
        return mine == theirs
    return value == published
