"""Lists of people that a run is given: ids that are one patient, frozen test sets, and those who have withdrawn.

Each is a CSV or JSONL table. Its path is absolute or relative to the checkout, and its digest is pinned with the
source. Raw ids stay in the file; only pseudonyms are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unirg_core.faults import BadInput
from unirg_core.files import file_digest
from unirg_core.ingest.build import patient_pseudonym
from unirg_core.ingest.table import read_table
from unirg_core.keys import Vault
from unirg_core.params import Ingest

_IDS = (("patient_id",), ("study_id",), ("institution", "patient"))
_MERGE = ("institution", "patient", "same_institution", "same_patient")


@dataclass(frozen=True)
class People:
    """What is told about patients, by pseudonym."""

    same: Mapping[str, str] = field(default_factory=dict)  # another id's pseudonym -> the one that is kept
    frozen: Mapping[str, str] = field(default_factory=dict)  # patient or study -> name of the frozen test set
    withdrawn: frozenset[str] = frozenset()

    def one(self, patient: str) -> str:
        """Return the one pseudonym of a patient."""
        return self.same.get(patient, patient)


def read_people(params: Ingest, root: Path, vault: Vault) -> People:
    """Read the lists that the parameters name.

    Raises
    ------
    BadInput
        When a list is missing, lacks its columns, has an empty cell, or merges in a circle.
    """
    same = read_merges(params, root, vault)
    frozen: dict[str, str] = {}
    for name, path in params.split.frozen.items():
        frozen |= dict.fromkeys(_pseudonyms(root / path, vault), name)
    gone = _pseudonyms(root / params.withdrawn, vault, studies=False) if params.withdrawn else []
    return People(
        same=same,
        frozen={same.get(who, who): name for who, name in frozen.items()},
        withdrawn=frozenset(same.get(who, who) for who in gone),
    )


def list_digests(params: Ingest, root: Path) -> list[list[str]]:
    """Return [parameter, digest] of each list, for the pins.

    Raises
    ------
    BadInput
        When a list is missing, lacks its columns, or has an empty cell.
    """
    named = {"merges": params.merges, "withdrawn": params.withdrawn}
    named |= {f"split.frozen.{name}": path for name, path in sorted(params.split.frozen.items())}
    found = []
    for name, path in named.items():
        if path is not None and not (root / path).is_file():
            raise BadInput(f"ingest.{name} = {path}, but {root / path} is no file; give its path, or leave it out.")
        if path is not None:
            _check(name, root / path)
            found.append([name, file_digest(root / path)])
    return found


def _check(name: str, path: Path) -> None:
    """Refuse a list without its columns or with a cell that is empty, before a run begins."""
    ids = _MERGE if name == "merges" else _ids(path, studies=name != "withdrawn")
    for _ in _rows(path, ids):
        pass


def read_merges(params: Ingest, root: Path, vault: Vault) -> dict[str, str]:
    """Return pseudonym -> the pseudonym that is kept, of patients who turned out to be one.

    The table has the columns institution, patient, same_institution and same_patient: the first two are the same
    person as the last two, whose id is kept.
    """
    if params.merges is None:
        return {}
    path = root / params.merges
    pairs = {}
    for number, row in _rows(path, _MERGE):
        one, other = (patient_pseudonym(vault, *cells) for cells in (row[:2], row[2:]))
        if pairs.setdefault(one, other) != other:
            raise BadInput(f"{path} row {number}: this patient is said to be two others; merge those two instead.")
    return {one: _end(one, pairs, path) for one in pairs}


def _end(one: str, pairs: Mapping[str, str], path: Path) -> str:
    seen = {one}
    while one in pairs:
        one = pairs[one]
        if one in seen:
            raise BadInput(f"{path} merges patients in a circle; name each person's kept id once, on the right side.")
        seen.add(one)
    return one


def _pseudonyms(path: Path, vault: Vault, *, studies: bool = True) -> list[str]:
    ids = _ids(path, studies=studies)
    named = [row for _, row in _rows(path, ids)]
    return [patient_pseudonym(vault, *row) if len(ids) == 2 else row[0] for row in named]


def _ids(path: Path, *, studies: bool) -> tuple[str, ...]:
    """Return the columns that name whom a list means."""
    columns, _ = read_table(path)
    choices = [ids for ids in _IDS if studies or ids != ("study_id",)]
    ids = next((ids for ids in choices if set(ids) <= set(columns)), None)
    if ids is None:
        said = ", ".join(" and ".join(ids) for ids in choices)
        raise BadInput(f"{path} has the columns {', '.join(columns)}; it must have one of: {said}.")
    return ids


def _rows(path: Path, needed: tuple[str, ...]) -> Iterable[tuple[int, list[str]]]:
    columns, rows = read_table(path)
    absent = [name for name in needed if name not in columns]
    if absent:
        raise BadInput(f"{path} lacks the column {absent[0]}; it needs {', '.join(needed)}.")
    for row in rows:
        cells = [row.cells.get(name, "").strip() for name in needed]
        if row.fault or not all(cells):
            raise BadInput(f"{path} row {row.number}: {row.fault or 'a needed cell is empty'}.")
        yield row.number, cells
