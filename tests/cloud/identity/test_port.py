"""The browser's answer is heard on one port, for providers that know a redirect URI by it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from teamconfig import StandardsError
from teamconfig.identity import discovery, loopback, providers
from teamconfig.identity.errors import CancelledError, RefusedError
from testservers import oidc
from wps import signingin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", name="provider")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oidc.OidcProvider]:
    """Give a provider."""
    with oidc.start(tmp_path_factory.mktemp("port")) as found:
        yield found


@pytest.fixture(name="port")
def _port() -> int:
    """Give a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_redirect_has_the_port(provider: oidc.OidcProvider, port: int) -> None:
    """The URL that is opened names that port, letter by letter as it is registered."""
    urls: list[str] = []
    with pytest.raises(CancelledError):
        loopback.sign_in(
            discovery.discover(provider.issuer), oidc.CLIENT, urls.append, most_seconds=0.3, port=port
        )  # fmt: skip
    assert parse_qs(urlsplit(urls[0]).query)["redirect_uri"] == [f"http://127.0.0.1:{port}/callback"]


def test_a_port_that_is_taken_is_told(provider: oidc.OidcProvider, port: int) -> None:
    """Where something listens there, no browser is opened, and the refusal names the port and another way."""
    with socket.create_server(("127.0.0.1", port)), pytest.raises(RefusedError) as caught:
        loopback.sign_in(discovery.discover(provider.issuer), oidc.CLIENT, pytest.fail, port=port)
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "--flow device" in str(caught.value)


def test_the_key_in_the_settings(tmp_path: Path) -> None:
    """service.yaml takes a port of OIDC providers; what is none is refused."""
    entry = {"name": "okta", "kind": "oidc", "issuer": "https://acme.okta.com", "client_id": "wps"}
    where = str(tmp_path / "service.yaml")
    (found,) = providers.read([{**entry, "loopback_port": "8765"}], where)
    assert isinstance(found, providers.OidcSettings)
    assert found.loopback_port == 8765
    for bad in ("65536", "-1", "any"):
        with pytest.raises(StandardsError, match="loopback_port"):
            providers.read([{**entry, "loopback_port": bad}], where)


def test_the_users_word_goes_before_the_settings() -> None:
    """`--flow loopback:PORT` names the port; without one that of the provider counts; what is no port is refused."""
    assert signingin.port_of("loopback:8765", 9000) == ("loopback", 8765)
    assert signingin.port_of("loopback", 9000) == ("loopback", 9000)
    assert signingin.port_of(None, 0) == (None, 0)
    assert signingin.port_of("device", 9000) == ("device", 9000)
    for bad in ("loopback:0", "loopback:65536"):
        with pytest.raises(StandardsError, match="is not allowed"):
            signingin.port_of(bad, 0)
