"""Credentials of Kubernetes for a lease, and what runs there; loaded by a service that has clusters.

The client of Kubernetes is blocking and runs in threads.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig.credentials import cluster as connection
from teamconfig.credentials import kubernetes, names, running
from teamconfig.credentials.errors import CredentialsError
from teamconfig.errors import Problem, StandardsError
from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.service import issuing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.credentials.config import Clouds
    from teamconfig.credentials.places import Cluster
    from teamconfig.profile import Profile
    from teamconfig.service.issuing import Wish
    from teamconfig.state.leases import Lease


def check(clouds: Clouds, where: str) -> None:
    """Insist that there is a way to each cluster, before anybody needs it; none is asked.

    Args:
        clouds: As in the service's configuration.
        where: Path of service.yaml.

    Raises:
        StandardsError: A kubeconfig is missing, or nothing usable is in it (kind state); names each.
    """
    problems = [found for one in clouds.clusters if (found := _lacks(one, where)) is not None]
    if problems:
        raise StandardsError(problems)


def _lacks(one: Cluster, where: str) -> Problem | None:
    place = f"{where}, clusters.{one.name}"
    try:
        if one.kubeconfig:
            Path(one.kubeconfig).read_bytes()
        connection.connect(one)
    except OSError as err:
        why = f"{one.kubeconfig} cannot be read: {(err.strerror or 'the operating system refuses').lower()}"
        return Problem(f"there is no way to cluster {one.name}", why, "put the kubeconfig there", place, "state")
    except CredentialsError as err:
        return replace(err.problem, where=place)
    return None


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
        cluster = issuing.place(self._clouds.cluster, held.environment)
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
            raise issuing.failed(err) from err
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

    async def runs(self, profile: Profile, digest: str) -> bool:
        """Look whether an image runs, by the service's own eyes.

        Args:
            profile: The standards of where it runs.
            digest: Of the image.

        Returns:
            Whether it does; False if nobody can tell.
        """
        try:
            return await asyncio.to_thread(
                running.seen,
                issuing.place(self._clouds.cluster, profile.environment),
                team=profile.team,
                environment=profile.environment,
                protected=profile.protected,
                namespace=profile.kubernetes.namespace or names.namespace(profile.team, profile.environment),
                project=profile.project,
                app=profile.app,
                digest=digest,
            )
        except (CredentialsError, issuing.IssueError):
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
