"""A real HTTP server of the chat-completions protocol, whose answers a test chooses, and settings that lead to it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from unirg_core.params import Judge as Settings
from unirg_core.scores.clinical import errors
from unirg_core.scores.judge.answer import ERRORS, schema

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}


@dataclass(frozen=True)
class Reply:
    """What the server sends: any status, header and bytes; `cut` closes the connection in the middle of the body."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False


Behaviour = Callable[[dict[str, Any], int], Reply]
"""Of the request's body and the number of requests before it."""


def counts(*significant: int, insignificant: tuple[int, ...] = ()) -> dict[str, int]:
    """Return an answer with counts in the order of the types; what is not given is 0."""
    both = {"significant": significant, "insignificant": insignificant}
    padded = {kind: (*given, *[0] * (len(ERRORS) - len(given))) for kind, given in both.items()}
    return {key: padded[key.rpartition("_")[2]][place // 2] for place, key in enumerate(schema()["required"])}


def says(content: str | None, *, finish: str = "stop", refusal: str | None = None, usage: Any = USAGE) -> Reply:
    """Return a whole response in which the model says something."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "tiny", "choices": choices, "usage": usage}
    return Reply(json.dumps(whole).encode())


def pair_of(request: dict[str, Any]) -> tuple[str, str]:
    """Return the candidate and the reference that a request asks about."""
    asked = json.loads(request["messages"][1]["content"])
    return asked["candidate"], asked["reference"]


def well(request: dict[str, Any], before: int) -> Reply:
    """Answer well: the errors that the rules count, all of them significant."""
    return says(json.dumps(counts(*errors(*pair_of(request)))))


def fails(status: int, times: int = 10**9, **headers: str) -> Behaviour:
    """Return a behaviour that fails so often, asks to be tried again at once, and then answers well."""
    quick = {"retry-after-ms": "1", **headers}
    body = json.dumps({"error": {"message": "no, and sk-secret", "type": "x", "code": None}}).encode()
    return lambda request, before: Reply(body, status, quick) if before < times else well(request, before)


class Server(ThreadingHTTPServer):
    """The server, with what it has seen."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, behaviour: Behaviour = well) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour = behaviour
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peak = self.now = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base address for a client."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that were killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        server = self.server
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            before = len(server.requests)
            server.requests.append({"path": self.path, **request})
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            server.now += 1
            server.peak = max(server.peak, server.now)
        try:
            reply = server.behaviour(request, before)
            time.sleep(reply.seconds)
        finally:
            with server.lock:
                server.now -= 1
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        head = {"content-type": "application/json", **reply.headers, "content-length": str(len(reply.body))}
        lines = [f"HTTP/1.1 {reply.status} x", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
        self.close_connection = reply.cut
        self.wfile.write("\r\n".join(lines).encode() + body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(behaviour: Behaviour = well) -> Iterator[Server]:
    """Run a server for the length of a block."""
    with Server(behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """Give the test a server that answers well until told otherwise."""
    with serving() as running:
        yield running


def settings(server: Server, **given: Any) -> Settings:
    """Return settings that lead to a server."""
    return Settings(**{"base_url": server.url, "model": "tiny", "retries": 2, "timeout": 5.0, **given})
