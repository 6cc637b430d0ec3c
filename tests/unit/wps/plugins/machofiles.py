"""Files of macOS for the tests, with the few parts of the format that say what they are linked with."""

from __future__ import annotations

import struct

PROCESSORS = {"amd64": 0x01000007, "arm64": 0x0100000C}


def _named(kind: int, head: bytes, text: str) -> bytes:
    body = head + text.encode() + b"\0"
    body += b"\0" * (-len(body) % 8)
    return struct.pack("<II", kind, 8 + len(body)) + body


def thin(machine: str, *linked: str, paths: tuple[str, ...] = (), signed: bool = False) -> bytes:
    """Make a file for one processor."""
    commands = [_named(0x0D, struct.pack("<IIII", 24, 0, 0, 0), "/install/lib/libself.dylib")]
    commands += [_named(0x0C, struct.pack("<IIII", 24, 0, 0, 0), name) for name in linked]
    commands += [_named(0x8000001C, struct.pack("<I", 12), path) for path in paths]
    end = 32 + sum(len(one) for one in commands) + 16
    if signed:
        commands.append(struct.pack("<IIII", 0x1D, 16, end, 8))
    body = b"".join(commands)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, PROCESSORS[machine], 0, 2, len(commands), len(body), 0, 0)
    return head + body + (b"signed__" if signed else b"")


def fat(**slices: bytes) -> bytes:
    """Make a file for several processors."""
    at = 8 + 20 * len(slices)
    head, body = struct.pack(">II", 0xCAFEBABE, len(slices)), b""
    for machine, data in slices.items():
        head += struct.pack(">IIIII", PROCESSORS[machine], 0, at + len(body), len(data), 0)
        body += data
    return head + body
