"""An answer of HTTP/1.1: its head, and its body up to where it ends.

Owns where a body ends, by length, by chunks or by the connection's end, and whether the connection can serve on.

Source: RFC 9112, 6, 7 and 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imagemover import fields
from imagemover.fields import AnswerError

if TYPE_CHECKING:
    from imagemover.watched import Watched

_MOST_CHUNK_LINE_BYTES: Final = 8 << 10
_MOST_TRAILERS: Final = 200
_PIECE_BYTES: Final = 64 << 10


class Answer:
    """An answer, its head read.

    Args:
        reader: Stands before it.
        method: Of the request.

    Raises:
        AnswerError: It is none.
        OSError: The connection broke.
    """

    def __init__(self, reader: Watched, method: str) -> None:
        self._reader = reader
        version, self.status, self.fields = fields.read(reader)
        coding = self.fields.get("transfer-encoding", "").lower()
        if coding not in {"", "chunked"}:
            raise AnswerError("the answer's body is coded in a way that nobody asked for")
        length = fields.length(self.fields)
        has_none = method == "HEAD" or self.status in {204, 304}
        self._chunked = bool(coding) and not has_none
        self.left = 0 if has_none else length
        """Bytes of the body that are still to come; None: it is not told."""
        self._chunk_left = 0
        kept = self.fields.get("connection", "").lower()
        self.will_close = (
            "close" in kept
            or (version == 10 and "keep-alive" not in kept)  # noqa: PLR2004  # HTTP/1.0
            or (self.left is None and not self._chunked)
        )

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end, be it the true end or not.

        Raises:
            AnswerError: A chunk is none, or was cut off.
            OSError: The connection broke.
        """
        if self._chunked:
            return self._of_chunk(view)
        if self.left is None:
            return self._reader.readinto(view)
        count = self._reader.readinto(view[: self.left])
        self.left -= count
        return count

    def read(self, most_bytes: int) -> bytes:
        """Read the body.

        Args:
            most_bytes: What is longer is cut off there.

        Returns:
            The body, or what came of it.

        Raises:
            AnswerError: A chunk is none, or was cut off.
            OSError: The connection broke.
        """
        body = bytearray()
        while len(body) < most_bytes:
            piece = bytearray(min(most_bytes - len(body), _PIECE_BYTES if self.left is None else self.left))
            count = self.readinto(memoryview(piece))
            if not count:
                break
            body += piece[:count]
        return bytes(body)

    def _of_chunk(self, view: memoryview) -> int:
        if self.left == 0:
            return 0
        if not self._chunk_left:
            text = self._reader.readline(_MOST_CHUNK_LINE_BYTES).partition(b";")[0].strip()
            if not text or text.strip(b"0123456789abcdefABCDEF"):
                raise AnswerError("the answer's body has a chunk without a length")
            self._chunk_left = int(text, 16)
            if not self._chunk_left:
                self._end_chunks()
                return 0
        count = self._reader.readinto(view[: self._chunk_left])
        if not count:
            raise AnswerError("the answer's body was cut off in a chunk")
        self._chunk_left -= count
        if not self._chunk_left and self._reader.readline(2) != b"\r\n":
            raise AnswerError("the answer's body has a chunk without an end")
        return count

    def _end_chunks(self) -> None:
        for _ in range(_MOST_TRAILERS):
            line = self._reader.readline(_MOST_CHUNK_LINE_BYTES)
            if line in {b"\r\n", b"\n"}:
                self.left = 0
                return
            if not line.endswith(b"\n"):
                break
        raise AnswerError("the answer's body has no end")
