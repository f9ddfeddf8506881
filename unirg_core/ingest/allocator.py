"""What becomes of freed memory: workers keep that of a picture for the next, the parent gives back that of a step.

Left alone, glibc hands every picture's memory back, to ask for it anew, and keeps with Arrow what a step of the parent
took once.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST, _KEPT = 32 << 20, 64 << 20  # bytes: of one piece (the most that glibc takes), and free at the end of the heap
_LARGE = 1 << 20


def keep_freed() -> None:
    """Keep up to 64 MB of freed memory for the next picture.

    A file of 8 MB is held as bytes, as pixels and as grey levels; to be given 4,000 fresh pages for each, and have them
    wiped, takes as long as all else that reading it takes. Nothing is done where the C library has no mallopt.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)


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
