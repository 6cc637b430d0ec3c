"""A layout in a tar as a destination: the file appears when all of it is there, or not at all.

Owns the temporary directory beside the file, and the tar that is made of it: the
same images make the same bytes. What a layout is, is `layout`'s.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from typing import Self

from imagemover.errors import LayoutError
from imagemover.layout import Layout
from imagemover.layoutfiles import cannot

_PREFIX = ".partial-"


class ArchiveWriter(Layout):
    """Images that become one file.

    Args:
        file: Its path; what is there is replaced as a whole.

    Raises:
        LayoutError: Nothing can be written beside it.
    """

    def __init__(self, file: str) -> None:
        self.file_path = os.path.abspath(file)
        self._staging = ""
        if os.path.isdir(self.file_path):
            raise LayoutError(f"{file} cannot be written", "it is a directory", "name a file", file)
        try:
            self._staging = tempfile.mkdtemp(prefix=_PREFIX, dir=os.path.dirname(self.file_path))
        except OSError as err:
            raise cannot(self.file_path, "written", err) from err
        super().__init__(self._staging, create=True)
        self.name = self.place = self.file_path

    def finish(self) -> None:
        """Make the file of all that was written.

        Raises:
            LayoutError: The disk is full or broken; then the file is as it was before.
        """
        draft = ""
        try:
            handle, draft = tempfile.mkstemp(prefix=_PREFIX, dir=os.path.dirname(self.file_path))
            with os.fdopen(handle, "wb") as output:
                with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    for name in self._names():
                        tar.add(os.path.join(self._staging, name), name, recursive=False, filter=_plain)
                        if name.startswith("blobs/") and os.path.isfile(path := os.path.join(self._staging, name)):
                            os.unlink(path)  # never needs more than the images and one blob
                output.flush()
                os.fsync(output.fileno())
            os.chmod(draft, 0o644)
            os.replace(draft, self.file_path)
            draft = ""
        except OSError as err:
            raise cannot(self.file_path, "written", err) from err
        finally:
            if draft:
                os.unlink(draft)

    def _names(self) -> list[str]:
        """List files and folders, in the order in which skopeo and Docker read fastest: what is small first."""
        blobs = sorted(
            os.path.relpath(os.path.join(folder, name), self._staging)
            for folder, folders, files in os.walk(os.path.join(self._staging, "blobs"))
            for name in (*folders, *files)
            if not name.startswith(_PREFIX)
        )
        return ["oci-layout", "index.json", "blobs", *blobs]

    def close(self) -> None:
        """Leave nothing beside the file."""
        if self._staging:
            shutil.rmtree(self._staging, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out of a member what differs between machines and moments."""
    member.mtime = 0
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
