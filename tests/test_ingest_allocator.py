"""Memory that is freed stays with the process: the pages of one picture serve the next."""

import subprocess
import sys

import pytest

_PAGES = """
import resource
from unirg_core.ingest.allocator import keep_freed
{kept}
def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for size in (8, 7, 8, 6, 8):
        pieces = [bytes(bytearray(size << 20)) for _ in range(2)]
        del pieces
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
pages()
print(pages())
"""


def _pages(kept: str) -> int:
    """Return how many fresh pages ten pieces of 8 MB take, twice two at a time, after a first round."""
    done = subprocess.run([sys.executable, "-c", _PAGES.format(kept=kept)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is meant")
def test_a_second_picture_takes_no_fresh_pages():
    assert _pages("keep_freed()") < 500 < 5000 < _pages("")


def test_it_does_nothing_where_the_library_has_no_such_setting(monkeypatch):
    from unirg_core.ingest import allocator

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    allocator.keep_freed()
    allocator.give_back()


_HELD = """
from pathlib import Path
import pyarrow
from unirg_core.ingest.allocator import give_back, keep_freed
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
keep_freed()
pieces = [bytes(bytearray(4 << 20)) for _ in range(8)]
full = held()
del pieces
kept = held()
give_back()
given = held()
pieces = [bytes(bytearray(4 << 20)) for _ in range(8)]
del pieces
print(full - kept, full - given, full - held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is meant")
def test_what_is_given_back_leaves_the_process_and_what_is_large_does_so_from_then_on():
    done = subprocess.run([sys.executable, "-c", _HELD], capture_output=True, text=True, check=True)
    kept, given, later = (int(word) / (1 << 20) for word in done.stdout.split())
    assert kept < 4 < 28 < min(given, later)
