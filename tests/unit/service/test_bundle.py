"""A signed bundle: what was signed comes out, and whatever else was done to it is refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError, bundle
from teamconfig.bundle import Bundle

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw()
GOOD = Bundle(
    principal="https://issuer.example|u-dora", project="shop", app="web", environment="dev", protected=False,
    team="payments", revision="git:0123456789ab", serial=7, issued_at=1_000_000, not_after=1_086_400,
    files={"org.yaml": b"org: {name: acme}\n", "teams/payments/team.yaml": b"team: {}\n"},
)  # fmt: skip
WANTED = {"principal": GOOD.principal, "project": "shop", "app": "web", "environment": "dev"}
TEXT = bundle.sign(GOOD, KEY)
DEEP = b"[" * 100_000


def refused(text: str, keys: tuple[bytes, ...] = (PUBLIC,)) -> str:
    """Read a bundle that is refused, and give the reason."""
    with pytest.raises(StandardsError) as caught:
        bundle.read(text, keys, "the cache")
    return caught.value.problems[0].why


def test_what_was_signed_comes_out() -> None:
    """Every field and file is as it was, by either of the service's keys."""
    assert bundle.read(TEXT, [OTHER, PUBLIC], "") == GOOD
    bundle.check(GOOD, WANTED, 1_000_001.0, 7, "")


def test_each_flipped_bit_is_refused() -> None:
    """Of every letter each bit is flipped in turn: nothing of it is taken."""
    raw = TEXT.encode()
    for place in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            refused(flipped.decode("latin-1"))


@pytest.mark.parametrize("length", range(0, len(TEXT), 7))
def test_what_is_cut_off_is_refused(length: int) -> None:
    """A file that was written in part is no bundle."""
    refused(TEXT[:length])


@given(st.text(max_size=300) | st.lists(st.binary(max_size=60), min_size=3, max_size=3).map(
    lambda parts: ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
))  # fmt: skip
def test_any_other_text_is_refused(text: str) -> None:
    """Whatever stands in the cache is told in words."""
    refused(text)


def test_another_key_is_refused() -> None:
    """What another service has signed does not count, nor what nobody has."""
    assert refused(TEXT, (OTHER,)) == "its signature is not that of the service"
    refused(TEXT, ())
    head, body, _ = TEXT.split(".")
    refused(f"{head}.{body}.")


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"typ": None}, {"kid": "x"}, {"crit": ["b64"]}],
)
def test_another_header_is_refused(header: dict[str, object]) -> None:
    """A header that names another algorithm or kind is refused, signed by our own key or not."""
    made = {key: value for key, value in ({"alg": "EdDSA", "typ": bundle.TYPE} | header).items() if value is not None}
    body = TEXT.split(".")[1]
    signed = f"{_encoded(json.dumps(made).encode())}.{body}"
    refused(f"{signed}.{_encoded(KEY.sign(signed.encode()))}")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"1", b"{}", b'{"files": 1}', b'{"files": {}}', b'{"files": {"a": "%"}}', b"\xff",
        DEEP,
    ],
)  # fmt: skip
def test_content_that_is_none_is_refused(content: bytes) -> None:
    """Even what the service's own key has signed is refused if it is no bundle."""
    signed = f"{TEXT.split('.')[0]}.{_encoded(content)}"
    refused(f"{signed}.{_encoded(KEY.sign(signed.encode()))}")


def test_a_deep_header_is_refused() -> None:
    """A header that nobody has signed is no way to break the reader, however deep it is."""
    refused(f"{_encoded(DEEP)}.{TEXT.split('.', 1)[1]}")


@pytest.mark.parametrize("name", list(WANTED))
def test_somebody_elses_is_refused(name: str) -> None:
    """A bundle for another principal, project, app or environment does not hold here."""
    with pytest.raises(StandardsError) as caught:
        bundle.check(GOOD, WANTED | {name: "another"}, 1_000_001.0, 7, "")
    assert f"it is for {name}" in caught.value.problems[0].why


@pytest.mark.parametrize(
    ("now", "lowest", "good"),
    [
        (1_086_399.0, 7, True), (1_086_400.0, 7, False), (1_086_401.0, 7, False), (999_880.0, 7, True),
        (999_879.0, 7, False), (1_000_000.0, 8, False), (1_000_000.0, 6, True),
    ],
)  # fmt: skip
def test_its_time_and_serial_are_exact(now: float, lowest: int, good: bool) -> None:  # noqa: FBT001
    """It holds up to its last second, not after; not from the future; not below a serial that was seen."""
    if good:
        bundle.check(GOOD, WANTED, now, lowest, "")
        return
    with pytest.raises(StandardsError):
        bundle.check(GOOD, WANTED, now, lowest, "")


def test_large_and_odd_files_survive() -> None:
    """Bytes of any kind are kept as they are."""
    odd = replace(GOOD, files={"ä/ß.yaml": bytes(range(256)) * 100})
    assert bundle.read(bundle.sign(odd, KEY), [PUBLIC], "") == odd


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
