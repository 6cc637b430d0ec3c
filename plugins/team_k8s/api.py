"""Kubernetes' REST API over one kept connection: requests, retries, errors, streams.

Why not a client library: docs/design/0003. Manifests are plain dicts here, so
of such a library we would use the transport only.
"""

from __future__ import annotations

import json
import random
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from waypaas_sdk.errors import (
    CloudBusyError,
    CloudError,
    MissingError,
    OptionError,
    PluginError,
    PolicyError,
    StateError,
)

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Iterator, Mapping

    from team_k8s.kubeconfig import Access
    from waypaas_sdk.call import Call

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
"""How long one request may take, before it is tried again."""

WHOLE_ANSWER_SECONDS = 60.0
MOST_ANSWER_BYTES = 256 << 20
MOST_LINE_BYTES = 8 << 20
"""Bounds of what a server may make us read: an object is at most 1.5 MiB, a list has as many as a page."""

MOST_PAUSE_SECONDS = 30.0
"""However long the server asks us to stay away."""

PATIENCE_SECONDS = 60.0
"""How long to go on trying, by default."""

NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON may hold as they are, and that YAML refuses or takes for ends of lines."""

RETRIED = {429, 502, 503, 504}
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Api:
    """One API server, for one thread.

    Args:
        access: How to reach it.
        call: Ends waits when cancelled; None outside of a call.
        notify: Told what is waited for, when the server does not answer.
        patience: Seconds to go on trying.
    """

    def __init__(
        self,
        access: Access,
        call: Call | None = None,
        notify: Callable[[str], None] = lambda _: None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.access = access
        self.call = call
        self.notify = notify
        self.patience = patience
        self._connection: http.client.HTTPConnection | None = None

    def again(self) -> Api:
        """Give another one of the same server, for another thread."""
        return Api(self.access, self.call, self.notify, self.patience)

    def request(  # what an HTTP request consists of
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        what: str = "",
        patience: float | None = None,
    ) -> Any:
        """Make a request, and make it again while the server is busy or away.

        Args:
            method: GET, PATCH, DELETE; POST is not tried again once it was sent.
            path: From the root of the server.
            body: JSON-able, or None.
            query: Parameters.
            content_type: Of the body.
            what: Is being done, for messages: "apply Deployment web-v1".
            patience: Seconds to go on trying; that of this Api if None.

        Returns:
            The decoded answer.

        Raises:
            MissingError: 404.
            PolicyError: 401, 403.
            OptionError: 400, 422: the server does not accept the object.
            StateError: 409.
            CloudBusyError: It stayed busy or away for the whole patience.
            CloudError: Anything else, with the server's own words.
            CancelledError: The call was cancelled.
        """
        begun = time.monotonic()
        patience = self.patience if patience is None else patience
        pause = 0.2
        while True:
            if self.call is not None:
                self.call.check()
            try:
                status, headers, data = self._once(method, path, body, query, content_type)
                failure = None if status < 300 else refusal(status, headers, data, what or f"{method} {path}")  # noqa: PLR2004
            except OSError as err:
                failure = self._away(err)
            if failure is None:
                return decoded(data, what or f"{method} {path}")
            gone = time.monotonic() - begun
            if not isinstance(failure, CloudBusyError) or gone > patience:
                raise failure
            self.notify(f"waiting for the API server at {self.access.server} since {gone:.0f} s: {failure.what}")
            asked = min(failure.retry_after or 0.0, MOST_PAUSE_SECONDS, max(patience - gone, 0.0))
            self.rest(max(pause, asked) * random.uniform(0.8, 1.2))  # noqa: S311  # jitter
            pause = min(pause * 2, 5.0)

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than the call lives."""
        if self.call is not None:
            self.call.sleep(seconds)
        else:
            time.sleep(seconds)

    def _away(self, err: OSError) -> CloudBusyError:
        self.close()
        reason = getattr(err, "strerror", None) or type(err).__name__
        return CloudBusyError(
            f"the API server at {self.access.server} cannot be reached ({reason})",
            fix="check the network and the cluster, then try again",
        )

    def _once(
        self, method: str, path: str, body: Any, query: Mapping[str, Any] | None, content_type: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._connection or self._connect(ANSWER_SECONDS)
        self._connection = connection
        self._send(connection, method, path, body, query, content_type)
        import http.client  # noqa: PLC0415  # loaded by _connect

        try:
            response = connection.getresponse()
            return response.status, dict(response.headers), _read(response)
        except http.client.HTTPException as err:
            raise ConnectionResetError(str(err) or type(err).__name__) from err

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
        content_type: str,
    ) -> None:
        if self.access.renew is not None and time.time() >= self.access.renew_at:
            self.access = self.access.renew()
        headers = {"Accept": "application/json", "User-Agent": "waypaas", **self.access.headers}
        data = None
        if body is not None:
            headers["Content-Type"] = content_type
            data = encoded(body)
        target = path + ("?" + urlencode(query) if query else "")
        connection.request(method, self._base(target), body=data, headers=headers)

    def _base(self, target: str) -> str:
        return urlsplit(self.access.server).path.rstrip("/") + target

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        import http.client  # noqa: PLC0415  # cloud calls only
        import socket  # noqa: PLC0415

        parts = urlsplit(self.access.server)
        host = parts.hostname or ""
        if self.access.tls is None:
            return http.client.HTTPConnection(host, parts.port or 80, timeout=seconds)
        connection = http.client.HTTPSConnection(
            host, parts.port or 443, timeout=CONNECT_SECONDS, context=self.access.tls
        )
        if self.access.server_name:
            raw = socket.create_connection((host, parts.port or 443), CONNECT_SECONDS)
            connection.sock = self.access.tls.wrap_socket(raw, server_hostname=self.access.server_name)
        else:
            connection.connect()
        connection.sock.settimeout(seconds)
        return connection

    def stream(self, path: str, query: Mapping[str, Any], seconds: float, what: str) -> Iterator[bytes]:
        """Read an answer line by line as it comes, on a connection of its own.

        Args:
            path: From the root of the server.
            query: Parameters.
            seconds: How long the server may be silent.
            what: Is being read, for messages.

        Returns:
            Lines with their ends. Ends with the answer, and on cancellation.

        Raises:
            PluginError: As in `request`, without another try.
            CloudBusyError: The connection broke, or was silent too long.
        """
        import contextlib  # noqa: PLC0415  # streams only
        import http.client  # noqa: PLC0415
        import socket  # noqa: PLC0415

        try:
            connection = self._connect(seconds)
            self._send(connection, "GET", path, None, query, "")
            sock = connection.sock

            def interrupt() -> None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

            guard = self.call.on_cancel(interrupt) if self.call is not None else contextlib.nullcontext()
            with contextlib.closing(connection), guard:
                response = connection.getresponse()
                if response.status >= 300:  # noqa: PLR2004  # HTTP's failures
                    raise refusal(response.status, dict(response.headers), _read(response), what)
                while line := response.readline(MOST_LINE_BYTES):
                    if len(line) == MOST_LINE_BYTES:
                        raise CloudError(f"{what}: the API server sent a line of over {MOST_LINE_BYTES >> 20} MiB")
                    yield line
        except (OSError, http.client.HTTPException) as err:
            if self.call is not None and self.call.cancelled:
                return
            raise self._away(err if isinstance(err, OSError) else ConnectionResetError()) from err

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read an answer to its end, but neither for ever nor without bound."""
    deadline = time.monotonic() + WHOLE_ANSWER_SECONDS
    parts, size = [], 0
    while part := response.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            raise CloudError(f"the API server sent more than {MOST_ANSWER_BYTES >> 20} MiB")
        if time.monotonic() > deadline:
            raise TimeoutError(110, f"its answer was not whole within {WHOLE_ANSWER_SECONDS:g} s")
    response.close()  # of the answer alone: the connection is kept for the next request
    return b"".join(parts)


def decoded(data: bytes, what: str) -> Any:
    """Read what the server answers or sends: JSON, and an object.

    Args:
        data: The answer, or a line of a watch.
        what: Was being done.

    Returns:
        The object.

    Raises:
        CloudError: It is something else, as a proxy's page.
    """
    try:
        found = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        fix = "check that the kubeconfig's server is a Kubernetes API server, and no proxy's page"
        raise CloudError(f"{what}: the answer is not from a Kubernetes API server", fix=fix)
    return found


def encoded(body: Any) -> bytes:
    """Write JSON that is YAML too, as which the server reads an apply patch: no surrogate pairs, no raw controls.

    Args:
        body: JSON-able.

    Returns:
        UTF-8.
    """
    text = json.dumps(body, ensure_ascii=False)
    return NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def refusal(status: int, headers: Mapping[str, str], data: bytes, what: str) -> PluginError:
    """Turn an answer that is a failure into an error.

    Args:
        status: Of HTTP.
        headers: Of the answer.
        data: A Kubernetes Status, or anything.
        what: Was being done.

    Returns:
        The error to raise.
    """
    try:
        said = json.loads(data)
        message = str(said.get("message", "")) or f"HTTP {status}"
    except (ValueError, AttributeError, RecursionError):
        message = f"HTTP {status}"
    trace = headers.get("Audit-Id", "")
    mark = f" (audit id {trace})" if trace else ""
    if status == 404:  # noqa: PLR2004  # HTTP's own numbers, here and below
        fix = "create it, or mend the standard kubernetes.namespace" if 'namespaces "' in message else ""
        return MissingError(f"{what}: {message}", fix=fix)
    if status in {401, 403}:
        return PolicyError(
            f"{what} is not permitted",
            why=f"the API server says: {message}{mark}",
            fix="log in again, or ask the cluster's owner for that right",
        )
    if status in {400, 413, 422}:
        return OptionError(f"{what} was not accepted", why=f"the API server says: {message}{mark}")
    if status == 409:  # noqa: PLR2004
        return StateError(f"{what} met a conflict", why=f"the API server says: {message}{mark}", fix="try again")
    if status in RETRIED:
        after = headers.get("Retry-After", "")
        return CloudBusyError(
            f"{what}: {message}{mark}", retry_after=float(after) if after.isascii() and after.isdigit() else None
        )
    return CloudError(f"{what} failed", why=f"the API server says: {message} (HTTP {status}){mark}")
