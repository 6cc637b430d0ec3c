"""An ID token from a browser is good for the device that asked for it: whoever else has it cannot sign in by it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig import StandardsError, proof
from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import sessions_pb2
from teamconfig.service import config, server

if TYPE_CHECKING:
    from pathlib import Path

    from testservers.oidc import OidcProvider
    from testservers.service import Running


def sign_in(running: Running, idp: OidcProvider, name: str, **claims: Any) -> sessions_pb2.Session:
    """Open a session by a token with some claims, the nonce of this device if they say "own"."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    if claims.get("nonce") == "own":
        claims["nonce"] = proof.nonce(public)
    token = idp.token(sub=f"u-{name}", jti=f"nonce-{name}", groups=["payments-developers"], **claims)
    channel = running.channel(key)
    try:
        request = sessions_pb2.OpenRequest(provider="corp", device_key=public, device_name="test", token=token)
        made: sessions_pb2.Session = channel.call("Sessions/Open", request, deadline=15.0)
    finally:
        channel.close()
    return made


def test_a_token_is_of_one_device(running: Running, idp: OidcProvider) -> None:
    """A service that relays a token to another one, with a key of its own, is refused there."""
    with pytest.raises(ServiceError) as caught:
        sign_in(running, idp, "relay", nonce=proof.nonce(b"x" * 32))
    assert caught.value.reason == "token_nonce"
    assert sign_in(running, idp, "own", nonce="own").access_token
    assert sign_in(running, idp, "device").access_token, "the device flow has no nonce"


@pytest.mark.parametrize("scheme", ["http", "git"])
def test_standards_that_anybody_on_the_way_can_change(tmp_path: Path, scheme: str) -> None:
    """A service does not follow standards over http:// or git://, unless commits are signed."""
    (tmp_path / "allowed").write_text("")
    settings = {
        "listen": "127.0.0.1:0", "tls": "off", "standards": f"git+{scheme}://127.0.0.1:1/standards.git#main",
        "providers": [{"kind": "oidc", "name": "corp", "issuer": "https://login.example", "client_id": "wps"}],
    }  # fmt: skip
    path = tmp_path / "service.yaml"

    async def start() -> str:
        async with server.running(config.read(path)) as (core, _):
            assert core.revisions.refused is not None
            return core.revisions.refused.problems[0].what

    path.write_text(json.dumps(settings))
    with pytest.raises(StandardsError) as caught:
        asyncio.run(start())
    assert str(caught.value).startswith(f"standards git+{scheme}://127.0.0.1:1/standards.git#main are not allowed\n")
    path.write_text(json.dumps({**settings, "allowed_signers": "allowed"}))
    assert "cannot be read" in asyncio.run(start()), "nothing listens there, but it was asked"
