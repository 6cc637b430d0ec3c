"""What operators see: metrics, traces, logs and health, none with a secret in it."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, sessions_pb2, standards_pb2
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans, as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # the contract's name
        """Keep the spans."""
        del context
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture(name="collector")
def _collector() -> Iterator[tuple[Collector, str]]:
    """Give a collector, and its URL."""
    found, server = Collector(), grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(found, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield found, f"http://127.0.0.1:{port}"
    server.stop(0).wait()


def test_calls_are_measured_traced_and_logged(
    tmp_path: Path, idp: OidcProvider, people: People, collector: tuple[Collector, str]
) -> None:
    """An answer and a refusal show in metrics by method and reason, as spans with the request's id, and in health."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        metrics = f"127.0.0.1:{probe.getsockname()[1]}"
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "own", [provider], metrics=metrics, traces=collector[1]) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("dora", "payments-developers"))
        client.call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
        target = common_pb2.Target(project="catalog", app="web", workspace="dev")
        with pytest.raises(ServiceError) as refused:
            client.call("Standards/Resolve", standards_pb2.ResolveRequest(target=target))
        roots = grpc.ssl_channel_credentials(running.authority.read_bytes())
        with grpc.secure_channel(running.address, roots) as channel:
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=10) as page:
            text = page.read().decode()
        token = client.session().access_token
        client.close()
    who = 'waypaas_calls_total{code="OK",method="/waypaas.v1.Sessions/WhoAmI",reason=""} 1.0'
    denied = 'code="PERMISSION_DENIED",method="/waypaas.v1.Standards/Resolve",reason="no_role"} 1.0'
    assert who in text
    assert denied in text
    assert "waypaas_ready 1.0" in text
    deadline = time.monotonic() + 10
    while len(collector[0].spans) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    ids = {span.name: {one.key: one.value.string_value for one in span.attributes} for span in collector[0].spans}
    assert ids["/waypaas.v1.Standards/Resolve"]["waypaas.request_id"] == refused.value.request_id
    for line in running.log.splitlines():
        assert {"time", "level", "message"} <= json.loads(line).keys()
    assert token not in text + running.log + str(collector[0].spans)
