"""Open the source that the parameters name, and pin what it holds before a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from unirg_core.faults import BadInput
from unirg_core.files import digest_of_all, read_json
from unirg_core.home import home
from unirg_core.ingest.people import list_digests
from unirg_core.ingest.place import Place, open_place
from unirg_core.ingest.source import Source
from unirg_core.ingest.splits import check_held_out
from unirg_core.keys import Vault, open_vault
from unirg_core.params import Ingest, Params

_INPUTS = "inputs.json"


def open_source(params: Ingest, root: Path) -> Source:
    """Open the source; paths of the parameters are relative to `root`, the checkout.

    Raises
    ------
    BadInput
        When it is missing or cannot be read.
    """
    if params.source == "phantom":
        from unirg_core.ingest.drawn import Drawn

        return Drawn(params.phantom)
    place = open_place(params.path, root)
    if params.source == "folder":
        from unirg_core.ingest.institutions import open_drop

        return open_drop(place, None if params.mapping is None else root / params.mapping)
    if params.draw:
        from unirg_core.ingest.openi_drawn import OpenIDrawn

        return OpenIDrawn(place, params.phantom.image_size)
    return _published(params.source)(place)


def _published(name: str) -> Callable[[Place], Source]:
    """Return the reader of a published data set; only the one that is asked for is imported."""
    if name == "openi":
        from unirg_core.ingest.openi import OpenI as reader
    elif name == "mimic_cxr":
        from unirg_core.ingest.mimic_cxr import MimicCxr as reader
    elif name == "chexpert_plus":
        from unirg_core.ingest.chexpert_plus import ChexpertPlus as reader
    else:
        from unirg_core.ingest.rexgradient import RexGradient as reader
    return reader


def listing_digest(params: Params, root: Path) -> dict[str, Any]:
    """Return what pins a source: its kind, the digest of its listing, how many studies it lists, and of whom.

    Raises
    ------
    BadInput
        When it cannot be read, or an institution that is to be held out has no study in it.
    """
    found = _listing(open_source(params.ingest, root), params.ingest, root)
    check_held_out(found["institutions"], params.ingest.split, "of which the source lists no study")
    return found


def _listing(source: Source, params: Ingest, root: Path) -> dict[str, Any]:
    lists = list_digests(params, root)
    digest = digest_of_all(source.listing(), *([lists] if lists else []))
    studies = source.studies()
    return {
        "kind": source.name,
        "digest": digest,
        "count": len(studies),
        "institutions": sorted({study.institution for study in studies}),
    }


def open_pinned(params: Params, root: Path) -> tuple[Source, Vault]:
    """Open source and vault, and refuse when they are not what `inputs.json` pins.

    Raises
    ------
    BadInput
        When the pins are missing or something else is found.
    """
    path = root / _INPUTS
    if not path.exists():
        raise BadInput(f"{path} is missing: a run is pinned before it starts. Start it by `unirg retrain`.")
    pins = read_json(path)
    vault = open_vault(params.ingest.source, home())
    source = open_source(params.ingest, root)
    found = {"source": _listing(source, params.ingest, root), "key": {"fingerprint": vault.fingerprint}}
    for name, field in (("source", "kind"), ("source", "digest"), ("key", "fingerprint")):
        pinned, there = pins.get(name, {}).get(field), found[name][field]
        if pinned != there:
            raise BadInput(
                f"{path} pins {name}.{field} = {pinned}, but {there} is found: the {name} has changed since the run "
                "was pinned. Start a new run by `unirg retrain`."
            )
    return source, vault
