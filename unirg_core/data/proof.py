"""Prove over all versions of a line that nobody who was tested on was ever trained on, or the other way round.

A version counts when its dataset passed validation, for only then can anything have been trained on it. The proof reads
each version's manifest as DVC holds it, not what a later version says about it; ids that turned out to be one patient,
in whichever version, count as one in all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from unirg_core.data.versions import lines, versions
from unirg_core.files import read_json
from unirg_core.ingest.assignment import SPLITS_FILE
from unirg_core.study import MANIFEST
from unirg_core.wording import counted

_LEARNT = ("train", "validation")


@dataclass(frozen=True)
class Seen:
    """What one version says: patient -> splits that his studies stand in, and pairs of ids that are one patient."""

    name: str
    splits: Mapping[str, frozenset[str]]
    merged: Sequence[tuple[str, str]] = ()


def prove(root: Path) -> list[dict[str, Any]]:
    """Return the finding of each line of versions that this home knows.

    Raises
    ------
    BadInput
        When a version's manifest is neither in DVC's cache nor in the remote: then nothing is proven.
    """
    return [{"line": name, **check([_seen(v) for v in its])} for name, its in lines(versions(root)).items()]


def _seen(version: Any) -> Seen:
    table = pq.read_table(version.path(MANIFEST), columns=["patient_id", "split"])
    splits: dict[str, frozenset[str]] = {}
    for row in table.group_by(["patient_id", "split"]).aggregate([]).to_pylist():
        splits[row["patient_id"]] = splits.get(row["patient_id"], frozenset()) | {row["split"]}
    merged = read_json(version.path(SPLITS_FILE)).get("merged", []) if SPLITS_FILE in version.files else []
    return Seen(version.name, splits, [tuple(pair) for pair in merged])


def check(history: Sequence[Seen]) -> dict[str, Any]:
    """Look for patients that were tested on in one version and trained on, or chosen by, in the same or another.

    Returns
    -------
    dict
        `versions`, `patients`, `tested` and `trained` (counts over the whole history) and `violations`: one a patient,
        with the versions in which he was tested on and those in which he was learnt from.
    """
    one = _united(pair for seen in history for pair in seen.merged)
    tested: dict[str, list[str]] = {}
    learnt: dict[str, list[str]] = {}
    for seen in history:
        for patient, splits in seen.splits.items():
            person = one.get(patient, patient)
            if "test" in splits:
                tested.setdefault(person, []).append(seen.name)
            if splits & set(_LEARNT):
                learnt.setdefault(person, []).append(seen.name)
    both = sorted(tested.keys() & learnt.keys())
    return {
        "versions": [seen.name for seen in history],
        "patients": len(tested.keys() | learnt.keys()),
        "tested": len(tested),
        "trained": len(learnt),
        "violations": [
            {"patient_id": p, "tested": sorted(set(tested[p])), "trained": sorted(set(learnt[p]))} for p in both
        ],
    }


def _united(pairs: Any) -> dict[str, str]:
    """Return id -> the least id of the same person."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        group = groups.get(one, {one}) | groups.get(other, {other})
        groups |= dict.fromkeys(group, group)
    return {who: min(group) for who, group in groups.items()}


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the proof as a person reads it."""
    if not found:
        return "There is no version yet, so there is nothing to prove."
    said = []
    for line in found:
        said.append(
            f"{line['line']}: {counted(len(line['versions']), 'version')}, {counted(line['patients'], 'patient')}; "
            f"{line['tested']} were tested on, {line['trained']} trained on or chosen by, "
            f"{len(line['violations'])} both."
        )
        said += [
            f"  {v['patient_id']} was tested on in {', '.join(v['tested'])}, trained on in {', '.join(v['trained'])}."
            for v in line["violations"][:20]
        ]
    return "\n".join(said)
