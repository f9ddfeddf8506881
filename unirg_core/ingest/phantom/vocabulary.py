"""Every word that a style or a caption can say, for the tokenizer."""

import re
from collections.abc import Iterator
from dataclasses import fields

from unirg_core.ingest.phantom.lexicon import STYLES, SYMPTOMS
from unirg_core.ingest.phantom.world import FINDINGS

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_GLUE = (
    "a an is are have has of on the left right bilateral both sides upper mid lower no or and man woman f m view AP PA"
)
_CAPTION = "no abnormality pacemaker central line endotracheal tube mild moderate severe findings impression"


def vocabulary() -> list[str]:
    """Return every word that a report's clean sections or a caption can say, in lower case, sorted."""
    texts = [*_texts([STYLES[name] for name in STYLES]), *SYMPTOMS, *FINDINGS, _GLUE, _CAPTION]
    return sorted({word for text in texts for word in _WORD.findall(_PLACEHOLDER.sub(" ", text).lower())})


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _texts(tuple(getattr(value, field.name) for field in fields(value) if field.name != "date"))
