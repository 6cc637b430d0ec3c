"""One call of a component's operation: decode, call, close what was opened, encode.

Every service is a table of methods made here and in `common`.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from waypaas_sdk.call import Call
from waypaas_sdk.errors import BugError, PluginError
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2
from waypaas_sdk.signature import MAKERS
from waypaas_sdk.wire import faults, funcspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from waypaas_sdk.component import Component
    from waypaas_sdk.goplugin.broker import Broker
    from waypaas_sdk.goplugin.server import RunningCalls
    from waypaas_sdk.logger import Logger

Methods = dict[str, "Callable[[Any, grpc.ServicerContext], Any]"]
"""Behaviour by name of the RPC."""


@dataclass(frozen=True)
class Plugin:
    """What all services of one process share.

    Args:
        name: Of the binary.
        broker: Reaches the host's streams.
        running: Knows the calls that run.
        logger: Writes the host's log.
    """

    name: str
    broker: Broker
    running: RunningCalls
    logger: Logger


def methods(
    plugin: Plugin,
    component: Component | None,
    operation: str,
    rpc: str,
    encode: Callable[[Any], Any],
    *,
    spec: str = "",
    rescue: Callable[[str], Any] | None = None,
) -> Methods:
    """Make the pair of RPCs of one operation.

    Args:
        plugin: The process.
        component: Or None, if the plugin has none of this kind.
        operation: Name of the component's method: "deploy".
        rpc: Name on the wire: "Deploy".
        encode: From what the method returned to the reply.
        spec: Name of the RPC that asks for the spec, if not `rpc` + "Spec".
        rescue: From the text of an error to a reply, where the host must not see an error.

    Returns:
        Both behaviours; they answer UNIMPLEMENTED if the component lacks the operation.
    """
    sig = component.signatures.get(operation) if component is not None else None

    def give_spec(_: Any, context: grpc.ServicerContext) -> Any:  # by descriptor
        if sig is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{plugin.name} does not implement {rpc}")
        return funcspec.to_proto(sig)

    def call(request: Any, context: grpc.ServicerContext) -> Any:  # by descriptor
        if sig is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{plugin.name} does not implement {rpc}")
        return _run(plugin, component, sig, request, context, encode, rescue)

    return {spec or f"{rpc}Spec": give_spec, rpc: call}


def _run(  # one call's whole context
    plugin: Plugin,
    component: Any,  # its methods differ
    sig: Any,
    request: Any,
    context: grpc.ServicerContext,
    encode: Callable[[Any], Any],
    rescue: Callable[[str], Any] | None,
) -> Any:
    running = Call(sig.operation)
    plugin.running.begin(running)
    context.add_callback(running.cancel)
    try:
        with ExitStack() as closing:
            scope = funcspec.Scope(running, plugin.broker, plugin.logger, closing)
            given = funcspec.from_proto(sig, request.args, scope)
            running.check()
            try:
                returned = getattr(component, sig.operation)(**given)
            except PluginError as error:
                _tell_session(given, error)
                raise
        return _encoded(component, sig.operation, returned, encode)
    except faults.FAILURES as error:  # every exception becomes a status
        code, text = faults.status_of(error, plugin.name, cancelled=running.cancelled, logger=plugin.logger)
        plugin.logger.debug(f"{sig.operation} failed", code=code.name, error=text)
        if rescue is not None and not running.cancelled:
            return rescue(text)
        context.abort(code, text)
        raise AssertionError from error  # abort raises; this is for the type checker
    finally:
        plugin.running.end(running)


def _encoded(component: Component, operation: str, returned: Any, encode: Callable[[Any], Any]) -> Any:
    """Encode what an operation returned.

    Raises:
        BugError: What an operation that makes something returned cannot be sent. Its own undoing is over by then.
    """
    if operation not in MAKERS:
        return encode(returned)
    try:
        return encode(returned)
    except faults.FAILURES as error:
        what = error.what if isinstance(error, BugError) else f"returned what cannot be sent ({type(error).__name__})"
        why = "it had ended by then: what it made is left, and Waypoint does not know of it"
        raise BugError(f"{type(component).__name__}.{operation} {what}", why=why) from error


def _tell_session(given: dict[str, Any], error: PluginError) -> None:
    """Show an error in the exec session itself: Waypoint ends a failed one without a word."""
    for value in given.values():
        if isinstance(value, ExecSession):
            value.write_error(f"{error}\n".encode())


def capability(implemented: bool) -> Callable[[Any, grpc.ServicerContext], Any]:  # noqa: FBT001  # the answer itself
    """Make the behaviour of an Is* RPC.

    Args:
        implemented: The answer.

    Returns:
        The behaviour.
    """

    def answer(_: Any, __: grpc.ServicerContext) -> Any:  # by descriptor
        return services_pb2.ImplementsResp(implements=implemented)

    return answer


def has(component: Component | None, operation: str) -> bool:
    """Tell whether a component implements an operation."""
    return component is not None and operation in component.signatures
