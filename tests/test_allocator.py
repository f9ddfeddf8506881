"""Memory that is freed stays with the process: the pages of one picture serve the next, those of a step another."""

import subprocess
import sys

import pytest

_PAGES = """
import resource
from unirg_core.allocator import ALL, PICTURES, keep_freed
{kept}
def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for size in (8, 7, 8, 6, 8):
        pieces = [bytes(bytearray(size << 20)) for _ in range({at_once})]
        del pieces
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
pages()
print(pages())
"""


def _pages(kept: str, at_once: int) -> int:
    """Return how many fresh pages five times so many pieces of up to 8 MB take, after a first round."""
    code = _PAGES.format(kept=kept, at_once=at_once)
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is meant")
@pytest.mark.parametrize(
    ("kept", "at_once", "fresh"),
    [
        ("", 2, True),
        ("keep_freed(PICTURES)", 2, False),
        ("keep_freed(PICTURES)", 20, True),  # more than a worker may hold for itself
        ("keep_freed(ALL)", 20, False),
    ],
)
def test_freed_pages_are_taken_again_up_to_the_bound(kept, at_once, fresh):
    pages = _pages(kept, at_once)
    assert pages > 5000 if fresh else pages < 500


def test_it_does_nothing_where_the_library_has_no_such_setting(monkeypatch):
    from unirg_core import allocator

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    allocator.keep_freed(allocator.ALL)
    allocator.give_back()


_HELD = """
from pathlib import Path
import pyarrow
from unirg_core.allocator import PICTURES, give_back, keep_freed
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
keep_freed(PICTURES)
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
