"""From a drop to de-identified shards: PHI stops here."""

from pathlib import Path
from typing import Any

from unirg_core.params import Params

__all__ = ["ingest", "listing_digest", "open_source"]


def ingest(params: Params, root: Path) -> None:
    """Make the dataset of a checkout from the source that its parameters name.

    Raises
    ------
    BadInput
        When the source cannot be read, is not what was pinned, or nothing usable or no split comes of it.
    """
    from unirg_core.ingest.run import ingest as run

    run(params, root)


def listing_digest(params: Params, root: Path) -> dict[str, Any]:
    """Return what pins the source: {"kind", "digest", "count"}; count is of studies."""
    from unirg_core.ingest.opening import listing_digest as pin

    return pin(params, root)


def open_source(params: Any, root: Path) -> Any:
    """Open the source that `params` (the ingest section) names."""
    from unirg_core.ingest.opening import open_source as opened

    return opened(params, root)
