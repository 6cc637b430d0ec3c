"""A blob's bytes as a registry sends them; what was not asked for is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagemover.exchange import Response


class BlobStream:
    """A blob's bytes as they come.

    Args:
        response: Whose body they are.
        skip: Bytes at its beginning that are not wanted.
    """

    def __init__(self, response: Response, skip: int) -> None:
        self._response = response
        self._skip = skip

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end.
        """
        while self._skip:
            count = self._response.readinto(view[: self._skip])
            if not count:
                return 0
            self._skip -= count
        return self._response.readinto(view)

    def close(self) -> None:
        """Free the connection."""
        self._response.close()
