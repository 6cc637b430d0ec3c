"""Relay ports of the machine's loopback into the network namespace of a process.

    python relay.py PID PORT=TARGET ...

Listens first, then enters the namespace: what it opens from then on is inside.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import os
import socket
import sys
from pathlib import Path

CLONE_NEWNET = 0x40000000


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of one direction.

    Args:
        reader: From here.
        writer: To here; closed at the end.
    """
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


async def connected(target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection.

    Args:
        target: Port within the namespace.
        reader: From outside.
        writer: To outside.
    """
    try:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


async def serve(listeners: list[tuple[socket.socket, int]]) -> None:
    """Serve all listeners for good.

    Args:
        listeners: Each with its target.
    """
    servers = [
        await asyncio.start_server(functools.partial(connected, target), sock=listener)
        for listener, target in listeners
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main() -> None:
    """Listen, enter, relay."""
    pid, *rules = sys.argv[1:]
    listeners = []
    for rule in rules:
        port, _, target = rule.partition("=")
        listeners.append((socket.create_server(("127.0.0.1", int(port))), int(target)))
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open() as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    asyncio.run(serve(listeners))


if __name__ == "__main__":
    main()
