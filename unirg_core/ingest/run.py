"""The stage: raw studies through worker processes into shards, manifest, rejects, truth and de-identification report.

Studies are taken in the order of their keyed ids, in chunks that do not depend on the number of processes, and results
are taken in that order: any number of processes gives the same bytes. Few chunks are under way at once, so memory
stays flat. A study that stands unchanged in the version before keeps its place there, in a shard that is carried over
byte for byte. The manifest is written last: where it stands, the dataset is complete.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from unirg_core.allocator import give_back
from unirg_core.faults import BadInput
from unirg_core.files import folder_written_whole, write_json
from unirg_core.ingest.arrivals import Arrivals, Duplicates, Places, carry_over
from unirg_core.ingest.assignment import ASSIGNMENT, SPLITS_FILE, Assignment, read_assignment, summary
from unirg_core.ingest.batches import batches
from unirg_core.ingest.build import Reject, patient_pseudonym
from unirg_core.ingest.collected import Collected
from unirg_core.ingest.deid_report import DEID, names_known
from unirg_core.ingest.manifest import DERIVED, STORED, completed, neighbours
from unirg_core.ingest.opening import open_pinned
from unirg_core.ingest.people import People, read_people
from unirg_core.ingest.shards import ShardWriter, write_parts, write_table
from unirg_core.ingest.source import Source, Tabled
from unirg_core.ingest.splits import CLASH, Known, Place, assign
from unirg_core.ingest.spool import Spool, spooling
from unirg_core.keys import Vault
from unirg_core.params import Params
from unirg_core.progress import Progress, say
from unirg_core.study import MANIFEST, MANIFEST_SCHEMA, REJECTS, STUDIES, TRUTH
from unirg_core.wording import commonest, counted, unnamed

_CHUNK = 64
_AT_A_TIME = 4096  # rows whose values are Python objects
_COMMONEST = 3
_NEEDED = ("study_id", *DERIVED)  # of the rows, while the manifest is written
_MB = 1_000_000

_LEFT_OUT = {
    CLASH: "The patient was trained on in an earlier version and would be tested on now, so he is left out whole.",
    "retired": "The patient belongs to a test set that is retired: he is no longer tested on, and never trained on.",
}


def ingest(params: Params, root: Path) -> None:
    """Make the dataset of a checkout from the source that its parameters name.

    Raises
    ------
    BadInput
        When the source cannot be read, is not what was pinned, or nothing usable or no split comes of it; when the
        version before cannot be read.
    """
    source, vault = open_pinned(params, root)
    _clear(root)
    people = read_people(params.ingest, root, vault)
    before = read_assignment(root, people, params.ingest.compact * params.ingest.shard_mb * _MB)
    job = _Job(params, root, vault, people, before)
    listed, rejects = _listed(source, job)
    unread = source.unread() if isinstance(source, Tabled) else {}
    del source  # its tables are not needed while workers read
    whole = Collected(rejects, unread)
    with spooling(params, root) as spool:
        with folder_written_whole(root / STUDIES) as folder:
            with ShardWriter(folder, params.ingest.shard_mb, before.next_shard) as writer:
                arrivals = Arrivals(before, writer)
                _stream(job, listed, whole, arrivals, spool)
                places = arrivals.finish()
            carried = carry_over(before, places, folder)
        del arrivals
        give_back()
        _write(job, whole, places, _stored(listed, spool))
        vault.seal()
    new, old = int(places.new.sum()), carried.keys() & before.shards.keys()
    kept = f", {len(places.new) - new:,} kept in {counted(len(old), 'old one')}" if old else ""
    shards = f"{new:,} written to new shards{kept}"
    taken, lost = counted(len(places.new), "study"), counted(len(whole.rejects), "file")
    told_of = f" ({root / REJECTS})" if whole.rejects else ""
    say("ingest", f"{taken} taken ({shards}), {lost} rejected{told_of}.")
    for reason in commonest(reject.reason for reject in whole.rejects):
        say("ingest", f"rejected: {reason}")
    for field, cells in unread.items():
        if cells.unread:
            say("ingest", cells.sentence(field))
    for told in unnamed(*names_known(root), params.ingest.source):
        say("ingest", told)


@dataclass(frozen=True)
class _Job:
    """What the stage works with, from its start."""

    params: Params
    root: Path
    vault: Vault
    people: People
    before: Assignment


def _listed(source: Source, job: _Job) -> tuple[list[str], list[Reject]]:
    """Return the ids of the studies to read, in order, and what is refused unread."""
    vault, people = job.vault, job.people
    rejects = [Reject(vault.pseudonym("row", r.key), r.reason) for r in source.refusals()]
    listed = []
    for study in source.studies():
        study_id = vault.pseudonym("study", study.key)
        patient = people.one(patient_pseudonym(vault, study.institution, study.patient))
        if patient in people.withdrawn:
            rejects.append(Reject(study_id, "The patient has withdrawn, so nothing of him is read."))
        else:
            listed.append(study_id)
    return sorted(listed), rejects


def _stream(job: _Job, listed: list[str], whole: Collected, arrivals: Arrivals, spool: Spool) -> None:
    """Take all batches, in order, and give each row its place."""
    chunks = _chunks(listed)
    progress = Progress("ingest", len(listed), "studies")
    duplicates = Duplicates(job.before, job.people, listed)
    for chunk, batch in zip(chunks, batches(job.params.ingest, job.root, spool, chunks), strict=True):
        batch.rows, again = duplicates.sift(batch.rows)
        batch.rejects += again
        whole.add(batch)
        arrivals.add(batch.rows)
        progress.step(len(chunk))


def _chunks(listed: list[str]) -> list[list[str]]:
    return [listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK)]


def _stored(listed: list[str], spool: Spool) -> Iterator[pa.Table]:
    """Yield what the manifest takes of all rows from the spool: texts that were not kept in memory."""
    return (spool.take(chunk, STORED).rows for chunk in _chunks(listed))


def _clear(root: Path) -> None:
    """Take away the manifest first, so that no old one vouches for new data, then what a killed run left half done."""
    (root / MANIFEST).unlink(missing_ok=True)
    for left in (root / STUDIES).parent.glob(".*.tmp"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _write(job: _Job, whole: Collected, places: Places, stored: Iterable[pa.Table]) -> None:
    """Split the patients, and write all but the shards; the manifest last."""
    root, before, people = job.root, job.before, job.people
    kept = whole.table(places)
    if not kept.num_rows:
        write_table(root / REJECTS, whole.reject_table())
        raise BadInput(_nothing(whole.rejects, root))
    split = assign(_patients(kept), job.params.ingest.split, job.vault.fraction, _known(kept, before, people))
    kept = _placed(kept, split)
    whole.rejects += _left_out(kept)
    write_table(root / REJECTS, whole.reject_table())
    taken = kept.filter(pc.not_equal(kept["split"], ""))
    write_table(root / TRUTH, whole.truth_table(taken["study_id"]))
    write_json(root / DEID, whole.report(job.params.ingest.deid, taken))
    write_json(root / SPLITS_FILE, {**summary(split, taken, people), "batch": before.batch})
    del split
    new = kept.filter(kept["new"])
    del kept
    before.write(root / ASSIGNMENT, new.append_column("batch", pa.repeat(before.batch, new.num_rows)))
    del new
    beside = neighbours(taken)
    taken = pa.table({name: beside[name] if name in beside.column_names else taken[name] for name in _NEEDED})
    del beside
    give_back()
    write_parts(root / MANIFEST, MANIFEST_SCHEMA, completed(stored, taken))


def _patients(kept: pa.Table) -> dict[str, str]:
    """Return patient -> institution."""
    found: dict[str, str] = {}
    for batch in kept.select(["patient_id", "institution"]).to_batches(_AT_A_TIME):
        pairs = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        found.update((patient, sys.intern(institution)) for patient, institution in pairs)
    return found


def _placed(kept: pa.Table, split: Mapping[str, Place]) -> pa.Table:
    """Return the rows with the split, rule and test set of their patients."""
    found: dict[str, list[pa.Array]] = {"split": [], "rule": [], "test_set": []}
    for batch in kept.select(["patient_id"]).to_batches(_AT_A_TIME):
        spot = [split[patient] for patient in batch["patient_id"].to_pylist()]
        for name, parts in found.items():
            parts.append(pa.array([getattr(place, name) for place in spot], pa.string()))
    for name, parts in found.items():
        kept = kept.append_column(name, pa.chunked_array(parts, pa.string()))
    return kept


def _known(kept: pa.Table, before: Assignment, people: People) -> Known:
    """Return what is known of the patients: a split that the publisher gives to one study holds for all of his."""
    published: dict[str, str] = {}
    told = kept.filter(pc.not_equal(kept["published"], ""))
    for patient, said in zip(*(told[name].to_pylist() for name in ("patient_id", "published")), strict=True):
        strongest = {said, published.get(patient, "")}
        published[patient] = next((name for name in ("test", "validation", "train") if name in strongest), "")
    frozen: dict[str, str] = {}
    pairs = kept.select(["study_id", "patient_id"]).to_batches(_AT_A_TIME) if people.frozen else []
    for study, patient in chain.from_iterable(
        zip(*(c.to_pylist() for c in pair.columns), strict=True) for pair in pairs
    ):
        if named := people.frozen.get(patient) or people.frozen.get(study):
            frozen[patient] = named
    earlier, test_sets = before.splits(people)
    return Known(published, frozen, earlier, test_sets)


def _left_out(kept: pa.Table) -> list[Reject]:
    left = kept.filter(pc.equal(kept["split"], ""))
    pairs = zip(left["study_id"].to_pylist(), left["rule"].to_pylist(), strict=True)
    return [Reject(study, _LEFT_OUT[rule]) for study, rule in pairs]


def _nothing(rejects: Sequence[Reject], root: Path) -> str:
    """Say that all was rejected, by which reasons, and where they stand."""
    reasons = Counter(reject.reason for reject in rejects).most_common(_COMMONEST)
    told = "; ".join(f"{count} x {reason.rstrip('.')}" for reason, count in reasons) or "the source is empty"
    return (
        f"Nothing of the source is usable: {len(rejects)} files were rejected ({told}). All reasons: {root / REJECTS}."
    )
