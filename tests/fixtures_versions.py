"""Versions of a dataset, one after the other: ingest, keep what DVC would keep, and pin it for the next."""

import csv
import hashlib
import json
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixtures_drops import manifest, of_drop, pin, pixels, png, rows, write_drop

from unirg_core.files import read_json, tree_digest, write_json
from unirg_core.home import home
from unirg_core.ingest import ingest
from unirg_core.params import Params

NAMES = ("data/manifest.parquet", "data/splits.json")


def fixed_key() -> None:
    """Put one key in place: a drawn one would leave to chance who is tested, and whether anyone is."""
    path = home() / "keys" / "key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True)
        path.write_text(f"{7:064x}\n")
        path.chmod(0o600)


def drop(folder: Path, table: list[dict[str, str]], files: Mapping[str, bytes | None] | None = None) -> Path:
    """Write a drop whose pictures depend on their names alone, so that a study stays the same wherever it stands."""
    if folder.exists():
        shutil.rmtree(folder)
    drawn = {row["file"]: png(pixels(zlib.crc32(row["file"].encode()) % 9999)) for row in table}
    return write_drop(folder, table, {**drawn, **(files or {})})


def people(patients: int, visits: int = 1, site: str = "north") -> list[dict[str, str]]:
    """Return the rows of patients of one site; their ids are told apart by it."""
    return [{**row, "site": site, "file": f"{site}-{row['file']}"} for row in rows(patients, visits)]


def listed(path: Path, *lines: Mapping[str, str]) -> str:
    """Write a list of people as CSV and return its path."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return str(path)


def kept(root: Path) -> dict[str, Any]:
    """Put the dataset of a root where DVC keeps it, below UNIRG_HOME, and return the pin that names it."""
    files = {name: _cache(root / name) for name in NAMES}
    for folder in ("data/studies", "data/assignment"):
        held = [{"md5": _cache(path), "relpath": path.name} for path in sorted((root / folder).iterdir())]
        listing = root / "listing.json"
        listing.write_text(json.dumps(held))
        files[folder] = _cache(listing, ".dir")
    return {"digest": tree_digest(root / "data"), "manifest": "", "run": root.name, "files": files}


def _cache(path: Path, ending: str = "") -> str:
    digest = hashlib.md5(path.read_bytes()).hexdigest() + ending
    place = home() / "dvc/cache/files/md5" / digest[:2] / digest[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, place)
    return digest


def version_of(run: Params, root: Path, before: Path | None = None) -> Path:
    """Pin and ingest a version that goes on from the one at `before`; return its root."""
    pin(run, root)
    inputs = read_json(root / "inputs.json")
    write_json(root / "inputs.json", {**inputs, "previous_dataset": kept(before) if before else None})
    ingest(run, root)
    return root


class Line:
    """A line of versions of one drop, each a change of its table."""

    def __init__(self, folder: Path, **section: Any) -> None:
        self.folder, self.section = folder, section
        folder.mkdir(exist_ok=True)
        self.roots: list[Path] = []
        fixed_key()

    def then(self, table: list[dict[str, str]], files: Mapping[str, bytes] | None = None, **section: Any) -> Path:
        """Ingest the next version and return its root."""
        run = of_drop(drop(self.folder / "drop", table, files), **{**self.section, **section})
        root = self.folder / f"v{len(self.roots)}"
        self.roots.append(version_of(run, root, self.roots[-1] if self.roots else None))
        return root


def splits(root: Path) -> dict[str, str]:
    """Return patient -> split."""
    return {row["patient_id"]: row["split"] for row in manifest(root)}


def shard_digests(root: Path) -> dict[str, str]:
    """Return shard -> digest of its bytes."""
    return {path.name: tree_digest(path) for path in (root / "data/studies").iterdir()}
