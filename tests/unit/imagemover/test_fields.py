"""Heads of answers: what they say of the body, and what is refused."""

from __future__ import annotations

import io

import pytest

from imagemover import fields


def head(text: bytes) -> tuple[int, int, fields.Fields]:
    """Read a head."""
    return fields.read(io.BufferedReader(io.BytesIO(text)))


def test_head_is_read() -> None:
    """Names have no case, values no spaces around them; a field that comes twice has both values."""
    version, status, found = head(b"HTTP/1.1 206 Partial\r\nA-b: 1 \r\nA-B:2\r\nEmpty:\r\n\r\nbody")
    assert (version, status) == (11, 206)
    assert found.get("a-B") == "1, 2"
    assert found.get("EMPTY") == ""
    assert found.get("none") is None
    assert "a-b" in found


def test_interim_heads_are_passed_over() -> None:
    """An answer below 200 is not the answer yet."""
    assert head(b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.0 404\r\n\r\n")[:2] == (10, 404)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b",
        b"HTTP/1.1 200 OK\r\nno field\r\n\r\n", b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_head_is_refused(text: bytes) -> None:
    """Nonsense, other protocols, heads without an end and endless ones are refused."""
    with pytest.raises((fields.AnswerError, ConnectionError)):
        head(text)


@pytest.mark.parametrize(("text", "expected"), [("7", 7), ("7, 7", 7), ("0", 0)])
def test_length(text: str, expected: int) -> None:
    """A length that is told is taken, even if it is told twice."""
    found = fields.Fields()
    assert fields.length(found) is None
    found.add("Content-Length", text)
    assert fields.length(found) == expected
    found.add("Transfer-Encoding", "chunked")
    assert fields.length(found) is None


@pytest.mark.parametrize("text", ["-1", "7, 8", "x", "1e3", "", "٣"])
def test_length_that_is_none(text: str) -> None:
    """Lengths that differ, or are no number, are refused: the body's end would be a guess."""
    found = fields.Fields()
    found.add("Content-Length", text)
    with pytest.raises(fields.AnswerError):
        fields.length(found)
