"""The vault: which keys open, what follows from a key, and what happens when several processes use it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirg_core.faults import BadInput
from unirg_core.keys import open_vault


def _sealed(home: Path) -> str:
    vault = open_vault("folder", home)
    vault.salt("p1")
    vault.seal()
    return vault.fingerprint


def _remove(path: Path) -> None:
    path.unlink()


def _other_key(path: Path) -> None:
    path.write_text("ab" * 32 + "\n")


def _damaged(path: Path) -> None:
    path.write_text("no key\n")


def _open_to_all(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("key", _remove, "is missing, but .* datasets were made with it"),
        ("key", _other_key, "restore that key from its backup"),
        ("key", _damaged, "is damaged"),
        ("key", _open_to_all, "chmod 600"),
        ("salts.jsonl", _remove, "salts .* are missing"),
    ],
)
def test_a_key_that_is_not_the_datasets_is_refused(tmp_path, name, harm, said):
    _sealed(tmp_path)
    harm(tmp_path / "keys" / name)
    with pytest.raises(BadInput, match=said):
        open_vault("folder", tmp_path)
    if harm is _remove and name == "key":
        assert not (tmp_path / "keys" / "key").exists(), "a new key was drawn although a dataset exists"


def test_before_any_dataset_a_missing_key_is_drawn(tmp_path):
    first = open_vault("folder", tmp_path).fingerprint
    (tmp_path / "keys" / "key").unlink()
    assert open_vault("folder", tmp_path).fingerprint != first


def test_the_vault_is_closed_to_others(tmp_path):
    _sealed(tmp_path)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}, modes
    assert {"key", "salts.jsonl"} <= modes.keys()


def test_two_that_draw_at_once_end_with_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: open_vault("folder", tmp_path).fingerprint, range(16)))
    assert len(found) == 1


def test_the_phantoms_key_is_the_same_everywhere_and_leaves_no_file(tmp_path):
    here, there = open_vault("phantom", tmp_path / "a"), open_vault("phantom", tmp_path / "b")
    assert here.fingerprint == there.fingerprint
    assert here.salt("p") == there.salt("p") != here.salt("q")
    here.seal()
    assert not (tmp_path / "a").exists()
    assert open_vault("folder", tmp_path).fingerprint != here.fingerprint


def test_salts_last_and_are_shared(tmp_path):
    one, other = open_vault("folder", tmp_path), open_vault("folder", tmp_path)
    salts = one.salts(["p1", "p2", "p1"])
    assert other.salts(["p2", "p1"]) == salts
    assert other.salt("p3") == one.salt("p3")
    assert len({*salts.values(), one.salt("p3")}) == 3
    assert len((tmp_path / "keys" / "salts.jsonl").read_text().splitlines()) == 3


def test_many_writers_give_each_patient_one_salt(tmp_path):
    patients = [f"p{n % 7}" for n in range(70)]
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda p: (p, open_vault("folder", tmp_path).salt(p)), patients))
    assert len(set(drawn)) == 7


def test_a_line_that_a_killed_writer_left_unfinished_is_dropped(tmp_path):
    kept = open_vault("folder", tmp_path).salt("p1")
    with (tmp_path / "keys" / "salts.jsonl").open("a") as stream:
        stream.write('{"patient":"p2","salt":"12')
    vault = open_vault("folder", tmp_path)
    assert (vault.salt("p1"), len(vault.salt("p2"))) == (kept, 32)
    assert open_vault("folder", tmp_path).salts(["p1", "p2"]) == vault.salts(["p1", "p2"])


@given(st.text(), st.text())
def test_what_follows_from_the_key_keeps_its_form(tmp_path_factory, text, other):
    vault = open_vault("phantom", Path("/nowhere"))
    assert len(vault.pseudonym("study", text)) == 16
    assert vault.pseudonym("study", text) == vault.pseudonym("study", text) != vault.pseudonym("patient", text)
    assert (text == other) == (vault.pseudonym("study", text) == vault.pseudonym("study", other))
    assert 0 <= vault.fraction(text) < 1
    assert 0 < abs(vault.day_shift(text)) <= 3650


def test_fractions_and_shifts_spread_evenly():
    vault = open_vault("phantom", Path("/nowhere"))
    drawn = [vault.fraction(f"p{n}") for n in range(4000)]
    assert abs(sum(value < 0.15 for value in drawn) / 4000 - 0.15) < 0.02
    shifts = [vault.day_shift(f"p{n}") for n in range(4000)]
    assert abs(sum(shift > 0 for shift in shifts) / 4000 - 0.5) < 0.03
