"""Make a plugin of components: the last line of a plugin's main module."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from waypaas_sdk import standby, startup

startup.defer()

from waypaas_sdk import optionschema  # noqa: E402  # after startup.defer()
from waypaas_sdk.component import Component  # noqa: E402
from waypaas_sdk.errors import StateError  # noqa: E402
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, services_pb2  # noqa: E402, F401
from waypaas_sdk.goplugin import dispatch, handshake, server  # noqa: E402
from waypaas_sdk.goplugin.dispatch import handler  # noqa: E402
from waypaas_sdk.logger import Logger  # noqa: E402
from waypaas_sdk.wire import (  # noqa: E402
    builder,
    configsourcer,
    platform,
    registry,
    releasemanager,
    tasklauncher,
)
from waypaas_sdk.wire import mapper as mapper_wire  # noqa: E402
from waypaas_sdk.wire.operation import Plugin  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from waypaas_sdk.goplugin.broker import Broker
    from waypaas_sdk.mapper import Mapper

SERVICES = {
    "Builder": builder.service,
    "Registry": registry.service,
    "Platform": platform.service,
    "ReleaseManager": releasemanager.service,
    "ConfigSourcer": configsourcer.service,
    "TaskLauncher": tasklauncher.service,
}
"""Every plugin serves all of them: the host may ask any about its capabilities."""


def serve(
    *components: type[Component], mappers: Sequence[Mapper] = (), description: str = "", ahead: Sequence[str] = ()
) -> NoReturn:
    """Run as a Waypoint plugin until the host is done with it, then exit.

    Started by hand, it checks the options too, and tells what it is.

    Args:
        components: Classes, at most one of each kind; each is made once, without arguments.
        mappers: Conversions that the plugin offers.
        description: One line about the plugin, for who starts it by hand.
        ahead: Names of modules that calls import; a standby (`standby`) has them imported before there is a call.

    Raises:
        TypeError: There is nothing to serve, or something that is no component, or two components are of the
            same kind; started by hand also if a component's options cannot be described to Waypoint.
    """
    if standby.is_standby():
        _warm(components, ahead)
        awake: list[grpc.Server] = []  # while there is one, grpc has its threads and pollers
        standby.wait(lambda: awake.append(server.make_server([])))
    name = os.path.basename(sys.argv[0])
    logger = Logger(name)
    if not components and not mappers:
        raise TypeError("a plugin needs a component: write serve.serve(Hello), with a class of yours for Hello")
    by_kind = _by_kind(components)

    def services(broker: Broker, running: server.RunningCalls) -> list[grpc.GenericRpcHandler]:
        return handlers(Plugin(name, broker, running, logger), by_kind, mappers)

    if handshake.WAYPOINT.cookie_name not in os.environ:
        for component in components:
            optionschema.of_component(component)
        summary = description or ((components[0].__doc__ if components else "") or "").strip().partition("\n")[0]
        sys.stderr.write(handshake.invitation(name, summary) + "\n")
        sys.exit(1)
    try:
        code = server.serve(handshake.WAYPOINT, services, logger.info)
    except StateError as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.stderr.flush()
        if os.environ[handshake.WAYPOINT.cookie_name] == handshake.WAYPOINT.cookie_value:
            startup.tell_host(str(error))
        code = 1
    standby.leave(code)


def _warm(components: Sequence[type[Component]], ahead: Sequence[str]) -> None:
    """Do what every start would do, and what calls will: nothing of it may look at the environment."""
    from contextlib import suppress  # noqa: PLC0415  # a standby only

    server.warm()
    for service in services_pb2.DESCRIPTOR.services_by_name.values():
        dispatch.warm(service)
    for component in components:
        optionschema.of_component(component)
    for name in ahead:
        with suppress(Exception):  # the call that needs it will say so; the others are as quick without it
            vars(import_module(name))  # looked at, so that a deferred module runs


def _by_kind(components: Sequence[Any]) -> dict[str, Component]:  # whatever the author passed
    made: dict[str, Component] = {}
    for component in components:
        if isinstance(component, Component):
            raise TypeError(f"serve takes classes: write {type(component).__name__}, not {type(component).__name__}()")
        if not (isinstance(component, type) and issubclass(component, Component) and component.signatures):
            name = getattr(component, "__name__", repr(component))
            raise TypeError(f"{name} is no component: serve a class that derives from component.Platform or its like")
        if component.kind in made:
            raise TypeError(f"a plugin can have one {component.kind}, this has two: {component.__name__}")
        made[component.kind] = component()
    return made


def handlers(
    plugin: Plugin, components: dict[str, Component], mappers: Sequence[Mapper]
) -> list[grpc.GenericRpcHandler]:
    """Make the handlers of all seven services.

    Args:
        plugin: The process.
        components: By kind; a missing kind answers that it is not implemented.
        mappers: Conversions that the plugin offers.

    Returns:
        For a grpc server.
    """
    descriptors = services_pb2.DESCRIPTOR.services_by_name
    made = [
        handler(descriptors[name], service(plugin, components.get(name.lower()))) for name, service in SERVICES.items()
    ]
    return [*made, handler(descriptors["Mapper"], mapper_wire.service(plugin, mappers))]
