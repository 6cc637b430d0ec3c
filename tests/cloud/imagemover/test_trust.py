"""TLS, and where bytes and credentials must not go."""

from __future__ import annotations

import http.server
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import moverimages
import pytest
from pace import POLICY

from imagemover import copying
from imagemover.errors import CopyError, DeniedError, MissingError, ReferenceSyntaxError, TrustError
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from imagemover.registry import Registry
from testservers import registry
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import World


def test_tls_with_the_right_authority(world: World, tmp_path: Path) -> None:
    """Over TLS, with the authority that signed the registry's certificate, an image arrives whole."""
    authority = Authority(tmp_path / "ca")
    image = moverimages.plain(500, (2 << 20, 10))
    world.push(image)
    with registry.start(tmp_path / "tls", tls=authority.issue("registry")) as secure:
        patience = Patience(POLICY)
        near = world.client(world.source.host, patience).repository(world.path)
        far = world.client(secure.host, patience, plain_http=False, ca_file=str(authority.file)).repository("x")
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
        moverimages.assert_complete(secure, "x", image)


@pytest.mark.parametrize("case", ["unknown authority", "another name"])
def test_tls_that_proves_nothing(tmp_path: Path, case: str) -> None:
    """A certificate of an unknown authority, or for another name, ends it at the first try, and says why."""
    authority = Authority(tmp_path / "ca")
    hosts = ("other.example",) if case == "another name" else ("127.0.0.1",)
    ca_file = str(authority.file) if case == "another name" else None
    with (
        registry.start(tmp_path / "tls", tls=authority.issue("registry", hosts)) as secure,
        Registry(secure.host, plain_http=False, ca_file=ca_file) as client,
        pytest.raises(TrustError, match="cannot prove who it is"),
    ):
        client.repository("x").resolve("v1")


def test_plain_http_on_loopback_only() -> None:
    """Without being asked, plain http is spoken to this machine only."""
    schemes = {
        host: Registry(host).root.scheme for host in ("localhost:5000", "127.0.0.1", "10.0.0.1:80", "host.example")
    }
    assert schemes == {"localhost:5000": "http", "127.0.0.1": "http", "10.0.0.1:80": "https", "host.example": "https"}
    assert Registry("host.example", plain_http=True).root.scheme == "http"


@contextmanager
def answering(authority: Authority, status: int, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Give the host of a server with TLS that answers everything with one answer, and what it was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        """One request."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle_one_request(self) -> None:
            """Answer."""
            self.raw_requestline = self.rfile.readline(65537)
            self.close_connection = True
            if self.raw_requestline and self.parse_request():
                asked.append(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", "0")
                self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("answering"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_redirect_from_tls_to_plain_http(world: World, tmp_path: Path) -> None:
    """A redirect from TLS to plain http is refused."""
    authority = Authority(tmp_path / "ca")
    target = f"http://{world.source.host}/v2/x/manifests/v1"
    with (
        answering(authority, 307, Location=target) as (host, _),
        Registry(host, plain_http=False, ca_file=str(authority.file)) as client,
        pytest.raises(TrustError, match="TLS to plain http"),
    ):
        client.repository("x").manifest("v1")
    assert world.reads.log == []


def test_redirects_end(tmp_path: Path) -> None:
    """A registry that redirects in a circle is given up."""
    authority = Authority(tmp_path / "ca")
    with (
        answering(authority, 307, Location="/v2/x/manifests/v1") as (host, asked),
        Registry(host, plain_http=False, ca_file=str(authority.file)) as client,
        pytest.raises(Exception, match="refused"),
    ):
        client.repository("x").manifest("v1")
    assert len(asked) == 6


@pytest.mark.parametrize("realm", ["http://token.example/", "http://10.0.0.1/token", "file:///etc/passwd", ""])
def test_token_service_without_tls(tmp_path: Path, realm: str) -> None:
    """A token service without TLS elsewhere than on this machine gets no credentials: nobody even connects."""
    authority = Authority(tmp_path / "ca")
    challenge = f'Bearer realm="{realm}",service="x"'
    with (
        answering(authority, 401, WWW_Authenticate=challenge) as (host, _),
        Registry(host, plain_http=False, ca_file=str(authority.file)) as client,
        pytest.raises((TrustError, DeniedError)),
    ):
        client.repository("x").resolve("v1")


def test_nobody_is_told_to_log_in(world: World, tmp_path: Path) -> None:
    """A registry that wants a password, which nobody has, is named with what to do."""
    world.push(moverimages.plain(510))
    with registry.start(tmp_path / "locked", password="secret") as locked:
        patience = Patience(POLICY)
        near = world.client(world.source.host, patience).repository(world.path)
        far = world.client(locked.host, patience).repository("x")
        with pytest.raises(CopyError) as caught:
            copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
    assert f"docker login {locked.host}" in str(caught.value.result)


def test_name_that_nobody_has() -> None:
    """A registry without an address is told at once."""
    with Registry("nosuch.invalid") as client, pytest.raises(MissingError, match="has no address"):
        client.repository("x").resolve("v1")


@pytest.mark.parametrize("name", ["../blobs/x", "a/b", "v1?x=y", "v1 ", "", "sha256:../x", "v1\r\nX: y"])
def test_name_that_is_a_path(world: World, name: str) -> None:
    """What is neither a tag nor a digest reaches no registry."""
    client = world.client(world.reads.host, Patience(POLICY))
    with pytest.raises(ReferenceSyntaxError):
        client.repository("x").manifest(name)
    with pytest.raises(ReferenceSyntaxError):
        client.repository(f"x/{name}/../y")
    assert world.reads.log == []
