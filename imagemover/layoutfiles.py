"""The files of a layout: reading a blob from an offset on, writing one beside its place.

Owns the rule that a blob gets its name when it is complete and its digest is right.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from imagemover import digests
from imagemover.errors import LayoutError

if TYPE_CHECKING:
    from imagemover.manifests import Descriptor


class FileStream:
    """A blob's bytes from a file.

    Args:
        handle: At the first byte that is wanted.
    """

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end.
        """
        return self._handle.readinto(view)  # type: ignore[attr-defined, no-any-return]  # files opened in binary have it

    def close(self) -> None:
        """Close the file."""
        self._handle.close()


class FileSession:
    """Writes one blob beside its place.

    Args:
        layout: Name of the layout, for errors.
        file: Path that the blob gets when it is complete.
        blob: The blob.
    """

    def __init__(self, layout: str, file: str, blob: Descriptor) -> None:
        self._layout = layout
        self._file = file
        self._blob = blob
        self.offset = 0
        self._verifier = digests.Verifier(blob.digest, blob.size)
        descriptor, self._path = tempfile.mkstemp(prefix=".partial-", dir=os.path.dirname(file))
        self._handle = os.fdopen(descriptor, "wb", buffering=0)

    def open(self) -> FileSession:
        """Give it, as it is ready.

        Returns:
            Itself.
        """
        return self

    def write(self, piece: memoryview) -> None:
        """Write the next bytes.

        Args:
            piece: From `offset` on.

        Raises:
            LayoutError: The disk is full or broken.
            ContentError: They do not make up the blob.
        """
        self._verifier.update(self.offset, piece, self._layout)
        rest = piece
        try:
            while rest:
                rest = rest[self._handle.write(rest) :]
        except OSError as err:
            raise cannot(self._layout, "written", err) from err
        self.offset += len(piece)

    def commit(self) -> None:
        """Put the blob in its place.

        Raises:
            LayoutError: It is not complete, or cannot be renamed.
        """
        if self.offset != self._blob.size:
            what = f"{self._blob.digest} has {self.offset} of {self._blob.size} bytes"
            raise LayoutError(what, "the write ended early", "copy again", self._layout)
        try:
            os.fsync(self._handle.fileno())
            self._handle.close()
            os.chmod(self._path, 0o644)
            os.replace(self._path, self._file)
        except OSError as err:
            raise cannot(self._layout, "written", err) from err

    def resume(self) -> bool:
        """Go on where it is: files lose nothing.

        Returns:
            Whether there is anything.
        """
        return not self._handle.closed

    def cancel(self) -> None:
        """Throw away what was written."""
        self._handle.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    abandon = cancel


def cannot(where: str, done: str, err: OSError) -> LayoutError:
    """Build the error of a file.

    Args:
        where: The layout, or the file.
        done: "read", "written" or "made".
        err: What the system said.

    Returns:
        The error.
    """
    return LayoutError(
        f"{where} cannot be {done}", os.strerror(err.errno or 0), "look at the disk and its rights", where
    )
