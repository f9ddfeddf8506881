"""Damaged files through the whole stage: no crash, no hang, and every file in the manifest or told of with a reason."""

import re
import time

import pytest
from fixtures_drops import ingested, manifest, of_drop, reasons, rows, write_drop
from fixtures_mutated import mutated, whole_files

from unirg_core.ingest.dicom import decode_dicom, is_dicom
from unirg_core.ingest.picture import decode_picture
from unirg_core.ingest.source import Rejected

_FEW, _MANY = 300, 10_000
_SECONDS_A_FILE = 5.0
_TOLD_LEAST = 15


def _decode(content: bytes) -> None:
    (decode_dicom if is_dicom(content) else decode_picture)(content)


def test_the_files_are_whole_before_they_are_damaged():
    for content in whole_files():
        _decode(content)


def test_damage_is_repeatable_and_of_many_kinds():
    assert [mutated(seed) for seed in range(40)] == [mutated(seed) for seed in range(40)]
    assert len({mutated(seed) for seed in range(_FEW)}) > 0.95 * _FEW


@pytest.mark.parametrize("first", [0, _FEW])
def test_a_damaged_file_ends_in_a_picture_or_a_reason_in_time(first):
    for seed in range(first, first + _FEW):
        began = time.process_time()
        try:
            _decode(mutated(seed))
        except Rejected as reason:
            assert re.fullmatch(r"[A-Z].*\.", str(reason)), seed
        assert time.process_time() - began < _SECONDS_A_FILE, seed


def _taken_and_told(tmp_path, count: int, processes: int) -> tuple[int, list[str]]:
    """Ingest damaged files, a study each, beside two whole ones; return how many were taken, and the reasons."""
    table = [
        {**rows(1, 1)[0], "file": f"{number}.dcm", "patient": f"P{number}", "accession": f"A{number}"}
        for number in range(count + 2)
    ]
    files = {row["file"]: mutated(number) for number, row in enumerate(table[:count])}
    files |= {row["file"]: whole_files()[0] for row in table[count:]}
    drop = write_drop(tmp_path / "drop", table, files)
    root = ingested(of_drop(drop, processes=processes), tmp_path / "run")
    return len(manifest(root)), reasons(root)


def _each_is_told(taken: int, told: list[str], count: int) -> None:
    assert taken + len(told) == count + 2
    assert count * 0.1 < taken < count * 0.6, "the damage is either harmless or total"
    assert not [reason for reason in told if not re.search(r"\(table row \d+\)\.$", reason)]
    assert not [reason for reason in told if re.search(r"quillan|zachariasen|PID00", reason, re.IGNORECASE)]
    assert len({re.sub(r"\d+", "9", reason) for reason in told}) >= _TOLD_LEAST


def test_damaged_files_through_the_stage(tmp_path):
    _each_is_told(*_taken_and_told(tmp_path, _FEW, 2), _FEW)


@pytest.mark.slow
def test_ten_thousand_damaged_files_through_the_stage(tmp_path):
    began = time.monotonic()
    _each_is_told(*_taken_and_told(tmp_path, _MANY, 2), _MANY)
    assert time.monotonic() - began < _MANY * _SECONDS_A_FILE / 20, "some file was waited for"
