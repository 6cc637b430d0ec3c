"""From a lease to credentials: which cluster or account, and in what words it fails.

The clouds' own code is blocking and runs in threads.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import grpc

from teamconfig.credentials import aws, kubernetes, names, running
from teamconfig.credentials.errors import CloudBusyError, CredentialsError, MissingError, PolicyError, StateError
from teamconfig.credentials.scope import Scope
from teamconfig.errors import Problem, StandardsError
from teamconfig.gen.waypaas.v1 import rights_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from teamconfig.credentials.config import Clouds
    from teamconfig.profile import Profile
    from teamconfig.state.leases import Lease

T = TypeVar("T")

_CODES: tuple[tuple[type[CredentialsError], grpc.StatusCode, str], ...] = (
    (PolicyError, grpc.StatusCode.PERMISSION_DENIED, "credentials_refused"),
    (MissingError, grpc.StatusCode.FAILED_PRECONDITION, "credentials_missing"),
    (StateError, grpc.StatusCode.FAILED_PRECONDITION, "credentials_state"),
    (CloudBusyError, grpc.StatusCode.UNAVAILABLE, "cloud_busy"),
    (CredentialsError, grpc.StatusCode.INTERNAL, "cloud_failed"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What credentials are wanted for.

    Args:
        lease: In the database already.
        profile: The standards of the target, with the options of waypoint.hcl.
        bounds: The standards alone: what credentials may reach is not for waypoint.hcl to say.
    """

    lease: Lease
    profile: Profile
    bounds: Profile


class IssueError(Exception):
    """No credentials were given.

    Args:
        problem: Why.
        reason: Word for programs.
        code: Of gRPC.
    """

    def __init__(self, problem: Problem, reason: str, code: grpc.StatusCode) -> None:
        self.problem = problem
        self.reason = reason
        self.code = code
        super().__init__(problem.what)


class Issuer(Protocol):
    """Gives credentials of one platform."""

    async def issue(self, wish: Wish) -> tuple[Mapping[str, str], rights_pb2.Credentials]:
        """Give credentials, and where they can be revoked.

        Raises:
            IssueError: There are none.
        """

    async def revoke(self, lease: Lease) -> bool:
        """End them; tells whether that was possible."""

    async def sweep(self, now: float) -> None:
        """Remove what ended credentials have left."""


class KubernetesIssuer:
    """Gives tokens of Kubernetes.

    Args:
        clouds: As in the service's configuration.
    """

    def __init__(self, clouds: Clouds) -> None:
        self._clouds = clouds

    async def issue(self, wish: Wish) -> tuple[Mapping[str, str], rights_pb2.Credentials]:
        """Give a token of the team's service account."""
        held, profile = wish.lease.holding, wish.profile
        cluster = _place(self._clouds.cluster, held.environment)
        namespace = profile.kubernetes.namespace or names.namespace(held.team, held.environment)
        try:
            made = await asyncio.to_thread(
                kubernetes.issue,
                cluster,
                team=held.team,
                environment=held.environment,
                protected=profile.protected,
                namespace=namespace,
                lease_id=wish.lease.id,
                action=held.action,
            )
        except CredentialsError as err:
            raise _failed(err) from err
        return {"cluster": cluster.name}, rights_pb2.Credentials(
            expires=made.expires,
            kubernetes=rights_pb2.KubernetesCredentials(
                server=made.server,
                certificate_authority=made.certificate_authority,
                token=made.token,
                namespace=made.namespace,
                cluster=made.cluster,
            ),
        )

    async def runs(self, lease: Lease, profile: Profile, digest: str) -> bool:
        """Look whether an image runs, by the service's own eyes.

        Args:
            lease: Of the deploy.
            profile: The standards of the target.
            digest: Of the image.

        Returns:
            Whether it does; False if nobody can tell.
        """
        held = lease.holding
        try:
            return await asyncio.to_thread(
                running.seen,
                _place(self._clouds.cluster, held.environment),
                team=held.team,
                environment=held.environment,
                protected=profile.protected,
                namespace=profile.kubernetes.namespace or names.namespace(held.team, held.environment),
                project=held.project,
                app=held.app,
                digest=digest,
            )
        except (CredentialsError, IssueError):
            return False

    async def revoke(self, lease: Lease) -> bool:
        """Remove the Secret that the token is bound to."""
        name = lease.handle.get("cluster", "")
        cluster = next((one for one in self._clouds.clusters if one.name == name), None)
        if cluster is None:
            return False
        try:
            await asyncio.to_thread(kubernetes.revoke, cluster, lease.id)
        except CredentialsError:
            return False
        return True

    async def sweep(self, now: float) -> None:
        """Remove the Secrets of leases that are over; a cluster that is away is swept the next time."""
        for cluster in self._clouds.clusters:
            with suppress(CredentialsError):
                await asyncio.to_thread(kubernetes.sweep, cluster, now)


class AwsIssuer:
    """Gives sessions of AWS.

    Args:
        clouds: As in the service's configuration.
    """

    def __init__(self, clouds: Clouds) -> None:
        self._clouds = clouds

    async def issue(self, wish: Wish) -> tuple[Mapping[str, str], rights_pb2.Credentials]:
        """Give a session of the team's role."""
        held, profile = wish.lease.holding, wish.bounds
        ecs, registry = profile.ecs, profile.registry
        account = _place(lambda environment: self._clouds.account(environment, ecs.account or ""), held.environment)
        try:
            scope = Scope(
                action=names.action_class(held.action, "aws", protected=profile.protected),
                team=held.team,
                environment=held.environment,
                protected=profile.protected,
                account=account.id,
                region=ecs.region or registry.region or account.sts_region,
                cluster=ecs.cluster or "",
                repositories=(registry.repository or f"{held.team}/{held.project}/{held.app}",),
                log_groups=(ecs.log_group,) if ecs.log_group else (),
                roles=tuple(role.rpartition("/")[2] for role in (ecs.execution_role, ecs.task_role) if role),
                partition=account.partition,
            )
            made = await asyncio.to_thread(
                aws.issue, account, scope, project=held.project, lease_id=wish.lease.id, principal=held.principal.key
            )
        except CredentialsError as err:
            raise _failed(err) from err
        return {"account": account.name}, rights_pb2.Credentials(
            expires=made.expires,
            aws=rights_pb2.AwsCredentials(
                access_key_id=made.access_key_id,
                secret_access_key=made.secret_access_key,
                session_token=made.session_token,
                region=made.region,
            ),
        )

    async def revoke(self, lease: Lease) -> bool:
        """Do nothing: sessions of AWS end by themselves, within 15 minutes."""
        del lease
        return False

    async def sweep(self, now: float) -> None:
        """Do nothing: there is nothing left."""


def _place(find: Callable[[str], T], environment: str) -> T:
    try:
        return find(environment)
    except StandardsError as err:
        raise IssueError(err.problems[0], "no_place", grpc.StatusCode.FAILED_PRECONDITION) from err


def _failed(err: CredentialsError) -> IssueError:
    for kind, code, reason in _CODES:
        if isinstance(err, kind):
            return IssueError(err.problem, reason, code)
    raise AssertionError("the last kind is all of them")
