"""Killed in the middle, ingest goes on where it was: equal bytes, and finished chunks are not read again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures_drops import ingested, params, pin

from unirg_core.files import tree_digest
from unirg_core.ingest import batches, ingest
from unirg_core.ingest.drawn import Drawn
from unirg_core.ingest.source import Listed
from unirg_core.params import dump

_WORLD = {"world": 3, "patients": 150, "image_size": 64}
_SPLIT = {"held_out": ["phantom-c"], "validation": 0.1, "test": 0.2}
_CODE = (
    "from pathlib import Path\nfrom unirg_core.params import load\nfrom unirg_core.ingest import ingest\n"
    "if __name__ == '__main__':\n    ingest(load(), Path('.'))\n"
)


def _run(**section: object):
    return params(phantom=_WORLD, split=_SPLIT, **section)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of an undisturbed run."""
    root = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(root / "home"))
        return tree_digest(ingested(_run(), root / "run") / "data")


def _spooled(home: Path) -> dict[str, int]:
    """Return the finished chunks and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (home / "work").glob("ingest-*/*.arrow")}


def _killed(run, root: Path, home: Path, chunks: int) -> dict[str, int]:
    """Start the stage, kill -9 it when some chunks are finished, and return them."""
    pin(run, root)
    (root / "params.yaml").write_text(dump(run))
    (root / "go.py").write_text(_CODE)
    child = subprocess.Popen([sys.executable, "go.py"], cwd=root, start_new_session=True, stdout=subprocess.DEVNULL)
    while len(_spooled(home)) < chunks:
        assert child.poll() is None
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return _spooled(home)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"processes": 1}, {"processes": 1}),
        ({"processes": 2}, {"processes": 1}),
        ({"processes": 2, "executor": "dask"}, {"processes": 2}),
    ],
)
def test_killed_it_goes_on_where_it_was(
    whole: str, tmp_path: Path, unirg_home: Path, monkeypatch: pytest.MonkeyPatch, before: dict, after: dict
) -> None:
    root = tmp_path / "run"
    left = _killed(_run(**before), root, unirg_home, 2)
    assert 2 <= len(left) < 5 and not (root / "data" / "manifest.parquet").exists()
    if after == {"processes": 1}:
        read, original = [], Drawn.read
        monkeypatch.setattr(Drawn, "read", lambda self, keys: read.extend(keys) or original(self, keys))
    seen: dict[str, int] = {}
    monkeypatch.setattr("unirg_core.ingest.spool.shutil.rmtree", _remembering(seen, unirg_home))
    ingest(_run(**after), root)
    assert tree_digest(root / "data") == whole
    assert left.items() <= seen.items(), "a finished chunk was written again"
    assert not _spooled(unirg_home)
    if after == {"processes": 1}:
        taken = len(Drawn(_run().ingest.phantom).studies())
        assert len(read) == len(set(read)) == taken - 64 * len(left)


def _remembering(seen: dict[str, int], home: Path):
    original = shutil.rmtree

    def remove(folder, *arguments, **named):
        if Path(folder).parent.name == "work":
            seen.update(_spooled(home))
        original(folder, *arguments, **named)

    return remove


def test_killed_while_publishing_nothing_is_read_again(
    whole: str, tmp_path: Path, unirg_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("unirg_core.ingest.run.neighbours", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        ingested(_run(), root)
    assert len(_spooled(unirg_home)) >= 4 and not (root / "data" / "manifest.parquet").exists()
    monkeypatch.setattr(Drawn, "read", lambda *_: pytest.fail("a study was read again"))
    ingest(_run(), root)
    assert tree_digest(root / "data") == whole


def test_the_same_data_with_other_code_starts_anew(tmp_path: Path, unirg_home: Path, monkeypatch) -> None:
    root = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("unirg_core.ingest.run.neighbours", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        ingested(_run(), root)
    monkeypatch.setattr("unirg_core.ingest.spool.makers", lambda: {"code": "changed"})
    read, original = [], Drawn.read
    monkeypatch.setattr(Drawn, "read", lambda self, keys: read.extend(keys) or original(self, keys))
    ingest(_run(), root)
    assert len(read) == len(Drawn(_run().ingest.phantom).studies())


def test_another_source_in_the_workers_is_refused() -> None:
    from unirg_core.faults import BadInput
    from unirg_core.keys import Vault

    vault = Vault(b"k" * 32, None, None)
    keys = batches._Keys(vault, [Listed(key, "", "") for key in "bac"])
    assert keys.of([vault.pseudonym("study", key) for key in ("c", "a")]) == ["c", "a"]
    for known in (keys, batches._Keys(vault, [])):
        with pytest.raises(BadInput, match="it has changed since, or this worker sees another folder"):
            known.of([vault.pseudonym("study", "d")])
