"""Two lists that others have made of Open-i's reports: who is trained and tested on, and gold labels by hand.

    r2gen_split_ids.json     the split of R2Gen: {"train": [...], "val": [...], "test": [...]} of `CXR2384_IM-0942`
    gold_labels_dev.csv      NegBio's gold: filename (`CXR2384`), then 0 or 1 for each of its findings

Both lie beside the reports, and either may be missing.
"""

import json
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from unirg_core.faults import BadInput
from unirg_core.ingest.columns import read_columns
from unirg_core.ingest.place import Place
from unirg_core.ingest.source import Refusal

SPLIT, GOLD = "r2gen_split_ids.json", "gold_labels_dev.csv"

JUDGED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Cardiomegaly": ("Cardiomegaly",),
        "Pleural Effusion": ("Effusion",),
        "Pneumothorax": ("Pneumothorax",),
        "Consolidation": ("Consolidation",),
        "Lung Lesion": ("Mass", "Nodule"),
        "Edema": ("Edema",),
        "Atelectasis": ("Atelectasis",),
    }
)
"""Class that can be drawn -> the gold's columns of it. The gold says nothing of support devices."""

_SPLITS = {"train": "train", "val": "validation", "test": "test"}
_ID = re.compile(r"(CXR(\d+))_(?:\2_)?IM-[\d-]+")


def read_split(place: Place, reports: Collection[str]) -> tuple[dict[str, str], list[Refusal]]:
    """Return report -> train, validation or test, of the reports that are there; and how many ids name none.

    A report that no list names is trained on: what is tested stays what others have tested.

    Raises
    ------
    BadInput
        When the file is no JSON of three lists of ids, or names a report twice.
    """
    if not place.exists(SPLIT):
        return {}, []
    found: dict[str, str] = {}
    refusals = []
    for name, ids in _lists(place).items():
        absent = 0
        for number, written in enumerate(ids, start=1):
            identity = _identity(place, name, number, written)
            if identity in found:
                raise BadInput(
                    f"{place}/{SPLIT}: {name} entry {number} names {identity}, which an earlier entry names too; a "
                    "report is in one split, once. Fetch the file again."
                )
            found[identity] = _SPLITS[name]
            absent += identity not in reports
        if absent:
            why = f"{SPLIT}: {absent} of the {len(ids)} ids in {name} name no report of the drop."
            refusals.append(Refusal(f"{SPLIT} {name}", why))
    return {identity: found.get(identity, "train") for identity in reports}, refusals


def _lists(place: Place) -> dict[str, list[object]]:
    try:
        value = json.loads(place.read(SPLIT))
    except ValueError:
        raise BadInput(f"{place}/{SPLIT} is no JSON; fetch it again or take it away.") from None
    if not isinstance(value, dict) or set(value) != set(_SPLITS):
        raise BadInput(f"{place}/{SPLIT} must hold the lists train, val and test and nothing else.")
    for name, ids in value.items():
        if not isinstance(ids, list):
            raise BadInput(f"{place}/{SPLIT}: {name} is no list of ids.")
    return value


def _identity(place: Place, name: str, number: int, written: object) -> str:
    match = _ID.fullmatch(written) if isinstance(written, str) else None
    if not match:
        raise BadInput(f"{place}/{SPLIT}: {name} entry {number} is {written!r}; ids look like CXR2384_IM-0942.")
    return match[1]


def read_gold(place: Place, reports: Collection[str]) -> tuple[dict[str, tuple[str, ...]], list[Refusal]]:
    """Return report -> its findings by the gold, in the order of `JUDGED`; and the rows that are left out.

    Raises
    ------
    BadInput
        When the table lacks a column, names a report twice, or a cell is neither 0 nor 1.
    """
    if not place.exists(GOLD):
        return {}, []
    columns = [name for names in JUDGED.values() for name in names]
    table, refusals = read_columns(place, GOLD, ("filename", *columns))
    found: dict[str, tuple[str, ...]] = {}
    absent = 0
    for number, row in enumerate(table.to_pylist(), start=1):
        identity = row["filename"]
        if identity in found:
            raise BadInput(f"{place}/{GOLD}: row {number} names {identity}, which an earlier row names too.")
        for column in columns:
            if row[column] not in ("0", "1"):
                raise BadInput(f"{place}/{GOLD}: row {number}, column {column} is {row[column]!r}; give 0 or 1.")
        found[identity] = tuple(label for label, names in JUDGED.items() if "1" in [row[name] for name in names])
        absent += identity not in reports
    if absent:
        refusals.append(Refusal(GOLD, f"{GOLD}: {absent} of the {len(found)} rows name no report of the drop."))
    return found, refusals
