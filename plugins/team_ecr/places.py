"""Where an environment's images live: host and repository by its standards. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from teamconfig.model import Registry


@dataclass(frozen=True)
class Place:
    """A repository somewhere.

    Args:
        repository: Path in the registry.
        host: With its port; empty: ECR, at the host that account and region have.
        plain_http: True: without TLS; None: without on this machine's loopback only.
        region: Of ECR; empty: as the environment of the process says.
        account: Of ECR; empty: that of the credentials.
    """

    repository: str
    host: str = ""
    plain_http: bool | None = None
    region: str = ""
    account: str = ""

    @property
    def is_ecr(self) -> bool:
        """Whether ECR's own API has to be asked where it is."""
        return not self.host

    @property
    def words(self) -> str:
        """The place before its host is known, for people."""
        if self.host:
            return f"{self.host}/{self.repository}"
        where = ", ".join(filter(None, (self.region, self.account)))
        return f"{self.repository} in ECR" + (f" ({where})" if where else "")


def of(standards: Registry) -> Place:
    """Give the place of an environment's images.

    Args:
        standards: Of the environment.

    Returns:
        The place. The repository is in lower case, as every registry wants it.

    Raises:
        OptionError: No repository can have this name.
    """
    from imagemover import references  # noqa: PLC0415  # beside a plugin's start
    from imagemover.errors import ReferenceSyntaxError  # noqa: PLC0415

    scheme, separator, address = (standards.url or "").rpartition("://")
    host, _, prefix = address.partition("/")
    repository = "/".join(filter(None, (prefix, (standards.repository or "").lower())))
    try:
        references.parse(f"{host or 'ecr.example'}/{repository}")
    except ReferenceSyntaxError as err:
        raise OptionError(
            f'no repository can be named "{repository}"',
            why=err.why,
            fix="set the option or standard repository, for instance to team/web",
        ) from err
    if host:
        return Place(repository, host, plain_http=scheme == "http" if separator else None)
    return Place(repository, region=standards.region or "", account=standards.account or "")


def replicas(standards: Registry, place: Place) -> list[Place]:
    """Give the other places that each image is brought to.

    Args:
        standards: Of the environment.
        place: That of its images.

    Returns:
        One for each replica, the repository of the same name.
    """
    return [_replica(name, place) for name in standards.replicas or () if name not in {place.host, place.region}]


def _replica(name: str, place: Place) -> Place:
    if is_region(name):
        return Place(place.repository, region=name, account=place.account)
    return replace(place, host=name, plain_http=None, region="", account="")


def is_region(name: str) -> bool:
    """Tell a region of AWS from a host: it has neither dot nor port."""
    return "." not in name and ":" not in name and name != "localhost"
