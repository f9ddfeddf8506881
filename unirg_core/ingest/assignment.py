"""The assignment: which shard and row each study was written to, when, and what its patient was then.

`data/assignment/` only grows: a version has the files of the version before, byte for byte, and one of its own batch.
So a study that has not changed stays where it was first written, its shard's bytes are those of the version before, and
nobody forgets what a patient was even when his studies are gone. A row leaves it in one case alone: its patient has
withdrawn.

The version before is the one that `inputs.json` pins as `previous_dataset`, with the digests of its files.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unirg_core.files import digest_of_all, folder_written_whole, read_json
from unirg_core.ingest.people import People
from unirg_core.ingest.shards import write_table
from unirg_core.ingest.stored import folder_list, stored
from unirg_core.study import MANIFEST, STUDIES

ASSIGNMENT, SPLITS_FILE = "data/assignment", "data/splits.json"

ASSIGNMENT_SCHEMA = pa.schema(
    [
        ("batch", pa.int32()),  # number of the version that wrote the row, from 0
        ("study_id", pa.string()),
        ("patient_id", pa.string()),
        ("digest", pa.string()),  # beginning of the study's digest: other content is another row
        ("content", pa.string()),  # equal for studies of a patient with the same picture and report
        ("shard", pa.string()),
        ("row", pa.int32()),
        ("split", pa.string()),  # of the patient at that time; empty where he was left out
        ("test_set", pa.string()),  # the set that he joined, where he was tested
    ]
)

_DIGITS = 16  # 64 bits that tell a study's few contents apart


def row_key(study_id: str, digest: str) -> str:
    """Return what names a study's content in the assignment."""
    return study_id + digest[:_DIGITS]


@dataclass(frozen=True)
class Assignment:
    """The rows of the version before, its files, and the shards of it that may be carried over as they are."""

    rows: pa.Table = field(default_factory=ASSIGNMENT_SCHEMA.empty_table)
    shards: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def batch(self) -> int:
        """Return the number of the batch that comes next."""
        return 1 + (pc.max(self.rows["batch"]).as_py() if self.rows.num_rows else -1)

    @property
    def next_shard(self) -> int:
        """Return a shard number that was never used."""
        return 1 + max((int(name[:-8]) for name in pc.unique(self.rows["shard"]).to_pylist()), default=-1)

    @cached_property
    def places(self) -> dict[str, tuple[str, int]]:
        """Return row key -> the latest (shard, row) of it in a shard that may be carried over."""
        names = ("study_id", "digest", "shard", "row")
        columns = zip(*(self.rows[name].to_pylist() for name in names), strict=True)
        return {study + digest: (shard, row) for study, digest, shard, row in columns if shard in self.shards}

    def duplicates_of(self, people: People) -> dict[tuple[str, str], str]:
        """Return (patient, content) -> the study that was first taken with it, going by each study's latest row."""
        columns = zip(*(self.rows[name].to_pylist() for name in ("patient_id", "content", "study_id")), strict=True)
        latest = {study: (people.one(patient), content) for patient, content, study in columns}
        found: dict[tuple[str, str], str] = {}
        for study, content in latest.items():
            found.setdefault(content, study)
        return found

    def splits(self, people: People) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
        """Return patient -> all splits that he was in under any of his ids, and patient -> the test set he joined."""
        seen = self.rows.group_by(["patient_id", "split", "test_set"], use_threads=False).aggregate([])
        earlier: dict[str, frozenset[str]] = {}
        sets: dict[str, str] = {}
        for row in seen.to_pylist():
            patient = people.one(row["patient_id"])
            if row["split"]:
                earlier[patient] = earlier.get(patient, frozenset()) | {row["split"]}
            if row["test_set"]:
                sets.setdefault(patient, row["test_set"])
        return earlier, sets

    def write(self, folder: Path, new: pa.Table) -> None:
        """Write the files of the version before and, where anything arrived, one more with the rows of its batch.

        A file is written anew only where a row of it has gone, with a patient who has withdrawn.
        """
        new = new.select(ASSIGNMENT_SCHEMA.names).cast(ASSIGNMENT_SCHEMA)
        rows = pa.concat_tables([self.rows, new])
        with folder_written_whole(folder) as temporary:
            for batch in pc.unique(rows["batch"]).to_pylist():
                its, name = rows.filter(pc.equal(rows["batch"], batch)), f"{batch:05d}.parquet"
                if name in self.files and pq.read_metadata(self.files[name]).num_rows == its.num_rows:
                    shutil.copyfile(self.files[name], temporary / name)
                else:
                    write_table(temporary / name, its)


