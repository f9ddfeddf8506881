"""Aliases move once, only from where the run found them, and every move is in the record whenever it was cut off."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from unirg_core.audit import record as records
from unirg_core.register import aliases, client
from unirg_core.runs.run import Run

NAME, OWN = "line", "4"
BOTH = ["candidate", "champion"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store with six versions of a model; return its home."""
    home = tmp_path_factory.mktemp("aliases")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRG_HOME", str(home))
        client().create_registered_model(NAME)
        for _ in range(6):
            client().create_model_version(NAME, source=str(home))
    return home


@pytest.fixture
def store(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """Stand in that home, and leave no alias behind."""
    monkeypatch.setenv("UNIRG_HOME", str(kept))
    yield client()
    for alias in client().get_registered_model(NAME).aliases:
        client().delete_registered_model_alias(NAME, alias)


def run_of(folder: Path, pinned: str | None, **fields: Any) -> Run:
    """Return a run that has pinned a champion."""
    inputs = {"code": None, "champion": pinned and {"version": pinned}}
    records.write(folder, {**records.begin(folder.name, "k", inputs, {}, {}), **fields})
    return Run(folder.name, folder)


def registration(version: str = OWN) -> dict[str, Any]:
    return {"name": NAME, "version": version, "verdict": "passed", "checkpoint": "c"}


def note(start: str | None, time: str | None, alias: str = "champion", to: str = OWN) -> dict[str, Any]:
    return {"alias": alias, "from": start, "to": to, "time": time}


THEN = "2026-01-01T00:00:00Z"

CASES = [
    # pinned, where champion stands, noted before; from where it moved (None: it stayed), a part of why it is withheld
    ("3", "5", [], None, "it stands at version 5 by now, and this run was compared with version 3"),
    (None, "5", [], None, "it stands at version 5 by now, and this run was compared with no version"),
    ("3", None, [], None, "it stands at no version by now, and this run was compared with version 3"),
    ("3", "5", [note("3", None)], None, "it stands at version 5"),  # cut off before the move, then another came
    ("3", "3", [], note("3", "now"), None),
    (None, None, [], note(None, "now"), None),
    ("3", "3", [note("3", None)], note("3", "now"), None),  # cut off before the move
    ("3", OWN, [note("3", None)], note("3", "now"), None),  # cut off after the move
    (None, OWN, [note(None, None)], note(None, "now"), None),
    ("3", OWN, [note("3", THEN)], note("3", THEN), None),  # all was done
    ("3", "5", [note("3", THEN)], note("3", THEN), None),  # and another came since: it is not taken back
    ("3", OWN, [], note(OWN, "now"), None),  # somebody has moved it by hand
    ("3", "3", [note("2", THEN, to="1")], note("3", "now"), None),  # noted of a version that is gone
]


@pytest.mark.parametrize(("pinned", "stands", "noted", "moved", "withheld"), CASES)
def test_the_champion_moves_only_from_where_the_run_found_it(
    store: MlflowClient, tmp_path: Path, pinned: str, stands: str, noted: list, moved: dict, withheld: str
) -> None:
    if stands:
        store.set_registered_model_alias(NAME, "champion", stands)
    earlier = {"registration": {**registration(noted[0]["to"]), "aliases": noted}} if noted else {}
    run = run_of(tmp_path / "run", pinned, **earlier)
    done = aliases.move(run, registration(), BOTH)
    assert done == run.record["registration"]
    found = {move["alias"]: move for move in done["aliases"]}
    if moved is None:
        assert list(found) == ["candidate"] and withheld in done["withheld"]
    else:
        assert sorted(found) == BOTH and done["withheld"] is None
        assert found["champion"] == {**moved, "time": found["champion"]["time"]}
        assert (found["champion"]["time"] == THEN) == (moved["time"] == THEN)
    now = store.get_registered_model(NAME).aliases
    assert str(now["candidate"]) == OWN
    assert str(now.get("champion")) == (OWN if moved and moved["time"] == "now" else str(stands))


@pytest.mark.parametrize("moved", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("alias", BOTH)
def test_a_move_that_is_cut_off_is_told_of_truly_by_the_next_attempt(
    store: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alias: str, moved: bool
) -> None:
    for name in BOTH:
        store.set_registered_model_alias(NAME, name, "3")
    run = run_of(tmp_path / "run", "3")
    truly = MlflowClient.set_registered_model_alias

    def cut_off(self: MlflowClient, name: str, which: str, version: str) -> None:
        if which != alias or moved:
            truly(self, name, which, version)
        if which == alias:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(MlflowClient, "set_registered_model_alias", cut_off)
        aliases.move(run, registration(), BOTH)
    assert run.record["registration"]["aliases"][-1] == note("3", None, alias)
    done = aliases.move(run, registration(), BOTH)
    assert [(move["alias"], move["from"], move["to"]) for move in done["aliases"]] == [(a, "3", OWN) for a in BOTH]
    assert all(move["time"] for move in done["aliases"])


def test_of_runs_at_once_that_were_compared_with_one_champion_one_takes_its_place(
    store: MlflowClient, tmp_path: Path
) -> None:
    store.set_registered_model_alias(NAME, "champion", "1")
    runs = {version: run_of(tmp_path / version, "1") for version in ("2", "3", "4", "5")}
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda version: aliases.move(runs[version], registration(version), BOTH), runs))
    won = [one["version"] for one in done if one["withheld"] is None]
    assert len(won) == 1 and str(store.get_registered_model(NAME).aliases["champion"]) == won[0]
    assert {one["withheld"] for one in done} - {None} == {
        f"alias champion is withheld: it stands at version {won[0]} by now, and this run was compared with version 1"
    }
