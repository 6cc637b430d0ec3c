"""A counting proxy in front of an API server: plain HTTP on loopback, TLS with the kubeconfig's rights behind.

Each connection of a client has one of its own to the server, so that a tool pays
for as many of them as it opens. Answers are passed on as they come, piece by
piece; only requests are read, to count them. HTTP/1.1 for everybody.

    python bench/deploy/proxy.py KUBECONFIG

prints its port, then for each line that it reads what was counted since the last one, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from team_k8s import kubeconfig

if TYPE_CHECKING:
    from types import TracebackType

HEAD_BYTES = 2**20
"""The longest head of a request."""

PIECE_BYTES = 2**16
NO_LENGTH = b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""To a chunked request, which we cannot delimit; none of the tools sends one."""


@dataclass
class Traffic:
    """What went through.

    Args:
        requests: How many, by "METHOD path"; a watch has "?watch" behind its path.
        sent_bytes: From the client to the server, heads included.
        received_bytes: Back.
        connections: That the client opened.
    """

    requests: Counter[str] = field(default_factory=Counter)
    sent_bytes: int = 0
    received_bytes: int = 0
    connections: int = 0


class Proxy:
    """A proxy in a process of its own, so that it takes no time from whoever measures.

    Args:
        path: Kubeconfig of the server behind.
    """

    def __init__(self, path: Path) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self._line()}"

    def _line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the proxy has ended; its own words stand above")
        return line.strip()

    def take(self) -> Traffic:
        """Give what was counted since the last time.

        Returns:
            The traffic.

        Raises:
            RuntimeError: The proxy has ended.
        """
        if self._process.stdin:
            self._process.stdin.write("take\n")
            self._process.stdin.flush()
        counted = json.loads(self._line())
        return Traffic(**counted | {"requests": Counter(counted["requests"])})

    def __enter__(self) -> Self:
        """Give the proxy itself; it runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: it ends with its input."""
        self._process.communicate()


class _Server:
    """Passes on and counts."""

    def __init__(self, access: kubeconfig.Access) -> None:
        self._access = access
        self._traffic = Traffic()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        self._traffic.connections += 1
        parts = urlsplit(self._access.server)
        host = parts.hostname or ""
        theirs, to_server = await asyncio.open_connection(
            host, parts.port or 443, ssl=self._access.tls, server_hostname=host if self._access.tls else None
        )
        ways = [asyncio.create_task(self._requests(reader, to_server, writer))]
        ways.append(asyncio.create_task(self._answers(theirs, writer)))
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for result in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, (OSError, asyncio.IncompleteReadError)):
                sys.stderr.write(f"proxy: {result!r}\n")
        for end in (writer, to_server):
            end.close()

    async def _requests(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            line, *rest = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
            if "transfer-encoding" in headers:
                writer.write(NO_LENGTH)
                await writer.drain()
                return
            self._traffic.requests[_name(line)] += 1
            left = int(headers.get("content-length", "0"))
            self._traffic.sent_bytes += len(head) + left
            to_server.write(head)
            while left:
                piece = await reader.readexactly(min(left, PIECE_BYTES))
                to_server.write(piece)
                left -= len(piece)
            await to_server.drain()

    async def _answers(self, theirs: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await theirs.read(PIECE_BYTES):
            self._traffic.received_bytes += len(piece)
            writer.write(piece)
            await writer.drain()

    def take(self) -> Traffic:
        """Give what was counted, and begin anew."""
        counted, self._traffic = self._traffic, Traffic()
        return counted


def _name(request_line: str) -> str:
    """Name a request: "GET /api/v1/pods?watch"."""
    method, target, _ = request_line.split(" ")
    path, _, query = target.partition("?")
    watches = {"watch=true", "watch=1"} & set(query.split("&"))
    return f"{method} {path}{'?watch' if watches else ''}"


async def _main(path: str) -> None:
    server = _Server(kubeconfig.load(path))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=HEAD_BYTES)
    print(listening.sockets[0].getsockname()[1], flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps(vars(server.take())), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
