"""Aliases of a registered model: only where they are earned, moved under a lock, and noted in the record as they move.

MLflow keeps no history of them, so a move is noted before it is made (`time` is null) and again after it (`time` is
when). An attempt that was cut off in between leaves the note from which the next one tells where the alias stood.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from unirg_core.audit import record as records
from unirg_core.home import home, locked
from unirg_core.register import client
from unirg_core.register.champion import ALIAS
from unirg_core.runs.run import Run

CANDIDATE = "candidate"


def earned(verdict: Mapping[str, Any], approval: Mapping[str, Any]) -> list[str]:
    """Return the aliases: `candidate` where the gate passed, `champion` where it was approved besides."""
    if verdict["verdict"] != "passed":
        return []
    return [CANDIDATE, ALIAS] if approval["decision"] == "approved" else [CANDIDATE]


def move(run: Run, registration: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Move aliases to the run's version, note each move in the record, and return the registration with them.

    `champion` moves only from where it stood when the run was pinned: a model that took its place since was never
    compared with this one. A move that an earlier attempt at this run has made is kept as noted and not made again.

    Returns
    -------
    dict
        The registration with `aliases`, a move each, and `withheld`: why `champion` stayed where it is, or None.
    """
    earlier = run.record.get("registration") or {}
    kept = earlier.get("aliases", []) if earlier.get("version") == registration["version"] else []
    done = _noted(run, {**registration, "aliases": kept, "withheld": None})
    with locked(home() / "aliases.lock"):
        for alias in wanted:
            done = _moved(run, done, alias)
    return done


def _moved(run: Run, done: dict[str, Any], alias: str) -> dict[str, Any]:
    name, version = done["name"], done["version"]
    known = next((move for move in done["aliases"] if move["alias"] == alias), None)
    if known and known["time"]:
        return done
    store = client()
    found = store.get_registered_model(name).aliases.get(alias)
    stands = None if found is None else str(found)
    others = [move for move in done["aliases"] if move is not known]
    if stands == version:
        known = known or {"alias": alias, "from": version, "to": version}
    else:
        if alias == ALIAS and (reason := _unlike_the_pinned(run, stands)):
            return _noted(run, {**done, "aliases": others, "withheld": reason})
        known = {"alias": alias, "from": stands, "to": version, "time": None}
        _noted(run, {**done, "aliases": [*others, known]})
        store.set_registered_model_alias(name, alias, version)
    return _noted(run, {**done, "aliases": [*others, {**known, "time": records.now()}]})


def _unlike_the_pinned(run: Run, stands: str | None) -> str | None:
    """Say where the champion stands, if not where the run found it when it was pinned."""
    pinned = run.record["inputs"].get("champion")
    compared = None if pinned is None else str(pinned["version"])
    if stands == compared:
        return None
    now, then = ("no version" if one is None else f"version {one}" for one in (stands, compared))
    return f"alias champion is withheld: it stands at {now} by now, and this run was compared with {then}"


def _noted(run: Run, registration: dict[str, Any]) -> dict[str, Any]:
    records.change(run.folder, registration=registration)
    return registration
