"""Whose credentials reach ECR: those that the team config service lends where it holds the standards, else the user's.

Owns which right is asked for when. Registries that are not ECR have docker's
credentials in any case.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from team_ecr import moving, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from team_ecr.moving import Mover
    from team_ecr.standards import Resolved
    from teamplugin.awsrights import AwsRights
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI


def rights(resolved: Resolved, action: str, digest: str = "") -> AwsRights | None:
    """Give the rights at the repository of an environment.

    Args:
        resolved: The standards of the environment.
        action: Word of the policy.
        digest: Of the image that is brought; empty if it is not known.

    Returns:
        None where the user's own credentials are used.

    Raises:
        PluginError: Nobody is signed in at the service.
    """
    if not resolved.authority or resolved.registry.url:
        return None
    from teamplugin.awsrights import RepositoryRights  # noqa: PLC0415  # where there is a service only

    image = f"@{digest}" if digest else ""
    return RepositoryRights(resolved.authority, resolved.identity, action, image, [resolved.stanza])


def lend(mover: Mover, resolved: Resolved, digest: str = "") -> None:
    """Let a mover write to the repository of an environment, and to its replicas in ECR.

    Args:
        mover: Has reached nothing in ECR yet.
        resolved: The standards of the environment.
        digest: Of the image that is brought; empty where it is built now.

    Raises:
        PluginError: Nobody is signed in at the service.
    """
    place = places.of(resolved.registry)
    lent = rights(resolved, "deploy" if resolved.previous else "build", digest)
    mover.lend(lent, [place, *places.replicas(resolved.registry, place)])


@contextmanager
def reading(mover: Mover, resolved: Resolved, call: Call, ui: TerminalUI) -> Iterator[Mover]:
    """Reach the repository of an environment for the length of a block, to read.

    Args:
        mover: That will write.
        resolved: The standards of the environment.
        call: Ends it when cancelled.
        ui: Shows how far it is.

    Yields:
        The same mover where the user's own credentials are used; else another one, which may read there and no more.

    Raises:
        PluginError: As in `moving.opened`; nobody is signed in at the service.
    """
    lent = rights(resolved, "read")
    if lent is None:
        yield mover
        return
    with moving.opened(call, ui) as reader:
        reader.lend(lent, [places.of(resolved.registry)])
        yield reader
