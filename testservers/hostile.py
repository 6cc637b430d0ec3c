"""Servers that do not behave: silent, dripping, hanging up in the middle of an answer.

Owns TCP and TLS on loopback, nothing of the protocols above it, but for the tag
of an LDAP search result, at which a relay hangs up.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Mode = Literal["silent", "silent-after-tls", "drip", "close"]
DRIP_SECONDS = 0.3
LONG_ANSWER = b"\x30\x84\x00\x01\x00\x00\x02\x01\x01\x61\x84\x00\x00\xff\xf0"
"""Beginning of an LDAP bind response that says it has 64 KiB."""

SEARCH_RESULT = 0x64
"""Tag of an entry that an LDAP search found."""


class Hostile:
    """A running server.

    Args:
        port: Of 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.connections = 0


@contextmanager
def start(mode: Mode, certificate: tuple[Path, Path] | None = None) -> Iterator[Hostile]:
    """Start a server that misbehaves.

    Args:
        mode: silent: accepts, and says nothing; silent-after-tls: says nothing after the handshake; drip: after
            the handshake, if there is a certificate, a byte now and then; close: hangs up at once.
        certificate: Files of certificate and key, for the modes that shake hands.

    Yields:
        The server.
    """
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    def serve(connection: socket.socket, stopped: threading.Event) -> None:
        if mode == "close":
            return
        if mode == "silent" or context is None:
            _stall(mode, connection, stopped)
            return
        with context.wrap_socket(connection, server_side=True) as wrapped:
            _stall(mode, wrapped, stopped)

    with _listening(serve) as server:
        yield server


def _stall(mode: Mode, connection: socket.socket, stopped: threading.Event) -> None:
    if mode == "drip":
        for byte in LONG_ANSWER + bytes(4096):
            connection.sendall(bytes([byte]))
            if stopped.wait(DRIP_SECONDS):
                return
    stopped.wait()


@contextmanager
def cutting(upstream: int) -> Iterator[Hostile]:
    """Start a relay to an LDAP server that hangs up in the middle of the first entry that a search finds.

    Args:
        upstream: Port of the real server, without TLS.

    Yields:
        The relay.
    """

    def serve(connection: socket.socket, stopped: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", upstream)) as far:
            back = threading.Thread(target=_copy, args=(connection, far), daemon=True)
            back.start()
            while not stopped.is_set() and (data := far.recv(1 << 16)):
                if SEARCH_RESULT in data[:12]:
                    connection.sendall(data[: len(data) // 2])
                    break
                connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)

    with _listening(serve) as server:
        yield server


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


@contextmanager
def _listening(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[Hostile]:
    stopped = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        server = Hostile(listener.getsockname()[1])

        def handle(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                serve(connection, stopped)

        def accept() -> None:
            while not stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listener.accept()
                    server.connections += 1
                    connection.settimeout(None)
                    thread = threading.Thread(target=handle, args=(connection,), daemon=True)
                    threads.append(thread)
                    thread.start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            stopped.set()
            acceptor.join()
            deadline = time.monotonic() + 1
            for thread in threads:
                thread.join(max(deadline - time.monotonic(), 0.0))
