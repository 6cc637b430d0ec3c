"""What front, standby and plugin say over the sockets between them: a length, bytes, perhaps descriptors.

1. front -> plugin: the identity of the front (`identity`)
2. plugin -> front: READY with the plugin's process id
3. front -> plugin: arguments, environment and the like, with descriptors; from here on the front is bound to it
4. standby -> front: ENDED with how the plugin has ended; may come in place of 2

Before that the standby may say SETTLE to the plugin, and a brief plugin says ENDED to the standby before 4. The standby
reads nothing that a front sends, so it never holds an environment or a descriptor of a host.
"""

import _socket

Connection = _socket.socket
"""The C class: the module socket takes longer to import than a start may."""

SETTLE = b"S"
"""From the standby to a plugin that has no front yet, without a descriptor: nothing runs, so make memory your own."""

READY = b"R"
ENDED = b"E"
LENGTH_BYTES = 4
MOST_BYTES = 1 << 24
"""No environment is longer: the kernel takes a fraction of it."""

MOST_DESCRIPTORS = 8
INT_BYTES = 4


class TalkError(OSError):
    """The other side went away, or said what it may not."""


def send(connection: Connection, payload: bytes, descriptors: list[int] | None = None) -> None:
    """Send one message.

    Args:
        connection: Blocking, or with a timeout.
        payload: Its bytes.
        descriptors: Copied to the other side.

    Raises:
        OSError: The other side is gone or slow, or a descriptor is closed.
    """
    head = len(payload).to_bytes(LENGTH_BYTES, "big")
    rights = b"".join(number.to_bytes(INT_BYTES, "little") for number in descriptors or ())
    attached = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if rights else []
    sent = connection.sendmsg([head, payload], attached) - len(head)
    if sent < 0:
        raise TalkError("the other side takes nothing")
    if sent < len(payload):
        connection.sendall(payload[sent:])


def receive(connection: Connection) -> tuple[bytes, list[int]]:
    """Receive one message.

    Args:
        connection: Blocking, or with a timeout.

    Returns:
        Its bytes and descriptors; these are not inherited by programs.

    Raises:
        OSError: The other side is gone or slow.
    """
    space = _socket.CMSG_SPACE(MOST_DESCRIPTORS * INT_BYTES)
    head, attached, _, _ = connection.recvmsg(LENGTH_BYTES, space, _socket.MSG_CMSG_CLOEXEC | _socket.MSG_WAITALL)
    descriptors = [
        int.from_bytes(rights[start : start + INT_BYTES], "little")
        for level, kind, rights in attached
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS)
        for start in range(0, len(rights), INT_BYTES)
    ]
    length = int.from_bytes(head, "big")
    if len(head) < LENGTH_BYTES or length > MOST_BYTES:
        raise TalkError("the other side is gone")
    payload = bytearray()
    while len(payload) < length:
        piece = connection.recv(min(length - len(payload), 1 << 16))
        if not piece:
            raise TalkError("the other side is gone")
        payload += piece
    return bytes(payload), descriptors


def send_number(connection: Connection, kind: bytes, number: int) -> None:
    """Send READY or ENDED.

    Args:
        connection: Blocking, or with a timeout.
        kind: Which.
        number: What it says.

    Raises:
        OSError: The other side is gone or slow.
    """
    send(connection, kind + number.to_bytes(INT_BYTES, "big"))


def receive_number(connection: Connection, kind: bytes) -> int:
    """Receive READY or ENDED.

    Args:
        connection: Blocking, or with a timeout.
        kind: Which.

    Returns:
        What it says.

    Raises:
        OSError: The other side is gone or slow, or says something else.
    """
    said, _ = receive(connection)
    if said[:1] != kind:
        raise TalkError("the other side is gone")
    return int.from_bytes(said[1:], "big")


def peer(connection: Connection) -> tuple[int, int]:
    """Ask the kernel whose process is at the other end.

    Args:
        connection: A connected unix socket.

    Returns:
        Its process id, 0 if it lives where we cannot see it, and its user id, as when it connected or began to listen.

    Raises:
        OSError: The kernel cannot tell.
    """
    credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 3 * INT_BYTES)
    return int.from_bytes(credentials[:INT_BYTES], "little"), int.from_bytes(
        credentials[INT_BYTES : 2 * INT_BYTES], "little"
    )
