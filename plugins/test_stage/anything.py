"""Lets deployments and artifacts of any type through, which the SDK's components ask for by their type.

A release asks the host for the value named "target" whatever its type is, and
gets it as a Target. What a build gives as a Built leaves as what is in it.

Source: go-argmapper call.go: a named value without subtype takes one with any subtype; Waypoint 0.11.4
internal/core/app_release.go, ArgNamedAny("target", ...).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from test_stage.gen.test_stage.v1.test_stage_pb2 import Built, Target
from waypaas_sdk.wire import anys, builder, releasemanager

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from waypaas_sdk.component import Component
    from waypaas_sdk.wire.operation import Methods, Plugin

NAME = "target"
"""By which Waypoint hands a deployment to a release."""

TARGET = Target.DESCRIPTOR.full_name


def release_manager(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None.

    Returns:
        Those of the SDK, but for what a release asks for.
    """
    made = releasemanager.service(plugin, component)
    spec, release = made["ReleaseSpec"], made["Release"]

    def asked(request: Any, context: Any) -> Any:  # by descriptor
        wanted = spec(request, context)
        for value in wanted.args:
            if value.type == TARGET:
                value.name, value.type = NAME, ""
        return wanted

    def called(request: Any, context: Any) -> Any:  # by descriptor
        for value in request.args:
            if value.name == NAME and value.HasField("proto_any"):
                value.proto_any.CopyFrom(anys.pack(Target(deployment=value.proto_any)))
        return release(request, context)

    return made | {"ReleaseSpec": asked, "Release": called}


def maker(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None.

    Returns:
        Those of the SDK, but for what a build gives.
    """
    made = builder.service(plugin, component)

    def opened(build: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def called(request: Any, context: Any) -> Any:  # by descriptor
            reply = build(request, context)
            built = anys.unpack(reply.result, Built)
            reply.result.CopyFrom(built.artifact)
            reply.result_json, reply.template_data = built.json, built.template_data
            return reply

        return called

    return made | {name: opened(made[name]) for name in ("Build", "BuildODR")}


SERVICES: Mapping[str, Callable[[Plugin, Component | None], Methods]] = {
    "Builder": maker,
    "ReleaseManager": release_manager,
}
"""What takes the place of the SDK's own services."""
