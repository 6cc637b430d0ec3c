"""Waiting for an answer from where a release is reached, asked of a real HTTP server."""

from __future__ import annotations

import http.server
import threading
import time

import pytest

from team_k8s import exposure, reach
from team_k8s.api import Api
from team_k8s.cloud import Cloud
from team_k8s.kubeconfig import Access
from teamconfig.model import Kubernetes, Network
from teamplugin.identity import Identity
from waypaas_sdk.errors import StateError

IDENTITY = Identity("shop", "web", "default", "dev", "payments")
TARGET = exposure.Target(IDENTITY, "web-v1", "01A", 80, Kubernetes(), Network(host="web.test"), {})


class Server:
    """A server that answers with some statuses, the last of them for ever.

    Args:
        statuses: Of HTTP, in order.
    """

    def __init__(self, *statuses: int) -> None:
        remaining = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(remaining.pop(0) if len(remaining) > 1 else remaining[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def told() -> list[str]:
    """Give the list that gets what the user is told."""
    return []


@pytest.fixture
def cloud(told: list[str]) -> Cloud:
    """Give a cluster that nobody asks."""
    return Cloud(Api(Access("https://192.0.2.1", "payments-dev"), notify=told.append))


@pytest.mark.parametrize("status", [200, 404, 401])
def test_any_answer_of_the_app_is_one(cloud: Cloud, told: list[str], status: int) -> None:
    """What the app answers is its own affair; that it answers is what is waited for."""
    server = Server(503, status)
    reach._wait_for_answer(cloud, TARGET, server.url, time.monotonic(), 5.0)
    server.close()
    assert told == [f"waiting for an answer: {server.url} answers with status 503"]


def test_no_answer(cloud: Cloud, told: list[str]) -> None:
    """Without an answer in time the error says how it failed last, and that the Service serves all the same."""
    server = Server(503)
    server.close()
    with pytest.raises(StateError) as caught:
        reach._wait_for_answer(cloud, TARGET, server.url, time.monotonic(), 0.6)
    assert "web could not be reached within 0.6 s" in str(caught.value)
    assert "does not answer: [Errno 111] Connection refused" in str(caught.value)
    assert "its Service does send its traffic to web-v1" in str(caught.value)
    assert told
