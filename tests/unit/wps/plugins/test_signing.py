"""Keys and signatures: who can read a key, and what a signature holds."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError
from wps.pluginset import signing

if TYPE_CHECKING:
    from pathlib import Path

KEY = Ed25519PrivateKey.generate()
PUBLIC = signing.public(KEY)


@given(st.binary(max_size=200))
def test_what_is_signed_is_opened(payload: bytes) -> None:
    """The payload comes out of the envelope as it went in, with the key that has signed it."""
    found = signing.opened(signing.sign(payload, KEY), (PUBLIC,), "here")
    assert (found.payload, found.key) == (payload, PUBLIC)


def test_the_signature_is_that_of_dsse() -> None:
    """What is signed is DSSE's encoding of type and payload, so that other programs can verify it too."""
    envelope = json.loads(signing.sign(b"hello", KEY))
    signed = b"DSSEv1 39 application/vnd.waypaas.plugins.v1+json 5 hello"
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("ed25519:")))
    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)


@given(st.binary(min_size=1, max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_no_changed_payload_is_opened(payload: bytes, place: int, change: int) -> None:
    """A payload in which one byte was changed is refused."""
    envelope = json.loads(signing.sign(payload, KEY))
    changed = bytearray(payload)
    changed[place % len(changed)] ^= change
    envelope["payload"] = base64.b64encode(changed).decode()
    with pytest.raises(StandardsError, match="tampered with") as refused:
        signing.opened(json.dumps(envelope).encode(), (PUBLIC,), "here")
    assert refused.value.kind == "policy"


def test_another_key_does_not_count() -> None:
    """What somebody else has signed is refused, whatever key id the envelope claims."""
    envelope = json.loads(signing.sign(b"x", Ed25519PrivateKey.generate()))
    envelope["signatures"][0]["keyid"] = signing.identity(PUBLIC)
    with pytest.raises(StandardsError, match="tampered with"):
        signing.opened(json.dumps(envelope).encode(), (PUBLIC,), "here")


def test_one_of_the_trusted_keys_is_enough() -> None:
    """While a key is replaced, both are trusted, and the one that has signed is told."""
    other = signing.public(Ed25519PrivateKey.generate())
    assert signing.opened(signing.sign(b"x", KEY), (other, PUBLIC), "here").key == PUBLIC


def test_another_type_is_refused() -> None:
    """What was signed for another purpose is no manifest."""
    envelope = json.loads(signing.sign(b"x", KEY)) | {"payloadType": "application/vnd.in-toto+json"}
    with pytest.raises(StandardsError, match="what was signed is 'application/vnd"):
        signing.opened(json.dumps(envelope).encode(), (PUBLIC,), "here")


@given(st.binary() | st.sampled_from([b"{}", b"[]", b'{"payloadType": 1, "payload": 2, "signatures": 3}', b"[" * 5000]))
def test_no_bytes_lead_to_another_error(data: bytes) -> None:
    """Whatever comes instead of an envelope is told as such."""
    with pytest.raises(StandardsError, match="the manifest of the plugins is not understood"):
        signing.opened(data, (PUBLIC,), "here")


@given(st.text())
def test_a_public_key_has_one_form(text: str) -> None:
    """What is no public key is refused as an option."""
    with pytest.raises(StandardsError, match="is no public key") as refused:
        signing.checked(text)
    assert refused.value.kind == "option"


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A key is made with mode 0600, and one that others can read, write or run is not used."""
    path = tmp_path / "key.pem"
    public = signing.make(path)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert signing.public(signing.read(path)) == public
    for mode in (0o640, 0o604, 0o660, 0o700, 0o601):
        path.chmod(mode)
        with pytest.raises(StandardsError, match=f"its mode is {mode:04o}") as refused:
            signing.read(path)
        assert f"chmod 600 {path}" in str(refused.value)


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    """Where a file is, no key is made, and the file stays."""
    path = tmp_path / "key.pem"
    path.write_text("mine")
    with pytest.raises(StandardsError, match="a key is never replaced"):
        signing.make(path)
    assert path.read_text() == "mine"


def test_another_kind_of_key_is_told(tmp_path: Path) -> None:
    """A file that is no key, and a key that is not Ed25519, are refused, each with its cause."""
    path = tmp_path / "key.pem"
    path.write_text("no key")
    path.chmod(0o600)
    with pytest.raises(StandardsError, match="it is no PEM"):
        signing.read(path)
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(StandardsError, match="it is not Ed25519"):
        signing.read(path)
    with pytest.raises(StandardsError, match="cannot be read"):
        signing.read(tmp_path / "none")
