"""The far end of ECS Exec on loopback: Session Manager's data channel, and an agent that really runs the command.

The agent takes the command apart as the real one does in a container, runs it
in a terminal of its own, and speaks by messages of its own making: numbered,
acknowledged, sent again until they are. Faults say what goes wrong. Written
from aws/session-manager-plugin and aws/amazon-ssm-agent, not from our client.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pty
import shlex
import signal
import struct
import subprocess
import termios
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from testservers.websocketserver import TEXT, Connection, Server

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
TOKEN = "token-of-the-session"  # noqa: S105  # of the test
RESEND_SECONDS = 0.3


@dataclass
class Faults:
    """What goes wrong in the sessions to come.

    Args:
        swap: Output messages go out in pairs, the later first, and each twice.
        deaf: Input messages that are not acknowledged, and not taken, before they are.
        without_sh: The container has no `sh`.
        encrypted: The cluster's sessions are encrypted by a key of KMS.
        cut_after: Output messages after which the connection is cut; 0 for never.
        broken: The digest of each output message is wrong.
    """

    swap: bool = False
    deaf: int = 0
    without_sh: bool = False
    encrypted: bool = False
    cut_after: int = 0
    broken: bool = False


@dataclass
class Session:
    """What was seen of one session.

    Args:
        command: As ExecuteCommand got it.
        typed: What came as input.
        sizes: Of the terminal, as they came: columns and rows.
        terminated: The client ended it.
        pid: Of the command; 0 before it runs.
        acknowledged: Numbers of the output messages that the client acknowledged.
    """

    command: str
    typed: bytes = b""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    terminated: bool = False
    pid: int = 0
    acknowledged: list[int] = field(default_factory=list)


class Ssm:
    """The running channel."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.sessions: list[Session] = []
        self._server = Server(self._serve)

    def execute_command(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ExecuteCommand, as ECS does."""
        self.sessions.append(Session(str(parameters["command"])))
        number = len(self.sessions) - 1
        url = f"{self._server.url}/v1/data-channel/ecs-execute-command-{number}?role=publish_subscribe"
        session = {"sessionId": f"ecs-execute-command-{number}", "streamUrl": url, "tokenValue": TOKEN}
        return {"containerName": parameters.get("container"), "interactive": True, "session": session}

    def reset(self) -> None:
        """Forget all sessions and faults."""
        self.faults, self.sessions = Faults(), []

    def close(self) -> None:
        """End it, and all commands with it."""
        for session in self.sessions:
            if session.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(session.pid, signal.SIGKILL)
        self._server.close()

    def _serve(self, connection: Connection) -> None:
        number = int(connection.path.partition("?")[0].rpartition("-")[2])
        opened = connection.receive()
        if opened is None or opened[0] != TEXT or json.loads(opened[1])["TokenValue"] != TOKEN:
            return
        _Agent(connection, self.sessions[number], self.faults).run()


class _Agent:
    """Runs one command."""

    def __init__(self, connection: Connection, session: Session, faults: Faults) -> None:
        self._connection, self._session, self._faults = connection, session, faults
        self._sequence = self._expected = self._sent = 0
        self._early: dict[int, tuple[int, bytes]] = {}
        self._unheard: dict[int, bytes] = {}
        self._swapped: bytes | None = None
        self._terminal = -1
        self._ended = threading.Event()

    def run(self) -> None:
        """Shake hands, run the command, and say when it has ended."""
        threading.Thread(target=self._resend, daemon=True).start()
        actions: list[dict[str, Any]] = [
            {"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}
        ]
        if self._faults.encrypted:
            actions.append({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "key"}})
        hello = {"AgentVersion": "3.3.0.0", "RequestedClientActions": actions}
        self._say(HANDSHAKE_REQUEST, json.dumps(hello).encode())
        try:
            while (frame := self._connection.receive()) is not None:
                self._hear(frame[1])
        finally:
            self._ended.set()
            self._stop()

    def _hear(self, frame: bytes) -> None:
        kind = frame[4:36].decode().strip()
        sequence = struct.unpack(">q", frame[48:56])[0]
        payload_type, size = struct.unpack(">II", frame[112:120])
        payload = frame[120:]
        if len(payload) != size or hashlib.sha256(payload).digest() != frame[80:112]:
            raise ValueError("a message of the client is not whole")
        if kind == "acknowledge":
            number = json.loads(payload)["AcknowledgedMessageSequenceNumber"]
            self._session.acknowledged.append(number)
            self._unheard.pop(number, None)
            return
        if payload_type == OUTPUT and self._faults.deaf:
            self._faults.deaf -= 1
            return
        self._acknowledge(kind, frame[64:80], sequence)
        self._early[sequence] = (payload_type, payload)
        while self._expected in self._early:
            self._take(*self._early.pop(self._expected))
            self._expected += 1

    def _take(self, payload_type: int, payload: bytes) -> None:
        if payload_type == HANDSHAKE_RESPONSE:
            done = {"HandshakeTimeToComplete": 1000, "CustomerMessage": ""}
            self._say(HANDSHAKE_COMPLETE, json.dumps(done).encode())
            threading.Thread(target=self._command, daemon=True).start()
        elif payload_type == SIZE:
            size = json.loads(payload)
            self._session.sizes.append((size["cols"], size["rows"]))
            if self._terminal >= 0:
                self._resize()
        elif payload_type == FLAG and struct.unpack(">I", payload)[0] == 2:  # noqa: PLR2004  # TerminateSession
            self._session.terminated = True
            self._stop()
        elif payload_type == OUTPUT:
            self._session.typed += payload
            os.write(self._terminal, payload)

    def _command(self) -> None:
        arguments = shlex.split(self._session.command)
        if self._faults.without_sh and arguments[0] == "sh":
            self._close(f"Unable to start command: exec: {arguments[0]!r}: executable file not found in $PATH")
            return
        self._terminal, inner = pty.openpty()
        if self._session.sizes:
            self._resize()
        environ = os.environ | {"TERM": "xterm-256color"}
        with subprocess.Popen(  # the command of the test
            ["setsid", "--ctty", *arguments], stdin=inner, stdout=inner, stderr=inner, env=environ
        ) as process:
            os.close(inner)
            self._session.pid = process.pid
            with contextlib.suppress(OSError):
                while data := os.read(self._terminal, 1000):
                    self._say(OUTPUT, data)
        self._flush()
        while self._unheard and not self._ended.is_set():
            time.sleep(0.02)
        self._close("")

    def _resize(self) -> None:
        columns, rows = self._session.sizes[-1]
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _stop(self) -> None:
        if self._session.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._session.pid, signal.SIGHUP)

    def _close(self, output: str) -> None:
        payload = {"SessionId": "s", "DestinationId": "d", "MessageType": "channel_closed", "Output": output}
        with contextlib.suppress(OSError):
            self._connection.send(_frame("channel_closed", 0, json.dumps(payload).encode()))

    def _say(self, payload_type: int, payload: bytes) -> None:
        frame = _frame("output_stream_data", self._sequence, payload, payload_type, broken=self._faults.broken)
        self._unheard[self._sequence] = frame
        self._sequence += 1
        if payload_type != OUTPUT or not self._faults.swap:
            self._send(frame)
        elif self._swapped is None:
            self._swapped = frame
        else:
            for each in (frame, frame, self._swapped):
                self._send(each)
            self._swapped = None

    def _flush(self) -> None:
        if self._swapped is not None:
            self._send(self._swapped)

    def _send(self, frame: bytes) -> None:
        self._sent += 1
        with contextlib.suppress(OSError):
            self._connection.send(frame)
            if self._faults.cut_after and self._sent > self._faults.cut_after:
                self._connection.hang_up()

    def _resend(self) -> None:
        while not self._ended.wait(RESEND_SECONDS):
            for frame in list(self._unheard.values())[:1]:
                with contextlib.suppress(OSError):
                    self._connection.send(frame)

    def _acknowledge(self, kind: str, half_swapped: bytes, sequence: int) -> None:
        said = {
            "AcknowledgedMessageType": kind,
            "AcknowledgedMessageId": str(uuid.UUID(bytes=half_swapped[8:] + half_swapped[:8])),
            "AcknowledgedMessageSequenceNumber": sequence,
            "IsSequentialMessage": True,
        }
        self._connection.send(_frame("acknowledge", 0, json.dumps(said).encode(), flags=3))


def _frame(
    kind: str, sequence: int, payload: bytes, payload_type: int = 0, flags: int = 0, *, broken: bool = False
) -> bytes:
    """Write one message, as the agent does."""
    own = uuid.uuid4().bytes
    digest = hashlib.sha256(payload + (b"!" if broken else b"")).digest()
    head = struct.pack(">I", 116) + kind.encode().ljust(32) + struct.pack(">I", 1)
    head += struct.pack(">QqQ", int(time.time() * 1000), sequence, flags) + own[8:] + own[:8] + digest
    return head + struct.pack(">II", payload_type, len(payload)) + payload
