"""Credentials of AWS for a lease, and what runs there; loaded by a service that has accounts.

boto3 is blocking and runs in threads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from teamconfig.credentials import aws, names, runningtasks
from teamconfig.credentials.errors import CredentialsError
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.scope import Scope, of_registry
from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.service import ahead, issuing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.credentials.config import Clouds
    from teamconfig.credentials.places import Account
    from teamconfig.profile import Profile
    from teamconfig.service.issuing import Wish
    from teamconfig.state.leases import Lease


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
        on_ecr = held.platform == ahead.PLATFORM
        wanted = profile.registry.account if on_ecr else profile.ecs.account
        account = issuing.place(lambda environment: self._clouds.account(environment, wanted or ""), held.environment)
        try:
            action = names.action_class(held.action, held.platform, protected=profile.protected)
            if on_ecr:
                scope = of_registry(profile, action, account.id, account.partition)
            else:
                scope = _of_cluster(profile, account, action)
            made = await asyncio.to_thread(
                aws.issue, account, scope, project=held.project, lease_id=wish.lease.id, principal=held.principal.key
            )
        except CredentialsError as err:
            raise issuing.failed(err) from err
        return {"account": account.name}, rights_pb2.Credentials(
            expires=made.expires,
            aws=rights_pb2.AwsCredentials(
                access_key_id=made.access_key_id,
                secret_access_key=made.secret_access_key,
                session_token=made.session_token,
                region=made.region,
            ),
        )

    async def runs(self, profile: Profile, digest: str) -> bool:
        """Look whether an image runs on ECS, by the service's own eyes.

        Args:
            profile: The standards of where it runs.
            digest: Of the image.

        Returns:
            Whether it does; False if nobody can tell.
        """
        if not profile.ecs.cluster:
            return False
        wanted = profile.ecs.account or ""
        try:
            account = issuing.place(lambda environment: self._clouds.account(environment, wanted), profile.environment)
            scope = _of_cluster(profile, account, ActionClass.WITNESS)
            return await asyncio.to_thread(
                runningtasks.seen, account, scope, project=profile.project, app=profile.app, digest=digest
            )
        except (CredentialsError, issuing.IssueError):
            return False

    async def revoke(self, lease: Lease) -> bool:
        """Do nothing: sessions of AWS end by themselves, within 15 minutes."""
        del lease
        return False

    async def sweep(self, now: float) -> None:
        """Do nothing: there is nothing left."""


def _of_cluster(profile: Profile, account: Account, action: ActionClass) -> Scope:
    ecs = profile.ecs
    return Scope(
        action=action,
        team=profile.team,
        environment=profile.environment,
        protected=profile.protected,
        account=account.id,
        region=ecs.region or profile.registry.region or account.sts_region,
        cluster=ecs.cluster or "",
        log_groups=(ecs.log_group,) if ecs.log_group else (),
        roles=tuple(role.rpartition("/")[2] for role in (ecs.execution_role, ecs.task_role) if role),
        partition=account.partition,
    )
