"""Scores over HTTP: POST /score, GET /scores, GET /health; one process, one scoring at a time, models kept warm.

Every error is `{"error": sentence}` with its status, and with `sample` where one pair is to blame: 400 no JSON, 404 no
such score or address, 413 too much at once, 422 wrong fields, 500 the score failed. Bind it to loopback or to a network
that may see reports: it asks for no credentials, and it logs no text.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from unirg_core.clinical.origins import needed
from unirg_core.clinical.served import Served, load, without_weights
from unirg_core.clinical.weights import Settings, read_settings
from unirg_core.faults import BadInput
from unirg_core.scores.reward import ScoreFault, weighted

FIELDS = ("score", "candidates", "references")


class Refused(Exception):
    """A request that gets an error: its status and sentence, and the sample to blame where there is one."""

    def __init__(self, status: int, sentence: str, sample: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sample = status, sample


def application(served: Served, settings: Settings) -> Starlette:
    """Return the web application over loaded scores."""
    turn = asyncio.Lock()

    async def scores(request: Request) -> Response:
        return _json({**served.listing(), "pairs": settings.pairs})

    async def health(request: Request) -> Response:
        return _json({"status": "ok", "scores": len(served.scores)})

    async def score(request: Request) -> Response:
        asked = read_request(await _body(request, settings.megabytes << 20), settings.pairs)
        async with turn:
            return _json(await run_in_threadpool(answer, served, asked))

    routes = [
        Route("/score", score, methods=["POST"]),
        Route("/scores", scores, methods=["GET"]),
        Route("/health", health, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: _refused, HTTPException: _refused, Exception: _failed})


def read_request(body: bytes, most_pairs: int) -> dict[str, Any]:
    """Return the fields of a request.

    Raises
    ------
    Refused
        400, 413 or 422 with one sentence.
    """
    try:
        asked = json.loads(body)
    except ValueError:  # also what is no UTF-8
        raise Refused(400, "The body is no JSON.") from None
    except RecursionError:
        raise Refused(400, "The body is nested too deep.") from None
    if not isinstance(asked, dict) or sorted(asked) != sorted(FIELDS):
        raise Refused(422, f"The body must be an object of {', '.join(FIELDS)}, and of nothing else.")
    if not isinstance(asked["score"], str):
        raise Refused(422, "score must be the name of a score.")
    for side in FIELDS[1:]:
        if not isinstance(asked[side], list):
            raise Refused(422, f"{side} must be a list of texts.")
        wrong = next((i for i, text in enumerate(asked[side]) if not isinstance(text, str)), None)
        if wrong is not None:
            raise Refused(422, f"{side}.{wrong} is no text; give an empty one where a report is missing.", wrong)
    ours, theirs = len(asked["candidates"]), len(asked["references"])
    if ours != theirs:
        raise Refused(422, f"There are {ours} candidates but {theirs} references; give one for each.")
    if ours > most_pairs:
        raise Refused(413, f"{ours} pairs are too many; send at most {most_pairs} in a request.")
    return asked


def answer(served: Served, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Score the pairs of a request.

    Raises
    ------
    Refused
        404 for a score that is not served, 500 for one that fails or gives what is no finite number.
    """
    name = asked["score"]
    if name not in served.scores:
        raise Refused(404, _not_served(name, served))
    try:
        values, _ = weighted({name: 1.0}, served.scores)(asked["candidates"], asked["references"])
    except ScoreFault as fault:
        why = f"failed: {fault.__cause__}" if fault.__cause__ else "gave what is no finite number for each pair."
        raise Refused(500, f"{name} {why}", _sample(name, served, asked)) from fault
    return {"score": name, "digest": served.digests.get(name), "values": values.tolist()}


def _sample(name: str, served: Served, asked: Mapping[str, Any]) -> int | None:
    """Return the first pair that fails also alone."""
    alone = weighted({name: 1.0}, served.scores)
    for index, pair in enumerate(zip(asked["candidates"], asked["references"], strict=True)):
        try:
            alone([pair[0]], [pair[1]])
        except ScoreFault:
            return index
    return None


def _not_served(name: str, served: Served) -> str:
    model = without_weights(name)
    if model:
        return f"{name} is not served: the settings give no weights.{model}; {needed(model)}"
    return f"{name[:80]} is no score; there are {', '.join(sorted(served.scores))}."


async def _body(request: Request, most: int) -> bytes:
    """Read a body, and no more of it than is allowed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refused(413, f"The body is larger than {most >> 20} MB; send fewer pairs.")
        parts.append(part)
    return b"".join(parts)


def _json(value: Any, status: int = 200) -> Response:
    # ASCII, so that a sentence may quote a text with half a surrogate pair; NaN is refused, not written.
    return Response(json.dumps(value, allow_nan=False), status, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        said = {404: "There is nothing at this address", 405: "This address takes another method"}
        sentence = said.get(error.status_code, str(error.detail))
        return _json({"error": f"{sentence}; there are POST /score, GET /scores and GET /health."}, error.status_code)
    assert isinstance(error, Refused)
    return _json({"error": str(error), "sample": error.sample}, error.status)


async def _failed(request: Request, error: Exception) -> Response:
    return _json({"error": f"The service failed: {type(error).__name__}."}, 500)


def serve(host: str, port: int, settings_file: Path | None) -> None:
    """Check the weights, load the models, and answer until the process is ended.

    Raises
    ------
    BadInput
        When the settings or a file of weights will not do, or the port is taken.
    """
    import uvicorn

    settings = read_settings(settings_file) if settings_file else Settings()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))  # not yet listening: who comes while models load is told so, not kept waiting
        except OSError as error:
            why = error.strerror or error
            raise BadInput(f"{host}:{port} cannot be served: {why}; give another --host or --port.") from None
        served = load(settings)

        class Announced(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    sys.stdout.write(f"{_announcement(served, host, bound.getsockname()[1])}\n")
                    sys.stdout.flush()  # whoever waits for the line reads it through a pipe

        config = uvicorn.Config(application(served, settings), log_level="warning", access_log=False)
        with suppress(KeyboardInterrupt):  # uvicorn ends in order and then raises it again
            asyncio.run(Announced(config).serve(sockets=[bound]))


def _announcement(served: Served, host: str, port: int) -> str:
    names = ", ".join(sorted(served.scores))
    address = f"[{host}]" if ":" in host else host
    return f"Scores ({names}) on http://{address}:{port} (Ctrl-C ends it)"
