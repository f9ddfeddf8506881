"""Vision-language models: load, save, prompt, generate; the data they see; and the embedded base `unirg-tiny`.

Names are imported on first use, because torch and transformers take seconds to load.
"""

from typing import Any

IMAGE_SIZE = 64
"""Pixels of a picture's side as the tiny model is shown it."""

_HOME = {
    "apply_lora": "adapting",
    "device": "loading",
    "digest": "loading",
    "freeze_vision": "adapting",
    "load": "loading",
    "merged": "adapting",
    "save": "loading",
    "square": "loading",
    "trainable_share": "adapting",
    "generate": "generation",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