def read_assignment(root: Path, people: People, compact_below: float) -> Assignment:
    """Return the assignment that the pins of `root` name; an empty one where they name none.

    Shards that hold a row of a withdrawn patient, or less than `compact_below` bytes that are in use, are not carried
    over: what lives in them is written anew.

    Raises
    ------
    BadInput
        When a file of the version before is neither in DVC's cache nor in the remote.
    """
    pinned = (read_json(root / "inputs.json").get("previous_dataset") or {}).get("files") or {}
    if ASSIGNMENT not in pinned:
        return Assignment()
    found = stored(root, [pinned[name] for name in (ASSIGNMENT, MANIFEST, STUDIES)])
    rows, files = _batches(root, found[pinned[ASSIGNMENT]])
    listed = folder_list(found[pinned[STUDIES]])
    withdrawn = pa.array([people.one(patient) in people.withdrawn for patient in rows["patient_id"].to_pylist()])
    purged = set(rows.filter(withdrawn)["shard"].to_pylist()) if people.withdrawn else set()
    kept = {name: digest for name, digest in listed.items() if name not in purged}
    paths = stored(root, kept.values())
    shards = {name: paths[digest] for name, digest in kept.items()}
    if compact_below:
        live = Counter(pq.read_table(found[pinned[MANIFEST]], columns=["shard"])["shard"].to_pylist())
        shards = {name: path for name, path in shards.items() if _in_use(path, live[name]) >= compact_below}
    return Assignment(rows.filter(pc.invert(withdrawn)) if people.withdrawn else rows, shards, files)


def _batches(root: Path, listing: Path) -> tuple[pa.Table, dict[str, Path]]:
    """Return the rows of all batches, in order, and the file of each."""
    listed = folder_list(listing)
    paths = stored(root, listed.values())
    files = {name: paths[digest] for name, digest in sorted(listed.items())}
    tables = [pq.read_table(path).cast(ASSIGNMENT_SCHEMA) for path in files.values()]
    return pa.concat_tables([ASSIGNMENT_SCHEMA.empty_table(), *tables]), files


def _in_use(path: Path, live: int) -> float:
    return path.stat().st_size * live / max(pq.read_metadata(path).num_rows, 1)


def summary(places: Mapping[str, Any], taken: pa.Table, people: People) -> dict[str, Any]:
    """Return what the splits came to: studies and patients by rule and by test set, and who was merged.

    `taken` has the columns study_id, split, rule and test_set of each study that is taken, `places` all patients.
    """
    split = pc.binary_join_element_wise(taken["split"], taken["rule"], " by ")
    here = [place for place in places.values() if place.split]
    rules = _groups(split, Counter(f"{place.split} by {place.rule}" for place in here))
    sets = _groups(taken["test_set"], Counter(place.test_set for place in here if place.test_set))
    for name, group in sets.items():
        studies = taken["study_id"].filter(pc.equal(taken["test_set"], name))
        order = pc.sort_indices(studies).to_numpy()
        group["digest"] = digest_of_all(studies[int(at)].as_py() for at in order)
    left = [place for place in places.values() if not place.split]
    return {
        "rules": rules,
        "test_sets": sets,
        "left_out": {rule: sum(p.rule == rule for p in left) for rule in sorted({p.rule for p in left})},
        "merged": sorted([one, other] for one, other in people.same.items()),
    }


def _groups(names: pa.ChunkedArray, patients: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    counted = {row["values"]: row["counts"] for row in names.value_counts().to_pylist()}
    return {name: {"studies": counted[name], "patients": count} for name, count in sorted(patients.items())}
