"""The way to the judge: where it may be, with which key, and one question asked.

Departures from the client's defaults: redirects are not followed (a local endpoint could send report text elsewhere), a
local endpoint is never reached through a proxy, and no key of the environment is sent but the one that is named.
"""

import ipaddress
import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from unirg_core.faults import BadInput
from unirg_core.params import Judge as Settings
from unirg_core.scores.judge.answer import schema

_CHECK_SECONDS = 30.0
_NO_LIST = (404, 405, 501)
_NO_KEY = "none"  # the client insists on one; a local server reads none
_REMEDIES = {
    400: "check that the model takes a json_schema response format, temperature 0 and max_tokens",
    401: "check the key in the variable that scores.judge.key_variable names",
    403: "check the key in the variable that scores.judge.key_variable names",
    404: "check scores.judge.base_url and scores.judge.model",
    429: "lower scores.judge.concurrency or raise scores.judge.retries",
}


def is_local(host: str) -> bool:
    """Tell whether every address of a host is loopback or private."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(ipaddress.ip_address(entry[4][0].partition("%")[0]).is_private for entry in found)


def check_address(settings: Settings) -> bool:
    """Return whether the endpoint is local.

    Raises
    ------
    BadInput
        When it is not, or cannot be told, and report text may not leave; or would leave without encryption.
    """
    address = urlsplit(settings.base_url)
    if is_local(address.hostname or ""):
        return True
    if not settings.allow_external:
        raise BadInput(
            f"scores.judge.base_url: {address.hostname} is not known as loopback or private, and the judge is sent "
            "report text; take a local endpoint, or set scores.judge.allow_external: true where that is allowed."
        )
    if address.scheme != "https":
        raise BadInput(
            f"scores.judge.base_url: report text goes to {address.hostname} only by https; change http to it."
        )
    return False


def key_of(settings: Settings) -> str:
    """Return the key from the environment.

    Raises
    ------
    BadInput
        When a variable is named but not set.
    """
    if settings.key_variable is None:
        return _NO_KEY
    key = os.environ.get(settings.key_variable, "").strip()
    if not key:
        raise BadInput(
            f"scores.judge.key_variable: the environment has no {settings.key_variable}; export the key there."
        )
    return key


def client(settings: Settings, key: str, local: bool) -> Any:
    """Return an `AsyncOpenAI` that tries again by itself after 408, 409, 429, 5xx, time-outs and lost connections."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    return AsyncOpenAI(
        base_url=settings.base_url,
        api_key=key,
        timeout=settings.timeout,
        max_retries=settings.retries,
        http_client=DefaultAsyncHttpxClient(follow_redirects=False, trust_env=not local),
    )


async def asked(open_client: Any, settings: Settings, chat: list[dict[str, str]]) -> bytes:
    """Ask one question at temperature 0 and return the body of the response.

    `max_tokens` and not its successor `max_completion_tokens`, because every local server knows it.
    """
    response = await open_client.chat.completions.with_raw_response.create(
        model=settings.model,
        messages=chat,
        temperature=0,
        max_tokens=settings.answer_tokens,
        response_format={"type": "json_schema", "json_schema": {"name": "errors", "strict": True, "schema": schema()}},
    )
    return response.content


async def silence(settings: Settings, local: bool) -> str | None:
    """Return what keeps the endpoint from answering, or None; it is asked for its models, without a report's text.

    An endpoint that has no list of models (404, 405, 501) answers all the same.
    """
    from openai import APIStatusError, OpenAIError

    seconds = min(settings.timeout, _CHECK_SECONDS)
    quick = settings.model_copy(update={"timeout": seconds, "retries": min(settings.retries, 1)})
    async with client(quick, key_of(settings), local) as asking:
        try:
            response = await asking.models.with_raw_response.list()
        except APIStatusError as error:
            return None if error.status_code in _NO_LIST else explained(error)
        except OpenAIError as error:
            return explained(error)
    try:
        told = json.loads(response.content)
    except ValueError:
        told = None
    return None if isinstance(told, dict) else "answers no JSON object at /models; check scores.judge.base_url"


def explained(error: Exception) -> str:
    """Say what went wrong on the way, in words that hold neither key nor report text, and what to do about it."""
    import openai

    if isinstance(error, openai.APIStatusError):
        remedy = _REMEDIES.get(error.status_code, "look at the endpoint's own log")
        return f"answered {error.status_code}; {remedy}"
    if isinstance(error, openai.APITimeoutError):
        return "did not answer in time; raise scores.judge.timeout or lower scores.judge.concurrency"
    return "cannot be reached; start it, or check scores.judge.base_url"
