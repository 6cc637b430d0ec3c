"""The data channel of Session Manager, by which ECS Exec speaks: the order of messages, and that none is lost.

Owns one WebSocket. Knows nothing of ECS, of commands and of users. Sessions
that are encrypted by a key of KMS are refused.

Source: aws/session-manager-plugin, src/datachannel.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from team_ecs.ssmmessages import (
    ACKNOWLEDGE,
    CLOSED,
    INPUT,
    OUTPUT,
    OUTPUT_STREAM,
    SCHEMA,
    SYN_FIN,
    VERSION,
    Message,
    decode,
    encode,
    json_of,
)
from waypaas_sdk.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1024
"""Payload of one input message, as the agent expects it."""

MOST_AHEAD = 10_000
RESEND_SECONDS, GIVE_UP_SECONDS, PING_SECONDS = 1.0, 60.0, 60.0


class Channel:
    """One open data channel.

    Args:
        socket: A connected WebSocket of websocket-client.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._sequence = 0
        self._waiting: deque[tuple[int, bytes, float]] = deque()
        self._resent = self._spoke = time.monotonic()
        self._expected = 0
        self._ahead: dict[int, Message] = {}

    def open(self, token: str) -> None:
        """Say by which right the channel is used. It is a secret.

        Args:
            token: From ExecuteCommand.
        """
        ours = {"RequestId": str(uuid.uuid4()), "ClientId": str(uuid.uuid4()), "ClientVersion": VERSION}
        self._socket.send(json.dumps({"MessageSchemaVersion": SCHEMA, "TokenValue": token, **ours}))

    def send(self, payload_type: int, data: bytes) -> None:
        """Send something to the command; kept until it is acknowledged. For any thread.

        Args:
            payload_type: OUTPUT for what is typed, SIZE, FLAG or HANDSHAKE_RESPONSE.
            data: Any length; more than CHUNK_BYTES only where it may be cut.
        """
        for start in range(0, len(data), CHUNK_BYTES) if payload_type == OUTPUT else (0,):
            piece = data[start : start + CHUNK_BYTES] if payload_type == OUTPUT else data
            with self._lock:
                message = Message(INPUT, self._sequence, piece, payload_type, id=uuid.uuid4())
                frame = encode(message, time.time())
                self._waiting.append((self._sequence, frame, time.monotonic()))
                self._sequence += 1
                self._socket.send_binary(frame)

    def messages(self) -> Iterator[Message]:
        """Give what comes, in order and each once; the last is of the kind CLOSED.

        Yields:
            Messages of the kinds OUTPUT_STREAM and CLOSED.

        Raises:
            CloudError: What comes is not readable, or nothing that is sent arrives.
        """
        import websocket  # noqa: PLC0415  # exec only

        self._socket.settimeout(RESEND_SECONDS)
        while True:
            try:
                frame = self._socket.recv()
            except websocket.WebSocketTimeoutException:
                self._keep_up()
                continue
            if isinstance(frame, str):
                frame = frame.encode()
            if not frame:
                raise CloudError("the exec session was cut off", fix="try again; the command may have run")
            message = decode(frame)
            if message.kind == ACKNOWLEDGE:
                self._acknowledged(message)
            elif message.kind == OUTPUT_STREAM:
                yield from self._in_order(message)
            elif message.kind == CLOSED:
                yield message
                return
            self._keep_up()

    def _in_order(self, message: Message) -> Iterator[Message]:
        if message.sequence >= self._expected + MOST_AHEAD:
            return
        self._acknowledge(message)
        if message.sequence >= self._expected:
            self._ahead[message.sequence] = message
        while self._expected in self._ahead:
            found = self._ahead.pop(self._expected)
            self._expected += 1
            yield found

    def _acknowledge(self, message: Message) -> None:
        said = {
            "AcknowledgedMessageType": message.kind,
            "AcknowledgedMessageId": str(message.id),
            "AcknowledgedMessageSequenceNumber": message.sequence,
            "IsSequentialMessage": True,
        }
        answer = Message(ACKNOWLEDGE, 0, json.dumps(said).encode(), flags=SYN_FIN, id=uuid.uuid4())
        self._socket.send_binary(encode(answer, time.time()))

    def _acknowledged(self, message: Message) -> None:
        sequence = json_of(message.payload).get("AcknowledgedMessageSequenceNumber")
        with self._lock:
            self._waiting = deque(waiting for waiting in self._waiting if waiting[0] != sequence)

    def _keep_up(self) -> None:
        """Send again what has not arrived, the oldest first, and keep the connection alive."""
        now = time.monotonic()
        with self._lock:
            oldest = self._waiting[0] if self._waiting else None
        if oldest is not None and now - oldest[2] > GIVE_UP_SECONDS:
            raise CloudError("the exec session takes no input any more", fix="try again")
        if oldest is not None and now - max(oldest[2], self._resent) > RESEND_SECONDS:
            self._socket.send_binary(oldest[1])
            self._resent = now
        if now - self._spoke > PING_SECONDS:
            self._socket.ping()
            self._spoke = now
