"""What a test copies into ECR with: a name of its own, clients with logins of their own, a source that is not ECR's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import moverimages

from imagemover import copying
from imagemover.ecr.registries import Ecr
from imagemover.jobs import Job, Target
from imagemover.patience import Patience, Policy
from imagemover.registry import Registry

if TYPE_CHECKING:
    from imagemover.ecr.hosts import Host
    from imagemover.ecr.registry import EcrRepository
    from imagemover.results import Listener, Result
    from testservers import ecr, registry

OURS, THEIRS = "111111111111", "222222222222"
NEAR, FAR = "eu-central-1", "us-east-1"
POLICY = Policy(stall_seconds=5.0, first_seconds=0.02, most_seconds=0.2, deadline_seconds=60.0)


@dataclass
class World:
    """What a test has.

    Args:
        server: ECR.
        plain: A registry that is none of ECR's.
        name: A repository that nobody else uses; it is not created yet.
        opened: Clients, closed after the test.
    """

    server: ecr.Ecr
    plain: registry.Registry
    name: str
    opened: list[Any] = field(default_factory=list)

    def client(self, policy: Policy = POLICY, **options: Any) -> Ecr:
        """Give a client with its own login."""
        self.opened.append(Ecr(patience=Patience(policy), **options))
        found: Ecr = self.opened[-1]
        return found

    def source(self, image: moverimages.Image, patience: Patience) -> Any:
        """Put an image into the plain registry, and give its repository."""
        moverimages.push(self.plain, self.name, image)
        self.opened.append(Registry(self.plain.host, patience=patience))
        return self.opened[-1].repository(self.name)

    def create(self, host: Host) -> None:
        """Create the repository with ECR's defaults."""
        self.server.create(host.account, host.region, self.name)

    def copy(
        self, image: moverimages.Image, target: EcrRepository, on_event: Listener | None = None, **options: Any
    ) -> Result:
        """Copy an image from the plain registry."""
        patience = target.registry.patience
        job = Job(self.source(image, patience), "v1", (Target(target, ("v1",)),))
        return copying.copy([job], copying.Options(**options), patience, on_event)

    def assert_complete(self, host: Host, image: moverimages.Image, tag: str = "v1") -> None:
        """Hold what ECR has against an image: in its API, and in the files behind it."""
        assert self.server.tags(host.account, host.region, self.name)[tag] == image.root
        moverimages.assert_complete(self.server.backends[host.account, host.region], self.name, image, tag)
