"""Tell which row of a source a pseudonym stands for: by the local key, printed for whoever asked, written nowhere.

A pseudonym cannot be turned back, so all that the source lists is named anew until the wanted names come up. They
depend on the key alone: a source that has grown since the run still tells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.home import home
from unirg_core.ingest.build import patient_pseudonym
from unirg_core.ingest.opening import open_source
from unirg_core.ingest.source import RawStudy, Source
from unirg_core.keys import PUBLIC, Vault, open_vault
from unirg_core.runs.run import Run, all_runs, find

_PART = "\x1f"  # between the parts of a key
_AT_ONCE = 256


def where(names: Sequence[str], run_id: str | None, root: Path) -> list[dict[str, Any]]:
    """Return what each pseudonym stands for, in the order asked; one that is nobody's has `kind` None.

    Parameters
    ----------
    names
        Ids of studies, patients, files and rows, as in manifest, quarantine and rejects.
    run_id
        A run that read the source; None: the last one whose source was not drawn, or else the last.
    root
        The checkout, for a run whose own is gone.

    Raises
    ------
    BadInput
        When there is no run, or its key or source is not here.
    """
    run = find(run_id) if run_id else _last()
    vault = _vault(run)
    here = run.checkout if run.checkout.is_dir() else root
    found = resolve(names, open_source(run.params.ingest, here), vault)
    return [{"name": name, "run": run.id, **found.get(name, {"kind": None})} for name in names]


def _last() -> Run:
    runs = [run for run in all_runs() if (run.folder / "inputs.json").exists()]
    real = [run for run in runs if run.inputs["source"]["kind"] != PUBLIC]
    if not runs:
        raise BadInput(f"There is no run under {home() / 'runs'} yet, so nothing says which source is meant.")
    return (real or runs)[-1]


def _vault(run: Run) -> Vault:
    """Open the vault, but never make a key; it must be the one that the run was pinned with."""
    kind, path = run.inputs["source"]["kind"], home() / "keys" / "key"
    if kind != PUBLIC and not path.exists():
        raise BadInput(
            f"The key {path} is not here, and without it a pseudonym stands for nothing; restore its backup."
        )
    vault, pinned = open_vault(kind, home()), run.inputs["key"]["fingerprint"]
    if vault.fingerprint != pinned:
        raise BadInput(
            f"Run {run.id} was made with the key {pinned}, but {path} is {vault.fingerprint}; restore the run's key."
        )
    return vault


def resolve(names: Iterable[str], source: Source, vault: Vault) -> dict[str, dict[str, Any]]:
    """Return name -> kind, institution, patient and rows of those that the source lists.

    Files are named only where studies, patients and refused rows leave some name open, since their rows must be read.
    """
    wanted = set(names)
    found = {name: told for name, told in _listed(source, vault) if name in wanted}
    studies = {told["key"]: name for name, told in found.items() if told["kind"] == "study"}
    for study in _read(source, list(studies)):
        found[studies[study.key]] |= _rows(study)
    drawn = source.name == PUBLIC  # of which no file is refused, and reading is drawing
    for study in (
        _read(source, [study.key for study in source.studies()]) if wanted - found.keys() and not drawn else ()
    ):
        found |= {name: told for name, told in _files(study, vault) if name in wanted - found.keys()}
        if not wanted - found.keys():
            break
    return {name: {part: value for part, value in told.items() if part != "key"} for name, told in found.items()}


def _listed(source: Source, vault: Vault) -> Iterator[tuple[str, dict[str, Any]]]:
    for refusal in source.refusals():
        yield vault.pseudonym("row", refusal.key), {"kind": "row", "rows": [refusal.reason]}
    for study in source.studies():
        who = {"institution": study.institution, "patient": study.patient}
        yield patient_pseudonym(vault, study.institution, study.patient), {"kind": "patient", **who, "rows": []}
        yield vault.pseudonym("study", study.key), {"kind": "study", **who, "key": study.key}


def _read(source: Source, keys: Sequence[str]) -> Iterator[RawStudy]:
    for at in range(0, len(keys), _AT_ONCE):
        yield from source.read(keys[at : at + _AT_ONCE])


def _files(study: RawStudy, vault: Vault) -> Iterator[tuple[str, dict[str, Any]]]:
    who = {"institution": study.institution, "patient": study.patient}
    for file in study.files:
        told = f"{file.where}: {file.key.split(_PART)[-1]}"
        yield vault.pseudonym("file", file.key), {"kind": "file", **who, "rows": [told]}


def _rows(study: RawStudy) -> dict[str, list[str]]:
    """Return where each picture of a study stands, or, where it has none, the study."""
    return {"rows": [f"{file.where}: {file.key.split(_PART)[-1]}" for file in study.files] or [study.where]}


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """Return what was found as a person reads it, a line each."""
    return "\n".join(f"{told['name']}  {_sentence(told)}" for told in found)


def _sentence(told: Mapping[str, Any]) -> str:
    if told["kind"] is None:
        return f"stands for nothing that the source of run {told['run']} lists now"
    who = f" {told['institution']}, patient {told['patient']}" if "patient" in told else ""
    return f"{told['kind']}{who}{': ' if who and told['rows'] else ' '}{'; '.join(told['rows'])}".rstrip()
