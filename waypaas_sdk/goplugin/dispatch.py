"""Serve and call gRPC methods by the descriptors of their services.

Generated stubs would do the same with thousands of lines that every plugin
process has to load (docs/design/0001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor


def handler(service: ServiceDescriptor, methods: Mapping[str, Callable[[Any, Any], Any]]) -> grpc.GenericRpcHandler:
    """Make a handler that serves a service.

    Args:
        service: From a generated module's DESCRIPTOR.
        methods: Behaviour by name; each takes (request, ServicerContext). What is
            missing answers UNIMPLEMENTED.

    Returns:
        For `grpc.Server.add_generic_rpc_handlers`.

    Raises:
        KeyError: A name that the service does not have.
    """
    table = {name: _method_handler(service.methods_by_name[name], behaviour) for name, behaviour in methods.items()}
    return grpc.method_handlers_generic_handler(service.full_name, table)


def _method_handler(method: MethodDescriptor, behaviour: Callable[[Any, Any], Any]) -> grpc.RpcMethodHandler[Any, Any]:
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streaming, method.server_streaming]
    return make(
        behaviour,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )


def warm(service: ServiceDescriptor) -> None:
    """Make the classes of a service's messages, which `handler` and `stub` would make.

    Args:
        service: From a generated module's DESCRIPTOR.
    """
    for method in service.methods:
        GetMessageClass(method.input_type)
        GetMessageClass(method.output_type)


def stub(channel: grpc.Channel, service: ServiceDescriptor, name: str) -> Any:  # four kinds of callables
    """Make the callable for one method of a service on a channel.

    Args:
        channel: Where the service is.
        service: From a generated module's DESCRIPTOR.
        name: Of the method.

    Returns:
        What `channel.unary_unary` and its siblings give.

    Raises:
        KeyError: The service has no such method.
    """
    method = service.methods_by_name[name]
    make = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming]
    return make(
        f"/{service.full_name}/{name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
