"""TLS of the service: a new certificate is taken without losing a call, a bad one never is."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from typing import TYPE_CHECKING

import grpc
import pytest

from teamconfig import StandardsError
from teamconfig.gen.waypaas.v1 import sessions_pb2, standards_pb2
from teamconfig.service import tls
from tests.cloud.service.load import Load, until
from testservers import certificates, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

    Record = Callable[[str, object], None]

STATUS = standards_pb2.GetStatusRequest()
WHO = sessions_pb2.WhoAmIRequest()


@pytest.fixture(name="alone")
def _alone(tmp_path: Path, idp: OidcProvider) -> Iterator[Running]:
    """Give a service of its own, whose certificate may be replaced."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "alone", [provider], calls_per_second="100000") as running:
        yield running


@pytest.fixture(name="pair")
def _pair(alone: Running, tmp_path: Path) -> tuple[Path, Path]:
    """Give another certificate, with its key, by another authority that the tests trust too."""
    made = certificates.Authority(tmp_path / "next")
    with alone.authority.open("ab") as file:
        file.write(made.file.read_bytes())
    return made.issue("service")


def shown(running: Running) -> str:
    """Give the fingerprint of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=str(running.authority))
    context.set_alpn_protocols(["h2"])
    host, _, port = running.address.partition(":")
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()


def replace(running: Running, certificate: bytes | None, key: bytes | None) -> None:
    """Write over the files of the service's certificate, in place, as a careless script does."""
    for name, content in (("crt", certificate), ("key", key)):
        if content is not None:
            (running.directory / "tls" / f"service.{name}").write_bytes(content)


def test_a_new_certificate_is_taken_under_load(
    alone: Running, idp: OidcProvider, pair: tuple[Path, Path], tmp_path: Path, record_property: Record
) -> None:
    """While calls run, key and certificate are replaced: new connections see the new one, and no call fails."""
    before = shown(alone)
    with Load(alone, idp, tmp_path) as load:
        load.wait_for(30)
        begun = time.monotonic()
        replace(alone, None, pair[1].read_bytes())
        time.sleep(0.5)  # for a while they do not belong together
        assert shown(alone) == before
        replace(alone, pair[0].read_bytes(), None)
        until(lambda: shown(alone) != before)
        seconds = time.monotonic() - begun
        load.wait_for(30, time.monotonic())
    ended = load.ended()
    assert {one.code for one in ended} == {"OK"}
    with Load(alone, idp, tmp_path) as load:  # new connections work with it
        load.wait_for(10, time.monotonic())
    assert alone.stop() == 0
    record_property("failure", ("certificate replaced", seconds, f"{len(ended)} calls, none failed"))


def test_a_half_written_pair_is_not_taken(
    alone: Running, people: People, pair: tuple[Path, Path], tmp_path: Path, record_property: Record
) -> None:
    """A pair that is cut off or does not fit leaves the old one in use, and status tells it until it is whole."""
    client = alone.open(tmp_path / "home", "corp", token=people.token("dora", "payments-developers"))
    before = shown(alone)
    new = pair[0].read_bytes(), pair[1].read_bytes()
    told = ""
    for certificate, key in ((new[0], b""), (new[0], new[1][:400]), (b"garbage", new[1]), (new[0][:700], new[1])):
        replace(alone, certificate, key)
        assert shown(alone) == before
        told = client.call("Standards/GetStatus", STATUS).parts["certificate"]
        assert "the new certificate cannot be used" in told
        assert "PRIVATE" not in told
    replace(alone, *new)
    until(lambda: shown(alone) != before)
    assert client.call("Standards/GetStatus", STATUS).parts["certificate"] == ""
    client.close()
    record_property("failure", ("certificate half written", 0.0, told))


def test_who_trusts_another_authority_is_told_so(alone: Running, tmp_path: Path, record_property: Record) -> None:
    """A client that trusts another authority reads that it is the certificate, not the network."""
    alone.authority.write_bytes(certificates.Authority(tmp_path / "foreign").file.read_bytes())
    channel = alone.channel()
    begun = time.monotonic()
    with pytest.raises(StandardsError) as caught:
        channel.call("Sessions/GetSignIn", sessions_pb2.GetSignInRequest())
    channel.close()
    assert "certificate" in str(caught.value)
    record_property("failure", ("unknown authority", time.monotonic() - begun, str(caught.value)))


def test_nothing_is_served_without_tls(alone: Running) -> None:
    """A connection without TLS gets no answer."""
    with grpc.insecure_channel(alone.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/waypaas.v1.Sessions/GetSignIn")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("spoilt", ["cut key", "foreign key", "no key", "no certificate"])
def test_a_bad_pair_at_the_start_is_told(tmp_path: Path, spoilt: str) -> None:
    """A service whose first pair is bad does not start, and names both files."""
    certificate, key = certificates.Authority(tmp_path / "one").issue("service")
    if spoilt == "cut key":
        key.write_bytes(key.read_bytes()[:200])
    elif spoilt == "foreign key":
        key.write_bytes(certificates.Authority(tmp_path / "two").issue("service")[1].read_bytes())
    else:
        (key if spoilt == "no key" else certificate).unlink()
    with pytest.raises(StandardsError) as caught:
        tls.Certificates(certificate, key).initial()
    assert "the certificate and key cannot be used" in str(caught.value)
    assert str(certificate) in str(caught.value)
