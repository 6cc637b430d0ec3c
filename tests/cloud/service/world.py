"""A service with a second provider and a CI system beside the first, and whoever signs in at it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from teamconfig.client.releases import ServiceLedger
from tests.cloud.service.releasekit import STANDARDS, State, write_cluster, write_standards
from testservers import oidc, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from testservers.oidc import OidcProvider
    from testservers.service import Running

AUDIENCE = "https://waypaas.acme.example"
JOB = {
    "aud": AUDIENCE, "project_path": "acme/shop", "project_id": "74", "namespace_id": "9", "ref_type": "branch",
    "pipeline_source": "push",
}  # fmt: skip


class World:
    """A service at which people sign in by two providers, and a CI system's jobs; and its database.

    Args:
        running: The service.
        state: Its database.
        issuers: By name of the provider.
        home: Of everybody.
    """

    def __init__(self, running: Running, state: State, issuers: dict[str, OidcProvider], home: Path) -> None:
        self.running, self.state = running, state
        self._issuers, self._home = issuers, home
        self._opened: list[ServiceLedger] = []

    def ledger(self, name: str, *groups: str, at: str = "corp") -> ServiceLedger:
        """Sign somebody in, and give the ledger as they have it."""
        token = self._issuers[at].token(
            sub=f"u-{name}", preferred_username=name, groups=list(groups), jti=os.urandom(8).hex()
        )  # fmt: skip
        return self._open(at, token)

    def job(self, branch: str = "main") -> ServiceLedger:
        """Sign a CI job of a branch of shop in; main alone is protected."""
        of_branch = {
            "sub": f"project_path:acme/shop:ref_type:branch:ref:{branch}", "ref_path": f"refs/heads/{branch}",
            "ref_protected": "true" if branch == "main" else "false",
        }  # fmt: skip
        return self._open("ci", self._issuers["ci"].token(jti=os.urandom(8).hex(), **{**JOB, **of_branch}))

    def close(self) -> None:
        """End all connections."""
        for one in self._opened:
            one.close()

    def _open(self, at: str, token: str) -> ServiceLedger:
        client = self.running.open(self._home / os.urandom(4).hex(), at, token=token)
        self._opened.append(ServiceLedger(client))
        return self._opened[-1]


@contextmanager
def serve(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider, provider: dict[str, Any]) -> Iterator[World]:
    """Run the service.

    Args:
        tmp_path_factory: Of pytest.
        idp: Of everybody.
        provider: It, as the service is told of it.

    Yields:
        The service, and those around it.
    """
    home = tmp_path_factory.mktemp("world")
    standards = write_standards(home)
    with (
        postgres() as server,
        oidc.start(tmp_path_factory.mktemp("partner")) as partner,
        oidc.start(tmp_path_factory.mktemp("ci")) as ci,
    ):
        bound = f"""
  workloads:
    - {{issuer: "{ci.issuer}", repository: acme/shop, refs: [refs/heads/main], protected: true}}
"""
        (standards / "teams/payments/team.yaml").write_text(STANDARDS["teams/payments/team.yaml"] + bound.lstrip("\n"))
        jobs = {"kind": "workload", "name": "ci", "system": "gitlab", "issuer": ci.issuer, "audience": AUDIENCE}
        providers = [provider, {**provider, "name": "partner", "issuer": partner.issuer}, jobs]
        settings: dict[str, Any] = {"calls_per_second": "100000", "clusters": write_cluster(home)}
        directory, url = tmp_path_factory.mktemp("world-service"), server.database()
        with service.start(directory, providers, standards=standards, database=url, **settings) as running:
            issuers = {"corp": idp, "partner": partner, "ci": ci}
            yield World(running, State(url), issuers, tmp_path_factory.mktemp("homes"))
