"""Forward ports of the machine's loopback into a network namespace.

python3 forward.py NETNS PORT=HOST:PORT ...

Listens first, then enters the namespace: what it opens from then on is inside.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys
from pathlib import Path

CLONE_NEWNET = 0x40000000


def enter(netns: str) -> None:
    """Enter a network namespace, with this thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    with (Path("/run/netns") / netns).open() as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of one direction."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(listeners: list[tuple[socket.socket, str, int]]) -> None:
    """Serve all listeners for good."""

    def handle(host: str, port: int):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a coroutine function
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await asyncio.open_connection(host, port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

        return connected

    servers = [await asyncio.start_server(handle(host, port), sock=listener) for listener, host, port in listeners]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main() -> None:
    """Listen, enter, forward."""
    netns, *rules = sys.argv[1:]
    listeners = []
    for rule in rules:
        port, _, target = rule.partition("=")
        host, _, target_port = target.rpartition(":")
        listener = socket.create_server(("127.0.0.1", int(port)))
        listeners.append((listener, host, int(target_port)))
    enter(netns)
    asyncio.run(serve(listeners))


if __name__ == "__main__":
    main()
