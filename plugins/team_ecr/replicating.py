"""Where an image goes besides: replicas that we send to, and replicas that ECR's own rules deliver to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecr import places
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from imagemover.ecr.hosts import Host
    from imagemover.repository import Repository
    from team_ecr.moving import Mover
    from team_ecr.places import Place
    from teamconfig.model import Registry
    from waypaas_sdk.terminal import TerminalUI

PAUSE_SECONDS = 3.0
"""Between two looks."""


def split(mover: Mover, standards: Registry, place: Place) -> tuple[list[Repository], list[Repository]]:
    """Tell the replicas to send to from those to wait for.

    Args:
        mover: Reaches registries.
        standards: Of the environment.
        place: Of its images.

    Returns:
        Both lists; one of them is empty.

    Raises:
        OptionError: ECR shall deliver to what is not ECR.
        ImageError: ECR does not say where a registry is.
    """
    others = places.replicas(standards, place)
    by_ecr = standards.replication == "ecr"
    if by_ecr and others and not all(one.is_ecr for one in (place, *others)):
        raise OptionError(
            "replication = ecr works within ECR only",
            why=f"images go to {', '.join(one.words for one in (place, *others))}",
            fix="set the standard registry.replication to push",
        )
    own = mover.repository(place).name  # its region may be known to the environment of the process only
    repositories = [found for one in others if (found := mover.repository(one)).name != own]
    return ([], repositories) if by_ecr else (repositories, [])


def wait(mover: Mover, own: Repository, awaited: list[Repository], digest: str, ui: TerminalUI) -> None:
    """Wait until the replication rules of ECR have brought an image to its replicas.

    Args:
        mover: Reaches ECR.
        own: Where it was pushed.
        awaited: The replicas; of ECR, as `own` is.
        digest: Of the image.
        ui: Is told how far it is.

    Raises:
        ImageError: It did not arrive, or ECR does not say.
    """
    if not awaited:
        return
    from imagemover.ecr import replication  # noqa: PLC0415  # where ECR is reached only

    hosts = [_host(one) for one in awaited]
    with ui.step_group() as steps, steps.add(f"Waiting for ECR to replicate {digest}") as step:

        def told(replicas: tuple[replication.Replica, ...], seconds: float) -> None:
            states = ", ".join(f"{one.host.region}: {one.state}" for one in replicas)
            step.update(f"Waiting for ECR to replicate {digest} since {seconds:.0f} s: {states}")

        pause = PAUSE_SECONDS
        found = replication.wait(
            mover.ecr.cloud, _host(own), own.path, digest, hosts, pause_seconds=pause, on_progress=told
        )
        step.update(f"ECR has replicated {digest} to {', '.join(one.host.region for one in found)}")
    for one in found:
        if not one.tags:
            text = f"In {one.host.region} no tag stands on the image: `wps image doctor` tells why"
            ui.output(text, style="warning")


def _host(repository: Repository) -> Host:
    from imagemover.ecr.registry import EcrRegistry  # noqa: PLC0415  # where ECR is reached only

    registry = repository.registry
    if not isinstance(registry, EcrRegistry):
        raise TypeError(f"{repository.name} is not of ECR")  # split() has refused it
    return registry.ecr
