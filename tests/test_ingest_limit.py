"""The limit of computing time a file: a slow one is refused with its reason, whatever happens around it."""

import signal
import time

import imagecodecs
import numpy as np
import pytest
from fixtures_drops import dicom, ingested, manifest, of_drop, pixels, reasons, rows, write_drop
from pydicom.uid import JPEG2000Lossless

from unirg_core.ingest.limit import limited
from unirg_core.ingest.source import Rejected
from unirg_core.ingest.workers import Processes, Workers


def _busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_what_takes_too_long_is_refused():
    with pytest.raises(Rejected, match=r"takes too long; .* ingest\.file_seconds is too short"), limited(0.1):
        _busy(5)


def test_a_library_that_catches_everything_is_ended_all_the_same():
    with pytest.raises(Rejected, match="takes too long"), limited(0.1):
        while True:
            try:
                _busy(0.05)
            except Exception:
                continue


def test_waiting_is_not_counted_and_nothing_rings_afterwards():
    before = signal.getsignal(signal.SIGVTALRM)
    with limited(0.1):
        time.sleep(0.3)
    _busy(0.3)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_a_refusal_inside_stays_what_it_is():
    with pytest.raises(Rejected, match="of its own"), limited(1):
        raise Rejected("of its own.")


def _start() -> None:
    """Prepare nothing."""


def _decode(keys: list[str]) -> list[str]:
    """Decode for a second and more inside one call of native code where the key says so: no Python code runs in it."""
    for key in keys:
        with limited(0.2):
            if key == "endless":
                _native()
    return [f"did {key}" for key in keys]


def _native() -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (2500, 2500)).astype(np.uint16)
    imagecodecs.jpeg2k_encode(noise, level=0, numthreads=1)


def test_a_decoder_that_does_not_return_costs_its_file_only():
    workers = Workers(Processes(1, _start, ()), _decode, lambda key: [f"lost {key}"], lambda a, b: a + b)
    began = time.process_time()
    _native()
    assert time.process_time() - began > 0.3, "the machine is too fast for this test"
    assert list(workers.in_order([["a", "endless"], ["b"]])) == [["did a", "lost endless"], ["did b"]]


def test_a_slow_file_is_told_and_its_neighbours_are_taken(tmp_path):
    slow = dicom(pixels(1, (1600, 1600), most=4095), JPEG2000Lossless, BitsStored=12)
    drop = write_drop(tmp_path / "drop", rows(4, 1), {"p0v0.png": slow})
    root = ingested(of_drop(drop, file_seconds=0.05), tmp_path / "run")
    assert len(manifest(root)) == 3
    assert reasons(root) == [
        "Reading the picture takes too long; its file is damaged, or ingest.file_seconds is too short for it "
        "(table row 1)."
    ]
    assert len(manifest(ingested(of_drop(drop), tmp_path / "again"))) == 4
