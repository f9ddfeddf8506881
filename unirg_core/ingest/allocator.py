"""What glibc does with freed memory: by itself it gives each picture's back to the system, to ask for it anew."""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST, _KEPT = 32 << 20, 64 << 20  # bytes: of one piece (the most that glibc takes), and free at the end of the heap


def keep_freed() -> None:
    """Keep up to 64 MB of freed memory for the next picture.

    A file of 8 MB is held as bytes, as pixels and as grey levels; to be given 4,000 fresh pages for each, and have them
    wiped, takes as long as all else that reading it takes. Nothing is done where the C library has no mallopt.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
