"""Addresses in params.yaml: parameters reach the record, git and MLflow, so one that holds a secret is refused."""

import re
from urllib.parse import SplitResult, urlsplit


def without_secrets(address: str, instead: str) -> str:
    """Return an address, or a folder, that holds no user, password or query; what is refused is never repeated.

    Parameters
    ----------
    instead
        Where credentials are given.

    Raises
    ------
    ValueError
        When it holds any.
    """
    _split(address, instead)
    return address


def of_http(address: str, instead: str, example: str) -> str:
    """Return an address of HTTP that holds no user, password or query.

    Raises
    ------
    ValueError
        When it is none, or holds any of them.
    """
    parts = _split(address, instead)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", address):
        raise ValueError(f"give an address that starts with http:// or https://, as {example}")
    return address


def _split(address: str, instead: str) -> SplitResult | None:
    if "://" not in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("Port out of range 0-65535, or a host that is none") from None
    if "@" in parts.netloc or parts.query:
        raise ValueError(f"an address holds no user, password or query, because parameters are recorded; {instead}")
    return parts
