"""Mapper on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.wire import anys, faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypaas_sdk.mapper import Mapper
    from waypaas_sdk.wire.operation import Methods, Plugin


def service(plugin: Plugin, mappers: Sequence[Mapper]) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        mappers: What the plugin offers.

    Returns:
        Behaviour by name of the RPC.
    """

    def list_mappers(_: Any, __: grpc.ServicerContext) -> Any:  # by descriptor
        response = arguments_pb2.Map.ListResponse()
        for offered in mappers:
            function = response.funcs.add(name=getattr(offered.convert, "__name__", "mapper"))
            function.args.add(type=offered.source.DESCRIPTOR.full_name)
            function.result.add(type=offered.target.DESCRIPTOR.full_name)
        return response

    def map_(request: Any, context: grpc.ServicerContext) -> Any:  # by descriptor
        sent = {anys.name(value.proto_any): value.proto_any for value in request.args.args}
        for offered in mappers:
            source = sent.get(offered.source.DESCRIPTOR.full_name)
            if source is None or offered.target.DESCRIPTOR.full_name != request.result:
                continue
            try:
                converted = offered.convert(anys.unpack(source, offered.source))
            except faults.FAILURES as error:  # every exception becomes a status
                context.abort(*faults.status_of(error, plugin.name, cancelled=False, logger=plugin.logger))
                raise
            return arguments_pb2.Map.Response(result=anys.pack(converted))
        text = f"{plugin.name} has no mapper from {', '.join(sorted(sent)) or 'nothing'} to {request.result}"
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
        raise AssertionError

    return {"ListMappers": list_mappers, "Map": map_}
