"""What becomes of freed memory: kept for the next picture or step of training, given back between steps of ingest.

Left alone, glibc hands the memory of every picture and of every step of training back, to ask for it anew, and keeps
with Arrow what a step of ingest took once.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST = 32 << 20  # bytes of one piece: the most that glibc takes
_LARGE = 1 << 20
PICTURES = 64 << 20  # bytes free at the end of the heap
ALL = (1 << 31) - 1  # the most that mallopt takes, and more than a step of training frees at a time


def keep_freed(most: int) -> None:
    """Keep up to so many bytes of freed memory for what comes next.

    A picture of 8 MB is held as bytes, as pixels and as grey levels; to be given 4,000 fresh pages for each, and have
    them wiped, takes as long as all else that reading it takes. A step of SFT on a CPU takes 80,000 pages, a quarter of
    its time. Nothing is done where the C library has no mallopt.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, most)


def give_back() -> None:
    """Give what is free back to the system, between two steps whose needs would else add up.

    From then on what is larger than 1 MB goes back as soon as it is freed. zstd takes some 20 MB for each column that
    it packs; once glibc has seen such a piece it keeps the next ones on its heap, which then grows by their gaps.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.malloc_trim(0)
