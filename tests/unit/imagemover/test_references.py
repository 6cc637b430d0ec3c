"""References and digests: what is read, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover import digests, references
from imagemover.errors import ContentError, ReferenceSyntaxError
from imagemover.references import HUB, Reference

DIGEST = "sha256:" + "a" * 64

GOOD = {
    "alpine": Reference(HUB, "library/alpine", "latest"),
    "alpine:3.20": Reference(HUB, "library/alpine", "3.20"),
    "team/web": Reference(HUB, "team/web", "latest"),
    f"{HUB}/alpine": Reference(HUB, "library/alpine", "latest"),
    f"index.{HUB}/team/web:v1": Reference(HUB, "team/web", "v1"),
    "localhost/web": Reference("localhost", "web", "latest"),
    "localhost:5000/web": Reference("localhost:5000", "web", "latest"),
    "127.0.0.1:5000/a/b/c:v1": Reference("127.0.0.1:5000", "a/b/c", "v1"),
    "[::1]:5000/web:v1": Reference("[::1]:5000", "web", "v1"),
    "[::1]/web": Reference("[::1]", "web", "latest"),
    "registry.example.com/web": Reference("registry.example.com", "web", "latest"),
    "Registry/web": Reference("Registry", "web", "latest"),
    "host.example/a__b--c.d:V_1.x-y": Reference("host.example", "a__b--c.d", "V_1.x-y"),
    f"host.example/web@{DIGEST}": Reference("host.example", "web", "", DIGEST),
    f"host.example:443/web:v1@{DIGEST}": Reference("host.example:443", "web", "v1", DIGEST),
}

BAD = [
    "", ":", "@", "/", "a:", "A", "a//b", "/a", "a/", "a:b:c", "a@b", "host.example/Web", "host.example/a/../b", "a b",
    "host.example/../etc", "host.example:0/a", "host.example:65536/a", "host.example:/a", "-host.example/a", "a" * 300,
    "a:" + "t" * 129, "a:.tag", "host.example/a__", "host.example/_a", "http://host.example/a", "a\n", "a:tag\n",
    "ho st.example/a", "host..example/a", "a@sha256:" + "A" * 64, "a@sha256:" + "a" * 63, "a@md5:" + "a" * 32,
    "host.example/a@@" + DIGEST, "user@host.example/a", "x" * 5000, "[::1/web", "a/\u0430",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_reference(text: str) -> None:
    """A reference has the parts that Docker would see, and the complete one reads the same again."""
    assert references.parse(text) == GOOD[text]
    assert references.parse(str(GOOD[text])) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_no_reference(text: str) -> None:
    """What is no reference is refused, with a way out."""
    with pytest.raises(ReferenceSyntaxError) as caught:
        references.parse(text)
    assert caught.value.why
    assert caught.value.fix


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    """Any text is a reference that reads the same again, or is refused by our own error."""
    try:
        found = references.parse(text)
    except ReferenceSyntaxError:
        return
    assert references.parse(str(found)) == found
    assert ".." not in found.repository.split("/")


@pytest.mark.parametrize(
    ("registry", "local"),
    [
        ("localhost", True), ("localhost:5000", True), ("127.0.0.1:80", True), ("127.9.9.9", True),
        ("[::1]:5000", True),
        ("a.localhost", True), ("LOCALHOST", True), ("localhost.example.com", False), ("127.0.0.1.example.com", False),
        ("10.0.0.1", False), ("registry.example.com", False), ("[2001:db8::1]:5000", False), ("127.1", False),
    ],
)  # fmt: skip
def test_loopback(registry: str, local: bool) -> None:  # noqa: FBT001  # pytest gives it
    """Only this machine's own addresses are spoken to without TLS unasked."""
    assert references.is_loopback(registry) is local


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000)), st.sampled_from(["sha256", "sha512"]))
def test_verifier(data: bytes, cuts: list[int], algorithm: str) -> None:
    """A stream in whatever pieces, some of them twice, has the digest of the whole."""
    digest = digests.of(data, algorithm)
    verifier = digests.Verifier(digest, len(data))
    for cut in [*cuts, len(data)]:
        end = min(cut, len(data))
        begin = max(0, verifier.seen - 7)
        if end >= begin:
            verifier.update(begin, memoryview(data)[begin:end])
    assert verifier.seen == len(data)


@given(st.binary(min_size=1, max_size=500), st.data())
def test_verifier_sees_any_flip(data: bytes, draw: st.DataObject) -> None:
    """One wrong bit anywhere, or one byte too many, is seen before the last piece is passed on."""
    position = draw.draw(st.integers(0, len(data) - 1))
    wrong = bytearray(data)
    wrong[position] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(ContentError):
        digests.Verifier(digests.of(data), len(data)).update(0, memoryview(bytes(wrong)))
    with pytest.raises(ContentError, match="longer"):
        digests.Verifier(digests.of(data), len(data)).update(0, memoryview(data + b"x"))
