"""Plain tars whose members are read at their offset; nothing is unpacked.

Owns which members are refused. Names in a tar are compared, never opened on disk;
links, absolute names and names with ".." are refused. What a member means is in
`archives` and `savedimages`.
"""

from __future__ import annotations

import os
import posixpath
import tarfile
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from imagemover.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MEMBERS = 65536
WRITE_ANEW = "write it with `docker save` or as an OCI layout"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an open file.

    Args:
        descriptor: Of the file; its position is not used.
        offset: First byte.
        size: How many.
    """

    descriptor: int
    offset: int
    size: int

    def read(self, count: int) -> bytes:
        """Read its beginning.

        Args:
            count: Most bytes.

        Returns:
            The bytes; fewer if the file is shorter.
        """
        return os.pread(self.descriptor, min(count, self.size), self.offset)


class PartStream:
    """The bytes of a part as they are read.

    Args:
        part: The part.
        skip: Bytes at its beginning that are not wanted.
    """

    def __init__(self, part: Part, skip: int = 0) -> None:
        self._part = part
        self._at = min(skip, part.size)

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end.

        Raises:
            LayoutError: The file cannot be read.
        """
        wanted = view[: self._part.size - self._at]
        if not wanted:
            return 0
        try:
            count = os.preadv(self._part.descriptor, [wanted], self._part.offset + self._at)
        except OSError as err:
            why = (os.strerror(err.errno or 0)).lower()
            raise LayoutError("the archive cannot be read", why, "look at the disk and its rights", "") from err
        self._at += count
        return count

    def close(self) -> None:
        """Do nothing: the archive keeps its file."""


class Descriptors:
    """Open files without objects of their own; closed by `close`, at the latest when nobody needs them any more."""

    def __init__(self) -> None:
        self._open: list[int] = []
        self.close = weakref.finalize(self, _close, self._open)

    def keep(self, handle: BinaryIO) -> int:
        """Keep a file open, whatever becomes of the object that opened it.

        Args:
            handle: The file.

        Returns:
            Its descriptor.
        """
        self._open.append(os.dup(handle.fileno()))
        return self._open[-1]


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


class Tar:
    """A tar that is not compressed.

    Args:
        handle: An open file; closed by whoever opened it.
        name: For errors.
        opened: Keeps the file open for the parts.

    Raises:
        LayoutError: It is none, or a trap.
    """

    def __init__(self, handle: BinaryIO, name: str, opened: Descriptors) -> None:
        self.name = name
        try:
            handle.seek(0)
            with tarfile.open(fileobj=handle, mode="r:") as tar:
                found = dict(self._members(tar, os.fstat(handle.fileno()).st_size))
        except (tarfile.TarError, OSError, EOFError, ValueError) as err:
            fix = "give a plain tar; unpack a compressed one with gunzip first"
            raise LayoutError(f"{name} cannot be read as a tar", str(err)[:200], fix, name) from err
        descriptor = opened.keep(handle)
        self.parts = {one: Part(descriptor, *where) for one, where in found.items()}

    def read(self, member: str, most_bytes: int) -> bytes:
        """Read a member.

        Args:
            member: Its name; it is there.
            most_bytes: What is longer is refused.

        Returns:
            Its bytes.

        Raises:
            LayoutError: It is too long.
        """
        part = self.parts[member]
        if part.size > most_bytes:
            raise self.refusal(f"{member} has more than {most_bytes} bytes")
        return part.read(most_bytes)

    def refusal(self, why: str) -> LayoutError:
        """Build the error of an archive that is not taken.

        Args:
            why: What is wrong with it.

        Returns:
            The error.
        """
        return LayoutError(f"{self.name} is refused", why, WRITE_ANEW, self.name)

    def _members(self, tar: tarfile.TarFile, end: int) -> Iterator[tuple[str, tuple[int, int]]]:
        seen: dict[str, tuple[int, int]] = {}
        links: list[tuple[str, str]] = []
        for member in tar:
            name = plain(member.name)
            if member.issym() and name.endswith("layer.tar"):
                # Old versions of `docker save` link equal layers; the link is looked up in the archive, not on disk.
                links.append((name, posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))))
                continue
            why = _trick(member, end)
            if name in seen:
                why = f"it has the member {member.name!r:.100} twice"
            if len(seen) + len(links) >= MOST_MEMBERS:
                why = f"it has more than {MOST_MEMBERS} members"
            if why:
                raise self.refusal(why)
            if not member.isdir():
                seen[name] = (member.offset_data, member.size)
        for name, target in links:
            if target not in seen:
                raise self.refusal(f"{name!r:.100} links to nothing in it")
            seen[name] = seen[target]
        yield from seen.items()


def plain(name: str) -> str:
    """Give a member's name without what some tools put before it.

    Args:
        name: As it stands in the tar.

    Returns:
        The name.
    """
    return name.removeprefix("./")


def _trick(member: tarfile.TarInfo, end: int) -> str:
    """Say what is wrong with a member; nothing if it is a plain file or folder."""
    if member.name.startswith("/") or ".." in member.name.split("/"):
        return f"it has a member {member.name!r:.100}, which leads out of it"
    if not (member.isreg() or member.isdir()) or member.sparse is not None:
        return f"it has a member {member.name!r:.100}, which is no plain file"
    if member.offset_data + member.size > end:
        return f"its member {member.name!r:.100} is longer than the archive"
    return ""
