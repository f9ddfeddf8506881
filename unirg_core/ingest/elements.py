"""Read single elements of a DICOM header that may have the wrong VR, several values, or nonsense in them."""

import math
from typing import Any

from unirg_core.ingest.source import Rejected

_UNREADABLE = (ValueError, TypeError, OverflowError, NotImplementedError)


def code(header: Any, name: str) -> str:
    """Return a code or short text in capitals, empty where it is missing or cannot be read."""
    try:
        value = header.get(name)
    except _UNREADABLE:
        return ""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return "" if value is None else str(value).strip("\0 ").upper()


def first_number(header: Any, name: str) -> float | None:
    """Return a finite number, the first of several; None where it is missing, empty or no number."""
    try:
        value = header.get(name)
        if isinstance(value, bytes):  # a number of two bytes under a wrong VR
            value = int.from_bytes(value, "little") if len(value) == 2 else None
        elif value is not None and not isinstance(value, int | float | str):
            value = next(iter(value), None)
        number = None if value in (None, "") else float(value)
    except _UNREADABLE:
        return None
    return number if number is None or math.isfinite(number) else None


def whole(header: Any, name: str, otherwise: int | None = None) -> int:
    """Return a whole number.

    Raises
    ------
    Rejected
        When it is missing or no number, and there is nothing to take otherwise.
    """
    number = first_number(header, name)
    if number is None and otherwise is None:
        raise Rejected(f"The DICOM header lacks what a picture needs ({name}).")
    return otherwise if number is None else int(number)
