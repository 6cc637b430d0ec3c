"""Messages of Session Manager's data channel: their form, and the handshake. Pure.

Source: aws/session-manager-plugin, src/message.
"""

from __future__ import annotations

import hashlib
import json
import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import CloudError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = struct.Struct(">I32sIQqQ8s8s32sII")
"""Length of itself, kind, version, milliseconds, sequence, flags, id (last half first), digest, type, length."""

HEADER_LENGTH = HEADER.size - 4
VERSION = "1.2.0.0"
SCHEMA = "1.0"

INPUT, OUTPUT_STREAM, ACKNOWLEDGE, CLOSED = "input_stream_data", "output_stream_data", "acknowledge", "channel_closed"
OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 1, 3, 5, 6, 7
FLAG, STDERR, EXIT_CODE = 10, 11, 12
"""Types of payload."""

TERMINATE = struct.pack(">I", 2)
"""Payload of FLAG that ends the session and its command."""

SYN_FIN = 3
"""Flags of a message that is alone in its stream."""

SUCCESS = 1
NOBODY = uuid.UUID(int=0)
HALF = 8
"""Bytes of half an id."""


@dataclass(frozen=True)
class Message:
    """One message of the channel.

    Args:
        kind: What it is for: INPUT, OUTPUT_STREAM, ACKNOWLEDGE, CLOSED, or others that need no answer.
        sequence: Its place in the stream.
        payload: Its content.
        payload_type: What the content is.
        flags: SYN_FIN or 0.
        id: Its own.
    """

    kind: str
    sequence: int
    payload: bytes
    payload_type: int = 0
    flags: int = 0
    id: uuid.UUID = NOBODY


def encode(message: Message, moment: float) -> bytes:
    """Write a message as it goes over the wire.

    Args:
        message: What to write.
        moment: Seconds since 1970.

    Returns:
        One binary frame.
    """
    header = HEADER.pack(
        HEADER_LENGTH,
        message.kind.encode().ljust(32),
        1,
        int(moment * 1000),
        message.sequence,
        message.flags,
        message.id.bytes[HALF:],
        message.id.bytes[:HALF],
        hashlib.sha256(message.payload).digest(),
        message.payload_type,
        len(message.payload),
    )
    return header + message.payload


def decode(frame: bytes) -> Message:
    """Read a message.

    Args:
        frame: One binary frame.

    Returns:
        The message.

    Raises:
        CloudError: It is none, or was changed on its way.
    """
    broken = CloudError("the exec session got what is no message of Session Manager", fix="try again")
    if len(frame) < HEADER.size:
        raise broken
    length, kind, _, _, sequence, flags, last, first, digest, payload_type, size = HEADER.unpack_from(frame)
    payload = frame[length + 4 :] if length >= HEADER_LENGTH else b""
    if len(payload) != size or (size and hashlib.sha256(payload).digest() != digest):
        raise broken
    word = kind.strip(b"\0 ").decode(errors="replace")
    return Message(word, sequence, payload, payload_type, flags, uuid.UUID(bytes=first + last))


def json_of(payload: bytes) -> dict[str, Any]:
    """Read a payload of JSON.

    Args:
        payload: Of a message.

    Returns:
        The object.

    Raises:
        CloudError: It is none.
    """
    try:
        found = json.loads(payload or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CloudError("the exec session got what is no message of Session Manager", fix="try again")
    return found


def handshake(request: Mapping[str, Any]) -> bytes:
    """Answer the agent's question what this end can do. Pure.

    Args:
        request: Payload of HANDSHAKE_REQUEST.

    Returns:
        Payload of HANDSHAKE_RESPONSE.

    Raises:
        StateError: It asks for encryption by a key of KMS, or for what is no command.
    """
    processed = []
    for action in request.get("RequestedClientActions") or ():
        kind = str(action.get("ActionType", ""))
        if kind != "SessionType":
            raise StateError(
                f"the cluster asks exec sessions for {kind}, which team-ecs does not have",
                why="its executeCommandConfiguration names a key of KMS" if kind == "KMSEncryption" else "",
                fix="use `aws ecs execute-command`, or unset kmsKeyId in the cluster's configuration",
            )
        processed.append({"ActionType": kind, "ActionStatus": SUCCESS, "ActionResult": None, "Error": ""})
    return json.dumps({"ClientVersion": VERSION, "ProcessedClientActions": processed, "Errors": []}).encode()
