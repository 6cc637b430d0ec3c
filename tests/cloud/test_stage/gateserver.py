"""A deployment: an HTTP server on loopback that answers as it is told, and counts what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/items/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "an item",
                        "content": {"application/json": {"schema": {
                            "type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}},
                        }}},
                    }
                },
            }
        }
    },
}  # fmt: skip


@dataclass
class Answer:
    """What a path answers.

    Args:
        status: Of HTTP.
        body: Text, or what is sent as JSON.
        delay: Seconds before it.
        failures: How many requests fail with 503 before.
    """

    status: int = 200
    body: Any = "ok"
    delay: float = 0.0
    failures: int = 0


@dataclass
class Deployment:
    """The server.

    Args:
        url: Where it is.
        answers: By path.
        asked: How often each path was asked.
        busy: How many requests were there at once, at most.
    """

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    busy: int = 0


@contextmanager
def started(**answers: Answer) -> Iterator[Deployment]:
    """Start a deployment with answers by the names of paths without slash."""
    made = Deployment(answers={f"/{name}": answer for name, answer in answers.items()})
    guard, now = threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            """Answer, whatever the method."""
            path = self.path.partition("?")[0]
            with guard:
                now[0] += 1
                made.busy = max(made.busy, now[0])
                made.asked[path] += 1
                answer = made.answers.get(path) or Answer(404, {"error": "not found"})
                failing = made.asked[path] <= answer.failures
            time.sleep(answer.delay)
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            data = (b"not yet" if failing else text.encode()) if self.command != "HEAD" else b""
            self.send_response(503 if failing else answer.status)
            self.send_header("content-type", "text/plain" if isinstance(answer.body, str) else "application/json")
            self.send_header("content-length", str(len(data)))
            with guard:
                now[0] -= 1
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "POST", "HEAD", "DELETE", "PUT", "OPTIONS", "PATCH", "TRACE"):
        setattr(Handler, f"do_{method}", Handler.answer)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Clients may go away."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
