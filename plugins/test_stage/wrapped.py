"""The other plugin of a release: found, configured, and asked to release, report and destroy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from waypaas_sdk import delegate
from waypaas_sdk.errors import OptionError, StateError
from waypaas_sdk.health import Health, StatusReport
from waypaas_sdk.resources import Category, Resource
from waypaas_sdk.wire import anys, reports

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from test_stage.gen.test_stage.v1.test_stage_pb2 import Release
    from waypaas_sdk.call import Call
    from waypaas_sdk.delegate import Delegate
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny

KIND = "releasemanager"
WHERE = "release.use.options"

RELEASERS: Mapping[str, str] = {
    "k8s.Deployment": "kubernetes",
    "google.cloudrun.Deployment": "google-cloud-run",
    "ec2.Deployment": "aws-alb",
    "aws.lambda.Deployment": "aws-alb",
    "nomad.jobspec.Deployment": "nomad-jobspec-canary",
    "jobspec.Deployment": "nomad-jobspec-canary",
}
"""Release manager of Waypoint's own platforms, by the type of their deployments."""

OURS = "team_"
"""How the packages of our own plugins' messages begin."""


def releaser(deployment: OpaqueAny, where: str) -> str:
    """Find the plugin that releases a deployment, by its type.

    Args:
        deployment: Of any platform.
        where: Path of the `use` in waypoint.hcl.

    Returns:
        Its name as after `use`.

    Raises:
        OptionError: The type says nothing.
    """
    kind = anys.name(deployment)
    package = kind.partition(".")[0]
    if package.startswith(OURS):
        return package.replace("_", "-")
    if kind in RELEASERS:
        return RELEASERS[kind]
    raise OptionError(
        f"nobody knows which plugin releases a {kind or 'deployment of no type'}",
        fix='name it: then = "..."',
        where=where,
    )


def release(other: Delegate, deployment: OpaqueAny, given: Iterable[object]) -> Any:
    """Let the other plugin release.

    Args:
        other: Configured.
        deployment: Of the platform.
        given: What our own call was given.

    Returns:
        Its reply.

    Raises:
        PluginError: It failed, or cannot be given what it asks for.
    """
    spec = other.ask(KIND, "ReleaseSpec")
    wanted = [value.type for value in spec.args if value.type]
    return other.invoke(KIND, "Release", *_fitting(other, deployment, wanted), *given)


def _fitting(other: Delegate, deployment: OpaqueAny, wanted: list[str]) -> Iterator[OpaqueAny]:
    """Give the deployment, and what the plugin's own mappers make of it that its operation asks for."""
    from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2  # noqa: PLC0415  # loaded already

    yield deployment
    if anys.name(deployment) in wanted:
        return
    for offered in other.ask("mapper", "ListMappers").funcs:
        takes, gives = [one.type for one in offered.args], [one.type for one in offered.result]
        result = next((name for name in gives if name in wanted), "")
        if takes == [anys.name(deployment)] and result:
            request = arguments_pb2.Map.Request(result=result)
            request.args.args.add(type=takes[0], proto_any=deployment)
            yield other.ask("mapper", "Map", request).result
            return


def made(reply: Any) -> tuple[dict[str, Any], list[Resource]]:
    """Read what the other plugin's release says beside its message.

    Args:
        reply: Of Release.

    Returns:
        Its template data, and what it declares to have made.
    """
    data = json.loads(reply.template_data) if reply.template_data else {}
    return data if isinstance(data, dict) else {}, _resources(reply.declared_resources.resources)


def _resources(declared: Any) -> list[Resource]:
    return [
        Resource(
            one.name,
            one.type,
            one.platform,
            Category(getattr(one, "category_display_hint", 0)),
            _object(one.state_json),
        )
        for one in declared
    ]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def status(noted: Release, directory: os.PathLike[str], given: Iterable[object], call: Call) -> StatusReport:
    """Ask the other plugin for the status of its release.

    It gets an empty last report: Waypoint 0.11.4 panics where one is asked for before there is any.

    Args:
        noted: As stored.
        directory: Of the app.
        given: What our own call was given.
        call: Ours.

    Returns:
        Its report; READY where it has none to give.
    """
    with delegate.launch(noted.plugin, call, directory) as other:
        if not other.ask(KIND, "IsStatus").implements:
            return StatusReport(Health.READY, f"plugin {noted.plugin} tells no status of its releases")
        other.configure(KIND, dict(noted.options), WHERE)
        return reports.from_proto(other.invoke(KIND, "Status", noted.release, StatusReport(Health.UNKNOWN), *given))


def destroy(noted: Release, directory: os.PathLike[str], given: Iterable[object], call: Call) -> list[Resource]:
    """Let the other plugin destroy its release.

    Args:
        noted: As stored.
        directory: Of the app.
        given: What our own call was given.
        call: Ours.

    Returns:
        What is gone; nothing where it destroys no releases.
    """
    with delegate.launch(noted.plugin, call, directory) as other:
        if not other.ask(KIND, "IsDestroyer").implements:
            return []
        other.configure(KIND, dict(noted.options), WHERE)
        reply = other.invoke(KIND, "Destroy", noted.release, *given)
        return _resources(reply.destroyed_resources.destroyed_resources)


def destroy_workspace(noted: Release, directory: os.PathLike[str], given: Iterable[object], call: Call) -> None:
    """Let the other plugin remove what is left of a workspace.

    Args:
        noted: As stored.
        directory: Of the app.
        given: What our own call was given.
        call: Ours.
    """
    with delegate.launch(noted.plugin, call, directory) as other:
        if other.ask(KIND, "IsWorkspaceDestroyer").implements:
            other.configure(KIND, dict(noted.options), WHERE)
            other.invoke(KIND, "DestroyWorkspace", noted.release, *given)


def checked(other: Delegate) -> None:
    """Refuse a plugin that releases nothing, before any test runs.

    Args:
        other: Launched.

    Raises:
        StateError: It has no release manager.
    """
    if not other.implements(KIND, "Release"):
        raise StateError(
            f'plugin "{other.name}" releases nothing',
            why="it has no release manager",
            fix='name another one: then = "..."',
            where="release.use.then",
        )
