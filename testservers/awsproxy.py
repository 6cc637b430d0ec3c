"""A proxy between AWS's SDK and moto: it records each call, lets calls go wrong, and lets tasks take their time.

moto's states jump at once, it runs no task and registers no target. So the
proxy answers for them: `script(name, Script(...))` says how a service's tasks
fare. Owns a loopback socket; what is made is moto's.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

from testservers import awsanswers

if TYPE_CHECKING:
    from collections.abc import Callable

    from testservers.awsanswers import Script

Kind = Literal["error", "lose-answer", "half", "slow", "reset"]
"""error: answered instead of moto; lose-answer: moto has done it, and the client is hung up on; half: the same, after
half of the answer; slow: `seconds` later; reset: the client is hung up on before moto heard of it."""

PREFIXES = {"elasticloadbalancing": "elbv2"}
CREDENTIAL = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/([^/]+)/")
JSON = "application/x-amz-json-1.1"
REST = {"route53": {"GET": "ListResourceRecordSets", "POST": "ChangeResourceRecordSets"}}
"""By service the one operation of each method that is used."""

HOP = {"connection", "transfer-encoding", "content-length", "server", "date"}


@dataclass
class Fault:
    """Something that goes wrong.

    Args:
        action: Regular expression for all of "ecs:CreateService".
        kind: What goes wrong.
        code: AWS's code, for "error".
        status: Of HTTP, for "error".
        seconds: For "slow".
        times: How often; then calls pass.
        after: Calls that match and pass before.
    """

    action: str
    kind: Kind = "error"
    code: str = "ThrottlingException"
    status: int = 400
    seconds: float = 0.0
    times: int = 1
    after: int = 0


@dataclass(frozen=True)
class Called:
    """A call that came.

    Args:
        action: As "ecs:CreateService", with the service's name as policies write it.
        parameters: As they came; of query protocols lists of texts by name.
        at: Seconds of the monotonic clock.
    """

    action: str
    parameters: dict[str, Any] = field(repr=False)
    at: float


class Proxy:
    """A running proxy.

    Args:
        upstream: Port of moto.
    """

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.calls: list[Called] = []
        self.page_size = 100
        self.states = awsanswers.States()
        self.before: Callable[[str], None] = lambda _: None
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def add(self, *faults: Fault) -> None:
        """Let things go wrong from now on; the first that fits a call is taken."""
        with self._lock:
            self._faults += faults

    def script(self, name: str, script: Script) -> None:
        """Say how the tasks of a service fare; "" is for all that have no script of their own."""
        self.states.scripts[name] = script

    def mend(self) -> None:
        """Let nothing go wrong any more, and forget all calls and scripts."""
        with self._lock:
            self._faults.clear()
            self.calls.clear()
        self.states = awsanswers.States()
        self.before, self.page_size = (lambda _: None), 100
        self.answers.clear()

    def actions(self) -> list[str]:
        """Give the actions that were called, in order."""
        with self._lock:
            return [call.action for call in self.calls]

    def heard(self, action: str, parameters: dict[str, Any]) -> Fault | None:
        """Record a call, and choose what goes wrong with it."""
        self.before(action)
        with self._lock:
            self.calls.append(Called(action, parameters, time.monotonic()))
            for fault in self._faults:
                if fault.times > 0 and re.fullmatch(fault.action, action):
                    if fault.after > 0:
                        fault.after -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up, and are hung up on."""


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Pass a call of REST on, or let it go wrong."""
        self.do_POST()

    def do_POST(self) -> None:
        """Pass a call on, or let it go wrong."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = CREDENTIAL.search(self.headers.get("Authorization", ""))
        service = found[2] if found else ""
        target = self.headers.get("X-Amz-Target", "")
        if target:
            operation, parameters = target.rpartition(".")[2], json.loads(body or b"{}")
        elif service in REST:
            operation, parameters = REST[service][self.command], {"path": self.path, "body": body.decode()}
        else:
            parameters = parse_qs(body.decode())
            operation = parameters.get("Action", [""])[0]
        action = f"{service}:{operation}"
        fault = self.owner.heard(action, parameters)
        if fault is not None and fault.kind == "reset":
            self._hang_up()
        elif fault is not None and fault.kind == "error":
            self._error(fault, is_json=bool(target))
        elif action in self.owner.answers:
            self._answer(200, {"Content-Type": JSON}, json.dumps(self.owner.answers[action](parameters)).encode())
        else:
            self._pass(action, parameters, body, fault)

    def _pass(self, action: str, parameters: dict[str, Any], body: bytes, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
        states, size = self.owner.states, self.owner.page_size
        body = awsanswers.paged_request(action, body, size)
        status, headers, answer = self._upstream(body)
        if status < http.client.BAD_REQUEST:
            answer = states.answer(action, parameters, answer)
            answer = awsanswers.paged_answer(action, parameters, answer, size)
        if fault is not None and fault.kind == "lose-answer":
            self._hang_up()
            return
        self._answer(status, headers, answer, sent=len(answer) // 2 if fault and fault.kind == "half" else None)

    def _upstream(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.owner.upstream, timeout=60)
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() != "content-length"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            kept = {key: value for key, value in answer.getheaders() if key.lower() not in HOP}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _error(self, fault: Fault, *, is_json: bool) -> None:
        if is_json:
            text = json.dumps({"__type": fault.code, "message": "as the test wants it"})
            self._answer(fault.status, {"x-amzn-RequestId": "request-of-the-test"}, text.encode())
            return
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code><Message>as the test wants it</Message>"
            "</Error><RequestId>request-of-the-test</RequestId></ErrorResponse>"
        )
        self._answer(fault.status, {"Content-Type": "text/xml"}, text.encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if sent is None else body[:sent])
        if sent is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the parent has it
        """Say nothing."""
