"""What a session at AWS is for, as values, and the ARNs that follow from it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig.credentials.errors import PolicyError
from teamconfig.credentials.names import ActionClass

if TYPE_CHECKING:
    from teamconfig.profile import Profile

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_OF_REPOSITORIES = frozenset({ActionClass.BUILD, ActionClass.PULL})
_SHAPES = {
    "account": re.compile(r"[0-9]{12}"),
    "region": _REGION,
    "regions": _REGION,
    "partition": re.compile(r"aws(-[a-z]+)*"),
    "cluster": re.compile(r"[A-Za-z0-9_-]{1,255}"),
    "repositories": re.compile(r"[a-z0-9][a-z0-9._/-]{1,255}"),
    "log_groups": re.compile(r"[A-Za-z0-9._/#-]{1,512}"),
    "roles": re.compile(r"(?:[A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}"),
    "team": _WORD,
    "environment": _WORD,
}
"""None permits a star, a question mark or a dollar, which mean more than themselves in a policy."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a session is for.

    Args:
        action: Class of the action.
        team: Of the standards.
        environment: Of the company.
        protected: Whether it is a protected environment.
        account: Twelve digits.
        region: As "eu-west-1".
        cluster: Name of the ECS cluster; may be empty for BUILD and PULL.
        repositories: Names of the ECR repositories, for BUILD and PULL.
        log_groups: Names of the log groups that may be read, for READ and DEPLOY.
        roles: Names of the roles that tasks get, for DEPLOY.
        partition: "aws", "aws-cn" or "aws-us-gov".
        regions: Further regions in which the repositories are, of the same account.

    Raises:
        PolicyError: A value has not the form that AWS wants, or one that the class needs is missing.
    """

    action: ActionClass
    team: str
    environment: str
    protected: bool
    account: str
    region: str
    cluster: str = ""
    repositories: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    partition: str = "aws"
    regions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            value = getattr(self, name)
            for text in (value,) if isinstance(value, str) else value:
                if not shape.fullmatch(text) and not (name == "cluster" and not text):
                    raise _refused(f"{name} {text!r} cannot be used", f"it has to look like {shape.pattern}", name)
        if self.action in _OF_REPOSITORIES and not self.repositories:
            raise _refused("no repository is named", "the session is bound to repositories by name", "repositories")
        if self.action not in _OF_REPOSITORIES and not self.cluster:
            raise _refused("no cluster is named", "the session is bound to one", "ecs.cluster of the standards")

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def cluster_arn(self) -> str:
        """ARN of the cluster."""
        return self._arn("ecs", f"cluster/{self.cluster}")

    @property
    def services(self) -> str:
        """Pattern of the services in the cluster."""
        return self._arn("ecs", f"service/{self.cluster}/*")

    @property
    def tasks(self) -> str:
        """Pattern of the tasks in the cluster."""
        return self._arn("ecs", f"task/{self.cluster}/*")

    @property
    def repository_arns(self) -> list[str]:
        """ARNs of the repositories, in each region."""
        places = dict.fromkeys((self.region, *self.regions))
        return [
            f"arn:{self.partition}:ecr:{region}:{self.account}:repository/{name}"
            for name in self.repositories
            for region in places
        ]

    @property
    def log_group_arns(self) -> list[str]:
        """ARNs of the log groups, with the streams in them."""
        return [self._arn("logs", f"log-group:{name}:*") for name in self.log_groups]

    @property
    def role_arns(self) -> list[str]:
        """ARNs of the roles that tasks get."""
        return [f"arn:{self.partition}:iam::{self.account}:role/{name}" for name in self.roles]

    @property
    def owner(self) -> str:
        """Give the session's tag `owner`, which the policy compares with that of every resource."""
        return f"{self.team}/{self.environment}"


def of_registry(profile: Profile, action: ActionClass, account: str, partition: str) -> Scope:
    """Say what a session on the images of an app is for.

    Args:
        profile: The resolved standards of the app.
        action: BUILD or PULL.
        account: Twelve digits.
        partition: "aws", "aws-cn" or "aws-us-gov".

    Returns:
        The scope: the app's repository, in its region and in those that it is replicated to.

    Raises:
        PolicyError: The images are not at ECR, or the standards name no region.
    """
    registry = profile.registry
    if registry.url or not registry.region:
        raise PolicyError(
            f"there are no rights at AWS for the images of {profile.environment}",
            f"the standard registry.url is {registry.url}: that is not ECR" if registry.url
            else "the standards name no region of ECR, and rights are bound to one",
            "use the credentials of docker login" if registry.url else "name it in the standards: registry.region",
            "registry.url" if registry.url else "registry.region",
        )  # fmt: skip
    return Scope(
        action=action,
        team=profile.team,
        environment=profile.environment,
        protected=profile.protected,
        account=account,
        region=registry.region,
        repositories=((registry.repository or f"{profile.project}/{profile.app}").lower(),),
        partition=partition,
        regions=tuple(name for name in registry.replicas or () if _REGION.fullmatch(name)),
    )


def _refused(what: str, why: str, where: str) -> PolicyError:
    return PolicyError(what, why, "mend it in the standards or in service.yaml", where)
