"""The head of an answer: its status line and fields, read without the standard library's mail parser.

Owns what of a head matters to reading the body. The mail parser is most of what a small request costs here.

Source: RFC 9112, 2.2, 4, 5 and 6.
"""

from __future__ import annotations

from typing import Final, Protocol, overload

MOST_LINE_BYTES: Final = 64 << 10
MOST_FIELDS: Final = 200


class AnswerError(Exception):
    """What came is no answer, or one whose body has no sure end."""


class Lines(Protocol):
    """What stands before a head."""

    def readline(self, most_bytes: int, /) -> bytes:
        """Read a line, or as much of it as may be."""


class Fields:
    """Fields of a head by name, whatever its case; of one that came several times, all values with commas between."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Add a field.

        Args:
            name: As it came.
            value: Without the spaces around it.
        """
        name = name.lower()
        self._values[name] = f"{self._values[name]}, {value}" if name in self._values else value

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """Give a value.

        Args:
            name: In any case.
            default: For what is not there.

        Returns:
            The value.
        """
        return self._values.get(name.lower(), default)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values


def read(stream: Lines) -> tuple[int, int, Fields]:
    """Read a head; those with a status below 200 are passed over.

    Args:
        stream: Stands before it.

    Returns:
        The version, 10 or 11, the status, and the fields.

    Raises:
        AnswerError: It is none, or it is too long.
        OSError: The connection broke, or ended.
    """
    while True:
        line = stream.readline(MOST_LINE_BYTES + 1)
        if not line:
            raise ConnectionResetError("the connection was closed without an answer")
        version, _, rest = line.partition(b" ")
        status = rest[:3]
        if not version.startswith(b"HTTP/1.") or not status.isdigit() or len(status) != 3:  # noqa: PLR2004  # as RFC 9112
            raise AnswerError(f"{line[:80]!r} is no status line")
        fields = _fields(stream)
        if int(status) >= 200:  # noqa: PLR2004  # what is below is not the answer yet
            return (10 if version == b"HTTP/1.0" else 11), int(status), fields


def _fields(stream: Lines) -> Fields:
    fields = Fields()
    for _ in range(MOST_FIELDS):
        line = stream.readline(MOST_LINE_BYTES + 1)
        if len(line) > MOST_LINE_BYTES:
            raise AnswerError("the head of the answer has a line that is too long")
        if line in {b"\r\n", b"\n"}:
            return fields
        name, colon, value = line.partition(b":")
        if not line.endswith(b"\n"):
            raise AnswerError("the head of the answer was cut off")
        if not colon or not name or name != name.strip():
            raise AnswerError("the head of the answer has a line that is no field")
        fields.add(name.decode("latin-1"), value.strip().decode("latin-1"))
    raise AnswerError(f"the head of the answer has more than {MOST_FIELDS} fields")


def length(fields: Fields) -> int | None:
    """Give the length that a head announces.

    Args:
        fields: Of the head.

    Returns:
        The length; None if there is none, or if the body is chunked.

    Raises:
        AnswerError: It is no number, or there are several that differ.
    """
    text = fields.get("content-length")
    if text is None or "transfer-encoding" in fields:
        return None
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not (value.isascii() and value.isdecimal()):
        raise AnswerError("the head of the answer has a length that is no number")
    return int(value)
