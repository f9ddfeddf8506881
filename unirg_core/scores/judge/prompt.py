"""What the judge is asked. Any change of it is another judge: it takes a new version, and the cache starts anew."""

import json
from functools import cache
from pathlib import Path

from unirg_core.files import digest_of
from unirg_core.scores.judge.answer import schema

VERSION = 1


@cache
def instructions() -> str:
    """Return the system message: prompt.txt and the keys of the answer."""
    text = (Path(__file__).parent / "prompt.txt").read_text()
    return text + "\n".join(schema()["required"]) + "\n"


def messages(candidate: str, reference: str) -> list[dict[str, str]]:
    """Return the chat of one question; both texts stand in one JSON object, so neither can pass for the other."""
    pair = json.dumps({"reference": reference, "candidate": candidate}, ensure_ascii=False)
    return [{"role": "system", "content": instructions()}, {"role": "user", "content": pair}]


@cache
def digest() -> str:
    """Return the SHA-256 (hex) of everything that is asked besides the pair: instructions, layout, answer's schema."""
    return digest_of({"messages": messages("candidate", "reference"), "schema": schema()})


def version() -> str:
    """Return the version of the prompt with its digest, as reports and the cache name it."""
    return f"{VERSION}:{digest()}"


def key(candidate: str, reference: str, model: str) -> str:
    """Return the SHA-256 (hex) that a judgement is kept under: reference, candidate, judge and prompt version."""
    return digest_of([reference, candidate, model, version()])
