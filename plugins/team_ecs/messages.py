"""Between what Waypoint keeps of a deployment and what we work with, in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecs import names
from team_ecs.cloud import Cloud
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.place import Place
from teamplugin.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from waypaas_sdk.call import Call


def place_to_proto(place: Place) -> team_ecs_pb2.Place:
    """Encode a place."""
    return team_ecs_pb2.Place(
        region=place.region,
        account=place.account,
        cluster=place.cluster,
        listener_arn=place.listener_arn,
        service=place.service,
        network_arn=place.network_arn,
    )


def place_from_proto(noted: team_ecs_pb2.Place) -> Place:
    """Decode a place."""
    return Place(noted.region, noted.account, noted.cluster, noted.listener_arn, noted.service, noted.network_arn)


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
        from teamplugin.awsrights import AwsRights  # noqa: PLC0415  # only where there is a service

        rights = AwsRights(noted.service, identity_from_proto(identity), action, image)
    found = Cloud(place_from_proto(noted), call, notify, hasty=hasty, rights=rights)
    found.partition()
    return found


def identity_to_proto(identity: Identity) -> team_ecs_pb2.Identity:
    """Encode an identity."""
    return team_ecs_pb2.Identity(
        project=identity.project,
        app=identity.app,
        workspace=identity.workspace,
        environment=identity.environment,
        team=identity.team,
    )


def identity_from_proto(noted: team_ecs_pb2.Identity) -> Identity:
    """Decode an identity."""
    return Identity(noted.project, noted.app, noted.workspace, noted.environment, noted.team)


def tags(deployment: team_ecs_pb2.Deployment) -> dict[str, str]:
    """Give the tags that every part of a deployment has."""
    return names.owner(identity_from_proto(deployment.identity)) | {names.DEPLOYMENT_TAG: deployment.id}
