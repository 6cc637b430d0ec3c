"""Between what Waypoint keeps of a deployment and what we work with, in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecs import names
from team_ecs.cloud import Cloud
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.place import Place
from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from waypaas_sdk.arguments import JobInfo
    from waypaas_sdk.call import Call


def place_to_proto(place: Place) -> team_ecs_pb2.Place:
    """Encode a place."""
    return team_ecs_pb2.Place(
        region=place.region,
        account=place.account,
        cluster=place.cluster,
        listener_arn=place.listener_arn,
        service=place.service,
    )


def place_from_proto(noted: team_ecs_pb2.Place) -> Place:
    """Decode a place."""
    return Place(noted.region, noted.account, noted.cluster, noted.listener_arn, noted.service)


def cloud(
    noted: team_ecs_pb2.Place,
    action: str,
    identity: team_ecs_pb2.Identity,
    call: Call | None = None,
    notify: Callable[[str], None] = lambda _: None,
    *,
    hasty: bool = False,
    image: str = "",
) -> Cloud:
    """Reach AWS again where a deployment is.

    Args:
        noted: Where.
        action: What for, a word of the policy: "read", "logs", "deploy", "destroy".
        identity: Whose app it is.
        call: Ends the work when cancelled.
        notify: Told what is waited for.
        hasty: Rather fail soon than wait long.
        image: Reference of the image, where the action is about one.

    Returns:
        Its cloud.

    Raises:
        PolicyError: The credentials here are of another account.
        PluginError: There are none, or AWS cannot be asked.
    """
    rights = None
    if noted.service:
        from team_ecs.authority import Rights  # noqa: PLC0415  # only where there is a service

        rights = Rights(noted.service, identity_from_proto(identity), action, image)
    found = Cloud(place_from_proto(noted), call, notify, hasty=hasty, rights=rights)
    found.partition()
    return found


def refuse_other(identity: names.Identity, job: JobInfo) -> None:
    """Refuse a job about something else than what it was handed: its standards would be the wrong ones.

    Args:
        identity: Of the deployment.
        job: As the host says.

    Raises:
        PolicyError: Project, app or workspace differ.
    """
    stored, asked = (identity.project, identity.app, identity.workspace), (job.project, job.app, job.workspace)
    if stored != asked:
        raise PolicyError(
            f"the deployment is of {'/'.join(stored)}, and the job is about {'/'.join(asked)}",
            why="a deployment is judged by the standards of its own project, app and workspace",
            fix="run it in that workspace",
        )


def identity_to_proto(identity: names.Identity) -> team_ecs_pb2.Identity:
    """Encode an identity."""
    return team_ecs_pb2.Identity(
        project=identity.project,
        app=identity.app,
        workspace=identity.workspace,
        environment=identity.environment,
        team=identity.team,
    )


def identity_from_proto(noted: team_ecs_pb2.Identity) -> names.Identity:
    """Decode an identity."""
    return names.Identity(noted.project, noted.app, noted.workspace, noted.environment, noted.team)


def tags(deployment: team_ecs_pb2.Deployment) -> dict[str, str]:
    """Give the tags that every part of a deployment has."""
    return names.owner(identity_from_proto(deployment.identity)) | {names.DEPLOYMENT_TAG: deployment.id}
