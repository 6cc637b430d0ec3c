"""A grant and the session it takes: nothing of it is done without one, nor by another device, nor by an old proof."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig.client.channel import refusal
from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from tests.cloud.service.load import call, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.message import Message

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People
    from testservers.service import Running

TARGET = common_pb2.Target(project="shop", app="web", workspace="production")
REDEEM = "/waypaas.v1.Rights/RedeemGrant"
USABLE = "no_platform"
"""What a good call for credentials is answered with by a service without clouds: the grant was found to be theirs."""


@pytest.fixture(name="lead")
def _lead(people: People) -> Service:
    """Give a lead who is signed in."""
    return people.sign_in("lena", "payments-leads")


@pytest.fixture(name="grant")
def _grant(people: People, lead: Service) -> rights_pb2.Grant:
    """Give a grant of the lead's for production that another lead has approved."""
    asked = lead.call("Rights/RequestGrant", rights_pb2.RequestGrantRequest(target=TARGET, action="destroy"))
    other = people.sign_in("leo", "payments-leads")
    other.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=asked.id))
    found: rights_pb2.Grant = lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=asked.id))
    assert found.token
    return found


def requests(grant: rights_pb2.Grant, device: bytes) -> dict[str, Message]:
    """Give every call about a grant, the redeeming one for a device."""
    return {
        "/waypaas.v1.Rights/RequestGrant": rights_pb2.RequestGrantRequest(target=TARGET, action="destroy"),
        "/waypaas.v1.Rights/ApproveGrant": rights_pb2.ApproveGrantRequest(id=grant.id),
        "/waypaas.v1.Rights/GetGrant": rights_pb2.GetGrantRequest(id=grant.id),
        REDEEM: redeeming(grant, device),
    }


def redeeming(grant: rights_pb2.Grant, device: bytes) -> rights_pb2.RedeemGrantRequest:
    """Give the call that uses a grant."""
    return rights_pb2.RedeemGrantRequest(token=grant.token, platform="kubernetes", device_key=device)


@contextmanager
def refused(running: Running, reason: str) -> Iterator[None]:
    """Expect that the service refuses, for a reason."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert refusal(caught.value, running.address).reason == reason


def send(running: Running, method: str, content: bytes, signed: Sequence[tuple[str, str]]) -> None:
    """Make a call with metadata that were made before."""
    credentials = grpc.ssl_channel_credentials(running.authority.read_bytes())
    with grpc.secure_channel(running.address, credentials) as channel:
        rpc: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        rpc(content, metadata=tuple(signed), timeout=15.0)


def usable(lead: Service, grant: rights_pb2.Grant) -> bool:
    """Tell whether the grant is still there for who asked for it."""
    with pytest.raises(ServiceError) as caught:
        lead.call("Rights/RedeemGrant", redeeming(grant, lead.session().public_key()))
    return caught.value.reason == USABLE


def test_without_a_session_nothing_is_done_with_a_grant(
    running: Running, lead: Service, grant: rights_pb2.Grant
) -> None:
    """A device that is signed in as nobody can ask for none, approve none, see none, and use none in production."""
    key = Ed25519PrivateKey.generate()
    for method, request in requests(grant, key.public_key().public_bytes_raw()).items():
        with refused(running, "session_needed" if method == REDEEM else "no_session"):
            call(running, key.private_bytes_raw(), method, request.SerializeToString())
    assert usable(lead, grant)


def test_another_device_does_nothing_with_the_token_of_a_session(
    running: Running, lead: Service, grant: rights_pb2.Grant
) -> None:
    """The access token, signed by another key than the session's, is refused, whichever key the call names."""
    key, token = Ed25519PrivateKey.generate(), lead.session().access_token
    for device in (key.public_key().public_bytes_raw(), lead.session().public_key()):
        for method, request in requests(grant, device).items():
            with refused(running, "wrong_device"):
                call(running, key.private_bytes_raw(), method, request.SerializeToString(), token)
    assert usable(lead, grant)


def test_credentials_of_a_grant_are_for_the_device_that_asks(
    running: Running, lead: Service, grant: rights_pb2.Grant
) -> None:
    """A session does not use a grant in the name of another device, or of none."""
    session = lead.session()
    for device in (Ed25519PrivateKey.generate().public_key().public_bytes_raw(), b"", b"x" * 31):
        content = redeeming(grant, device).SerializeToString()
        with refused(running, "malformed"):
            call(running, bytes.fromhex(session.device_key), REDEEM, content, session.access_token)
    assert usable(lead, grant)


def test_the_proof_of_another_call_is_none(running: Running, lead: Service, grant: rights_pb2.Grant) -> None:
    """What the device has signed for another method, or without its token, opens nothing; and each proof works once."""
    session = lead.session()
    key, token = bytes.fromhex(session.device_key), session.access_token
    for method, request in requests(grant, session.public_key()).items():
        content = request.SerializeToString()
        with refused(running, "wrong_device"):
            send(running, method, content, metadata(key, "/waypaas.v1.Sessions/WhoAmI", token))
        without = [*metadata(key, method), ("authorization", f"Bearer {token}")]
        with refused(running, "wrong_device"):
            send(running, method, content, without)
    signed = metadata(key, REDEEM, token)
    content = redeeming(grant, session.public_key()).SerializeToString()
    for reason in (USABLE, "replayed"):
        with refused(running, reason):
            send(running, REDEEM, content, signed)
    assert usable(lead, grant)
