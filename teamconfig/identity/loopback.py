"""Signing in with a browser on this machine: authorization code with PKCE, answered on 127.0.0.1.

Owns the client's side: the URL to open, the listener that hears one answer and
closes, the exchange of the code. Opens no browser itself; the caller does.

Source: RFC 8252, section 7.3; RFC 7636; RFC 9207.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from teamconfig.errors import Problem
from teamconfig.identity import tokenendpoint, web
from teamconfig.identity.errors import CancelledError, RefusedError, refused
from teamconfig.identity.names import printable
from teamconfig.identity.tokenendpoint import SCOPES, Refusal, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from teamconfig.identity.discovery import Discovery

MOST_SECONDS = 300.0
REQUEST_SECONDS = 5.0
"""A browser sends its request at once; who connects and says nothing is not waited for."""

MOST_REQUEST_BYTES = 16 << 10
LISTEN_SECONDS = 0.25
"""How often a wait looks whether it was cancelled."""

PATH = "/callback"
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>wps</title>"
    "<body style='font-family:sans-serif;margin:3em'><h1>{title}</h1><p>{text}</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class _Secrets:
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def challenge(self) -> str:
        """Give the verifier's S256 challenge."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def sign_in(
    discovery: Discovery,
    client_id: str,
    open_url: Callable[[str], None],
    *,
    nonce: str = "",
    scopes: Iterable[str] = SCOPES,
    cancelled: threading.Event | None = None,
    most_seconds: float = MOST_SECONDS,
    ca: str = "",
    port: int = 0,
) -> Tokens:
    """Sign in.

    Args:
        discovery: Of the issuer.
        client_id: Ours there; a public client with redirect URI http://127.0.0.1/callback on any port, or on this one.
        open_url: Opens the browser, or shows the URL; called once.
        nonce: That the token has to hold, never used before; a random one if left out.
        scopes: To ask for.
        cancelled: Ends the wait when it is set.
        most_seconds: To wait for the browser.
        ca: File of certificates to trust instead of the system's.
        port: That the provider knows the redirect URI by; 0 for any that is free.

    Returns:
        Tokens.

    Raises:
        RefusedError: The user or the provider said no, the answer is not the one to our request, or somebody else has
            the port.
        CancelledError: It was cancelled, or took too long.
        UnavailableError: The provider does not answer.
    """
    authorize = tokenendpoint.needed(discovery.authorization_endpoint, "authorization endpoint", discovery.issuer)
    made = _Secrets(nonce=nonce) if nonce else _Secrets()
    with _listening(port) as listener:
        redirect = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
        query = {
            "response_type": "code", "client_id": client_id, "redirect_uri": redirect, "scope": " ".join(scopes),
            "state": made.state, "nonce": made.nonce, "code_challenge": made.challenge(),
            "code_challenge_method": "S256",
        }  # fmt: skip
        open_url(f"{authorize}{'&' if urlsplit(authorize).query else '?'}{urlencode(query)}")
        code = _Listener(listener, discovery, made.state).wait(
            time.monotonic() + most_seconds, cancelled or threading.Event()
        )
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "client_id": client_id,
        "code_verifier": made.verifier,
    }  # fmt: skip
    answer = tokenendpoint.ask(discovery, form, ca=ca, deadline_seconds=web.DEADLINE_SECONDS)
    if isinstance(answer, Refusal):
        raise tokenendpoint.error(answer, discovery.token_endpoint)
    told = tokenendpoint.unverified_claim(answer.id_token, "nonce")
    if not isinstance(told, str) or not _same(told, made.nonce):
        raise _foreign("its token does not hold our nonce")
    return answer


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=4)
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise refused("port_taken", f"the browser's answer cannot be heard on 127.0.0.1:{port}", why,
                      "end what listens there, or sign in by a code: wps init --flow device", "") from err  # fmt: skip


class _Listener:
    """Hears the browser's one request.

    Args:
        listener: Bound to 127.0.0.1.
        discovery: Of the issuer.
        state: That the answer has to hold.
    """

    def __init__(self, listener: socket.socket, discovery: Discovery, state: str) -> None:
        self._listener = listener
        self._discovery = discovery
        self._state = state
        self._host = f"127.0.0.1:{listener.getsockname()[1]}"

    def wait(self, deadline: float, cancelled: threading.Event) -> str:
        """Wait for the code.

        Args:
            deadline: By the monotonic clock.
            cancelled: Ends the wait when it is set.

        Returns:
            The authorization code.
        """
        self._listener.settimeout(LISTEN_SECONDS)
        while time.monotonic() < deadline:
            if cancelled.is_set():
                raise _given_up("it was cancelled", "cancelled")
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                query = self._query(connection)
                if query is not None:
                    return self._answered(connection, query)
        raise _given_up("the browser did not come back in time", "timeout")

    def _query(self, connection: socket.socket) -> dict[str, str] | None:
        """Read a request; None if it is not the answer (a browser asks for an icon too, and anybody may knock)."""
        try:
            lines = _head(connection).decode("ascii").split("\r\n")
            method, target, _ = lines[0].split(" ")
            hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
            parts = urlsplit(target)
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
        except (OSError, ValueError):
            _reply(connection, "400 Bad Request", "Not understood", "This address takes one answer only.")
            return None
        # Another name in Host is a page that had its name resolved to this machine.
        if method != "GET" or parts.path != PATH or hosts != [self._host] or len(dict(pairs)) != len(pairs):
            _reply(connection, "404 Not Found", "Not here", "This address takes one answer only.")
            return None
        return dict(pairs)

    def _answered(self, connection: socket.socket, query: dict[str, str]) -> str:
        try:
            code = self._code(query)
        except RefusedError:
            _reply(connection, "400 Bad Request", "Not signed in", "The terminal tells why.")
            raise
        _reply(connection, "200 OK", "Signed in", "You may close this page and go back to the terminal.")
        return code

    def _code(self, query: dict[str, str]) -> str:
        if not _same(query.get("state", ""), self._state):
            raise _foreign("its state is not ours")
        issuer = query.get("iss")
        if issuer != self._discovery.issuer and (issuer is not None or self._discovery.names_issuer_in_answer):
            raise _foreign(f"it is from {printable(issuer, 120) if issuer else 'an issuer that does not say its name'}")
        if "error" in query:
            refusal = Refusal(printable(query["error"], 60), printable(query.get("error_description", ""), 200))
            raise tokenendpoint.error(refusal, self._discovery.authorization_endpoint)
        if not query.get("code"):
            raise _foreign("it holds no code")
        return query["code"]


def _head(connection: socket.socket) -> bytes:
    deadline = time.monotonic() + REQUEST_SECONDS
    data = b""
    while b"\r\n\r\n" not in data:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(4096)
        data += part
        if not part or len(data) > MOST_REQUEST_BYTES:
            raise ValueError("no request")
    return data.partition(b"\r\n\r\n")[0]


def _reply(connection: socket.socket, status: str, title: str, text: str) -> None:
    body = PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    try:
        connection.settimeout(REQUEST_SECONDS)
        connection.sendall(head.encode() + body)
    except OSError:
        pass  # whoever asked has gone; nothing depends on the page


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(errors="replace"), right.encode(errors="replace"))


def _foreign(why: str) -> RefusedError:
    return refused(
        "foreign_answer",
        "the browser brought an answer to another request than ours",
        why,
        "start again: wps init; if it happens again, somebody interferes",
    )


def _given_up(why: str, reason: str) -> CancelledError:
    return CancelledError(Problem("signing in was given up", why, "start again: wps init", "", "policy"), reason)
