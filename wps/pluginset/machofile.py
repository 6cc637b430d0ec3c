"""Reads of a program or library of macOS (Mach-O) what it is linked with, and where its signature lies.

Owns the format, and changes nothing: a changed file has no valid signature any more.

Source: Apple's mach-o/loader.h and mach-o/fat.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_THIN = 0xFEEDFACF
_FAT = 0xCAFEBABE
_PROCESSORS = {"amd64": 0x01000007, "arm64": 0x0100000C}
_BEGIN = struct.Struct(">II")
_MOST_PROCESSORS = 20
_HEADER_BYTES = 32
_COMMAND_BYTES = 8
_LINKED = frozenset({0x0C, 0x80000018, 0x8000001F, 0x80000023})  # load, load weak, reexport, load upward
_PATH = 0x8000001C
_SIGNATURE = 0x1D


@dataclass(frozen=True, slots=True)
class Image:
    """A file for one processor.

    Args:
        linked: What it is linked with, as it is written there: "@rpath/libx.dylib".
        paths: What "@rpath" stands for.
        size: Its bytes; of a file for several processors, those for this one.
        signature_end: Where its signature ends, counted as `size`; 0 if it has none.
    """

    linked: tuple[str, ...]
    paths: tuple[str, ...]
    size: int
    signature_end: int


def is_one(data: bytes) -> bool:
    """Tell whether bytes are such a file.

    Args:
        data: At least the first 8 bytes of it.

    Returns:
        Whether they are; Java's classes, which begin like a file for several processors, are not.
    """
    if len(data) < _BEGIN.size:
        return False
    magic, count = _BEGIN.unpack_from(data)
    thin: bool = data[:4] == _THIN.to_bytes(4, "little")
    return thin or (magic == _FAT and count < _MOST_PROCESSORS)


def read(data: bytes, machine: str) -> Image:
    """Read a file.

    Args:
        data: All of it.
        machine: "arm64" or "amd64".

    Returns:
        What it says for that processor.

    Raises:
        ValueError: It has nothing for that processor, or is damaged.
    """
    try:
        return _image(_slice(data, _PROCESSORS[machine]))
    except struct.error as err:
        raise ValueError("its end is missing") from err


def _slice(data: bytes, processor: int) -> bytes:
    magic, count = _BEGIN.unpack_from(data)
    if magic == _FAT:
        for at in range(count):
            kind, _, offset, size, _ = struct.unpack_from(">IIIII", data, 8 + 20 * at)
            if kind == processor:
                return data[offset : offset + size]
    elif struct.unpack_from("<II", data) == (_THIN, processor):
        return data
    raise ValueError("it is for another processor")


def _image(data: bytes) -> Image:
    linked, paths, end = [], [], 0
    at = _HEADER_BYTES
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        kind, size = struct.unpack_from("<II", data, at)
        if size < _COMMAND_BYTES:
            raise ValueError("it is damaged")
        if kind in _LINKED:
            linked.append(_text(data, at, size))
        elif kind == _PATH:
            paths.append(_text(data, at, size))
        elif kind == _SIGNATURE:
            end = sum(struct.unpack_from("<II", data, at + 8))
        at += size
    return Image(tuple(linked), tuple(paths), len(data), end)


def _text(data: bytes, at: int, size: int) -> str:
    start = at + struct.unpack_from("<I", data, at + 8)[0]
    return data[start : at + size].split(b"\0", 1)[0].decode()
