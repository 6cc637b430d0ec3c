"""The standard health service, which go-plugin asks about the service "plugin".

Loaded when first asked: a host asks when it pings, most never do.
"""

from __future__ import annotations

from typing import Any

import grpc

SERVICE = "plugin"
"""Name under which go-plugin asks. Source: hashicorp/go-plugin grpc_server.go, GRPCServiceName."""


class HealthHandler(grpc.GenericRpcHandler):
    """Answers grpc.health.v1.Health by the library, imported on the first question."""

    def __init__(self) -> None:
        self._handlers: dict[str, Any] | None = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Find the handler of a call.

        Args:
            handler_call_details: Of the call.

        Returns:
            None if the call is not for the health service.
        """
        method: str = handler_call_details.method
        if not method.startswith("/grpc.health.v1.Health/"):
            return None
        if self._handlers is None:
            self._handlers = _load()
        return self._handlers.get(method.rpartition("/")[2])


def _load() -> dict[str, Any]:
    from grpc_health.v1 import health, health_pb2  # noqa: PLC0415  # see the module's docstring

    servicer = health.HealthServicer()
    for name in ("", SERVICE):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    return {
        "Check": grpc.unary_unary_rpc_method_handler(
            servicer.Check,
            request_deserializer=health_pb2.HealthCheckRequest.FromString,
            response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
        ),
        "Watch": grpc.unary_stream_rpc_method_handler(
            servicer.Watch,
            request_deserializer=health_pb2.HealthCheckRequest.FromString,
            response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
        ),
    }
