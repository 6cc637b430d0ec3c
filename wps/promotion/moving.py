"""What it takes to bring an image from the registry of one environment into that of another; nothing is written.

Owns the connections of the look. The bytes move when Waypoint calls the plugin team-ecr, by the same mover.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from imagemover.credentials import DockerConfig
from imagemover.errors import ImageError
from imagemover.jobs import Job, Options, Target
from imagemover.patience import Patience
from imagemover.registry import Registry
from wps.images import rehearsal
from wps.promotion.plan import Move

if TYPE_CHECKING:
    from imagemover.ecr.registries import Ecr
    from imagemover.repository import Repository
    from team_ecr.places import Place
    from teamconfig.model import Registry as Standards


class Look:
    """Reaches registries by the user's own credentials; use it in `with`."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._docker = DockerConfig()
        self._ecr: Ecr | None = None
        self.patience = Patience()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._closing.close()

    def repository(self, standards: Standards) -> Repository:
        """Reach the repository of an environment.

        Args:
            standards: Section registry of its standards.

        Returns:
            The repository; whether it exists is seen when it is used.

        Raises:
            ImageError: ECR does not say where it is.
            PluginError: No repository can have the name.
        """
        from team_ecr import places  # noqa: PLC0415  # only who promotes needs it

        place: Place = places.of(standards)
        if place.is_ecr:
            return self._of_ecr(place)
        opened = Registry(place.host, keyring=self._docker, patience=self.patience, plain_http=place.plain_http)
        return self._closing.enter_context(opened).repository(place.repository)

    def _of_ecr(self, place: Place) -> Repository:
        from imagemover.ecr import cloud, hosts  # noqa: PLC0415  # where ECR is reached only
        from imagemover.ecr.registries import Ecr  # noqa: PLC0415

        if self._ecr is None:
            self._ecr = self._closing.enter_context(Ecr(patience=self.patience, others=self._docker))
        host = hosts.build(place.account, cloud.own_region(place.region))
        return self._ecr.registry(host).repository(place.repository)


def look(digest: str, source: Standards | None, target: Standards) -> Move:
    """Find out what bringing an image takes.

    Args:
        digest: Of it.
        source: Section registry where it comes from; None where it has to be in the target already.
        target: Section registry where it goes to.

    Returns:
        What is there and what is missing; `error` tells why it cannot be brought.

    Raises:
        PluginError: The standards name no repository.
    """
    with Look() as looking:
        there = here = None
        try:
            here = looking.repository(target)
            there = looking.repository(source) if source is not None else here
            if there.name != here.name and there.resolve(digest) is None:
                there = here
            if there.resolve(digest) is None:
                return Move(there.name, here.name, error=f"it is neither there nor in {here.name}")
            if there.name == here.name:
                return Move(there.name, here.name)
            return _rehearsed(looking, digest, there, here)
        except ImageError as err:
            names = tuple(one.name if one is not None else "" for one in (there, here))
            return Move(names[0], names[1], error=f"{err.what}: {err.why}")


def _rehearsed(looking: Look, digest: str, source: Repository, target: Repository) -> Move:
    job = Job(source, digest, (Target(target),), digest)
    found = rehearsal.rehearse([job], Options(referrers=True), looking.patience)
    error = next((one.error for one in found.images if one.sort == "failed"), "")
    planned = found.planned()
    return Move(source.name, target.name, planned.send_bytes, planned.sends, planned.present, error)
