"""What somebody who is not signed in can do to a real service: little, and not for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from teamconfig.gen.waypaas.v1 import audit_pb2, sessions_pb2
from testservers import service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider


def test_a_flood_fills_neither_the_audit_nor_the_service(tmp_path: Path, idp: OidcProvider, people: People) -> None:
    """Beyond the limit calls without a session are refused without a row each, and who is signed in goes on."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "own", [provider], calls_per_second="20") as running:
        security = running.open(tmp_path / "home", "corp", token=people.token("sue", "acme-security"))
        roots = grpc.ssl_channel_credentials(running.authority.read_bytes())
        with grpc.secure_channel(running.address, roots) as channel:
            call = channel.unary_unary("/waypaas.v1.Sessions/WhoAmI")
            refused = [call.future(b"", timeout=20) for _ in range(400)]
            codes = [future.exception(30).code() for future in refused]
        assert grpc.StatusCode.RESOURCE_EXHAUSTED in codes
        assert codes.count(grpc.StatusCode.INVALID_ARGUMENT) < 200
        begun = time.monotonic()
        security.call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
        assert time.monotonic() - begun < 5
        rows = security.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=500)).rows
        assert len(rows) < 150
        security.close()


def test_nobody_holds_streams_open(tmp_path: Path, idp: OidcProvider) -> None:
    """Health is asked, not watched: a stream is refused at once."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "own", [provider]) as running:
        roots = grpc.ssl_channel_credentials(running.authority.read_bytes())
        with grpc.secure_channel(running.address, roots) as channel, pytest.raises(grpc.RpcError) as caught:
            next(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
