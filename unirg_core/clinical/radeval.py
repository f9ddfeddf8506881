"""The door to RadEval 2.2.1, the one maintained home of these models for transformers 5 (Delbrouck et al. 2025).

Its modules are imported without its package's `__init__`, for two reasons. That file fetches tokenizer data from the
network at import. And the vendored RadGraph imports itself as `RadEval` while the wheel's folder is `radeval`, which
fails wherever file names are case-sensitive; here both names stand for the one folder.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from unirg_core.faults import BadInput

_NAMES = ("radeval", "RadEval")


def part(name: str) -> Any:
    """Import a module of RadEval by its path below the package, as `metrics._chexbert_base`.

    Raises
    ------
    BadInput
        When RadEval is not installed here.
    """
    _open()
    # The upper-case name throughout, so that a module is never loaded twice: the vendored code uses that one.
    return importlib.import_module(f"RadEval.{name}")


def installed() -> bool:
    """Say whether RadEval is installed."""
    return importlib.util.find_spec("radeval") is not None


def _open() -> None:
    if all(isinstance(sys.modules.get(name), _Folder) for name in _NAMES):
        return
    spec = importlib.util.find_spec("radeval")
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(
            "RadEval is not installed in this Python; make the environment of infra/clinical.txt "
            "(docs/model-scores.md) and start the scorer service there."
        )
    for name in _NAMES:
        folder = _Folder(name)
        folder.__path__ = list(spec.submodule_search_locations)
        sys.modules[name] = folder


class _Folder(ModuleType):
    """A package without its `__init__`."""
