"""Copies through an HTTP proxy, as the environment names it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import moverimages
import pytest
from pace import POLICY

from imagemover import copying
from imagemover.credentials import Credential
from imagemover.errors import CopyError
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from testservers import httpproxy, registry
from testservers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

NAME = "registry.nosuch.invalid"
HEADER = "Basic " + base64.b64encode(b"me:hunter2").decode()


def to_name(world: World, plain_http: bool, **options: object) -> None:  # noqa: FBT001  # as the registry's option
    """Copy from the world's source to the name that only a proxy knows."""
    patience = Patience(POLICY)
    near = world.client(world.source.host, patience).repository(world.path)
    far = world.client(NAME, patience, plain_http=plain_http, **options).repository("x")
    copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what the machine itself has out of the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_tls_goes_through_a_tunnel(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS an image goes through a tunnel: the proxy sees a name and its own credentials, and no others."""
    authority = Authority(tmp_path / "ca")
    image = moverimages.plain(700, (2 << 20, 1000))
    world.push(image)
    with (
        registry.start(tmp_path / "tls", password="pw", tls=authority.issue("registry", (NAME,))) as secure,
        httpproxy.start(secure.port, HEADER) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{proxy.port}")
        keyring = {NAME: Credential("mover", "pw")}.get
        to_name(world, plain_http=False, ca_file=str(authority.file), keyring=keyring)
        moverimages.assert_complete(secure, "x", image)
        assert set(proxy.asked) == {("CONNECT", f"{NAME}:443")}
        assert proxy.leaked == []


def test_plain_http_goes_by_whole_urls(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TLS the proxy is asked for whole URLs; the registry on this machine is reached without it."""
    image = moverimages.plain(701, (300_000, 1000))
    world.push(image)
    with httpproxy.start(world.destination.port) as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        to_name(world, plain_http=True)
        moverimages.assert_complete(world.destination, "x", image)
        assert all(target.startswith(f"http://{NAME}") for _, target in proxy.asked)
        assert len(proxy.asked) > len(image.blobs)


@pytest.mark.parametrize("plain_http", [True, False])
def test_proxy_that_refuses_is_named(world: World, monkeypatch: pytest.MonkeyPatch, plain_http: bool) -> None:  # noqa: FBT001
    """A proxy that wants another password ends the copy; the text has its name and no password."""
    world.push(moverimages.plain(702))
    with httpproxy.start(world.destination.port, HEADER) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://me:hunter3@127.0.0.1:{proxy.port}")
        with pytest.raises(CopyError, match="407") as caught:
            to_name(world, plain_http=plain_http)
        assert len(proxy.asked) <= 4
    assert "hunter3" not in str(caught.value)
    assert f"127.0.0.1:{proxy.port}" in str(caught.value) or plain_http
    assert "PROXY" in str(caught.value)
