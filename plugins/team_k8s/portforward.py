"""Port-forward: a port on loopback whose connections the API server leads to a pod, each by a WebSocket of its own."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from waypaas_sdk.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_k8s.api import Api

PROTOCOL = "v4.channel.k8s.io"
DATA, FAULT = 0, 1
"""Channels of the one port: the first byte of each message."""

CONNECT_SECONDS = 15.0
CHUNK_BYTES = 32 * 1024
LOOPBACK = "127.0.0.1"
BACKLOG = 64


def listen(path: Callable[[], str], port: int, api: Api) -> int:
    """Listen on loopback, for as long as the process lives.

    Args:
        path: Gives the API server's path of a pod's portforward, for each connection anew.
        port: Of the pod.
        api: The API server.

    Returns:
        The port that is listened on.
    """
    listening = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_lead, args=(connection, path(), port, api), daemon=True).start()

    threading.Thread(target=accept, name="port-forward", daemon=True).start()
    return int(listening.getsockname()[1])


def check(path: str, port: int, api: Api) -> None:
    """Refuse a pod that no connection can be led to.

    Args:
        path: The API server's path of the pod's portforward.
        port: Of the pod.
        api: The API server.

    Raises:
        PluginError: The cluster does not permit it, or cannot be reached.
    """
    import websocket  # noqa: PLC0415  # port-forward only

    try:
        _connect(path, port, api).close(timeout=1)
    except websocket.WebSocketBadStatusException as err:
        from team_k8s.api import refusal  # noqa: PLC0415  # on failure only

        raise refusal(err.status_code, err.resp_headers or {}, err.resp_body or b"", "open a port-forward") from err
    except (websocket.WebSocketException, OSError) as err:
        raise CloudError(f"no port-forward with {api.access.server}", why=type(err).__name__) from err


def _lead(connection: socket.socket, path: str, port: int, api: Api) -> None:
    """Carry one connection to its end; one that cannot be carried is reset, as by a port that nobody listens on."""
    import websocket  # noqa: PLC0415  # port-forward only

    with connection:
        try:
            far = _connect(path, port, api)
        except (websocket.WebSocketException, OSError):
            _reset(connection)
            return
        threading.Thread(target=_send, args=(connection, far), daemon=True).start()
        try:
            if not _receive(far, connection):
                _reset(connection)
        except (websocket.WebSocketException, OSError):
            _reset(connection)
        finally:
            with suppress(websocket.WebSocketException, OSError):
                far.close(timeout=1)


def _connect(path: str, port: int, api: Api) -> Any:
    import websocket  # noqa: PLC0415  # port-forward only

    access = api.access
    server = urlsplit(access.server)
    scheme = "wss" if server.scheme == "https" else "ws"
    options: dict[str, Any] = {"context": access.tls} if access.tls is not None else {}
    if access.server_name:
        options["server_hostname"] = access.server_name
    made = websocket.create_connection(
        f"{scheme}://{server.netloc}{server.path.rstrip('/')}{path}?{urlencode({'ports': port})}",
        timeout=CONNECT_SECONDS,
        header=[f"{name}: {value}" for name, value in access.headers.items()],
        subprotocols=[PROTOCOL],
        sslopt=options,
        suppress_origin=True,
    )
    made.settimeout(None)
    return made


def _send(connection: socket.socket, far: Any) -> None:
    """Carry what is said here; the protocol cannot say that it ends, so that waits for the other side's end."""
    import websocket  # noqa: PLC0415  # port-forward only

    with suppress(websocket.WebSocketException, OSError):
        while data := connection.recv(CHUNK_BYTES):
            far.send_binary(bytes([DATA]) + data)


def _receive(far: Any, connection: socket.socket) -> bool:
    """Carry what the pod says, to its end; tell whether it ended well."""
    opened: set[int] = set()
    while True:
        frame = far.recv()
        data = frame.encode() if isinstance(frame, str) else frame
        if not data:
            return True
        channel, content = data[0], data[1:]
        if channel not in opened:  # the first message of each channel names the port
            opened.add(channel)
            content = content[2:]
        if content and channel == FAULT:
            return False
        if content:
            connection.sendall(content)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
