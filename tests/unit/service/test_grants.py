"""The token of a grant: only what this service signed, in its time, gives an id."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.service import grants
from teamconfig.service.refusal import Refusal

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def token(key: Any = KEY, algorithm: str = "EdDSA", **changed: Any) -> str:
    """Make a token, with claims changed; None leaves one out."""
    good = {"jti": "j1", "aud": "waypaas-grant", "exp": int(time.time()) + 86400}
    claims = {name: value for name, value in (good | changed).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)


def reason(text: str) -> str:
    """Read a token that is refused, and give the reason."""
    with pytest.raises(Refusal) as caught:
        grants.read(text, KEY.public_key())
    return caught.value.reason


def test_a_good_token_gives_its_id() -> None:
    """What the service has signed names its grant."""
    assert grants.read(token(), KEY.public_key()) == "j1"


@pytest.mark.parametrize(
    "text",
    [
        token(OTHER), token(jti=None), token(exp=None), token(aud="another"), token(aud=None), token(exp="soon"),
        token("x" * 32, "HS256"), token(None, "none"), token(jti=1), token(nbf=int(time.time()) + 3600),
        "", ".", "..", "a.b.c", "." * 5000, "x" * 5000, "\x00", "ü.ü.ü",
    ],
)  # fmt: skip
def test_another_token_is_refused(text: str) -> None:
    """Another key, audience or algorithm, a missing claim, or no token at all: refused, always in the same words."""
    assert reason(text) == "grant_invalid"


def test_a_token_that_is_over_is_refused() -> None:
    """To the second, with no leeway."""
    assert reason(token(exp=int(time.time()))) == "grant_expired"


def test_each_flipped_letter_is_refused() -> None:
    """Whichever letter of a token is replaced, it is refused."""
    good = token()
    for place, letter in enumerate(good):
        reason(good[:place] + ("A" if letter != "A" else "B") + good[place + 1 :])


@given(st.text(max_size=300))
def test_any_text_is_refused_in_words(text: str) -> None:
    """Whatever is sent as a token is a refusal, never another error."""
    assert reason(text) == "grant_invalid"
