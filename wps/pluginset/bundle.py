"""A binary, from a folder: a tar.gz whose bytes depend on the folder's content alone, behind the launcher.

Owns the format that launcher/appended.go reads. Where the launcher has the tar.gz within it, see `launchers`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"WAYPAAS1"
NAME_BYTES = 64
_LEVEL = 6  # 9 takes four times as long for a hundredth


def archive(folder: Path) -> bytes:
    """Pack a folder: sorted, without times and owners.

    Args:
        folder: Of files and directories alone.

    Returns:
        The tar.gz.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_LEVEL, mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as into,
    ):
        for path in sorted(folder.rglob("*")):
            entry = tarfile.TarInfo(str(path.relative_to(folder)))
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                into.addfile(entry)
            else:
                entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                entry.size = path.stat().st_size
                with path.open("rb") as file:
                    into.addfile(entry, file)
    return packed.getvalue()


def binary(launcher: bytes, payload: bytes, name: str) -> bytes:
    """Put a binary together.

    Args:
        launcher: The first program.
        payload: The tar.gz.
        name: Of the program in it, at most 63 bytes.

    Returns:
        The binary.

    Raises:
        ValueError: The name is too long.
    """
    encoded = name.encode()
    if len(encoded) >= NAME_BYTES:
        raise ValueError(f"the name {name} is longer than {NAME_BYTES - 1} bytes")
    trailer = MAGIC + len(payload).to_bytes(8, "big") + hashlib.sha256(payload).digest()
    return launcher + payload + trailer + encoded.ljust(NAME_BYTES, b"\0")
